import io
import os
import stat
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.grading import names
from backproof.grading.archives import Limits, Refused, Store, in_folder
from backproof.grading.language import language
from backproof.grading.submissions import collected, submitted_program
from backproof.reading.told import Unreadable
from grading.classes import zipped

SMALL = Limits(
    file_bytes=1000, submission_bytes=1500, submission_files=5, collection_bytes=5000, ratio=50
)


def one_student(entries):
    """The zip of a class of two, the first of whom handed in `entries`."""
    pairs = entries.items() if isinstance(entries, dict) else entries
    mine = []
    for name, content in pairs:
        if isinstance(name, zipfile.ZipInfo):
            name.filename = f"ana/{name.filename}"
            mine.append((name, content))
        else:
            mine.append((f"ana/{name}", content))
    return [*mine, ("bia/mlp.py", b"well")]


def first(collect, entries, **told):
    """The first student's submission, its problems said in any language; the other is well."""
    ana, bia = collect(one_student(entries), **told).submissions
    assert all(language("pt").phrase(one) != one for one in ana.problems)
    assert not bia.problems
    assert bia.files["mlp.py"].content() == b"well"
    return ana


def entry(name, **told):
    info = zipfile.ZipInfo(name)
    for attribute, value in told.items():
        setattr(info, attribute, value)
    return info


PARTS = st.one_of(
    st.text(min_size=1, max_size=8),
    st.sampled_from(["..", ".", "", "con", "NUL.py", "C:", "~", "a. ", "\\", "lpt1.ipynb", " ."]),
)


@given(st.lists(PARTS, min_size=1, max_size=5), st.sampled_from(["/", "\\", "//"]))
def test_a_harmless_name_stays_inside_on_every_system(parts, separator):
    raw = separator.join(parts)
    name = names.harmless(raw)
    if name is None:
        slashed = raw.replace("\\", "/")
        drive = slashed[1:3] == ":/"
        nothing = not [part for part in slashed.split("/") if part not in ("", ".")]
        assert slashed.startswith("/") or ".." in slashed.split("/") or drive or nothing
        return
    assert names.harmless(name) == name
    name.encode("utf-8")
    assert not os.path.isabs(name)
    for part in name.split("/"):
        assert part not in ("", ".", "..")
        assert not set(part) & set('<>:"|?*\\\0\n\u202e')
        assert not part.endswith((".", " "))
        assert part.split(".")[0].strip().upper() not in ("CON", "NUL", "LPT1")


@given(st.lists(st.sampled_from(["a.py", "A.py", "a (2).py", "b/a.py", ".py"]), max_size=8))
def test_free_names_differ_where_cases_do_not(wanted):
    taken = set()
    given_names = [names.free(name, taken) for name in wanted]
    assert len({name.casefold() for name in given_names}) == len(wanted)


@given(st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text))
def test_names_in_utf_8_are_read_with_and_without_the_flag(name):
    flagged = entry("x", flag_bits=0x800)
    flagged.filename = name
    assert names.of_entry(flagged) == name
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError:
        return
    unflagged = entry("x")
    unflagged.filename = encoded.decode("cp437")
    assert names.of_entry(unflagged) == name


def test_names_of_code_page_437_are_read():
    assert names.of_entry(entry("Müller.py", flag_bits=0)) == "Müller.py"


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/cron.d/x.py", "..\\..\\x.py", "a/../../x.py", "./../x.py"),
        *("sub/..", "x/../y.py"),
    ],
)
def test_names_that_lead_out_are_refused(collect, tmp_path, name):
    ana = first(collect, {"mlp.py": b"1", "inner.zip": zipped({name: b"bad", "good.py": b"2"})})
    assert set(ana.files) == {"mlp.py", "inner.zip/good.py"}
    assert len(ana.problems) == 1
    assert "has a name that leads out of the zip, and is not unpacked" in ana.problems[0]
    assert not [path for path in tmp_path.rglob("*") if path.name in ("x.py", "y.py")]


