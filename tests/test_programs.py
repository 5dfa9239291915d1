"""Programs in people's own styles, each with what it is: read without being told, judged as it is.

`programs/manifest.toml` says of each what its verdict has to be, and which gradients are wrong; the
labels were verified by central differences of the loss that the program states, or are known from
how the program was made: a right one, and its twin with one line wrong. Some are examples as well.
"""

import tomllib
from pathlib import Path

import pytest

import backproof.judge
from backproof.cases import Case
from backproof.checking import check_file
from backproof.notation import FAMILY

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS = Path(__file__).parent / "programs"
MANIFEST = tomllib.loads((PROGRAMS / "manifest.toml").read_text("utf-8"))


def unshrunk(model: object, case: Case, still_wrong: object, fixed: object) -> Case:
    return case


# Every third one is tried with every change, the others nightly.
STEMS = [
    pytest.param(stem, marks=pytest.mark.nightly) if place % 3 or about.get("rare") else stem
    for place, (stem, about) in enumerate(MANIFEST.items())
]


@pytest.mark.parametrize("stem", STEMS)
def test_verdict(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What takes the time; and differences at a case that is not shrunk may lie across a kink.
    monkeypatch.setattr(backproof.judge, "shrink", unshrunk)
    monkeypatch.setattr(backproof.judge, "dissent", lambda *_: None)
    expected = MANIFEST[stem]
    told = check_file(PROGRAMS / expected["file"], cases=120)
    assert told.verdict == expected["verdict"], told.problem
    whole = [one for one in told.functions if FAMILY[one.model].piece is None]
    found = {
        name
        for function in whole or told.functions
        for name, quantity in {**function.gradients, "loss": function.loss}.items()
        if quantity is not None and quantity.verdict == "wrong"
    }
    if expected["wrong"] == ["loss"]:  # of right gradients of another loss, either is amiss
        assert found
    else:
        assert found == set(expected["wrong"])


def test_the_same_program_in_two_conventions_has_one_verdict() -> None:
    pairs = [(stem, about["same_as"]) for stem, about in MANIFEST.items() if about["same_as"]]
    assert len(pairs) >= 8
    assert all(MANIFEST[one]["verdict"] == MANIFEST[other]["verdict"] for one, other in pairs)


def test_every_program_is_in_the_manifest() -> None:
    files = {path for path in PROGRAMS.iterdir() if path.suffix in (".py", ".ipynb")}
    listed = {PROGRAMS / about["file"] for about in MANIFEST.values()}
    assert files == {path for path in listed if path.parent == PROGRAMS}
    assert len(files) >= 80


RIGHT = sorted(path for path in EXAMPLES.glob("right_*") if path.suffix in (".py", ".ipynb"))


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_of_a_right_example_nothing_stands_open(path: Path) -> None:
    told = check_file(path, cases=60)
    assert (told.verdict, told.problem) == ("right", None)
