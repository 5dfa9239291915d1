"""A class's submissions, which nobody trusts, graded against the same secret cases.

What was handed in is read as plain data (`submissions`), and each program runs in a sandbox of its
own (`sandbox`): it receives inputs and returns numbers, and never shares a process with the truth,
the seeds or the scoring. Nothing of a student's is executed, or trusted to be harmless, on our side
of the sandbox.
"""
