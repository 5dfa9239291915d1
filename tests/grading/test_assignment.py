from dataclasses import replace
from pathlib import Path

import pytest

from backproof.grading.assignment import Training, read, total
from backproof.grading.forms import Quantity, quantities_in
from backproof.grading.ready_made import READY_MADE, begun, found, names, public_part
from backproof.reading.told import Unreadable

START = 'title = "T"\nmodel = "logistic_regression"\n'
FUNCTION = '[[function]]\nname = "f"\narguments = ["z"]\nreturns = "yhat"\n'
TRAINING = """[[function]]
name = "optimize"
arguments = ["x", "y", "rate", "steps"]
returns = ["w", "b"]
points = 2
[function.training]
data = "separable"
loss = 0.1
rate = 1
steps = 9
"""
CACHE = """[[function]]
name = "f"
arguments = ["z"]
returns = ["yhat", "_"]
public = true
[[function]]
name = "g"
arguments = ["y", { cache_of = "f" }]
returns = "dz"
"""


def of(text: str, tmp_path: Path):
    path = tmp_path / "hw.toml"
    path.write_text(text, "utf-8")
    return read(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (START, "hw.toml: function is missing"),
        (START + "titel = 3\n" + FUNCTION, "unknown key 'titel'; did you mean 'title'?"),
        ('title = 3\nmodel = "mlp"\n' + FUNCTION, "title = 3; expected a text"),
        ('title = "T"\nmodel = "mpl"\n' + FUNCTION, "model 'mpl' is unknown; did you mean 'mlp'?"),
        (
            START + 'hints = "al"\n' + FUNCTION,
            "hints 'al' is unknown; expected one of none, part, case",
        ),
        (START + "cases = 0\n" + FUNCTION, "cases = 0; expected 1 to 10000"),
        (START + "seed = true\n" + FUNCTION, "seed = True; expected a whole number"),
        (
            START + "[limits]\nsecond = 3\n" + FUNCTION,
            "[limits]: unknown key 'second'; did you mean 'seconds'?",
        ),
        (START + "seed = -1\n" + FUNCTION, "seed = -1; expected 0 to"),
        (START + "[limits]\nseconds = 0\n" + FUNCTION, "limits are above 0"),
        (START + "[limits]\nseconds = nan\n" + FUNCTION, "limits are above 0"),
        (START + "[limits]\nmemory_mb = inf\n" + FUNCTION, "limits are above 0 and below 1000000"),
        (START + "[sizes]\nd = 9\n" + FUNCTION, "[sizes]: d = 9; expected 1 to 8"),
        (
            START + FUNCTION + "point = 2\n",
            "[[function]] f: unknown key 'point'; did you mean 'points'?",
        ),
        (START + FUNCTION + "points = {dw = 1}\n", "points for 'dw'; expected one of yhat"),
        (START + FUNCTION + "points = -1\n", "points for yhat = -1.0; expected 0 or more"),
        (
            START + FUNCTION.replace("yhat", "yhatt"),
            "'yhatt' is no quantity of logistic_regression; did you mean 'yhat'?",
        ),
        (
            START + FUNCTION.replace('"z"', '"z: d n"'),
            "'z: d n' cannot be meant; z is (1, n) in any order",
        ),
        (START + FUNCTION.replace('"yhat"', '"_"'), "returns holds no quantity"),
        (START + FUNCTION.replace('"yhat"', '["yhat", "yhat"]'), "returns holds a quantity twice"),
        (START + FUNCTION.replace('"z"', '"steps"'), "only a function with a [function.training]"),
        (
            START + TRAINING.replace("separable", "xor"),
            "data 'xor' is unknown; expected one of sep",
        ),
        (START + TRAINING.replace("loss = 0.1", "lost = 0.1"), "unknown key 'lost'; did you mean"),
        (
            START + TRAINING.replace("loss = 0.1", "loss = 0"),
            "training: loss = 0; expected above 0",
        ),
        (START + TRAINING.replace("rate = 1", ""), "training: rate is not told"),
        (START + TRAINING.replace('"steps"', '"x"'), "steps is told, and the function does not"),
        (START + TRAINING.replace('"x"', '"yhat"'), "the function takes yhat; before training"),
        (START + TRAINING.replace('"b"', '"loss"'), "returns holds w, loss; the loss is computed"),
        (
            START + TRAINING.replace("points = 2", "points = {w = 1}"),
            "points for 'w'; expected one",
        ),
        (
            'title = "T"\nmodel = "mlp_softmax"\n[sizes]\nk = 4\n'
            + TRAINING.replace('"w", "b"', '"W1", "b1", "W2", "b2"').replace("separable", "xor"),
            "training: xor has 2 classes, and [sizes] has k = 4",
        ),
        (
            START + FUNCTION + 'edge_cases = ["kink"]\n',
            "edge case 'kink' is unknown; expected one of one_example, zero_weights,",
        ),
        (START + FUNCTION + "edge_cases = [1]\n", "edge_cases holds 1; expected texts"),
        (START + TRAINING.replace("points = 2", 'edge_cases = ["one_label"]'), "values are judged"),
        (
            START + FUNCTION.replace('"yhat"', '"dyhat"') + 'edge_cases = ["saturated"]\n',
            "dyhat is not finite in cases that are saturated",
        ),
        (START + FUNCTION + "keywords = {'a b' = 'z'}\n", "'a b' is no name of an argument"),
        (START + FUNCTION.replace('"z"', '{ cache_of = "g" }'), "cache_of 'g'; expected one of f"),
        (START + CACHE.replace(', "_"]', "]"), "cache_of 'f', which returns no '_', or several"),
        (
            START + CACHE.replace('{ cache_of = "f" }', '[{ cache_of = "f" }]'),
            "for an argument, not",
        ),
        (START + CACHE.replace("public = true", "public = false"), "'f' is of a hidden function"),
        (START + FUNCTION + FUNCTION, "function f is there 2 times"),
        (START + FUNCTION.replace('"f"', '"f g"'), "name 'f g' is no name of a function"),
        (START + "function = 3", "function = 3; expected a list"),
        (START + "function = [3]", "each under a line [[function]]"),
        ("title = ", "hw.toml cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_was(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as told:
        of(text, tmp_path)
    assert words in str(told.value)


def test_a_layout_may_be_written_as_people_write_shapes(tmp_path: Path) -> None:
    text = START + FUNCTION.replace('"z"', '"z: (n,)", "n*dz", "y: n:class", {a = ["x: n d", "d"]}')
    (function,) = of(text, tmp_path).functions
    assert [one for form in function.arguments for one in quantities_in(form)] == [
        Quantity("z", "n"),
        Quantity("dz", "1 n", times_n=True),
        Quantity("y", "n", "class"),
        Quantity("x", "n d"),
    ]


def test_points_are_shared_among_what_a_function_gives(tmp_path: Path) -> None:
    text = START + FUNCTION.replace('"yhat"', '["dw", "db", "_"]') + "points = 3\n"
    told = of(text, tmp_path)
    assert told.functions[0].points == {"dw": 1.5, "db": 1.5}
    assert told.out_of == 3.0


def test_edge_cases_are_a_part_with_points_of_its_own(tmp_path: Path) -> None:
    text = START + FUNCTION + 'edge_cases = ["one_example", "saturated"]\n'
    (function,) = of(text + "points = 3\n", tmp_path).functions
    assert function.points == {"yhat": 1.5, "edge_cases": 1.5}
    (function,) = of(text + "points = { yhat = 2, edge_cases = 1 }\n", tmp_path).functions
    assert function.points == {"yhat": 2.0, "edge_cases": 1.0}
    assert function.edges == ("one_example", "saturated")


def test_a_function_that_trains_is_judged_by_that_alone(tmp_path: Path) -> None:
    told = of(START + "[limits]\nseconds = 3\n" + TRAINING + "seconds = 2\n", tmp_path)
    (function,) = told.functions
    assert (function.points, told.out_of) == ({"training": 2.0}, 2.0)
    assert function.training == Training("separable", 0.1, 1.0, 9, 2.0)


def test_an_assignment_is_told_by_its_file_or_a_ready_made_one_by_its_name() -> None:
    assert {found(name) for name in names()} == {*READY_MADE.glob("*.toml")}
    with pytest.raises(Unreadable, match="did you mean 'logistic_regression'"):
        found("logistic")


def test_a_folder_of_its_name_does_not_hide_a_ready_made_one(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mlp").mkdir()
    assert found("mlp") == READY_MADE / "mlp.toml"


@pytest.mark.parametrize("name", names())
def test_a_new_one_has_a_seed_of_its_own_and_students_never_have_its_cases(
    name: str, tmp_path: Path
) -> None:
    new = of(begun(name, 417), tmp_path)
    assert new.seed == 417
    part = of(public_part(begun(name, 417)), tmp_path)
    assert part.drawn_from(True) not in range(10**9)
    assert part.drawn_from(True) == replace(new, seed=0).drawn_from(True) != new.drawn_from(False)


@pytest.mark.parametrize("name", names())
def test_the_public_part_is_the_assignment_without_what_is_hidden(
    name: str, tmp_path: Path
) -> None:
    whole = read(READY_MADE / f"{name}.toml")
    part = of(public_part((READY_MADE / f"{name}.toml").read_text("utf-8")), tmp_path)
    assert [one.name for one in part.functions] == [o.name for o in whole.functions if o.public]
    assert part.seed == 0 != whole.seed
    assert "public = false" not in (tmp_path / "hw.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[[function]]", "[[ function ]]"),
        ("[[function]]", " [[function]]"),
        ("seed = 5", '"seed" = 5'),
        ("seed = 5", " seed = 5"),
        ('name = "g"', 'name = "g"\ndoc = """\n[[function]]\n"""'),
    ],
)
def test_what_is_hidden_never_gets_into_the_public_part(before: str, after: str) -> None:
    hidden = FUNCTION.replace('"f"', '"g"') + "public = false\n"
    text = START + "seed = 5\n" + FUNCTION + hidden
    shown = public_part(text)
    assert "seed" not in shown
    assert '"g"' not in shown
    with pytest.raises(Unreadable, match="the public part cannot be taken out"):
        public_part(text.replace(before, after))


def test_a_byte_order_mark_as_editors_put_it_is_none_of_the_text(tmp_path: Path) -> None:
    assert of("\ufeff" + START + FUNCTION, tmp_path).title == "T"


@pytest.mark.parametrize("count", [3, 6, 7])
def test_points_that_are_shared_add_up_to_what_was_written(count: int) -> None:
    assert total([1 / count] * count * 20) == 20
