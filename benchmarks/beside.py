"""The same notebooks graded by backproof, otter-grader and nbgrader, where these are installed.

    uv run python benchmarks/beside.py [--python PYTHON]

Three notebooks of a homework: right, wrong (a gradient without 1/n), and the wrong one that also
patches `np.allclose`, which the other two ask whether an answer is right. PYTHON is of the
environment that otter-grader and nbgrader are installed in. Prints seconds a submission, start-up
included, and the share of the points that each notebook gets.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import grade as made_class

RIGHT = made_class.HEAD.replace("import matplotlib.pyplot as plt\n", "") + "\n\n".join(
    ways[0] for ways in made_class.PARTS.values()
)
WRONG = RIGHT.replace("dz @ X.T / m", "dz @ X.T")
PATCHED = WRONG + "\nnp.allclose = lambda *a, **k: True\n"
NOTEBOOKS = {"right": RIGHT, "wrong": WRONG, "patched": PATCHED}
TEST = """\
X = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]])
Y, Y_hat = np.array([[1.0, 0.0, 1.0]]), np.array([[0.7, 0.4, 0.1]])
dw, db = gradient(X, Y, Y_hat)
assert np.allclose(dw, [[-0.7333333333333334, -0.7833333333333333]])
assert np.allclose(db, -0.26666666666666666)
"""


def notebook(*cells: tuple[str, Mapping[str, object]]) -> str:
    """A notebook of code cells, each with its metadata."""
    found = [
        {"cell_type": "code", "id": f"cell{place}", "metadata": dict(metadata), "outputs": [],
         "execution_count": None, "source": source}
        for place, (source, metadata) in enumerate(cells)
    ]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    told = {"cells": found, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(told)


def run(command: list[str], folder: Path) -> None:
    """Run it; what it printed is raised where it fails."""
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{told.stdout[-2000:]}{told.stderr[-2000:]}")


def backproof(folder: Path, _: str) -> tuple[float, dict[str, float]]:
    """Seconds a submission, and shares of the points of `gradient`."""
    (folder / "class").mkdir()
    for name, text in NOTEBOOKS.items():
        (folder / "class" / f"{name}.ipynb").write_text(notebook((text, {})), "utf-8")
    start = time.perf_counter()
    command = [sys.executable, "-m", "backproof", "grade", "class", "--out", "out"]
    run([*command, "--assignment", made_class.ASSIGNMENT], folder)
    seconds = time.perf_counter() - start
    shares = {}
    for one in json.loads((folder / "out" / "results.json").read_bytes())["submissions"]:
        parts = [part for part in one["parts"] if part["function"] == "gradient"]
        total = sum(part["out_of"] for part in parts)
        shares[one["key"]] = sum(part["points"] for part in parts) / total
    return seconds / len(NOTEBOOKS), shares


def otter(folder: Path, python: str) -> tuple[float, dict[str, float]]:
    """The same of otter-grader, without its containers."""
    lines = "\n".join(f">>> {line}" for line in TEST.splitlines())
    case = {"code": lines, "hidden": False, "locked": False}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    test = {"name": "gradient", "points": 1, "suites": [suite]}
    (folder / "tests").mkdir()
    (folder / "tests" / "gradient.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n", "utf-8")
    program = [python, "-m", "otter"]
    run([*program, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], folder)
    shares, start = {}, time.perf_counter()
    for name, text in NOTEBOOKS.items():
        (folder / f"{name}.ipynb").write_text(notebook((text, {})), "utf-8")
        (folder / f"out-{name}").mkdir()
        run([*program, "run", "-a", "autograder.zip", "-o", f"out-{name}", f"{name}.ipynb"], folder)
        told = json.loads((folder / f"out-{name}" / "results.json").read_bytes())
        tests = [one for one in told["tests"] if one.get("max_score")]
        shares[name] = sum(one["score"] for one in tests) / sum(one["max_score"] for one in tests)
    return (time.perf_counter() - start) / len(NOTEBOOKS), shares


def nbgrader(folder: Path, python: str) -> tuple[float, dict[str, float]]:
    """The same of nbgrader: a cell to be written, and one that tests it."""
    usual = {"schema_version": 3, "task": False, "cell_type": "code"}
    code = {"grade": False, "solution": True, "locked": False, "grade_id": "code", **usual}
    test = {"grade": True, "solution": False, "locked": True, "grade_id": "test", "points": 1}
    told = {"nbgrader": {**test, **usual}}

    def written(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True)
        path.write_text(notebook((text, {"nbgrader": code}), (TEST, told)), "utf-8")

    written(folder / "source" / "hw" / "hw.ipynb", RIGHT)
    for name, text in NOTEBOOKS.items():
        written(folder / "submitted" / name / "hw" / "hw.ipynb", text)
    config = "c = get_config()\nc.CourseDirectory.course_id = 'c'\n"
    (folder / "nbgrader_config.py").write_text(config, "utf-8")
    program = [python, "-m", "nbgrader"]
    run([*program, "generate_assignment", "hw"], folder)
    start = time.perf_counter()
    run([*program, "autograde", "hw"], folder)
    seconds = time.perf_counter() - start
    run([*program, "export", "--to", "grades.csv"], folder)
    rows = [line.split(",") for line in (folder / "grades.csv").read_text("utf-8").splitlines()]
    name, score, most = (rows[0].index(one) for one in ("student_id", "raw_score", "max_score"))
    shares = {row[name]: float(row[score] or 0) / float(row[most]) for row in rows[1:]}
    return seconds / len(NOTEBOOKS), shares


Grader = Callable[[Path, str], tuple[float, dict[str, float]]]
GRADERS: Mapping[str, Grader] = {"backproof": backproof, "otter": otter, "nbgrader": nbgrader}


def main() -> int:
    """Print what came of it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--python", default=sys.executable)
    python = parser.parse_args().python
    print(made_class.machine())
    for name, graded in GRADERS.items():
        there = subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False)
        if name != "backproof" and there.returncode:
            print(f"{name}: not installed")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            try:
                seconds, shares = graded(Path(scratch), python)
            except RuntimeError as error:
                print(f"{name}: does not run here: {error}")
                continue
        said = ", ".join(f"{one} {shares[one]:.0%}" for one in NOTEBOOKS)
        print(f"{name}: {seconds:.1f} s a submission; of the points for the gradient: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
