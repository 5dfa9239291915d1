"""The command that trains and records: `backproof train`."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backproof.commands import check_page, printed, progress, refused, write_page
from backproof.notation import INITIAL_SCALE, MODELS

if TYPE_CHECKING:
    from backproof.runs.reader import Run

COMMANDS: Final = ("train", "sweep")  # those that compute where JAX does by itself, not on the CPU
DIVERGED: Final = 1
_PRECISIONS: Final = ("float32", "float64", "bfloat16")
_EPILOG: Final = """\
exit status: 0 trained; 1 the loss became inf or NaN, and the record says where; 2 input that cannot
be trained on, or misuse; 70 a bug of backproof's own
"""


def add(commands: Any) -> None:
    """Add the command to the parser's."""
    train = commands.add_parser(
        "train",
        help="train a model and record the run",
        description="Train a model on a table by gradient descent, and record the run.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("model", metavar="MODEL", nargs="?", help="mlp, mlp_softmax, …")
    train.add_argument("--out", required=True, metavar="FOLDER", help="for the record")
    train.add_argument("--resume", action="store_true", help="go on with the run in FOLDER")
    page = "write a page with the run's curves as well, that needs no network"
    train.add_argument("--html", type=Path, metavar="FILE", help=page)
    data = examples(train)
    share = "share that is not trained on (default 0.2)"
    data.add_argument("--held-out", type=float, metavar="SHARE", help=share)
    how = training(train)
    how.add_argument("--backend", default="jax", help="jax, reference, torch (default jax)")
    rate = "of each step (default 0.1)"
    how.add_argument("--learning-rate", type=float, default=0.1, metavar="RATE", help=rate)
    how.add_argument("--batch", type=int, metavar="N", help="examples per step (default: all)")
    products = "of matrix products on accelerators: highest, high or default (default highest)"
    how.add_argument("--products", default="highest", help=products)
    kind = "what computes (default: the backend's choice)"
    how.add_argument("--device", choices=("cpu", "gpu", "tpu"), help=kind)
    how.add_argument("--devices", type=int, metavar="N", help="that share each step (default 1)")
    where = "this is process I of N, which share each step; or auto, on Slurm, Open MPI, Cloud TPU"
    how.add_argument("--distributed", metavar="HOST:PORT,I/N", help=where)
    drawn = "of parameters, batches and split (default 0)"
    how.add_argument("--seed", type=int, default=0, help=drawn)
    every = "steps from one to the next (default: a twentieth of the run)"
    how.add_argument("--checkpoint", type=int, metavar="STEPS", help=every)
    train.set_defaults(run=_train)


def examples(command: argparse.ArgumentParser) -> Any:
    """The options for what to train on, which commands that train share; their group."""
    group = command.add_argument_group("the examples")
    named = "a .csv or .npz file, xor, moons, iris, breast_cancer or sklearn:NAME"
    group.add_argument("--data", metavar="FILE", help=named)
    group.add_argument("--label", metavar="COLUMN", help="of a CSV file (default: the last)")
    group.add_argument("--as-is", action="store_true", help="do not standardise the features")
    return group


def training(command: argparse.ArgumentParser) -> Any:
    """The options for how to train that they share; their group."""
    group = command.add_argument_group("how to train")
    layers = "of the hidden layers (default sigmoid)"
    group.add_argument("--activation", default="sigmoid", help=layers)
    group.add_argument("--hidden", metavar="N[,N]", help="units (default 8)")
    group.add_argument("--steps", type=int, default=1000, help="updates (default 1000)")
    numbers = "of all numbers (default float32)"
    group.add_argument("--precision", choices=_PRECISIONS, default="float32", help=numbers)
    scale = f"standard deviation of the initial parameters (default {INITIAL_SCALE})"
    group.add_argument("--scale", type=float, default=INITIAL_SCALE, help=scale)
    return group


def units(model: str, hidden: str | None) -> tuple[int, ...]:
    """The hidden layers' units, from `--hidden` if that was given. Raises `Unreadable`."""
    from backproof.reading.told import Unreadable

    if hidden is None:
        return (8,)
    if model in MODELS and not MODELS[model].hidden_axes:
        raise Unreadable(f"--hidden {hidden}: {model} has no hidden layers; leave that option out")
    parts = hidden.split(",")
    if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
        raise Unreadable(f"--hidden {hidden}: expected such as 8, or 8,4 for two layers")
    return tuple(map(int, parts))


def _train(options: argparse.Namespace) -> int:
    import tempfile

    from backproof.reading.told import Unreadable
    from backproof.runs.processes import joined

    try:
        check_page(options.html)
        if options.html is not None and options.html.absolute() == Path(options.out).absolute():
            raise Unreadable(f"--html {options.html}: is the record's own folder; choose another")
        if options.distributed is None:
            return _trained(options)
        if options.backend not in ("jax", None) and not options.resume:
            raise Unreadable(
                f"--backend {options.backend}: several processes are for --backend jax"
            )
        with joined(options.distributed) as index, tempfile.TemporaryDirectory() as hidden:
            return _trained(options, Path(hidden) / "record" if index else None)
    except Unreadable as error:
        return refused(str(error))


def _trained(options: argparse.Namespace, aside: Path | None = None) -> int:
    """Train and say how it went; a process whose record goes `aside` leaves that to the first."""
    from backproof.reading.told import Unreadable
    from backproof.runs.summary import summary

    show, clear = progress()
    try:
        if options.resume:
            from backproof.runs.train import resume

            done = resume(options.out, show, aside)
        elif options.model is None or options.data is None:
            raise Unreadable("train needs a MODEL and --data FILE; or --resume, and --out alone")
        else:
            done = _anew(options, options.out if aside is None else aside, show)
    except (Unreadable, ValueError, OSError) as error:
        clear()
        words = error.strerror if isinstance(error, OSError) and error.strerror else error
        status = refused(f"{words}{_go_on(options, error)}")
        if options.distributed is not None and isinstance(error, OSError):
            # The others wait for its part of a step; JAX ends them once it is gone, not before.
            sys.stderr.flush()
            os._exit(status)
        return status
    clear()
    status = 0 if done.description["status"] == "complete" else DIVERGED
    if aside is not None:
        return status
    status = printed(summary(done), status)
    if options.html is not None:
        from backproof.comparison.page_of_run import page_of_run

        try:
            write_page(options.html, page_of_run(done))
        except Unreadable as error:
            return refused(error)
    return status


def _go_on(options: argparse.Namespace, error: Exception) -> str:
    if not isinstance(error, OSError) or not (Path(options.out) / "run.json").exists():
        return ""
    return f"\ngo on with: backproof train --resume --out {shlex.quote(options.out)}"


def _anew(options: argparse.Namespace, out: str | Path, show: Any) -> Run:
    from backproof.runs.train import Settings, run

    settings = Settings(
        model=options.model,
        data=options.data,
        backend=options.backend,
        activation=options.activation,
        hidden=units(options.model, options.hidden),
        learning_rate=options.learning_rate,
        steps=options.steps,
        batch=options.batch,
        dtype=options.precision,
        products=options.products,
        device=options.device,
        devices=options.devices,
        seed=options.seed,
        scale=options.scale,
        checkpoint=options.checkpoint,
        label=options.label,
        standardise=not options.as_is,
        held_out=options.held_out,
    )
    return run(settings, out, show)
