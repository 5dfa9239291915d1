"""The command line. JAX is imported by the commands that compute, not here."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shlex
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from backproof import cli_comparing, cli_grading, cli_runs, cli_sweeps
from backproof.commands import MISUSE, printed, progress, refused

if TYPE_CHECKING:  # importing it takes as long as all the rest of the start
    from backproof.verdict import FileReport

BUG = 70
CASES, SECONDS, GIGABYTES = 1000, 10.0, 2.0
_EPILOG = """\
exit status: 0 all right; 1 something is wrong; 2 input that cannot be judged, or misuse;
3 could not decide, or something has to be told first; 70 a bug of backproof's own
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    # A stream that was closed before we started is None, and printing to it goes elsewhere.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    try:
        parser = _parser()
        options = parser.parse_args(arguments)
        if options.version:
            # Looked up only here: it takes as long as all the rest of the start.
            from importlib.metadata import version

            return printed(f"backproof {version('backproof')}", 0)
        if options.command is None:
            return printed(parser.format_help().rstrip(), MISUSE)
        _quiet()
        if options.command not in cli_runs.COMMANDS:
            _compute_on_cpu()
        status: int = options.run(options)
    except KeyboardInterrupt:
        print(_ended_by(signal.SIGINT), file=sys.stderr)
        return 128 + signal.SIGINT
    except Exception as error:
        return _our_bug(error)
    return status


def _compute_on_cpu() -> None:
    """Tell JAX, which the commands import later, where to compute."""
    # The truth is computed in float64, which a TPU does not have and a GPU starts slowly for; and
    # JAX gives no CPU where it was told another platform.
    os.environ["JAX_PLATFORMS"] = "cpu"


