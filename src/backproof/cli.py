"""The command line. JAX is imported by the commands that compute, not here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

MISUSE, BUG = 2, 70
_EPILOG = """\
exit status: 0 all right; 1 something is wrong; 2 input that cannot be judged, or misuse;
3 could not decide, or something has to be told first; 70 a bug of backproof's own
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.version:
        # Looked up only here: it takes as long as all the rest of the start.
        from importlib.metadata import version

        print(f"backproof {version('backproof')}")
        return 0
    if options.command is None:
        parser.print_help()
        return MISUSE
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has gone, and flushing at exit would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        return _our_bug(error)
    return status


def _our_bug(error: Exception) -> int:
    """Say that it is ours, and keep the traceback where it can be found."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="backproof-", suffix=".txt", delete=False, encoding="utf-8"
    ) as kept:
        kept.write("".join(traceback.format_exception(error)))
    print(
        f"backproof: this is a bug of backproof's own ({type(error).__name__}), not of your code.\n"
        f"Please report it with {kept.name} and, if you can, the file you checked.",
        file=sys.stderr,
    )
    return BUG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backproof",
        description="Says whether a hand-written backward pass is right, and proves it.",
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="check the backward passes in Python files",
        description="Check the backward passes in Python files, or in all .py files of a folder.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("paths", nargs="+", metavar="PATH", help="a .py file or a folder of them")
    told = check.add_argument_group("what the files do not say themselves")
    told.add_argument("--function", help="the one function to check")
    told.add_argument("--model", help="linear_regression, logistic_regression, mlp, mlp_softmax, …")
    told.add_argument("--activation", help="of the hidden layer: sigmoid, tanh, relu, …")
    told.add_argument("--convention", help='"columns" (examples; default), "rows", or "rows, y=n"')
    told.add_argument("--reduction", choices=("mean", "sum"), help="what the gradients are of")
    check.add_argument("--cases", type=_positive, default=2000, help="a function (default 2000)")
    check.add_argument("--seed", type=int, default=0, help="of the cases (default 0)")
    check.add_argument(
        "--timeout", type=float, default=10.0, help="seconds that one case may take (default 10)"
    )
    check.add_argument(
        "--memory", type=float, default=2.0, help="GB that the file's process may have (default 2)"
    )
    check.add_argument("--format", choices=("text", "json"), default="text")
    check.set_defaults(run=_check)
    return parser


def _positive(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number of at least 1")
    return value


def _check(options: argparse.Namespace) -> int:
    paths = _files(options.paths)
    if isinstance(paths, str):
        print(f"backproof: {paths}", file=sys.stderr)
        return MISUSE
    # The truth is computed in float64, which a TPU does not have and a GPU starts slowly for.
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    from backproof import report
    from backproof.checking import check_file
    from backproof.reading.told import Settings

    settings = Settings(
        options.model, options.activation, options.convention, options.function, options.reduction
    )
    files = []
    for place, path in enumerate(paths, start=1):
        show, clear = _progress(f"[{place}/{len(paths)}] {path.name} ")
        files.append(
            check_file(
                path,
                settings,
                cases=options.cases,
                seed=options.seed,
                seconds=options.timeout,
                memory=int(options.memory * 2**30),
                progress=show,
            )
        )
        clear()
    if options.format == "json":
        print(report.as_json(files))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(report.files_as_text(files, _told(options), colour=colour))
    return report.exit_status(files)


def _files(given: Sequence[str]) -> list[Path] | str:
    """The files meant by the paths, or what is wrong with one of them."""
    found: list[Path] = []
    for name in given:
        path = Path(name)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*.py") if p.is_file() and not _hidden(p, path))
            if not inside:
                return f"{name}: no .py files in this folder"
            found += inside
        elif path.exists():
            found.append(path)
        else:
            return f"{name}: no such file or folder"
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
            told.append(f'--{name} "{value}"' if " " in value else f"--{name} {value}")
    return " ".join(told)


def _progress(label: str) -> tuple[Callable[[str], None], Callable[[], None]]:
    """One line on a terminal, rewritten in place; nothing where nobody watches."""
    if not sys.stderr.isatty():
        return lambda _: None, lambda: None

    def show(text: str) -> None:
        print(f"\r\033[K{label}{text}", end="", file=sys.stderr, flush=True)

    def clear() -> None:
        print("\r\033[K", end="", file=sys.stderr, flush=True)

    return show, clear


if __name__ == "__main__":
    sys.exit(main())
