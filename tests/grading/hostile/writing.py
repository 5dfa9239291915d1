"""Writes where it should not; says where it could."""

import os

SCRATCH = os.getcwd()


def outside():
    found = []
    for folder, _, names in os.walk("/"):
        if folder.startswith(SCRATCH):
            continue
        attempts = {
            "file": lambda: open(os.path.join(folder, "left"), "w").close(),
            "mkdir": lambda: os.mkdir(os.path.join(folder, "left")),
            "link": lambda: os.symlink("/", os.path.join(folder, "left")),
            "mode": lambda: os.chmod(folder, 0o777),
            "rename": lambda: os.rename(folder, folder + "x"),
        }
        for name in names[:3]:
            path = os.path.join(folder, name)
            if not folder.startswith("/dev"):
                attempts["append " + name] = lambda path=path: open(path, "a").close()
            attempts["unlink " + name] = lambda path=path: os.unlink(path)
        for what, attempt in attempts.items():
            try:
                attempt()
            except OSError:
                continue
            found.append(f"{what} {folder}")
    return found


def leave(name):
    with open(name, "w") as file:
        file.write("left behind")
    return sorted(os.listdir("."))


def listed():
    return sorted(os.listdir("."))


def fill():
    """How much fits, in one file and in many."""
    size = 0
    try:
        with open("large", "wb", buffering=0) as file:
            while True:
                size += file.write(bytes(1 << 20))
    except OSError:
        pass
    try:
        for number in range(100):
            with open(f"large{number}", "wb", buffering=0) as file:
                while True:
                    size += file.write(bytes(1 << 20))
    except OSError:
        return size


def many():
    count = 0
    try:
        while True:
            open(f"small{count}", "w").close()
            count += 1
    except OSError:
        return count


def nested(depth):
    for _ in range(depth):
        os.mkdir("deep")
        os.chdir("deep")


def elsewhere():
    os.chdir("/")
    return 1
