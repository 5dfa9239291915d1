"""The commands for teachers: `backproof grade` and `backproof assignment`."""

from __future__ import annotations

import argparse
import contextlib
import functools
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from backproof.commands import refused

UNDECIDED: Final = 3
_EPILOG = """\
exit status: 0 all graded; 2 input that cannot be graded, or misuse; 3 some have to be looked at by
a person; 70 a bug of backproof's own
"""


def add(commands: Any) -> None:
    """Add the commands to the parser's."""
    grade = commands.add_parser(
        "grade",
        help="grade a class's submissions in isolation",
        description="Grade a folder of submissions, or a zip from Moodle, Canvas or Gradescope.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    grade.add_argument("submissions", metavar="PATH", help="the folder or zip")
    told = "the TOML file, or the name of a ready-made one"
    grade.add_argument("--assignment", required=True, metavar="FILE", help=told)
    grade.add_argument("--out", required=True, metavar="FOLDER", help="for the results")
    grade.add_argument("--platform", help="moodle, canvas, gradescope, files or folders")
    grade.add_argument("--jobs", type=_jobs, metavar="N", help="how many at a time")
    cluster = (
        "have a Dask cluster grade; the address of its scheduler, such as tcp://10.0.0.1:8786. "
        "Without workers for a minute it ends, with what was graded kept"
    )
    grade.add_argument("--scheduler", metavar="ADDRESS", help=cluster)
    risk = "run submissions with all your rights, where there is no isolation to be had"
    grade.add_argument("--without-isolation", action="store_true", help=risk)
    grade.add_argument("--only", metavar="KEY", help="grade this submission, keep the others")
    part = "grade this part of the submissions only, on one of several machines"
    grade.add_argument("--shard", type=_shard, default=(1, 1), metavar="I/N", help=part)
    over = "take over what was graded into these folders, of shards"
    grade.add_argument("--merge", nargs="+", default=[], metavar="FOLDER", help=over)
    grade.add_argument("--rerun", action="store_true", help="grade again what was graded before")
    grade.add_argument("--moodle", metavar="CSV", help="a worksheet of yours to be filled in")
    grade.add_argument("--canvas", metavar="CSV", help="a gradebook of yours to be filled in")
    grade.add_argument("--canvas-assignment", metavar="ID", help="the number in its column's name")
    grade.set_defaults(run=functools.partial(_told, _graded))

    assignment = commands.add_parser("assignment", help="write an assignment, or try one")
    actions = assignment.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="write one with comments, to be changed")
    new.add_argument("file", metavar="FILE")
    new.add_argument("--like", default="logistic_regression", help="a ready-made one's name")
    new.set_defaults(run=functools.partial(_told, _written))
    public = actions.add_parser("public", help="write what students may have: the public part")
    public.add_argument("file", metavar="FILE", help=told)
    public.add_argument("to", metavar="NEW_FILE")
    public.set_defaults(run=functools.partial(_told, _made_public))
    upload = actions.add_parser("gradescope", help="write an autograder for Gradescope")
    upload.add_argument("file", metavar="FILE", help=told)
    upload.add_argument("to", metavar="ZIP")
    risk = "let it grade too where Gradescope's container forbids isolation; see docs/grade.md"
    upload.add_argument("--without-isolation", action="store_true", help=risk)
    upload.set_defaults(run=functools.partial(_told, _packed))
    test = actions.add_parser("test", help="grade a right program and wrong ones with it")
    test.add_argument("file", metavar="FILE", help=told)
    test.set_defaults(run=functools.partial(_told, _tried))


def check(
    paths: Sequence[Path], told: str, form: str, *, quiet: bool, show: Callable[[str], None]
) -> tuple[str, int]:
    """Try the public part of an assignment on one's own files: what to print, the exit status.

    In the format `json` that is what `results.json` holds of them. `show` is told what is going on.
    Raises `Unreadable`.
    """
    import datetime

    from backproof.grading import assignment, ready_made, results
    from backproof.grading.feedback_text import as_text
    from backproof.grading.grade import tried
    from backproof.grading.language import language
    from backproof.grading.remarks import about_points

    asked = assignment.read(ready_made.found(told))
    said_in, date = language(asked.language), datetime.date.today().isoformat()
    graded: list[dict[str, Any]] = []
    for place, path in enumerate(paths, 1):
        show(f"[{place}/{len(paths)}] {path.name}")
        graded.append(tried(path, asked, date))
    every = [one for each in graded for one in each["submissions"]]
    lost = any(one["points"] < one["out_of"] for one in every)
    if form == "json":
        whole = {**graded[0], "submissions": every}
        return results.as_json(whole).decode().rstrip("\n"), int(lost)
    if quiet:
        lines = [f"{one['name']}: {about_points(one, said_in)[0]}" for one in every]
    else:
        lines = [as_text(one, graded[0]["assignment"], said_in) for one in every]
        lines.append(said_in.text("feedback.public_part"))
    return "\n".join(lines), int(lost)


def _jobs(text: str) -> int:
    value = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text[:50]!r}: expected a whole number of at least 1")
    return value


