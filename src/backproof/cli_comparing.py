"""The command for engineers: `backproof compare`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from backproof.commands import check_page, printed, progress, refused, write_page

_EPILOG = """\
exit status: 0 the runs differ by rounding at the most; 1 by something else; 2 records that cannot
be compared, or misuse; 3 the records show too little to tell; 70 a bug of backproof's own
"""


def add(commands: Any) -> None:
    """Add the command to the parser's."""
    compare = commands.add_parser(
        "compare",
        help="say whether recorded training runs differ by rounding alone",
        description="Compare records of runs of one task, each with each.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    compare.add_argument("runs", nargs="+", type=Path, metavar="FOLDER", help="a run's record")
    compare.add_argument("--format", choices=("text", "json"), default="text")
    page = "write a page with plots as well, that needs no network; of one run, with its curves"
    compare.add_argument("--html", type=Path, metavar="FILE", help=page)
    seeds = "of many seeds on several backends: whether final losses differ by less than this"
    compare.add_argument("--equivalent-within", type=_size, metavar="LOSS", help=seeds)
    compare.set_defaults(run=_compared)


def _size(text: str) -> float:
    try:
        size = float(text)
    except ValueError:
        size = 0.0
    if not 0.0 < size < math.inf:
        raise argparse.ArgumentTypeError(f"{text[:50]!r}: expected a positive number")
    return size


def _equivalent(options: argparse.Namespace) -> int:
    from backproof.comparison.seeds import as_text, equivalences

    told = equivalences(options.runs, options.equivalent_within)
    verdicts = {one.verdict for one in told}
    status = 1 if "different" in verdicts else 3 if "inconclusive" in verdicts else 0
    return printed(as_text(told), status)


def _check(options: argparse.Namespace) -> None:
    """What is amiss with the options, before records are read, which may take minutes."""
    from backproof.reading.told import Unreadable

    if options.equivalent_within is not None and (options.html or options.format == "json"):
        raise Unreadable("--equivalent-within tells its results as text only")
    check_page(options.html)
    if len(options.runs) == 1 and (options.html is None or options.format == "json"):
        one = "of one alone, --html FILE shows the curves"
        raise Unreadable(f"to compare takes the records of two runs at least; {one}")


def _shown(folder: Path, html: Path) -> int:
    """The curves of one run, which there is nothing to compare with."""
    from backproof.comparison.page_of_run import page_of_run
    from backproof.runs import reader

    write_page(html, page_of_run(reader.read(folder)))
    return printed(f"one run, and nothing to compare it with: its curves are in {html}", 0)


def _compared(options: argparse.Namespace) -> int:
    from backproof.comparison.compared import as_json, as_text, compared, exit_status
    from backproof.comparison.page import page
    from backproof.reading.told import Unreadable

    show, clear = progress()
    try:
        _check(options)
        if options.equivalent_within is not None:
            return _equivalent(options)
        if len(options.runs) == 1:
            return _shown(options.runs[0], options.html)
        told = compared(options.runs, show)
        clear()
        text = as_json(told) if options.format == "json" else as_text(told)
        status = printed(text, exit_status(told))
        if options.html is not None:
            write_page(options.html, page(told))
    except Unreadable as error:
        clear()
        return refused(error)
    return status
