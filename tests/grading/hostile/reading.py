"""Reads what is not its own; says what it could."""

import glob
import os


def readable(paths):
    found = []
    for path in paths:
        try:
            with open(path, "rb") as file:
                file.read(1)
        except OSError:
            try:
                os.listdir(path)
            except OSError:
                continue
        found.append(path)
    return found


def processes():
    return glob.glob("/proc/*")


def everything():
    """All files that are not of Python or of a package."""
    found = []
    for folder, _, names in os.walk("/"):
        if "/lib/python" in folder or "site-packages" in folder or "dist-packages" in folder:
            continue
        found += [os.path.join(folder, name) for name in names]
    return found


def beside_numpy():
    import numpy

    packages = os.path.dirname(os.path.dirname(numpy.__file__))
    return sorted(os.listdir(packages))


def environment():
    return dict(os.environ)
