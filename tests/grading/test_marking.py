import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.grading.assignment import Assignment, Function
from backproof.grading.exam import exam
from backproof.grading.forms import Anything, Constant, Quantity, Size
from backproof.grading.marking import Mark, marks
from backproof.grading.outcome import Answer
from backproof.notation import MODELS
from grading.papers import answered, marked

MODEL = MODELS["logistic_regression"]
X, Y, YHAT = Quantity("x", "n d"), Quantity("y", "n"), Quantity("yhat", "n")
DW = Quantity("dw", "d", times_n=True)


def asked(*functions: Function, **told):
    return exam(Assignment("T", MODEL, "sigmoid", functions, "digest", cases=16, **told))


GRADIENT = Function("gradient", (X, Y, YHAT), {"dw": DW, "cache": Anything()}, {"dw": 2.0})
HEAD = "import numpy as np\n\ndef gradient(X, y, p):\n    m = len(X)\n    "


def mark_of(body: str) -> Mark:
    (mark,) = marked(asked(GRADIENT), HEAD + body + "\n")
    return mark


def test_rows_vectors_and_sums_are_judged_as_they_are_laid_out() -> None:
    mark = mark_of("return {'dw': X.T @ (p - y), 'cache': object()}")
    assert (mark.verdict, mark.points, mark.because) == ("right", 2.0, ())


def form(actual: str, expected: str) -> dict[str, str]:
    return {"code": "form", "actual": actual, "expected": expected}


@pytest.mark.parametrize(
    ("body", "verdict", "because"),
    [
        ("return {'dw': X.T @ (p - y) / m}", "wrong", {"code": "factor", "factor": "1/n"}),
        ("return {'dw': X.T @ (y - p)}", "wrong", {"code": "factor", "factor": "-1"}),
        ("return {'dw': X.T @ (p * p - y)}", "wrong", {"code": "wrong_value"}),
        ("return {'dw': X.T @ (p - y) * np.nan}", "wrong", {"code": "not_finite"}),
        ("return {'db': 1}", "wrong", form("a dict without 'dw'", "a dict with 'dw', 'cache'")),
        ("return {'dw': (X.T @ (p - y)).tolist()}", "right", {}),
        ("return X.T @ (p - y)", "wrong", form("an array", "a dict with 'dw', 'cache'")),
        ("return {'dw': 'text'}", "wrong", {"code": "kind", "actual": "a str"}),
        ("raise ValueError('no')", "wrong", {"code": "raised", "error": "ValueError: no"}),
        (
            "return {'dw': (X.T @ (p - y)).astype(np.float32)}",
            "right",
            {"code": "low_precision"},
        ),
        (
            "y -= 1\n    return {'dw': X.T @ (p - y - 1)}",
            "right",
            {"code": "mutates", "argument": "y"},
        ),
    ],
)
def test_what_is_amiss_is_named(body: str, verdict: str, because: dict) -> None:
    mark = mark_of(body)
    assert mark.verdict == verdict
    assert not because or because in mark.because
    assert mark.points == (2.0 if verdict == "right" else 0.0)


BOTH = Function(
    "both",
    (X, Y, YHAT),
    (Quantity("dz", "1 n"), Quantity("loss", ""), Quantity("label", "n 1"), DW),
    {"dz": 1.0, "loss": 1.0, "label": 1.0, "dw": 1.0},
)
EXAM = asked(BOTH)
OFF = st.sampled_from([0.0, 1e-12, 1e-3, 1.0, np.inf, np.nan])


@given(st.dictionaries(st.tuples(st.integers(0, 15), st.integers(0, 3)), OFF), st.data())
def test_what_is_right_at_once_is_right_case_by_case(off, data) -> None:
    answers = []
    for place, call in enumerate(EXAM.calls):
        values = EXAM.known["float64"][place].values
        parts = [values["dz"], values["loss"], values["label"].T, values["dw"][0]]
        parts[3] = parts[3] * values["x"].shape[1]
        parts = [
            np.array(part + off.get((place, number), 0.0)) for number, part in enumerate(parts)
        ]
        answers.append(Answer(tuple(parts), call.arguments))
    if answers and data.draw(st.booleans()):
        place = data.draw(st.integers(0, 15))
        answers[place] = data.draw(st.sampled_from([None, Answer(error="E"), Answer(1.0)]))
    defined = frozenset({"both"})
    slowly = EXAM._replace(keys={})
    assert repr(marks(EXAM, answers, defined)) == repr(marks(slowly, answers, defined))


