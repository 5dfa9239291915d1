"""Programs in people's own styles, each with what it is: read without being told, judged as it is.

`programs/manifest.toml` says of each what its verdict has to be; the labels were verified by
central differences of the loss that the program states. What cannot be read yet is listed here by
name, and has to come out as `unread`: never as right or wrong.
"""

import tomllib
from pathlib import Path

import pytest

import backproof.judge
from backproof.cases import Case
from backproof.checking import check_file

PROGRAMS = Path(__file__).parent / "programs"
MANIFEST = tomllib.loads((PROGRAMS / "manifest.toml").read_text("utf-8"))
UNREAD = {
    "backward_bits": "pieces of a backward pass by themselves",
    "building_blocks": "pieces of a backward pass by themselves",
    "sheet5_pieces": "pieces of a backward pass by themselves",
    "nn_cost_function": "all parameters unrolled into one vector",
    "vector_of_weights": "all parameters unrolled into one vector",
    "microchip_ridge": "a gradient whose name says nothing, of a folded bias with an L2 term",
    "plus_minus_one": "a training loop that never computes its output",
    "summed_margin": "a training loop that never computes its output",
    "preactivation": "a dict in which parameters and results are kept together",
    "private_deep": "layers given as a list without the inputs",
}


def unshrunk(model: object, case: Case, still_wrong: object, fixed: object) -> Case:
    return case


@pytest.mark.parametrize("stem", [stem for stem in MANIFEST if stem not in UNREAD])
def test_verdict(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backproof.judge, "shrink", unshrunk)  # what takes the time
    expected = MANIFEST[stem]
    told = check_file(PROGRAMS / expected["file"], cases=120)
    assert told.verdict == expected["verdict"], told.problem
    found = {
        name
        for function in told.functions
        for name, quantity in {**function.gradients, "loss": function.loss}.items()
        if quantity is not None and quantity.verdict == "wrong"
    }
    assert bool(found) == bool(expected["wrong"])


@pytest.mark.parametrize("stem", sorted(UNREAD))
def test_what_cannot_be_read_is_not_judged(stem: str) -> None:
    told = check_file(PROGRAMS / MANIFEST[stem]["file"], cases=60)
    assert told.verdict == "unread"
    assert told.problem


def test_the_same_program_in_two_conventions_has_one_verdict() -> None:
    pairs = [(stem, about["same_as"]) for stem, about in MANIFEST.items() if about["same_as"]]
    assert len(pairs) >= 8
    assert all(MANIFEST[one]["verdict"] == MANIFEST[other]["verdict"] for one, other in pairs)


def test_every_program_is_in_the_manifest() -> None:
    files = {path.name for path in PROGRAMS.iterdir() if path.suffix in (".py", ".ipynb")}
    assert files == {about["file"] for about in MANIFEST.values()}
    assert len(files) >= 80
