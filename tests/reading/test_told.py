import os
import re

import pytest

from backproof.notation import FAMILY
from backproof.reading.told import Settings, Unreadable, by_toml, derivation, validated


def test_the_decorator_returns_the_function():
    def backward():
        return 1

    marked = derivation(model="mlp", activation="tanh", convention="rows, y=n")(backward)
    assert marked is backward
    assert marked.__backproof__ == Settings("mlp", "tanh", "rows, y=n")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"modle": "mlp"}, r"here: unknown key 'modle'; did you mean 'model'\? expected one of"),
        ({"model": "mpl"}, r"here: model 'mpl' is unknown; did you mean 'mlp'\?"),
        ({"activation": "rellu"}, r"did you mean 'relu'\?"),
        ({"reduction": "average"}, "expected one of mean, sum"),
        ({"model": 3}, "model = 3 is not a string"),
    ],
)
def test_the_nearest_valid_word_is_named(told, words):
    with pytest.raises(Unreadable, match=words):
        validated(told, "here")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("the command line", "--model nope: unknown; expected one of linear_regression, "),
        ("%backproof", "--model nope: unknown; expected one of linear_regression, "),
        ("the arguments", "model='nope': unknown; expected one of linear_regression, "),
        ("homework.toml", "homework.toml: model 'nope' is unknown; expected one of linear_"),
    ],
)
def test_a_word_is_refused_as_it_was_told(where, words):
    with pytest.raises(Unreadable, match="^" + re.escape(words)):
        validated({"model": "nope"}, where)


def test_every_name_that_reports_print_can_be_told():
    for name, model in FAMILY.items():
        if model.piece is None:
            assert validated({"model": name}, "here").model == name
        else:
            with pytest.raises(Unreadable, match="is unknown"):
                validated({"model": name}, "here")
    with pytest.raises(Unreadable, match=r"did you mean 'mlp_sigmoid_squared'\?.*reports print$"):
        validated({"model": "mlp_sigmoid_square"}, "here")


def test_the_decorator_refuses_at_once():
    with pytest.raises(ValueError, match="did you mean 'tanh'"):
        derivation(activation="tahn")


def test_toml_for_the_file_and_for_functions(write):
    path = write("")
    assert by_toml(path) == (None, {})
    write(
        """
        convention = { preset = "rows", y = "n" }
        [functions.backward]
        model = "mlp"
        """,
        "homework.toml",
    )
    told = by_toml(path)
    assert told.file.settings == Settings(convention="rows, y=n")
    assert told.functions["backward"].settings == Settings(model="mlp")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model = ", r"homework.toml cannot be read: Invalid value"),
        ("modell = 'mlp'", r"homework.toml: unknown key 'modell'"),
        ("functions = 3", r"functions holds tables"),
        ("[functions.f]\nactivation = 'x'", r"homework.toml, \[functions.f\]: activation 'x'"),
    ],
)
def test_bad_toml_is_told(write, text, words):
    path = write("")
    write(text, "homework.toml")
    with pytest.raises(Unreadable, match=words):
        by_toml(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_toml_that_is_no_file_is_not_waited_for(write):
    path = write("")
    os.mkfifo(path.with_suffix(".toml"))
    with pytest.raises(Unreadable, match=r"homework.toml cannot be read: it is not a file"):
        by_toml(path)