def _shard(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and len(text) < 12):
        raise argparse.ArgumentTypeError(f"{text[:50]!r}: expected such as 2/8")
    if not 1 <= int(number) <= int(of):
        raise argparse.ArgumentTypeError(f"{text!r}: expected 1/{of} to {of}/{of}")
    return int(number), int(of)


def _told(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; what stands in its way is said in a line."""
    from backproof.reading.told import Unreadable

    try:
        return run(options)
    except Unreadable as error:
        return refused(error)


def _graded(options: argparse.Namespace) -> int:
    import datetime

    from backproof.grading import assignment, outputs, ready_made, results
    from backproof.grading.disclosure import needs_a_person
    from backproof.grading.grade import grade

    asked = assignment.read(ready_made.found(options.assignment))
    if options.canvas and not options.canvas_assignment:
        return refused("--canvas needs --canvas-assignment, the number in the column's name")
    if options.scheduler is not None and options.jobs is not None:
        return refused(
            "--jobs is for this machine; with --scheduler as many are graded at a time as the "
            "workers have threads"
        )
    out = Path(options.out)
    moodle, canvas = (path and outputs.own(path, out) for path in (options.moodle, options.canvas))
    if moodle and canvas and moodle.name == canvas.name:
        return refused(f"--moodle and --canvas are both called {moodle.name}; rename one")
    results.taken_over(out, options.merge)
    shown = sys.stderr.isatty()
    clear = "\r\033[K" if shown else ""
    count: tuple[int, int] | None = None

    def tell(line: str) -> None:
        print(f"{clear}{line}", file=sys.stderr, flush=True)

    def progress(done: int, of: int) -> None:
        nonlocal count
        count = done, of
        if shown:
            print(f"{clear}{done:,} of {of:,}", end="", file=sys.stderr, flush=True)

    def kept() -> str:
        if count is None:
            return ""
        goes_on = "starts over" if options.rerun else "goes on from there"
        return (
            f"{clear}{count[0]:,} of {count[1]:,} are graded and kept; the same command {goes_on}"
        )

    with _undisturbed(kept):
        graded = grade(
            Path(options.submissions),
            asked,
            out,
            date=datetime.date.today().isoformat(),
            jobs=options.jobs,
            platform=options.platform,
            only=options.only,
            shard=options.shard,
            rerun=options.rerun,
            isolated=not options.without_isolation,
            scheduler=options.scheduler,
            tell=tell,
            progress=progress,
        )
    print(clear, end="", file=sys.stderr, flush=True)
    print(outputs.write(graded, out, moodle, canvas, options.canvas_assignment))
    return UNDECIDED if any(map(needs_a_person, graded["submissions"])) else 0


@contextlib.contextmanager
def _undisturbed(words: Callable[[], str]) -> Iterator[None]:
    """Have a signal that ends us say these words, and leave no submission in a temporary folder."""
    import shutil
    import tempfile

    before: dict[int, Any] = {}
    usual = tempfile.tempdir

    def interrupted(number: int, frame: object) -> None:
        # Whoever prints may be what is interrupted, and is not to be entered twice.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            print(words(), file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        before[number](number, frame)

    with tempfile.TemporaryDirectory(prefix="backproof-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder  # for all that is made on the way, in whatever thread
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and callable(signal.getsignal(number)):
                before[number] = signal.signal(number, interrupted)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            tempfile.tempdir = usual


def _written(options: argparse.Namespace) -> int:
    import secrets

    from backproof.grading import ready_made
    from backproof.reading.told import Unreadable, nearest

    names = ready_made.names()
    if options.like not in names:
        raise Unreadable(f"--like {options.like}: unknown; {nearest(options.like, names)}")
    path = Path(options.file)
    _write_new(path, ready_made.begun(options.like, secrets.randbelow(10**9)).encode())
    print(f"{path}: change it, then try it with: backproof assignment test {path}")
    return 0


def _write_new(path: Path, content: bytes) -> None:
    from backproof.reading.told import Unreadable

    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise Unreadable(f"{path} is there already, and is left as it is") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be written: {error.strerror or error}") from None


def _made_public(options: argparse.Namespace) -> int:
    from backproof.grading import assignment, ready_made

    path = ready_made.found(options.file)
    assignment.read(path)  # which says what is amiss with it
    _write_new(Path(options.to), ready_made.public_part(path.read_text("utf-8-sig")).encode())
    print(f"{options.to}: without hidden functions and the seed")
    return 0


def _packed(options: argparse.Namespace) -> int:
    from backproof.grading import assignment, ready_made
    from backproof.grading.autograder import autograder

    path = ready_made.found(options.file)
    assignment.read(path)  # which says what is amiss with it
    isolated = not options.without_isolation
    _write_new(Path(options.to), autograder(path.read_bytes(), isolated=isolated))
    print(f"{options.to}: upload it on the page Configure Autograder, and test it there")
    return 0


def _tried(options: argparse.Namespace) -> int:
    from backproof.grading import assignment, ready_made, rehearsal

    told = rehearsal.rehearsed(assignment.read(ready_made.found(options.file)))
    print(told.text)
    return 0 if told.sound else 1