@pytest.mark.parametrize("name", ["/etc/passwd.py", "C:\\x.py", "C:/x.py", "\\\\server\\x.py"])
def test_absolute_names_are_refused(collect, name):
    ana = first(collect, {"inner.zip": zipped({name: b"bad", "good.py": b"2"})})
    assert list(ana.files) == ["inner.zip/good.py"]
    assert "leads out of the zip" in ana.problems[0]


def test_a_class_whose_zip_leads_out_is_read_without_that(collect, tmp_path):
    found = collect({"ana/mlp.py": b"", "bia/mlp.py": b"", "../../evil.py": b""})
    assert not list(tmp_path.parent.rglob("evil.py"))
    assert [one.key for one in found.submissions if one.files] == ["ana", "bia"]


def test_reserved_names_are_changed(collect):
    ana = first(collect, {"NUL.py": b"1", "com1.tar.csv": b"2", "what?.py": b"3", "x.py. ": b"4"})
    assert set(ana.files) == {"_NUL.py", "_com1.tar.csv", "what_.py", "x.py"}


def test_links_and_devices_are_refused(collect):
    link = entry("link.py", external_attr=(stat.S_IFLNK | 0o777) << 16)
    device = entry("null.py", external_attr=(stat.S_IFCHR | 0o666) << 16)
    ana = first(collect, [(link, b"/etc/passwd"), (device, b""), ("mlp.py", b"")])
    assert list(ana.files) == ["mlp.py"]
    assert ana.problems == (
        "link.py is a link to another place, which is not followed",
        "null.py is not a file",
    )


def test_two_entries_of_one_name_are_both_kept(collect):
    with pytest.warns(UserWarning, match="Duplicate name"):
        entries = zipped(one_student([("mlp.py", b"1"), ("MLP.py", b"2"), ("mlp.py", b"3")]))
    ana, _ = collect(entries).submissions
    assert {name: stored.content() for name, stored in ana.files.items()} == {
        "MLP.py": b"2",
        "mlp (2).py": b"1",
        "mlp (3).py": b"3",
    }
    with pytest.raises(Unreadable, match="holds 3 programs"):
        submitted_program(ana)


@pytest.mark.parametrize(("second", "count"), [(b"1", 1), (b"2", 2)])
def test_equal_entries_of_one_name_are_one_file(collect, second, count):
    with pytest.warns(UserWarning, match="Duplicate name"):
        entries = zipped(one_student([("mlp.py", b"1"), ("mlp.py", second)]))
    ana, _ = collect(entries).submissions
    assert list(ana.files) == ["mlp.py", "mlp (2).py"][:count]


def patched(archive, name, **fields):
    """The zip with fields of the entry called `name` overwritten, in both of its headers."""
    content = bytearray(archive)
    at = {"flags": (6, 8, "<H"), "method": (8, 10, "<H"), "size": (22, 24, "<L")}
    for field, value in fields.items():
        local, central, form = at[field]
        for signature, offset, length in ((b"PK\3\4", local, 30), (b"PK\1\2", central, 46)):
            here = content.find(signature)
            while content[here + length : here + length + len(name)] != name.encode():
                here = content.find(signature, here + 1)
            struct.pack_into(form, content, here + offset, value)
    return bytes(content)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"flags": 1}, "is encrypted; ask for it without a password"),
        ({"method": 14}, "is packed in a way that is not read (method 14); pack as zip"),
        ({"method": 99}, "is packed in a way that is not read (method 99); pack as zip"),
        ({"size": 2**31}, "has 2048 MB, and at most 50 MB are read"),
        ({"size": 200 << 20}, "has 200 MB, and at most 50 MB are read"),
        ({"size": 3}, "cannot be read: its bytes in the zip are damaged (Bad CRC-32"),
        ({"size": 30}, "is damaged: 24 bytes, and the zip says 30"),
    ],
)
def test_what_a_directory_claims_is_not_believed(collect, fields, words):
    archive = zipped(
        one_student([("a.py", b"x = 1\n" * 4), ("b.py", b"")]), compression=zipfile.ZIP_STORED
    )
    ana, bia = collect(patched(archive, "ana/a.py", **fields)).submissions
    assert language("pt").phrase(ana.problems[0]) != ana.problems[0]
    assert list(ana.files) == ["b.py"]
    assert len(ana.problems) == 1
    assert ana.problems[0].startswith("a.py " + words)
    assert bia.files["mlp.py"].content() == b"well"


