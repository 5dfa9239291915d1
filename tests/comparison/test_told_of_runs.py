"""What is said of a comparison: names, text and JSON."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.comparison.compared import Compared, as_json, as_text, schema, told_apart
from comparison.made_compared import NAMES, any_compared

PUBLISHED = jsonschema.Draft202012Validator(schema())


def test_the_published_schema_is_one() -> None:
    PUBLISHED.check_schema(schema())


@settings(max_examples=30)
@given(any_compared())
def test_json_follows_the_published_schema_whatever_the_numbers(told: Compared) -> None:
    text = as_json(told)
    assert text.isascii()  # so that it is JSON in any terminal
    content = json.loads(text)
    PUBLISHED.validate(content)
    assert [run["folder"] for run in content["runs"]] == [run.folder for run in told.runs]
    assert [pair["verdict"] for pair in content["pairs"]] == [
        pair.verdict for pair in told.pairs.values()
    ]


@settings(max_examples=30)
@given(any_compared())
def test_text_names_every_run_and_verdict(told: Compared) -> None:
    text = as_text(told)
    for run in told.runs:
        assert f"{run.name}: " in text
    for (i, j), pair in told.pairs.items():
        assert f"{told.runs[i].name} and {told.runs[j].name}: {pair.verdict}" in text


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["/tmp/x/runs/numpy", "/tmp/x/runs/jax"], ["numpy", "jax"]),
        (["/tmp/x/numpy/0", "/tmp/x/jax/0"], ["numpy/0", "jax/0"]),
        (["runs/numpy", "runs/jax/"], ["numpy", "jax"]),
        (["runs/numpy/", "./runs/../runs/jax"], ["numpy", "jax"]),
        (["runs", "runs/again"], ["runs", "runs/again"]),
        (["runs/a", "runs/a"], ["a", "a"]),
        (["/", "/runs"], ["/", "/runs"]),
        (["a", os.path.abspath("b")], ["a", "b"]),
        (["r/a\nb", "r/\u202eab"], [r"'a\nb'", r"'\u202eab'"]),
    ],
)
def test_names_are_what_differs_in_the_paths(folders: list[str], names: list[str]) -> None:
    assert told_apart([Path(folder) for folder in folders]) == names


PATHS = st.lists(NAMES.filter(lambda name: name not in (".", "..")), max_size=3)


@given(st.lists(PATHS, min_size=2, max_size=4), PATHS, st.booleans())
def test_names_tell_apart_what_the_paths_do(
    ends: list[list[str]], shared: list[str], absolute: bool
) -> None:
    start = Path("/x" if absolute else "x", *shared)
    folders = [Path(start, *end) for end in ends]
    names = told_apart(folders)
    assert len(set(names)) == len(set(folders))
    for name, folder in zip(names, folders, strict=True):
        assert name.isprintable()
        assert str(folder).endswith(name) or str(folder).endswith(ast.literal_eval(name))
        assert name != "."
