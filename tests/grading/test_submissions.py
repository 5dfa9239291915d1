import os
import re
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backproof.grading.submissions import collected, submitted_program
from backproof.reading.told import Unreadable
from grading import classes

LOWER = st.characters(categories=["Ll", "Lo", "M", "Nd"])


def read_back(entries, as_zip, platform=None):
    """The collection, and every file's bytes by key and name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scratch = folder / "scratch"
        scratch.mkdir()
        if as_zip:
            path = folder / "class.zip"
            path.write_bytes(classes.zipped(entries))
        else:
            path = classes.laid_out(folder / "class", entries)
        before = {one for one in folder.rglob("*") if scratch not in one.parents}
        found = collected(path, scratch, platform=platform)
        assert before == {one for one in folder.rglob("*") if scratch not in one.parents}
        for one in found.submissions:
            assert not one.problems
        return found, {
            one.key: {file: stored.content() for file, stored in one.files.items()}
            for one in found.submissions
        }


@given(classes.handed_in(), st.sampled_from(["", "_"]), st.booleans())
def test_moodle_comes_back(students, tail, as_zip):
    found, contents = read_back(classes.moodle(students, tail=tail), as_zip)
    assert found.platform == "moodle"
    assert contents == {number: them for number, _, them in students}
    assert {one.key: one.name for one in found.submissions} == {
        number: name for number, name, _ in students
    }


@given(classes.handed_in(folders=False), st.booleans())
def test_moodle_without_folders_comes_back(students, as_zip):
    found, contents = read_back(classes.moodle_flat(students), as_zip)
    assert found.platform == "moodle"
    assert contents == {number: them for number, _, them in students}


@given(classes.handed_in(), st.sampled_from(["Participant", "Participante", "匿名"]))
def test_moodle_that_hides_names_tells_none(students, word):
    found, contents = read_back(classes.moodle(students, who=word), True)
    assert contents == {number: them for number, _, them in students}
    assert [one.name for one in found.submissions] == [None] * len(students)


@st.composite
def handed_in_to_canvas(draw):
    """Students, and the numbers of those who were late."""
    students = draw(classes.handed_in(folders=False, alphabet=LOWER))
    return students, draw(st.sets(st.sampled_from([number for number, _, _ in students])))


# In NFC these keep their marks; Canvas makes i̇brahim of İbrahim.
@example(([("1", "a", {"0.py": b""}), ("2", "क़", {"0.py": b""})], {"2"}), False)
@example(([("1", "i̇brahim", {"0.py": b""}), ("2", "น้ำฝน", {"0.py": b""})], {"1"}), True)
@given(handed_in_to_canvas(), st.booleans())
def test_canvas_comes_back(handed_in, as_zip):
    students, late = handed_in
    found, contents = read_back(classes.canvas(students, late), as_zip)
    assert found.platform == "canvas"
    assert contents == {number: them for number, _, them in students}
    assert {one.key: (one.name, one.late) for one in found.submissions} == {
        number: (name, number in late) for number, name, _ in students
    }


@given(classes.handed_in(), st.booleans())
def test_gradescope_comes_back(students, as_zip):
    found, contents = read_back(classes.gradescope(students), as_zip)
    assert found.platform == "gradescope"
    assert contents == {number: them for number, _, them in students}
    assert {one.key: one.name for one in found.submissions} == {
        number: name for number, name, _ in students
    }


@given(classes.handed_in(), st.booleans())
def test_folders_come_back(students, as_zip):
    entries = classes.folders(students)
    _, contents = read_back(entries, as_zip, "folders")
    assert contents == {name: them for _, name, them in students}


@given(classes.people(), st.sampled_from([".py", ".ipynb"]), st.booleans())
def test_files_come_back(students, suffix, as_zip):
    found, contents = read_back({name + suffix: name.encode() for name in students}, as_zip)
    assert found.platform == "files"
    assert contents == {name: {name + suffix: name.encode()} for name in students}


@given(classes.handed_in())
def test_a_digest_knows_names_and_bytes_and_nothing_else(students):
    packed, _ = read_back(classes.moodle(students), True)
    laid, _ = read_back(classes.moodle(list(reversed(students)), tail=""), False)
    digests = {one.key: one.digest for one in packed.submissions}
    assert digests == {one.key: one.digest for one in laid.submissions}
    number, name, them = students[0]
    file = min(them)
    for other in ({**them, file: them[file] + b"x"}, {**them, "z" * 30 + ".py": b""}):
        changed, _ = read_back(classes.moodle([(number, name, other), *students[1:]]), True)
        assert {one.key for one in changed.submissions if one.digest != digests[one.key]} == {
            number
        }


@given(classes.handed_in(), st.sampled_from(["NFC", "NFD"]))
def test_names_are_composed_however_they_were_packed(students, form):
    entries = {
        unicodedata.normalize(form, name): content
        for name, content in classes.moodle(students).items()
    }
    _, contents = read_back(entries, True)
    assert contents == {number: them for number, _, them in students}


def test_what_systems_leave_behind_is_no_submission(collect):
    entries = {
        "hw3/Ana_1_assignsubmission_file_/mlp.ipynb": b"{}",
        "hw3/Ana_1_assignsubmission_file_/.ipynb_checkpoints/mlp-checkpoint.ipynb": b"{}",
        "hw3/Ana_1_assignsubmission_file_/__pycache__/mlp.py": b"",
        "hw3/Bia_2_assignsubmission_file_/mlp.py": b"",
        "hw3/.DS_Store": b"",
        "__MACOSX/hw3/._.DS_Store": b"",
        "__MACOSX/hw3/Ana_1_assignsubmission_file_/._mlp.ipynb": b"",
    }
    found = collect(entries)
    assert [list(one.files) for one in found.submissions] == [["mlp.ipynb"], ["mlp.py"]]
    assert found.left_out == ()
    assert found.line == "class.zip, hw3: Moodle's download of all submissions, 2 submissions"


def test_text_typed_into_moodle_is_told_and_a_team_nobody_formed_has_no_number(collect):
    found = collect(
        {
            "Ana_1_assignsubmission_file/mlp.py": b"",
            "Ana_1_assignsubmission_onlinetext/onlinetext.html": b"hello",
            "Bia_2_assignsubmission_onlinetext_/onlinetext.html": b"hello",
            "Default group_assignsubmission_file/mlp.py": b"",
        }
    )
    assert {one.key: one.problems for one in found.submissions} == {
        "1": (),
        "2": ("only text was handed in, and no file",),
        "Default group": (),
    }
    assert [one.reason for one in found.left_out] == [
        "was typed into Moodle's editor; only files are read"
    ] * 2


def test_canvas_that_hides_names_and_takes_text(collect):
    found = collect(
        {
            "anon_1a2B3_98765_hw3.ipynb": b"{}",
            "LATE_anon_12345_98766_hw3.py": b"",
            "doejane_1234_98767_1_2_hw3.py": b"",
            "roejo_LATE_77_text.html": b"",
            "_LATE_78_98768_hw3.py": b"",
        }
    )
    assert {one.key: (one.name, one.late, list(one.files)) for one in found.submissions} == {
        "anon_1a2B3": (None, False, ["hw3.ipynb"]),
        "anon_12345": (None, True, ["hw3.py"]),
        "1234": ("doejane", False, ["1_2_hw3.py"]),
        "77": ("roejo", True, []),
        "78": (None, True, ["hw3.py"]),
    }


def test_the_newest_of_canvas_uploads_is_the_program(collect):
    found = collect(
        {
            "doejane_1234_98770_hw3-2.py": b"2",
            "doejane_1234_98765_hw3.py": b"0",
            "doejane_1234_98769_hw3-1.py": b"1",
            "roejo_77_98765_part-1.py": b"1",
            "roejo_77_98766_part-2.py": b"2",
        }
    )
    jane, jo = found.submissions
    assert submitted_program(jane) == "hw3-2.py"
    assert len(jane.files) == 3
    assert jane.problems == (
        "hw3.py is older than another of its name",
        "hw3-1.py is older than another of its name",
    )
    assert jo.problems == ()
    with pytest.raises(Unreadable, match=r"^holds 2 programs: part-1.py, part-2.py; the assignm"):
        submitted_program(jo)


def test_a_canvas_upload_of_the_same_name_and_another_number_is_newer(collect):
    (one,) = collect(
        {"doejane_1234_98765_hw3.py": b"old", "doejane_1234_98770_hw3.py": b"new"}
    ).submissions
    assert one.files[submitted_program(one)].content() == b"new"
    assert one.superseded == ("hw3.py",)


def test_the_newest_of_zips_that_canvas_took_is_the_one(collect):
    older, newer = (classes.zipped({"mlp.py": content}) for content in (b"old", b"new"))
    (one,) = collect(
        {"doejane_1234_98765_hw3.zip": older, "doejane_1234_98770_hw3-1.zip": newer}
    ).submissions
    assert submitted_program(one) == "hw3-1.zip/mlp.py"
    assert one.problems == ("hw3.zip/mlp.py is older than another of its name",)


def test_a_student_twice_is_kept_twice(collect):
    found = collect(
        {
            "Ana_1_assignsubmission_file_/mlp.py": b"first",
            "Ana_1_assignsubmission_file/mlp.py": b"second",
            "Bia_2_assignsubmission_file_/mlp.py": b"same",
            "Bia_2_assignsubmission_file/mlp.py": b"same",
        }
    )
    assert [(one.key, one.joined_on) for one in found.submissions] == [
        ("1", "1"),
        ("1 (2)", "1"),
        ("2", "2"),
    ]
    assert [len(one.problems) for one in found.submissions] == [1, 1, 0]


@pytest.mark.parametrize(
    ("metadata", "names", "words"),
    [
        (
            'submission_1:\n  :submitters:\n  - :name: Ana\n  - :name: "B\\u00eda"\n'
            "    :sid: '7'\n  :results:\n    output: |-\n      :submitters:\n      - x\n"
            "    tests:\n    - name: a\n  :history: []\nsubmission_2:\n  :submitters: []\n",
            ["Ana, Bía", None, None],
            "3 submissions",
        ),
        ("submission_1: &x {}\n", [None, None], "line 1 is not understood: 'submission_1: &x {}'"),
        (
            "submission_1:\n  :submitters:\n  - :name: !binary |-\n      QQ==\n",
            [None, None],
            "without names: submission_metadata.yml, line 3 is not understood: '!binary |-'",
        ),
    ],
)
def test_gradescopes_metadata(collect, metadata, names, words):
    entries = {"submission_metadata.yml": metadata.encode(), "submission_1/mlp.py": b""}
    found = collect(
        {**entries, "submission_3/mlp.py": b"", "submission_3/data/x.npy": b"", "readme": b""}
    )
    assert found.platform == "gradescope"
    assert [one.name for one in found.submissions] == names
    assert words in found.line
    assert [one.name for one in found.left_out] == ["readme"]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (
            {"ana.py": b"", "bia/mlp.py": b""},
            "class.zip: it is not clear what its 2 entries are (1 folders, 1 files); "
            "tell the platform: moodle, canvas, gradescope, files, folders",
        ),
        (
            {"Ana_1_assignsubmission_file_/mlp.py": b"", "doejane_1_2_hw.py": b""},
            "1 as Moodle names them, 1 as Canvas names them",
        ),
        ({"doejane_1_2_hw.py": b"", "a.py": b"", "b.py": b""}, "it is not clear"),
        ({"readme.txt": b""}, "class.zip holds no .py or .ipynb file, and no folders"),
        ({}, "class.zip holds no files"),
    ],
)
def test_what_is_not_clear_is_asked(collect, entries, words):
    with pytest.raises(Unreadable) as error:
        collect(entries)
    assert words in str(error.value)


def test_the_platform_can_be_told(collect):
    found = collect({"ana.py": b"", "bia/mlp.py": b""}, platform="folders")
    assert [one.key for one in found.submissions] == ["bia"]
    assert found.left_out == (("ana.py", "has no name that lies in the folder of a submission"),)
    with pytest.raises(Unreadable, match=r"^class.zip is not Moodle's download of all subm"):
        collect({"ana.py": b""}, platform="moodle")
    with pytest.raises(Unreadable, match=r"^'blackboard': expected one of moodle, canvas"):
        collect({"ana.py": b""}, platform="blackboard")


def test_a_folder_may_hold_one_submission(collect):
    entries = {"class/ana/mlp.py": b"", "class/ana/more.py": b""}
    assert [one.key for one in collect(entries, platform="folders").submissions] == ["ana"]


def test_empty_submissions_are_there(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    classes.laid_out(tmp_path / "class", {"ana/mlp.py": b"", "bia/report.pdf": b""})
    (tmp_path / "class" / "cid" / "empty").mkdir(parents=True)
    found = collected(tmp_path / "class", scratch)
    assert {one.key: one.problems for one in found.submissions} == {
        "ana": (),
        "bia": ("nothing to grade was handed in, only report.pdf",),
        "cid": ("nothing was handed in",),
    }
    with pytest.raises(Unreadable, match=r"^holds no .py or .ipynb file; there is report.pdf$"):
        submitted_program(found.submissions[1])


@pytest.mark.parametrize(
    ("names", "pattern", "chosen"),
    [
        (["a.py"], None, "a.py"),
        (["a.py"], "mlp*", "a.py"),
        (["data/x.csv", "mlp.ipynb"], None, "mlp.ipynb"),
        (["utils.py", "MLP_final.ipynb"], "mlp*.ipynb", "MLP_final.ipynb"),
        (["utils.py", "work/mlp.py"], "mlp.py", "work/mlp.py"),
        (["a.py", "b.py"], None, "holds 2 programs: a.py, b.py; the assignment"),
        (["a.py", "b.py"], "c*", "holds 2 programs, and not one alone is called c*: a.py, b.py"),
        (["x.csv"], None, "holds no .py or .ipynb file; there is x.csv"),
    ],
)
def test_the_program_is_told_or_the_only_one(collect, names, pattern, chosen):
    entries = {f"ana/{name}": name.encode() for name in names}
    (ana, _) = collect({**entries, "bia/b.py": b""}).submissions
    if chosen.startswith("holds"):
        with pytest.raises(Unreadable, match="^" + re.escape(chosen)):
            submitted_program(ana, pattern)
    else:
        assert submitted_program(ana, pattern) == chosen


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links need rights")
def test_links_and_pipes_in_a_folder_are_not_opened(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "secret.py").write_bytes(b"secret")
    folder = classes.laid_out(tmp_path / "class", {"ana/mlp.py": b"", "bia/mlp.py": b""})
    (folder / "ana" / "other.py").symlink_to(tmp_path / "secret.py")
    (folder / "ana" / "more").symlink_to(tmp_path)
    os.mkfifo(folder / "bia" / "pipe.py")
    ana, bia = collected(folder, scratch).submissions
    assert ana.problems == (
        "more is a link to another place, which is not followed",
        "other.py is a link to another place, which is not followed",
    )
    assert bia.problems == ("pipe.py is not a file",)
    assert list(ana.files) == list(bia.files) == ["mlp.py"]


def test_a_file_that_changes_while_it_is_graded_is_noticed(tmp_path):
    folder = classes.laid_out(tmp_path / "class", {"ana.py": b"1", "bia.py": b"2"})
    ana, _ = collected(folder, tmp_path).submissions
    (folder / "ana.py").write_bytes(b"3")
    with pytest.raises(Unreadable, match="was changed while it was graded"):
        ana.files["ana.py"].content()


def test_what_is_no_collection_is_told(tmp_path):
    (tmp_path / "mlp.py").write_bytes(b"")
    with pytest.raises(Unreadable, match=r"^mlp.py is one file; a folder or a zip"):
        collected(tmp_path / "mlp.py", tmp_path)
    with pytest.raises(Unreadable, match=r"^there is no folder or zip"):
        collected(tmp_path / "nowhere", tmp_path)