@pytest.mark.parametrize(
    ("body", "actual"),
    [
        ("None", "None"),
        ("1.0", "a float"),
        ("np.ones(2)", "an array"),
        ("(1, 2, 3)", "a tuple of 3"),
    ],
)
def test_what_is_no_tuple_where_there_should_be_one_is_said(body: str, actual: str) -> None:
    both = Function("both", (X, Y), (YHAT, DW), {"yhat": 1.0, "dw": 1.0})
    text = f"import numpy as np\ndef both(X, y):\n    return {body}\n"
    for mark in marked(asked(both), text):
        assert mark.because == (form(actual, "a tuple of 2"),)


def test_a_dict_in_place_of_numbers_is_not_taken_for_a_reason() -> None:
    (because,) = mark_of("return {'dw': {'code': 'killed'}, 'cache': 0}").because
    assert because == {"code": "kind", "actual": "a dict"}


def test_a_shape_is_said_with_what_it_should_be() -> None:
    mark = mark_of("return {'dw': (X.T @ (p - y))[:, None]}")
    (amiss,) = mark.because
    assert (amiss["code"], mark.verdict) == ("shape", "wrong")
    assert amiss["actual"] == [*amiss["expected"], 1]
    assert mark.case is not None
    assert [name for name, _ in mark.case["arguments"]] == ["x", "y", "yhat"]


def test_other_arguments_are_said_to_be_that() -> None:
    (mark,) = marked(asked(GRADIENT), "def gradient(X, y):\n    return {}\n")
    assert mark.because == ({"code": "signature", "count": 3},)


def test_what_is_not_there_or_did_not_answer_is_missing() -> None:
    paper = asked(GRADIENT)
    (absent,) = marks(paper, (), frozenset())
    assert absent.because == ({"code": "not_defined", "function": "gradient"},)
    (ended,) = marks(paper, (), frozenset({"gradient"}), (), {"gradient": "time"})
    assert (ended.verdict, ended.because) == ("missing", ({"code": "time"},))


def test_a_guard_is_excused_only_if_the_program_without_it_is_right() -> None:
    loss = Function("loss", (YHAT, Y), Quantity("loss", ""), {"loss": 1.0})
    paper = asked(loss)
    text = "import numpy as np\n\ndef loss(p, y):\n    q = 1 - p{1}\n"
    text += "    return -np.mean(y * np.log(p + {0}) + (1 - y) * np.log(q))\n"
    defined = frozenset({"loss"})
    guarded = answered(paper, text.format("1e-9", ""))
    (alone,) = marks(paper, guarded, defined)
    (excused,) = marks(paper, guarded, defined, answered(paper, text.format("0", "")))
    (still,) = marks(paper, guarded, defined, answered(paper, text.format("0", " * 0.9")))
    assert (alone.verdict, excused.verdict, still.verdict) == ("wrong", "right", "wrong")
    assert excused.because == ({"code": "guarded"},)


@pytest.mark.parametrize(
    ("check", "body", "code"),
    [
        ("shapes", "np.zeros((1, d)), 0.0", None),
        ("random", "np.zeros((1, d)), 0.0", "all_same"),
        ("random", "np.random.randn(1, d), np.zeros((1, 1))", None),
        ("shapes", "np.full((1, d), np.inf), 0.0", "not_finite"),
        ("shapes", "np.zeros((d, 1)), 0.0", "shape"),
    ],
)
def test_initial_parameters_are_free_but_for_what_is_asked(check, body, code) -> None:
    returns = (Quantity("w", "1 d"), Quantity("b", ""))
    draw = Function("draw", (Size("d"), Constant("he")), returns, {"w": 1.0, "b": 1.0}, check=check)
    first, last = marked(
        asked(draw), f"import numpy as np\n\ndef draw(d, how):\n    return {body}\n"
    )
    assert [one["code"] for one in first.because] == ([] if code is None else [code])
    assert last.verdict == "right"


def test_no_function_is_asked_on_the_cases_of_another() -> None:
    other = Function("other", (X, Y), YHAT, {"yhat": 1.0})
    paper = asked(GRADIENT, other)
    places = {
        name: {place for one, place in paper.asked if one.name == name}
        for name in ("gradient", "other")
    }
    assert not places["gradient"] & places["other"]
    inputs = [call.arguments[0].tobytes() for call in paper.calls]
    assert len({*inputs}) == len(inputs)
    assert all({*np.unique(call.arguments[1])} <= {0.0, 1.0} for call in paper.calls)


def test_public_parts_have_other_cases_than_hidden_ones() -> None:
    functions = (
        GRADIENT,
        Function("f", (YHAT,), Quantity("label", "n"), {"label": 1.0}, public=False),
    )
    paper = Assignment("T", MODEL, "sigmoid", functions, "digest", cases=16)
    whole, part = exam(paper), exam(paper, public=True)
    assert {one.name for one, _ in part.asked} == {"gradient"}
    assert not any(one.frame == other.frame for one in whole.calls for other in part.calls)
