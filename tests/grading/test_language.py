import re

import pytest

from backproof.grading.language import arguments_of, language, languages, plainly
from backproof.reading.told import Unreadable

PARTS = {
    "not_defined": ["function"],
    "raised": ["error"],
    "shape": ["actual", "expected"],
    "kind": ["actual"],
    "wrong_value": [],
    "factor": ["factor"],
    "transposed": [],
    "not_finite": [],
    "mutates": ["argument"],
    "guarded": ["constant"],
    "low_precision": [],
    "time": [],
    "memory": [],
    "killed": [],
    "near": [],
    "not_reached": ["loss", "wanted"],
    "not_moved": ["parameter"],
    "rate_ignored": [],
    "edge_cases": ["cases"],
    "own_cache": ["functions"],
    "inside": ["function", "where", "line"],
}
PROBLEMS = {
    "no_program": ["words"],
    "syntax": ["words"],
    "autodiff": ["module", "line"],
    "not_allowed": ["module", "line"],
    "late": [],
    "several": ["words"],
    "said": ["words"],
}


def test_english_and_portuguese_are_there():
    assert languages() == ("en", "pt")


@pytest.mark.parametrize("code", languages())
def test_all_languages_have_the_same_keys_with_the_same_arguments(code):
    english, other = language("en").texts, language(code).texts
    assert list(other) == list(english)
    for key, template in other.items():
        assert sorted(arguments_of(template)) == sorted(arguments_of(english[key])), key


@pytest.mark.parametrize("code", languages())
def test_every_code_has_a_sentence_and_the_sentences_that_withhold_have_no_arguments(code):
    texts = language(code).texts
    for name, arguments in (PARTS | PROBLEMS).items():
        assert sorted(arguments_of(texts[f"sentences.{name}"])) == sorted(arguments)
    withheld = {key: text for key, text in texts.items() if key.startswith("withheld.")}
    assert withheld
    assert not any(map(arguments_of, withheld.values()))
    assert all(key.replace("withheld", "sentences") in texts for key in withheld)


@pytest.mark.parametrize("code", languages())
def test_texts_hold_no_markup_and_are_composed_letters(code):
    for text in language(code).texts.values():
        assert text.strip() == text != ""
        assert not re.search(r"[<>&*`_\\|~#]", re.sub(r"\{\w+\}", "", text)), text


def test_an_unknown_language_is_named_with_those_that_exist():
    with pytest.raises(Unreadable, match=r"no language 'pt-BR'.*did you mean 'pt'.*en, pt"):
        language("pt-BR")
    with pytest.raises(Unreadable, match="expected one of en, pt"):
        language("../en")


def test_arguments_are_put_in_and_a_sentence_does_without_those_that_are_not_there():
    english = language("en")

    def said(**item):
        return plainly(english.sentence(item))

    assert said(code="factor", factor="1/n") == "Is the right answer times 1/n."
    assert said(code="shape", actual=[3, 1], expected=[1]) == (
        "Has the shape (3, 1); expected is (1,)."
    )
    assert said(code="shape", actual=[3, 1]) == "Has the wrong shape."
    assert said(code="not_reached", loss=0.123456789, wanted=1e-3) == (
        "Training ends at a loss of 0.123457; asked for is 0.001."
    )
    assert said(code="guarded", constant=1e-8).startswith(
        "Is right up to the small constant 1e-08,"
    )
    assert said(code="guarded").startswith("Is right up to a small constant,")
    assert said(code="raised", error="{loss} {0}") == "Raises an error: {loss} {0}"
    assert said(code="factor") == "factor"
    assert said(code="a_new_one", words="x") == "a_new_one"


@pytest.mark.parametrize(
    ("value", "english", "portuguese"),
    [
        (7.5, "7.5", "7,5"),
        (10.0, "10", "10"),
        (0.0, "0", "0"),
        (-0.001, "0", "0"),
        (200 / 3, "66.67", "66,67"),
        (1e6, "1000000", "1000000"),
        (float("inf"), "inf", "inf"),
    ],
)
def test_points_have_the_decimal_sign_of_the_language(value, english, portuguese):
    assert language("en").number(value) == english
    assert language("pt").number(value) == portuguese
