"""Tests on every Python found, at the lower bounds of the dependencies and at the newest.

uvx nox                    # all sessions whose interpreter is there
uvx nox -s "tests-3.13"
"""

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.11", "3.12", "3.13"]
LOWEST = ["hypothesis==6.140.0", "jax==0.10.0", "jaxlib==0.10.0", "jaxtyping==0.3.3"]
LOWEST += ["flatbuffers==24.3.25", "numpy==2.1.0", "platformdirs==4.3.0"]
LOWEST += ["dask==2025.1.0", "distributed==2025.1.0"]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The test suite with the newest dependencies this Python can have."""
    session.install(".", *nox.project.dependency_groups(nox.project.load_toml(), "test"))
    session.run("pytest", *session.posargs)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The test suite at the lower bounds that pyproject.toml states."""
    session.install(".", *LOWEST, *nox.project.dependency_groups(nox.project.load_toml(), "test"))
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHONS)
def nightly(session: nox.Session) -> None:
    """What takes too long for every change."""
    session.install(".", *nox.project.dependency_groups(nox.project.load_toml(), "test"))
    session.run("pytest", "-m", "nightly", *session.posargs)
    # And all the others on ten times as many examples.
    session.run("pytest", "--hypothesis-profile", "nightly", *session.posargs)