def test_a_notebook_of_200_megabytes_is_refused_unread(tmp_path):
    (tmp_path / "ana.ipynb").touch()
    os.truncate(tmp_path / "ana.ipynb", 200 << 20)  # takes no space
    (tmp_path / "bia.py").write_bytes(b"")
    ana, bia = collected(tmp_path, tmp_path).submissions
    assert ana.problems == (
        "ana.ipynb has 200 MB, and at most 50 MB are read, so clear its outputs",
    )
    assert not ana.files
    assert not bia.problems


def test_a_bomb_that_declares_itself_is_refused_by_its_ratio(collect):
    zeros = bytes(20 << 20)
    ana = first(collect, {"mlp.py": b"", "bomb.csv": zeros})
    assert list(ana.files) == ["mlp.py"]
    assert ana.problems[0].startswith("bomb.csv unpacks to 10")
    assert ana.problems[0].endswith(" times its size, which no notebook does")


def test_a_bomb_that_does_not_declare_itself_is_cut_off(collect, tmp_path):
    inner = zipped({"bomb.csv": bytes(5 << 20), "good.py": b"x"})
    ana = first(collect, {"inner.zip": patched(inner, "bomb.csv", size=100)})
    assert list(ana.files) == ["inner.zip/good.py"]
    assert ana.problems[0].startswith("inner.zip/bomb.csv cannot be read: its bytes in the zip")
    assert sum(path.stat().st_size for path in (tmp_path / "scratch").iterdir()) < 1 << 20


def test_a_source_that_does_not_end_is_cut_off(tmp_path):
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            self.given += size
            return bytes(size)

    endless = Endless()
    (tmp_path / "x.py").write_bytes(b"")
    (found,) = in_folder(tmp_path).files
    found = found._replace(opened=lambda: endless, path=None)
    with pytest.raises(Refused, match=r"^has 51 MB, and at most 50 MB"):
        Store(tmp_path, Limits()).kept(found, 1 << 40)
    assert endless.given < 60 << 20
    assert [path.name for path in tmp_path.iterdir()] == ["x.py"]


def overlapping(count):
    """A zip of which `count` names stand for the same packed bytes."""
    packed = zlib.compress(b"x = 1\n" * 100, 9)[2:-4]
    crc, size = zlib.crc32(b"x = 1\n" * 100), 600
    fields = (20, 0, 8, 0, 0, crc, len(packed), size)
    name = b"0.py"
    local = b"PK\3\4" + struct.pack("<5H3L2H", *fields, len(name), 0) + name + packed
    central = b"".join(
        b"PK\1\2" + struct.pack("<6H3L5H2L", 20, *fields, 4, 0, 0, 0, 0, 0, 0) + b"%d.py" % number
        for number in range(count)
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(central), len(local), 0)
    return local + central + end


def test_entries_that_share_their_bytes_are_refused(collect):
    ana = first(collect, {"inner.zip": overlapping(5), "mlp.py": b""})
    assert list(ana.files) == ["mlp.py"]
    assert len(ana.problems) == 5
    assert "shares its bytes with another entry" in ana.problems[0]
    assert first(collect, {"inner.zip": overlapping(1)}).files["inner.zip/0.py"].size == 600


def test_zips_of_students_are_unpacked_one_level(collect):
    deepest = zipped({"c.py": b"3"})
    inner = zipped(
        {"hw3/mlp.ipynb": b"{}", "hw3/deepest.zip": deepest, "__MACOSX/hw3/._mlp.ipynb": b""}
    )
    ana = first(collect, {"work.zip": inner, "old.rar": b"Rar!"})
    assert list(ana.files) == ["work.zip/hw3/mlp.ipynb"]
    assert ana.problems == (
        "old.rar is a .rar archive, which is not unpacked",
        "work.zip/hw3/deepest.zip is a zip inside of a zip, which is not unpacked",
    )
    assert submitted_program(ana, "mlp.ipynb") == "work.zip/hw3/mlp.ipynb"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"no zip at all", zipped({"a.py": b"1"})[:-30]],
    ids=["empty", "short", "text", "cut"],
)
def test_a_damaged_zip_of_a_students_harms_no_other(collect, content):
    ana = first(collect, {"work.zip": content})
    assert not ana.files
    assert ana.problems[0].startswith("work.zip is no zip, or a damaged one (")
    assert ana.problems[0].endswith("); download or pack it again")


