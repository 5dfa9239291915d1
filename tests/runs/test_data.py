"""What somebody's table becomes, or why it becomes nothing."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.reading.told import Unreadable
from backproof.runs.data import Recipe, load
from backproof.runs.table import NAMES, parsed, table

FINITE = st.floats(-1e6, 1e6)
ROWS = st.integers(1, 4).flatmap(
    lambda d: st.lists(st.lists(FINITE, min_size=d, max_size=d), min_size=1, max_size=6)
)
TEXT = st.text("abcdefgh ,;\"'\t\nß", min_size=1, max_size=5).map(lambda t: f"k{t}k")


@given(ROWS, st.data(), st.booleans(), st.sampled_from(",;\t"))
def test_csv_comes_back_to_the_bit(
    rows: list[list[float]], data: st.DataObject, headed: bool, delimiter: str
) -> None:
    labels = data.draw(st.lists(TEXT, min_size=len(rows), max_size=len(rows)))
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC)
    if headed:
        writer.writerow([*(f"f{i}" for i in range(len(rows[0]))), "label"])
    for row, label in zip(rows, labels, strict=True):
        writer.writerow([*row, label.replace("\n", "") if not headed else label])
    head = file.getvalue().partition("\n")[0]
    if max(",;\t", key=head.count) != delimiter:
        return
    read = parsed(file.getvalue(), "a.csv")
    np.testing.assert_array_equal(read.x, np.array(rows))
    assert len(read.labels) == len(rows)


def test_a_column_is_named_and_may_stand_anywhere() -> None:
    text = "age,sick,weight\n40,yes,70\n50,no,80\n"
    read = parsed(text, "a.csv", "sick")
    assert read.features == ("age", "weight")
    assert read.x.tolist() == [[40.0, 70.0], [50.0, 80.0]]
    assert read.labels.tolist() == ["yes", "no"]


@pytest.mark.parametrize(
    ("text", "label", "words"),
    [
        ("", None, "a.csv: 0 columns; expected features and a label"),
        ("a\nb\n", None, "a.csv: 1 columns; expected features and a label"),
        ("a,b\n", None, "a.csv: a header, and no rows below it"),
        ("1,2,x\n3,x\n", None, "a.csv, line 2: 2 columns; expected 3, as in line 1"),
        ("a,b,c\n\n1,2,x\n1,,y\n", None, "line 4, column 'b': a missing value (''); fill it in"),
        ("a,b\n1,x\nNaN,y\n", None, "line 3, column 'a': a missing value ('nan')"),
        ("a,b\n1,x\n?,y\n", None, "line 3, column 'a': a missing value ('?')"),
        ("a,b\n1,x\n2,NA\n", None, "line 3, column 'b': a missing value ('NA')"),
        ("1,x\ninf,y\n", None, "line 2, column '1': inf; expected a finite number"),
        ("a,b\n1,x\nred,y\n", None, "line 3, column 'a': 'red' is not a number; write categories"),
        ('a,b\n"1\n\n",x\nred,y\n', None, "line 5, column 'a': 'red'"),
        ("a,b\n1,x\n", "c", "a.csv: no column 'c'; expected one of a, b"),
        ("1,2\n1,x\n", "1", "--label 1, but its first line is no header"),
    ],
)
def test_what_is_amiss_is_named_by_line_and_column(
    text: str, label: str | None, words: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        parsed(text, "a.csv", label)
    assert words in str(caught.value)


@given(st.text(max_size=60) | st.text("1,;\n\"'.ae", max_size=60))
def test_any_text_is_a_table_or_is_refused(text: str) -> None:
    try:
        read = parsed(text, "a.csv")
    except Unreadable:
        return
    assert np.isfinite(read.x).all()
    assert len(read.x) == len(read.labels)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1,2\n\xff\xfe,3\n")
    with pytest.raises(Unreadable, match="not UTF-8"):
        table(str(path))


def saved(path: Path, **content: Any) -> str:
    np.savez(path, **content)
    return str(path)


@pytest.mark.parametrize("turned", [False, True])
def test_npz_by_rows_or_by_columns(tmp_path: Path, turned: bool) -> None:
    x, y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 2, 0, 1, 2])
    rows = table(saved(tmp_path / "a.npz", X=x, y=y[:, None] if turned else y))
    columns = table(saved(tmp_path / "b.npz", x=x.T, y=np.eye(3)[:, y] if turned else y[None]))
    for read in (rows, columns):
        np.testing.assert_array_equal(read.x, x)
        np.testing.assert_array_equal(read.labels, y)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": np.ones(3)}, "holds a; expected x and y"),
        ({"x": np.ones((3, 2)), "y": np.ones(4)}, r"x \[3, 2\], y \[4\]; expected x \(n, d\)"),
        ({"x": np.ones((3, 2)), "y": np.ones((3, 2)) * 0.3}, "not one-hot"),
        ({"x": np.array([[1.0, np.nan]]), "y": np.ones(1)}, "row 0, column 1 of x: nan"),
        ({"x": np.ones((2, 1)), "y": np.array([1, np.inf])}, "row 1 of y: inf"),
        ({"x": np.ones((2, 1), complex), "y": np.ones(2)}, "x is complex128; expected numbers"),
    ],
)
def test_npz_that_does_not_fit_is_named(
    tmp_path: Path, content: dict[str, Any], words: str
) -> None:
    with pytest.raises(Unreadable, match=words):
        table(saved(tmp_path / "a.npz", **content))


def test_what_is_no_npz_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with open(path, "wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(Unreadable, match="holds one array; expected an NPZ file of several"):
        table(str(path))
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(Unreadable, match=r"is no NPZ file.*(pickle|object)"):
        table(str(path))
    np.savez(path, x=np.ones((2, 1)), y=np.array(["a", "b"], object))
    with pytest.raises(Unreadable, match=r"holds an array of Python objects; expected .*astype"):
        table(str(path))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere.csv", "nowhere.csv cannot be read: No such file"),
        ("nowhere.npz", "nowhere.npz cannot be read: No such file"),
        ("a.xlsx", "--data a.xlsx: expected one of a .csv or .npz file, sklearn:NAME, or one of"),
        ("iriss", "did you mean 'iris'?"),
        ("sklearn:wein", "did you mean 'wine'?"),
    ],
)
def test_a_source_that_is_none_is_named(source: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        table(source)
    assert words in str(caught.value)


def test_scikit_learn_is_not_needed_to_say_that_it_is_missing() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\nfrom backproof.runs.table import table\n"
        "try: table('sklearn:iris')\nexcept Exception as e: print(e)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert "scikit-learn is not here; pip install scikit-learn" in said


@pytest.mark.parametrize("name", ["iris", "breast_cancer"])
def test_the_shipped_tables_are_scikit_learns(name: str) -> None:
    pytest.importorskip("sklearn")
    mine, theirs = table(name), table(f"sklearn:{name}")
    np.testing.assert_array_equal(mine.x, theirs.x)
    names = dict(zip(mine.labels, theirs.labels, strict=True))
    assert [names[label] for label in mine.labels] == theirs.labels.tolist()


SHAPES = {
    "xor": (4, 2, 2),
    "moons": (400, 2, 2),
    "iris": (150, 4, 3),
    "breast_cancer": (569, 30, 2),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_built_in_tables(name: str) -> None:
    read = table(name)
    assert (*read.x.shape, len(set(read.labels.tolist()))) == SHAPES[name]
    if name == "moons":  # the last bit of a cosine is the library's own
        np.testing.assert_array_equal(read.x, [[float(f"{v:.3f}") for v in row] for row in read.x])


IRIS = Recipe("iris", "softmax")


def test_a_split_takes_every_example_once_and_fits_on_the_training_part_only() -> None:
    whole = load(replace(IRIS, standardise=False, held_out=0.0, dtype="float64"))
    parts = load(replace(IRIS, standardise=False, dtype="float64", seed=3))
    assert whole.x_held.shape == (4, 0)
    assert parts.x_held.shape == (4, 30)
    both = np.hstack([parts.x, parts.x_held])
    assert sorted(map(tuple, both.T)) == sorted(map(tuple, whole.x.T))
    scaled = load(replace(IRIS, dtype="float64", seed=3))
    np.testing.assert_allclose(scaled.x.mean(axis=1), 0.0, atol=1e-6)
    np.testing.assert_allclose(scaled.x.std(axis=1), 1.0, atol=1e-6)
    assert abs(scaled.x_held.mean(axis=1)).max() > 1e-3
    np.testing.assert_array_equal(scaled.y_held, parts.y_held)
    assert not np.array_equal(load(replace(IRIS, seed=4)).y, load(replace(IRIS, seed=3)).y)


def test_targets_follow_the_model() -> None:
    softmax = load(IRIS)
    assert softmax.classes == ("setosa", "versicolor", "virginica")
    np.testing.assert_array_equal(softmax.y.sum(axis=0), 1.0)
    sigmoid = load(Recipe("breast_cancer", "sigmoid", dtype="bfloat16"))
    assert sigmoid.classes == ("benign", "malignant")
    assert sigmoid.y.dtype.name == sigmoid.x.dtype.name == "bfloat16"
    assert sigmoid.y.shape == (1, 455)
    xor = load(Recipe("xor", "sigmoid"))
    assert (xor.y.tolist(), xor.x_held.shape, xor.classes) == ([[0, 1, 1, 0]], (2, 0), ("0", "1"))
    linear = load(Recipe("xor", "identity"))
    assert (linear.y.tolist(), linear.classes) == ([[0, 1, 1, 0]], ())


def test_a_constant_and_a_far_feature_are_standardised(tmp_path: Path) -> None:
    x = np.column_stack([np.full(50, 0.1), 1.6e9 + np.arange(50.0), 1e300 * np.arange(50.0)])
    path = saved(tmp_path / "a.npz", x=x, y=np.arange(50) % 2)
    made = load(Recipe(path, "sigmoid", held_out=0.0, dtype="float64"))
    np.testing.assert_allclose(made.x[1].mean(), 0.0, atol=1e-6)
    np.testing.assert_allclose(made.x[1:].std(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(made.x[0], 0.0, atol=1e-6)


def test_the_order_of_sums_moves_nothing(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(3.0, 2.0, (999, 5))
    one = load(
        Recipe(saved(tmp_path / "a.npz", x=x, y=np.arange(999) % 2), "sigmoid", held_out=0.0)
    )
    other = load(
        Recipe(
            saved(tmp_path / "b.npz", x=x[::-1], y=np.arange(999)[::-1] % 2),
            "sigmoid",
            held_out=0.0,
        )
    )
    np.testing.assert_array_equal(one.x, other.x[:, ::-1])


@pytest.mark.parametrize(
    ("text", "output", "more", "words"),
    [
        ("1,a\n2,a\n", "sigmoid", {}, "a.csv: all 2 labels are a; expected classes"),
        (
            "1,a\n2,b\n3,c\n",
            "sigmoid",
            {},
            "labels of 3 classes (a, b, c); expected 2: take a soft",
        ),
        ("1,a\n2,b\n", "identity", {}, "label 'a'; expected numbers for this model"),
        ("1,.1\n2,.2\n3,.3\n4,.4\n", "softmax", {}, "4 classes (0.1, 0.2, 0.3, 0.4); if they are"),
        ("1,a\n2,b\n", "sigmoid", {"held_out": 0.5}, "a class has no examples left to train on"),
        ("1,a\n2,b\n", "sigmoid", {"held_out": 0.9}, "leaves none of 2 examples to train on"),
        ("1,a\n2,b\n", "sigmoid", {"held_out": 1.0}, "--held-out 1: expected a share from 0 to"),
        ("1e39,a\n2,b\n", "sigmoid", {"standardise": False}, "not finite in float32"),
    ],
)
def test_examples_that_cannot_be_had_are_named(
    tmp_path: Path, text: str, output: str, more: dict[str, Any], words: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(Unreadable) as caught:
        load(Recipe(str(path), output, **({"held_out": 0.0} | more)))
    assert words in str(caught.value)


def test_however_large_what_is_held_out_is_it_does_not_touch_the_rest(tmp_path: Path) -> None:
    x, y = 1e-20 * np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    plain = Recipe(saved(tmp_path / "a.npz", x=x, y=y), "sigmoid", "float64", seed=1)
    held = np.random.default_rng([1, 1]).permutation(40)[:8]
    x[held] *= 1e290
    other = load(replace(plain, source=saved(tmp_path / "b.npz", x=x, y=y)))
    np.testing.assert_array_equal(other.x, load(plain).x)
    assert abs(other.x_held).max() > 1e280
