"""`%backproof` in a notebook: checks what the cells above have defined.

`%load_ext backproof` once, then `%backproof`, or `%backproof --function NAME`. The cells run again
in a process of their own, so nothing of the notebook's state is changed or needed.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from backproof.reading.told import Settings, Unreadable, nearest, validated

_HELP = """Check the backward passes that the cells above have defined.

    %backproof [--function NAME] [--model MODEL] [--activation NAME] [--convention LAYOUTS]
               [--reduction mean|sum]

    --function    the one function to check, where there are several
    --model       what it is a derivation of: mlp, logistic_regression, ...
    --activation  of the hidden layers: sigmoid, tanh, relu, ...
    --convention  "columns" (are examples), "rows", or "rows, y=n"
    --reduction   what the gradients are of: the mean over the examples, or the sum

All of them are worked out from the code where they are left out, and asked for where they cannot.
"""


def load_ipython_extension(shell: Any) -> None:
    """Register `%backproof` with IPython."""

    def backproof(line: str) -> None:
        print(report_on(shell, line))

    backproof.__doc__ = _HELP  # what `%backproof?` shows
    shell.register_magic_function(backproof, "line", "backproof")


def report_on(shell: Any, line: str = "") -> str:
    """The report on the cells that `shell` has run, as text.

    `line` holds options as on the command line: `--model mlp --function backward`; or `--help`.
    """
    from backproof import report
    from backproof.checking import check_program
    from backproof.reading.program import of_cells

    cells = list(enumerate(shell.user_ns.get("In", [])))[1:]
    own = [(number, cell) for number, cell in cells if "%backproof" not in cell and cell.strip()]
    try:
        told = _told(line)
        if told is None:
            return _HELP
        settings = validated(told, "%backproof")
        read = of_cells(Path("notebook.ipynb"), own)
    except Unreadable as error:
        return f"backproof: {error}"
    return report.file_as_text(check_program(read, settings, name="this notebook"))


def _told(line: str) -> dict[str, object] | None:
    """The options by name; None where help is asked for."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise Unreadable(f"%backproof {line}: {str(error).lower()}") from None
    if {"-h", "--help"} & set(words):
        return None
    told: dict[str, object] = {}
    while words:
        word, _, value = words.pop(0).partition("=")
        if not word.startswith("-"):
            raise Unreadable(f"%backproof {word}: did you mean --function {word}? See --help")
        if word.removeprefix("--") not in Settings._fields:
            options = [f"--{name}" for name in Settings._fields]
            raise Unreadable(f"%backproof {word}: unknown; {nearest(word, options)}")
        if not value:
            if not words or words[0].startswith("--"):
                raise Unreadable(f"%backproof {word}: expected a value after it")
            value = words.pop(0)
        told[word.removeprefix("--")] = value
    return told
