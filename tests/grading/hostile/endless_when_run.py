"""Never ends being run."""

print("starting")
while True:
    pass
