"""The command that compares learning rates: `backproof sweep`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from backproof.cli_runs import examples, training, units
from backproof.commands import check_page, printed, progress, refused, write_page

_EPILOG: Final = """\
exit status: 0 trained; 1 runs of every learning rate became inf or NaN; 2 input that cannot be
trained on, or misuse; 70 a bug of backproof's own
"""


def add(commands: Any) -> None:
    """Add the command to the parser's."""
    sweep = commands.add_parser(
        "sweep",
        help="compare learning rates by cross-validation",
        description="Train a model with several learning rates, from several seeds, on the folds "
        "of\ncross-validation, by full-batch gradient descent and all at once; and compare the "
        "rates.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sweep.add_argument("model", metavar="MODEL", help="mlp, mlp_softmax, …")
    data, how = examples(sweep), training(sweep)
    folds = "parts of which each is held out once; 0: hold nothing out (default 5)"
    data.add_argument("--folds", type=int, default=5, metavar="N", help=folds)
    rates = "those to compare (default 0.03,0.1,0.3,1)"
    how.add_argument("--learning-rate", default="0.03,0.1,0.3,1", metavar="RATE[,RATE]", help=rates)
    seeds = "initial parameters to start each from (default 10)"
    how.add_argument("--seeds", type=int, default=10, metavar="N", help=seeds)
    sweep.add_argument("--format", choices=("text", "json"), default="text")
    page = "write a page with the table and the learning curves as well, that needs no network"
    sweep.add_argument("--html", type=Path, metavar="FILE", help=page)
    sweep.set_defaults(run=_swept)


def _swept(options: argparse.Namespace) -> int:
    from backproof.comparison.page_of_rates import page_of_rates
    from backproof.comparison.rates import Sweep, rates
    from backproof.comparison.rates_told import as_json, as_text, exit_status
    from backproof.reading.told import Unreadable

    show, clear = progress()
    try:
        check_page(options.html)
        if options.data is None:
            raise Unreadable("sweep needs --data FILE")
        tried = Sweep(
            model=options.model,
            data=options.data,
            learning_rates=_numbers(options.learning_rate),
            seeds=options.seeds,
            folds=options.folds or None,
            activation=options.activation,
            hidden=units(options.model, options.hidden),
            steps=options.steps,
            dtype=options.precision,
            scale=options.scale,
            label=options.label,
            standardise=not options.as_is,
        )
        told = rates(tried, show)
        clear()
        text = as_json(told) if options.format == "json" else as_text(told)
        status = printed(text, exit_status(told))
        if options.html is not None:
            write_page(options.html, page_of_rates(told))
    except (Unreadable, ValueError) as error:
        clear()
        return refused(error)
    return status


def _numbers(rates: str) -> tuple[float, ...]:
    from backproof.reading.told import Unreadable

    try:
        return tuple(map(float, rates.split(",")))
    except ValueError:
        expected = "expected a number, or several such as 0.1,0.3,1"
        raise Unreadable(f"--learning-rate {rates[:50]}: {expected}") from None
