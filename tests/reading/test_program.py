import ast
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backproof.reading.program import (
    Program,
    of_cells,
    of_content,
    of_notebook,
    of_script,
    program,
)
from backproof.reading.told import Unreadable

HERE = Path("homework.py")


def notebook(*cells: str) -> str:
    listed = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": listed, "nbformat": 4})


@pytest.mark.parametrize(
    "line",
    ["%matplotlib inline", "!pip install numpy", "x = !ls", "y = %time f()", "f?", "  %cd data"],
)
def test_magics_do_nothing_and_keep_their_line(line: str) -> None:
    read = of_notebook(Path("a.ipynb"), notebook(f"a = 1\n{line.strip()}\nb = 2"))
    assert [type(node).__name__ for node in read.tree.body][::2] == ["Assign", "Assign"]
    assert read.tree.body[-1].lineno == 3


def test_a_cell_is_dedented_as_ipython_does() -> None:
    read = of_cells(Path("a.ipynb"), [(2, "  x = 1\n  y = 2")])
    assert len(read.tree.body) == 2
    assert read.where(2) == "cell 2, line 2"


def test_a_cell_that_is_no_python_is_left_out_and_said() -> None:
    read = of_notebook(Path("a.ipynb"), notebook("x = 1", "this is a note", "%%bash\nls"))
    assert len(read.tree.body) == 1
    assert "cell 2" in read.notes[0]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', "not json", '{"cells": [1]}'])
def test_what_is_no_notebook_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unreadable):
        of_notebook(Path("a.ipynb"), text)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("print 'x', 1\nprint\n", "Python 2"),
        ("if True:\n    x = 1\n\ty = 2\n", "tabs"),
        ("x = 1\n  y = 2\nz = 3\n", "stray indent was taken out at line 2"),
    ],
)
def test_what_one_repair_makes_parse_is_mended_and_said(text: str, note: str) -> None:
    assert note in " ".join(of_script(HERE, text).notes)


def test_what_no_repair_mends_is_refused_with_its_line() -> None:
    with pytest.raises(Unreadable, match="line 2"):
        of_script(HERE, "x = 1\ny = = 2\n")


DEEP = {
    "terms": "x = " + " + ".join(["1.0"] * 20_000),
    "attributes": "x = y" + ".T" * 20_000,
    "signs": "x = " + "-" * 20_000 + "1",
}


@pytest.mark.parametrize("what", sorted(DEEP))
def test_what_is_too_deep_for_the_parser_is_refused_in_words(what: str) -> None:
    with pytest.raises(Unreadable, match=r"homework.py has an expression of too many terms"):
        of_script(HERE, DEEP[what] + "\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "homework.py")
    with pytest.raises(Unreadable, match="it is not a file"):
        program(tmp_path / "homework.py")


@pytest.mark.parametrize("place", [0, 1, 9])
def test_what_is_not_utf_8_is_read_as_latin_1_and_said(place: int, tmp_path: Path) -> None:
    lines = [b"x = 1"] * 10
    lines[place] = b"x = '\xe4\xff'"
    (tmp_path / "a.py").write_bytes(b"\n".join(lines))
    read = program(tmp_path / "a.py")
    assert read.text.splitlines()[place] == "x = 'äÿ'"
    assert read.notes == ("a.py is not UTF-8; read as Latin-1",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"# coding: nonsense\nx = 1\n", "not in the encoding that it declares"),
        (b"# coding: utf-8\nx = '\xe4'\n", "not in the encoding that it declares"),
        ("x = 'ä'\n".encode("utf-16"), "is not a text"),
        (b"x = 1\0", "null bytes"),
    ],
)
def test_what_is_in_no_encoding_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(content)
    with pytest.raises(Unreadable, match=words):
        program(tmp_path / "a.py")


def test_right_python_is_left_as_it_is() -> None:
    text = "x = 1\nprint('print it')\n"
    assert of_script(HERE, text).text == text
    assert not of_script(HERE, text).notes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'C:\Users'", r"C:\Users"),
        (r"'a\\b' + 'D:\new\x'", "a\\bD:\new\\x"),
        ("'''in\n" + r"C:\Users" + "'''", "in\nC:\\Users"),
    ],
)
def test_a_backslash_that_begins_no_escape_is_itself(text: str, value: str) -> None:
    read = of_script(HERE, f"path = {text}")
    assert any("backslash" in note for note in read.notes)
    (statement,) = read.tree.body
    assert isinstance(statement, ast.Assign)
    made = eval(compile(ast.Expression(statement.value), "windows.py", "eval"))
    assert made == value


@pytest.mark.parametrize("name", ["a.py", "a.ipynb", "a.txt"])
@pytest.mark.parametrize(
    "content",
    [b"x = 1\n", b"%pwd\nx = 1\n", b"x = = 1\n", b"\xff\n", notebook("x = 1", "y = = 2").encode()],
)
def test_bytes_are_read_as_a_file_of_them_is(tmp_path: Path, name: str, content: bytes) -> None:
    def said(read: Callable[[], Program]) -> tuple[object, ...] | str:
        try:
            found = read()
        except Unreadable as error:
            return str(error)
        return found.text, ast.dump(found.tree), found.places, found.notes

    (tmp_path / name).write_bytes(content)
    of_file = said(lambda: program(tmp_path / name))
    assert said(lambda: of_content(Path(name), content)) == of_file