def _quiet() -> None:
    """Tell XLA what to keep to itself: how a cached program was tuned, which is of no use here."""
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") in (None, "1"):  # JAX's own default is 1
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def run() -> NoReturn:
    """Run the command line and end the process.

    JAX may still be being imported by another thread, and Python aborts when it ends meanwhile.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP, and `nohup` ignores it
        if number is not None and (name != "SIGHUP" or signal.getsignal(number) != signal.SIG_IGN):
            signal.signal(number, _interrupted)
    for stream in (sys.stdout, sys.stderr):
        # A path may hold what the terminal has no letter for.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    status = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _interrupted(number: int, _: object) -> NoReturn:
    """End at once, with the status of one that died of this signal.

    Raised as an exception, it may be lost in an import or a callback.
    """
    try:
        for name in ("backproof.reading.live", "backproof.grading.alone"):
            if name in sys.modules:
                sys.modules[name].kill_all()
        with contextlib.suppress(OSError, ValueError):
            print(_ended_by(number), file=sys.stderr, flush=True)
    finally:
        os._exit(128 + number)


def _ended_by(number: int) -> str:
    return "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"


def _our_bug(error: Exception) -> int:
    """Say that it is ours, and keep the traceback where it can be found."""
    print(
        f"backproof: this is a bug of backproof's own ({type(error).__name__}), not of your code.\n"
        f"Please report it, if you can with the file you checked, and with {_kept(error)}",
        file=sys.stderr,
    )
    return BUG


def _bug_in(path: Path, error: Exception) -> FileReport:
    """The report on a file that met a bug of ours; said on stderr as well."""
    from backproof.verdict import FileReport

    problem = (
        f"this is a bug of backproof's own ({type(error).__name__}), not of your code.\n"
        f"Please report it, if you can with this file, and with {_kept(error)}"
    )
    print(f"backproof: {path}: {problem}", file=sys.stderr)
    return FileReport(str(path), "unread", (), problem, bug=True)


def _kept(error: Exception) -> str:
    """The path of a file with the traceback; the traceback where there is no place for a file."""
    import tempfile
    import traceback

    trace = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="backproof-", suffix=".txt", delete=False, encoding="utf-8"
        ) as kept:
            kept.write(trace)
    except OSError:
        return f"this:\n{trace}"
    return kept.name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backproof",
        description="Says whether a hand-written backward pass is right, and proves it.",
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="check the backward passes in Python files and notebooks",
        description="Check the backward passes in .py and .ipynb files, or in all of a folder.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("paths", nargs="+", metavar="PATH", help="a .py or .ipynb file, or a folder")
    told = check.add_argument_group("what the files do not say themselves")
    told.add_argument("--function", help="the one function to check")
    told.add_argument("--model", help="linear_regression, logistic_regression, mlp, mlp_softmax, …")
    told.add_argument("--activation", help="of the hidden layer: sigmoid, tanh, relu, …")
    told.add_argument("--convention", help='"columns" (are examples), "rows", or "rows, y=n"')
    told.add_argument("--reduction", choices=("mean", "sum"), help="what the gradients are of")
    told.add_argument(
        "--assignment", metavar="FILE", help="a teacher's: try its public part instead"
    )
    check.add_argument("--cases", type=_cases, default=CASES, help=f"a function (default {CASES})")
    check.add_argument("--seed", type=_seed, default=0, help="of the cases (default 0)")
    limits = check.add_argument_group("limits on the process that the file runs in")
    seconds, memory = f"a case may take (default {SECONDS:g})", f"(default {GIGABYTES:g})"
    limits.add_argument(
        "--timeout", type=_seconds, default=SECONDS, metavar="SECONDS", help=seconds
    )
    limits.add_argument("--memory", type=_gigabytes, default=GIGABYTES, metavar="GB", help=memory)
    check.add_argument("--format", choices=("text", "json"), default="text")
    check.add_argument("--quiet", action="store_true", help="of text: a line for each file")
    check.set_defaults(run=_check)
    cli_grading.add(commands)
    cli_runs.add(commands)
    cli_sweeps.add(commands)
    cli_comparing.add(commands)
    return parser


def _cases(text: str) -> int:
    from backproof.reading.told import MOST_CASES

    value = _whole(text)
    if not 1 <= value <= MOST_CASES:
        raise argparse.ArgumentTypeError(
            f"{_cut(text)!r}: expected a whole number between 1 and {MOST_CASES:,}"
        )
    return value


def _seed(text: str) -> int:
    value = _whole(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{_cut(text)!r}: expected a whole number of at least 0")
    return value


def _whole(text: str) -> int:
    # Python refuses to read numbers of thousands of digits.
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 100 else -1


def _cut(text: str) -> str:
    return text if len(text) < 200 else f"{text[:200]}..."


def _seconds(text: str) -> float:
    return _between(text, 0.01, 1e6)


def _gigabytes(text: str) -> float:
    return _between(text, 0.25, 1e6)  # with less than that NumPy does not start


def _between(text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected a number between {least:g} and {most:g}"
        )
    return value


def _check(options: argparse.Namespace) -> int:
    from backproof.reading.told import Unreadable, validated

    told = {name: getattr(options, name) for name in ("model", "activation", "convention")}
    told |= {"function": options.function, "reduction": options.reduction}
    try:
        paths: list[Path] | str = _files(options.paths)
        settings = validated(told, "the command line")
    except Unreadable as error:
        paths = str(error)
    if isinstance(paths, str):
        return refused(paths)
    if options.assignment is not None:
        return _check_by_assignment(options, paths)
    from concurrent.futures import ThreadPoolExecutor

    from backproof import report
    from backproof.checking import check_file

    show, clear = progress()

    def checked(place: int, path: Path) -> FileReport | Exception:
        try:
            return check_file(
                path,
                settings,
                cases=options.cases,
                seed=options.seed,
                seconds=options.timeout,
                memory=int(options.memory * 2**30),
                progress=lambda text: show(f"[{place}/{len(paths)}] {path.name} {text}"),
            )
        except Exception as error:  # the other files are none the worse for it
            return error

    # One more than there are cores: each waits for its file's process for a part of the time.
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        done = list(pool.map(checked, range(1, len(paths) + 1), paths))
    clear()
    files = [
        _bug_in(path, one) if isinstance(one, Exception) else one
        for path, one in zip(paths, done, strict=True)
    ]
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if options.format == "json":
        text = report.as_json(files)
    elif options.quiet:
        text = report.files_in_lines(files, colour=colour)
    else:
        text = report.files_as_text(files, _told(options), colour=colour)
    bug = any(file.bug for file in files)
    return printed(text, BUG if bug else report.exit_status(files))


def _check_by_assignment(options: argparse.Namespace, paths: Sequence[Path]) -> int:
    """Try the public part of an assignment, which says itself what is asked and how much of it."""
    from backproof.reading.told import Unreadable

    usual: dict[str, object] = {"cases": CASES, "seed": 0, "timeout": SECONDS, "memory": GIGABYTES}
    usual |= dict.fromkeys(("function", "model", "activation", "convention", "reduction"))
    told = [name for name, value in usual.items() if getattr(options, name) != value]
    if told:
        return refused(
            f"--{told[0]} goes not with --assignment, whose file says what is asked, on which "
            f"cases and within which limits; leave --{told[0]} out"
        )
    show, clear = progress()
    try:
        text, status = cli_grading.check(
            paths, options.assignment, options.format, quiet=options.quiet, show=show
        )
    except Unreadable as error:
        clear()
        return refused(error)
    clear()
    return printed(text, status)


def _files(given: Sequence[str]) -> list[Path] | str:
    """The files meant by the paths, or what is wrong with one of them."""
    found: list[Path] = []
    for name in given:
        path = Path(name)
        try:
            mode = os.stat(name).st_mode
        except (OSError, ValueError) as error:
            shown = _cut(name)
            words = getattr(error, "strerror", None) or str(error)
            missing = isinstance(error, FileNotFoundError)
            return f"{shown or repr(shown)}: {'no such file or folder' if missing else words}"
        if path.is_dir():
            inside = sorted(
                p
                for p in path.rglob("*")
                if p.suffix in (".py", ".ipynb") and p.is_file() and not _hidden(p, path)
            )
            if not inside:
                return f"{name}: no .py or .ipynb files in this folder"
            found += inside
        elif not stat.S_ISREG(mode):
            return f"{name}: a pipe or a device, not a file"
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _hidden(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return any(part.startswith(".") or part == "__pycache__" for part in parts)


def _told(options: argparse.Namespace) -> str:
    """The options that have to be given again, to run the same check again."""
    told = []
    for name in ("model", "activation", "convention", "reduction"):
        value = getattr(options, name)
        if value is not None:
            told.append(f"--{name} {shlex.quote(value)}")
    for name, usual in (("timeout", SECONDS), ("memory", GIGABYTES)):
        value = getattr(options, name)
        if value != usual:
            told.append(f"--{name} {value:g}")
    return " ".join(told)
