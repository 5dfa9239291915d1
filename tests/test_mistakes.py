from __future__ import annotations

import inspect
from collections import Counter

import pytest

import backproof.judge
from backproof import mistakes
from backproof.cases import Case
from backproof.mistakes import CATALOGUE, Mistake, MistakeError
from backproof.notation import ACTIVATIONS, MODELS
from backproof.verdict import Report
from candidates import findings, report

REPRESENTATIVE = ("tanh", *(name for name in ACTIVATIONS if name != "tanh"))
OFTEN = ("tanh", "sigmoid", "relu", "identity")
KINDS = {
    "bias gradient",
    "loss and gradient",
    "mean over the examples",
    "activation derivative",
    "update order",
    "wrong matrix",
    "sign",
}
TRIALS = [(mistake, model) for mistake in CATALOGUE for model in mistake.models]


def test_there_are_enough_of_every_kind() -> None:
    assert len(CATALOGUE) >= 60
    counts = Counter(mistake.kind for mistake in CATALOGUE)
    assert counts.keys() >= KINDS
    assert all(counts[kind] >= 3 for kind in KINDS)


def test_names_are_unique() -> None:
    assert len({mistake.name for mistake in CATALOGUE}) == len(CATALOGUE)
    assert all(mistakes.by_name(mistake.name) is mistake for mistake in CATALOGUE)
    with pytest.raises(KeyError, match="no mistake is called 'no-such'"):
        mistakes.by_name("no-such")


@pytest.mark.parametrize("mistake", CATALOGUE, ids=lambda mistake: mistake.name)
def test_is_one_edit_and_says_why(mistake: Mistake) -> None:
    right = inspect.getsource(mistakes.module_of(mistake))
    wrong = mistakes.edited_source(mistake)
    assert wrong != right
    assert len(wrong) - len(right) == len(mistake.new) - len(mistake.old)
    assert mistake.why.endswith(".")
    assert mistake.right_for < set(ACTIVATIONS)
    assert set(mistake.models) <= MODELS.keys()
    for model in mistake.models:
        assert mistakes.wrong_quantities(mistake, model) <= {
            "loss",
            *(f"d{name}" for name in MODELS[model].parameters),
        }


def test_every_model_has_some() -> None:
    assert {model for mistake in CATALOGUE for model in mistake.models} == MODELS.keys()
    assert all(model in mistake.models for model in MODELS for mistake in mistakes.of(model))
    with pytest.raises(KeyError, match="model 'perceptron' is unknown"):
        mistakes.of("perceptron")


def test_refuses_what_is_not_there_exactly_once() -> None:
    mistake = CATALOGUE[0]
    with pytest.raises(MistakeError, match=r"stands 0 times in reference/linear_regression\.py"):
        mistakes.apply(mistake._replace(old="dz = yhat + y"), "linear_regression")
    with pytest.raises(MistakeError, match="expected exactly once"):
        mistakes.apply(mistake._replace(old="dz"), "linear_regression")
    with pytest.raises(MistakeError, match="is no mistake of mlp"):
        mistakes.apply(mistake, "mlp")


@pytest.mark.nightly
def test_leaves_the_reference_as_it_is() -> None:
    mistake = mistakes.by_name("tanh-derivative-of-output")
    assert report(*mistakes.apply(mistake, "mlp", "tanh")[:1]).verdict == "wrong"
    for model in MODELS:
        derivation = mistakes.apply(None, model, "tanh")
        told = report(derivation.backward, model, "tanh", derivation.loss, count=40)
        assert told.verdict == "right"
        assert not told.findings


def first_trial(mistake: Mistake) -> tuple[Mistake, str, str]:
    model = mistake.models[0]
    activation = next(a for a in REPRESENTATIVE if a in mistakes.activations(mistake, model))
    return mistake, model, activation


# Nightly, those of activations for which no other test has the programs compiled.
ONCE = [
    pytest.param(
        *trial, marks=[pytest.mark.nightly] if trial[2] not in OFTEN else [], id=trial[0].name
    )
    for trial in map(first_trial, CATALOGUE)
]


@pytest.mark.parametrize(("mistake", "model", "activation"), ONCE)
def test_is_found(
    mistake: Mistake, model: str, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What takes the time is the search for a small counterexample.
    monkeypatch.setattr(backproof.judge, "shrink", unshrunk)
    monkeypatch.setattr(backproof.judge, "dissent", lambda *_: None)
    # Few cases of three layers have the sizes that a wrong matrix fits.
    assert_found(mistake, model, activation, 120 if model.startswith("mlp3") else 60)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("mistake", "model", "activation"),
    [(*trial, name) for trial in TRIALS for name in mistakes.activations(*trial)],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_is_found_for_every_activation(mistake: Mistake, model: str, activation: str) -> None:
    assert_found(mistake, model, activation, 200)


def unshrunk(model: object, case: Case, still_wrong: object, fixed: object) -> Case:
    return case


def assert_found(mistake: Mistake, model: str, activation: str, count: int) -> None:
    backward, loss = mistakes.apply(mistake, model, activation)
    told = report(backward, model, activation, loss, count)
    verdicts = verdicts_of(told)
    wrong = mistakes.wrong_quantities(mistake, model)
    assert told.verdict == "wrong"
    if not wrong:
        assert told.problem is not None
        assert "it gave no answer: raised ValueError" in told.problem
        return
    assert {name for name, verdict in verdicts.items() if verdict == "wrong"} == wrong
    assert all(verdict in ("right", "wrong") for verdict in verdicts.values())
    excuses = {"guarded", "convention", "scaled"}
    if mistake.kind == "loss and gradient":
        excuses -= {"scaled"}  # its own loss says so, and its gradients are not
    assert not findings(told) & excuses


def verdicts_of(told: Report) -> dict[str, str]:
    verdicts: dict[str, str] = {name: q.verdict for name, q in told.gradients.items()}
    assert told.loss is not None
    return {**verdicts, "loss": told.loss.verdict}
