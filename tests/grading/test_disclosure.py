import json

import pytest
from hypothesis import given

from backproof.grading.disclosure import anonymised, counted, for_student, needs_a_person
from grading.made_results import MARK, any_results, hand_written, reworded


@given(any_results())
def test_anonymised_results_are_the_same_whoever_handed_them_in(results):
    text = json.dumps(anonymised(results), ensure_ascii=False)
    assert MARK not in text
    assert text == json.dumps(anonymised(reworded(results)), ensure_ascii=False)


@given(any_results())
def test_anonymising_keeps_points_verdicts_and_codes(results):
    before, after = results["submissions"], anonymised(results)["submissions"]
    assert sorted(map(counted, before), reverse=True) == list(map(counted, after))
    for one in after:
        assert [other for other in before if verdicts(other) == verdicts(one)]


def verdicts(submission):
    parts = [(p["verdict"], [said["code"] for said in p["because"]]) for p in submission["parts"]]
    return submission["status"], submission["points"], parts, len(submission["problems"])


@given(any_results())
def test_a_student_sees_no_case_and_no_error_of_a_hidden_part_and_nothing_printed(results):
    for submission in results["submissions"]:
        shown = for_student(submission, results["assignment"]["hints"])
        assert shown["printed"] == ""
        hidden = [part for part in shown["parts"] if not part["public"]]
        assert all(part["case"] is None for part in hidden)
        assert MARK not in json.dumps(hidden, ensure_ascii=False)
        assert [part["points"] for part in shown["parts"]] == [
            part["points"] for part in submission["parts"]
        ]


@pytest.mark.parametrize(
    ("hints", "case", "because"), [("none", 0, 0), ("part", 0, 5), ("case", 1, 5)]
)
def test_hint_levels(hints, case, because):
    shown = for_student(hand_written()["submissions"][1], hints)["parts"]
    assert sum(part["case"] is not None for part in shown) == case
    assert sum(len(part["because"]) for part in shown) == because
    assert all(part["verdict"] is None for part in shown) == (hints == "none")


def test_anonymised_results_have_no_case_of_a_hidden_part():
    results = hand_written()
    _, dw, _, edge, _ = results["submissions"][1]["parts"]
    edge["case"] = dw["case"]
    (*_, dw, _, edge, _) = anonymised(results)["submissions"][2]["parts"]
    assert dw["case"] is not None
    assert edge["case"] is None


def test_text_that_a_function_gave_instead_of_numbers_is_no_number():
    results = hand_written()
    part = results["submissions"][1]["parts"][1]
    part["case"] = part["case"] | {"actual": [[1.0], ["Ana"]]}
    assert "Ana" not in json.dumps(anonymised(results))


def test_a_teachers_points_count_and_settle_what_was_open():
    _, open_one, overridden, unread = hand_written()["submissions"]
    assert counted(open_one) == 1.0
    assert needs_a_person(open_one)
    assert counted(overridden) == 4.5
    assert needs_a_person(unread)
    assert not needs_a_person(unread | {"override": {"points": 0.0, "reason": ""}})
