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
    "no_parameters": ["parameters"],
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
        plain = re.sub(r"\{\w+\}|`\{code\}`|os\._exit", "", text)
        assert not re.search(r"[<>&*_\\|~#]", plain), text


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


# Letters, names of programs and formats, and what is spelled alike in both.
ALIKE = {
    "a",
    "e",
    "o",
    "s",
    "py",
    "ipynb",
    "os",
    "exit",
    "json",
    "python",
    "ctypes",
    "bubblewrap",
    "float32",
    "cache",
    "zip",
    "bytes",
    "mb",
    "rar",
}


def words_of(text):
    return {*re.findall(r"[^\W_]+", re.sub(r"\{\w+\}", " ", text).casefold())}


ENGLISH = set().union(*map(words_of, language("en").texts.values())) - ALIKE
# Portuguese words that are spelled as English ones.
ENGLISH -= {"zero", "no", "do", "de", "as", "item", "em"}


@pytest.mark.parametrize("key", language("en").texts)
def test_no_portuguese_text_has_a_word_of_the_english_ones(key):
    assert not words_of(language("pt").texts[key]) & ENGLISH


def filled(template):
    """An English template with what may stand in its braces: nothing that is a word."""
    numbers = {"cell", "line", "count", "number", "wanted", "seconds", "computed", "most", "size"}
    told = {name: "7" if name in numbers else "Ж" for name in arguments_of(template)}
    told |= {name: ".rar" for name in ("suffix",) if name in told}
    told |= {name: "cell 3, line 12" for name in ("place",) if name in told}
    told |= {name: "Call 3 of 9, Ж," for name in ("where",) if name in told}
    return template.format(**told)


PHRASES = [key for key in language("en").texts if key.startswith("phrases.")]


@pytest.mark.parametrize("key", PHRASES)
@pytest.mark.parametrize("argument", [("raised", "error"), ("said", "words"), ("kind", "actual")])
def test_no_remark_in_portuguese_has_english_words_inside(key, argument):
    code, name = argument
    phrase = filled(language("en").texts[key])
    shown = plainly(language("pt").sentence({"code": code, name: phrase}))
    assert not words_of(shown) & ENGLISH
    assert plainly(language("en").sentence({"code": code, name: phrase})).count(phrase) == 1


def test_what_python_and_students_say_stays_and_the_place_is_translated():
    portuguese = language("pt")
    error = "ValueError: shapes (3,) and (4,), line 7: `raise ValueError(x)`"
    assert plainly(portuguese.sentence({"code": "raised", "error": error})) == (
        "Gera um erro: ValueError: shapes (3,) and (4,), linha 7: `raise ValueError(x)`"
    )
    shown = portuguese.sentence({"code": "autodiff", "module": "torch", "line": "cell 3, line 2"})
    assert "torch (célula 3, linha 2)" in plainly(shown)
    assert portuguese.phrase("anything else, 1 line") == "anything else, 1 line"
