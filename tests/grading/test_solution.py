import pytest

from backproof.grading.assignment import read
from backproof.grading.exam import exam
from backproof.grading.ready_made import READY_MADE, names
from backproof.grading.solution import rules, solution
from backproof.notation import ACTIVATIONS, MODELS
from grading.papers import marked, whole

PAIRS = [
    (name, activation)
    for name, model in MODELS.items()
    for activation in (("sigmoid", "relu") if model.has_activation else ("sigmoid",))
]


FAST = [("logistic_regression", "sigmoid"), ("mlp", "relu")]
SLOW = [pair for pair in PAIRS if pair not in FAST]


@pytest.mark.parametrize(
    ("name", "activation"),
    [*FAST, *(pytest.param(*pair, marks=pytest.mark.nightly) for pair in SLOW)],
)
def test_the_program_written_from_the_rules_gets_full_marks(name: str, activation: str) -> None:
    asked = exam(whole(name, activation))
    found = marked(asked, solution(asked.assignment))
    assert [one for one in found if one.verdict != "right" or one.because] == []
    assert sum(one.points for one in found) == asked.assignment.out_of


@pytest.mark.nightly
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_has_its_lines(activation: str) -> None:
    asked = exam(whole("mlp", activation))
    assert {one.verdict for one in marked(asked, solution(asked.assignment))} == {"right"}


@pytest.mark.parametrize("name", ["logistic_regression", "mlp"])
def test_one_wrong_line_costs_what_follows_from_it_and_no_more(name: str) -> None:
    asked = exam(whole(name))
    known = rules(asked.assignment.model, "sigmoid")
    place = next(i for i, rule in enumerate(known) if rule.symbol == f"d{last(name)}")
    wrong = [
        *known[:place],
        known[place]._replace(line=f"-({known[place].line})"),
        *known[place + 1 :],
    ]
    lost = [
        one for one in marked(asked, solution(asked.assignment, wrong)) if one.verdict != "right"
    ]
    assert [(one.function, one.part, one.points) for one in lost] == [
        ("backward", f"d{last(name)}", 0)
    ]
    assert lost[0].because[0] == {"code": "factor", "factor": "-1"}
    assert lost[0].case is not None


def last(name: str) -> str:
    return [one for one in MODELS[name].parameters if one[0] in "Ww"][-1]


@pytest.mark.nightly
@pytest.mark.parametrize("name", names())
def test_the_ready_made_assignments_can_be_done(name: str) -> None:
    asked = exam(read(READY_MADE / f"{name}.toml"))
    found = marked(asked, solution(asked.assignment))
    assert [one for one in found if one.verdict != "right"] == []
