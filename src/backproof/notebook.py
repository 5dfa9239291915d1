"""`%backproof` in a notebook: checks what the cells above have defined.

`%load_ext backproof` once, then `%backproof`, or `%backproof --function NAME`. The cells run again
in a process of their own, so nothing of the notebook's state is changed or needed.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from backproof.reading.told import Settings, Unreadable, validated


def load_ipython_extension(shell: Any) -> None:
    """Register `%backproof` with IPython."""
    shell.register_magic_function(lambda line: print(report_on(shell, line)), "line", "backproof")


def report_on(shell: Any, line: str = "") -> str:
    """The report on the cells that `shell` has run, as text.

    `line` holds options as on the command line: `--model mlp --function backward`.
    """
    from backproof import report
    from backproof.checking import check_program
    from backproof.reading.program import of_cells

    cells = list(enumerate(shell.user_ns.get("In", [])))[1:]
    own = [(number, cell) for number, cell in cells if "%backproof" not in cell and cell.strip()]
    try:
        settings = _settings(line)
        read = of_cells(Path("notebook.ipynb"), own)
    except Unreadable as error:
        return f"backproof: {error}"
    return report.file_as_text(check_program(read, settings, name="this notebook"))


def _settings(line: str) -> Settings:
    words = shlex.split(line)
    told = dict(zip((word.removeprefix("--") for word in words[::2]), words[1::2], strict=False))
    return validated(told, "%backproof")
