"""Classes of students, packed as the platforms pack them."""

import io
import unicodedata
import zipfile

from hypothesis import strategies as st

from backproof.grading import names

_LETTERS = st.characters(categories=["L", "M", "Nd"], include_characters=" -'.()!&+")
_SUFFIXES = st.sampled_from([".py", ".ipynb", ".csv", ".npy", ".PY"])


def _kept_as_it_is(name):
    return names.harmless(name) == name and not names.by_system(name)


def words(alphabet=_LETTERS):
    return st.text(alphabet, min_size=1, max_size=12).map(
        lambda text: unicodedata.normalize("NFC", text.strip())
    )


def file_names(folders=True):
    stems = words()
    parts = st.lists(words(), max_size=2) if folders else st.just([])
    made = st.tuples(parts, stems, _SUFFIXES).map(lambda it: "/".join([*it[0], it[1] + it[2]]))
    return made.filter(_kept_as_it_is)


def files(folders=True):
    """What one student hands in: bytes by relative name."""
    return st.dictionaries(
        file_names(folders), st.binary(max_size=20), min_size=1, max_size=4
    ).filter(lambda them: len({name.casefold() for name in them}) == len(them))


def people(alphabet=_LETTERS):
    """Students' names, none the same, none that a system gives to a file or a folder."""
    named = words(alphabet).filter(lambda name: _kept_as_it_is(name) and _kept_as_it_is(name + "_"))
    return st.lists(named, min_size=2, max_size=4, unique_by=str.casefold)


@st.composite
def handed_in(draw, *, folders=True, alphabet=_LETTERS):
    """A number, a name and files for each student."""
    students = draw(people(alphabet))
    numbers = draw(
        st.lists(st.integers(1, 10**8), min_size=len(students), max_size=len(students), unique=True)
    )
    return [
        (str(number), name, draw(files(folders)))
        for number, name in zip(numbers, students, strict=True)
    ]


def moodle(students, *, tail="_", who=None):
    return {
        f"{who or name}_{number}_assignsubmission_file{tail}/{file}": content
        for number, name, them in students
        for file, content in them.items()
    }


def moodle_flat(students):
    return {
        f"{name}_{number}_assignsubmission_file_{file}": content
        for number, name, them in students
        for file, content in them.items()
    }


def canvas(students, late=()):
    return {
        f"{name}_{'LATE_' if number in late else ''}{number}_{10_000 + order}_{file}": content
        for number, name, them in students
        for order, (file, content) in enumerate(them.items())
    }


def gradescope(students):
    metadata = "".join(
        f"submission_{number}:\n  :submitters:\n  - :name: '{quoted(name)}'\n    :sid: '7'\n"
        "  :created_at: 2024-03-01 12:00:00.000000000 Z\n"
        for number, name, _ in students
    )
    return {
        "assignment_1_export/submission_metadata.yml": metadata.encode(),
        **{
            f"assignment_1_export/submission_{number}/{file}": content
            for number, _, them in students
            for file, content in them.items()
        },
    }


def quoted(text):
    return text.replace("'", "''")


def folders(students):
    return {
        f"{name}/{file}": content for _, name, them in students for file, content in them.items()
    }


def zipped(entries, *, compression=zipfile.ZIP_DEFLATED):
    """The bytes of a zip of `entries`: pairs of a name or `ZipInfo`, and bytes."""
    pairs = entries.items() if isinstance(entries, dict) else entries
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in pairs:
            # Not the time of day, which would make other bytes each time.
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.writestr(info, content)
    return buffer.getvalue()


def laid_out(folder, entries):
    """`entries` as files below `folder`."""
    for name, content in entries.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
