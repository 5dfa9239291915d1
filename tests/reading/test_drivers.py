import ast

import pytest

from backproof.reading.drivers import functions
from backproof.reading.program import of_script
from backproof.reading.recipes import reader


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("X.values", "X"),
        ("X.values[:, 0]", "X[:, 0]"),
        ("y.to_numpy().ravel()", "y.ravel()"),
        ("samples.values()", "samples.values()"),
        ("sum(samples.values())", "sum(samples.values())"),
        ("model.values", "model.values"),
    ],
)
def test_data_frames_become_arrays_and_dicts_stay(theirs, ours, tmp_path):
    read = reader(
        of_script(tmp_path / "a.py", f"def f(X, y, samples, model):\n    return {theirs}")
    )
    definition, _ = functions(read, ["f"])
    assert ast.unparse(definition.body[0]) == f"return {ours}"