def test_a_damaged_zip_of_a_class_is_told(collect):
    whole = zipped({"ana/mlp.py": b"1", "bia/mlp.py": b"2"})
    with pytest.raises(Unreadable, match=r"^class.zip is no zip, or a damaged one \("):
        collect(whole[:-20])


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, 60),
)
def test_no_damage_is_a_traceback(tmp_path_factory, changes, missing):
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(
        zipped({"ana/a.py": b"x" * 9, "bia/b.zip": zipped({"c.py": b"y"}), "cid/d.ipynb": b"{}"})
    )
    for at, value in changes:
        content[at % len(content)] = value
    (folder / "class.zip").write_bytes(content[: len(content) - missing])
    (folder / "scratch").mkdir()
    try:
        collected(folder / "class.zip", folder / "scratch", platform="folders")
    except Unreadable as error:
        assert str(error).startswith("class.zip ")  # noqa: PT017 - any other error fails
    assert {path.name for path in folder.iterdir()} == {"class.zip", "scratch"}
    assert all(len(path.name) == 64 for path in (folder / "scratch").iterdir())


def test_limits_hold_for_files_submissions_and_collections(collect):
    ana = first(
        collect, {f"{number}.csv": bytes([number]) * 600 for number in range(4)}, limits=SMALL
    )
    assert list(ana.files) == ["0.csv", "1.csv"]
    assert ana.problems[0].startswith("2.csv has 0 MB, and at most 0 MB are read")
    many = first(collect, {f"{number}.csv": b"" for number in range(7)}, limits=SMALL)
    assert len(many.files) == 5
    assert many.problems[0] == "5.csv is not read: there are too many files"
    inner = zipped({f"{number}.py": b"" for number in range(7)})
    crowded = first(collect, {"work.zip": inner}, limits=SMALL)
    assert crowded.problems == ("work.zip holds 7 files, of which at most 5 are unpacked",)
    whole = first(
        collect, {"work.zip": zipped({"a.csv": b"1" * 999, "b.csv": b"2" * 999})}, limits=SMALL
    )
    assert whole.problems == ("work.zip unpacked, has 0 MB, and at most 0 MB are read",)
    one = zipped({"a.py": b""})
    tight = Limits(directory_bytes=20)
    narrow = first(collect, {"work.zip": one}, limits=tight)
    assert narrow.problems == ("work.zip is packed for more files than are unpacked",)
    class_of_many = {f"s{number}/a.py": bytes([number]) * 900 for number in range(9)}
    found = collect(class_of_many, limits=SMALL)
    assert [bool(one.files) for one in found.submissions] == [True] * 6 + [False] * 3
    assert found.submissions[-1].problems == (
        "a.py is not unpacked: the collection unpacks to too much",
    )


def test_a_directory_of_64_bits_is_not_read_for_a_student(collect):
    whole = zipped({"a.py": b""})
    end = whole.rindex(b"PK\5\6")
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    assert not first(collect, {"work.zip": whole}).problems
    ana = first(collect, {"work.zip": whole[:end] + bytes(2 << 20) + locator + whole[end:]})
    assert ana.problems == ("work.zip is packed for more files than are unpacked",)


def test_a_scratch_folder_that_cannot_be_written_is_no_students_problem(tmp_path):
    (tmp_path / "class.zip").write_bytes(zipped({"ana.py": b"", "bia.py": b""}))
    with pytest.raises(Unreadable, match=r"nowhere cannot be written: No such file"):
        collected(tmp_path / "class.zip", tmp_path / "nowhere")


def test_problems_are_counted_and_not_all_told(collect):
    inner = zipped({f"../{number}.py": b"" for number in range(50)})
    ana = first(collect, {"work.zip": inner})
    assert len(ana.problems) == 21
    assert ana.problems[-1] == "and 30 more files like these"
