import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backproof.grading.metadata import Submitter, submitters
from backproof.reading.told import Unreadable

PRINTED = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20)


def in_single_quotes(text):
    return "'" + text.replace("'", "''") + "'"


def in_double_quotes(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def in_numbers(text):
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'


@given(
    st.lists(st.tuples(PRINTED, PRINTED), max_size=3),
    st.sampled_from([in_single_quotes, in_double_quotes, in_numbers]),
)
def test_quoted_names_come_back(people, quoted):
    text = "---\nsubmission_1:\n  :submitters:\n" + "".join(
        f"  - :name: {quoted(name)}\n    :sid: {quoted(sid)}\n    :other: [1, 2]\n"
        for name, sid in people
    )
    read = submitters(text + "  :score: 3.0\n  :history:\n  - :name: old\n")
    assert read == {
        "submission_1": tuple(Submitter(name or None, sid or None, None) for name, sid in people)
    }


@given(st.text(st.sampled_from(" -:'\"\\\nnamesubitr{}[]|&u0"), max_size=60), st.booleans())
@example('  - :name: "\\ud800"', True)
@example("  - :name: '", True)
@example("    :name: x", True)
def test_what_is_not_understood_is_refused(text, inside):
    text = f"submission_1:\n  :submitters:\n{text}" if inside else text
    try:
        read = submitters(text)
    except Unreadable as error:
        assert " is not understood: " in str(error)  # noqa: PT017 - reading it is right too
        return
    assert all(isinstance(people, tuple) for people in read.values())


@pytest.mark.parametrize(
    "line",
    [
        *('"a" b', "'a' b", "'it's'", "*alias", "!binary |-", "|-", "a: b", "a # b", '"\\q"'),
        *("{x: 1}", "[x]", "- x", '"\\ud800"', '"open', "'", "@x"),
    ],
)
def test_other_ways_to_write_a_name_are_refused(line):
    with pytest.raises(Unreadable, match=r"^line 3 is not understood: "):
        submitters(f"submission_1:\n  :submitters:\n  - :name: {line}\n")


def test_a_name_that_goes_on_in_the_next_line_is_refused():
    with pytest.raises(Unreadable, match=r"^line 4 is not understood: 'Silva'$"):
        submitters("submission_1:\n  :submitters:\n  - :name: Ana\n      Silva\n")
