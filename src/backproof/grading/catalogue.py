"""The quantities that an assignment can ask for, as a table for docs/grade.md.

    uv run python -m backproof.grading.catalogue docs/grade.md

writes it between the two marks in that file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from backproof.grading.quantities import layouts
from backproof.notation import MODELS, Model
from backproof.reading.convention import as_shape

START, END = "<!-- quantities: made by backproof.grading.catalogue -->", "<!-- quantities end -->"
_BETWEEN: Final = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
_MEANINGS: Final = (
    (r"x", "the features, a column for each example"),
    (r"y", "the labels"),
    (r"[Ww]\d*", "weights"),
    (r"b\d*", "biases"),
    (r"z\d*", "a layer's weighted sum, W a + b"),
    (r"a\d+", "a hidden layer's activation, g(z)"),
    (r"yhat", "the prediction"),
    (r"label", "the predicted class: 0 or 1, or its number from 0"),
    (r"loss", "the mean loss over the examples"),
    (r"rate", "the learning rate of a step"),
    (r"d\w+", "the gradient of the loss with respect to it"),
    (r"\w+'", "a parameter after a step down the gradient: W - rate * dW"),
)


def table() -> str:
    """Markdown: for each model a table of its quantities by meaning, with names and shapes."""
    return "\n\n".join("\n".join(_of(model)) for model in MODELS.values())


def written_into(text: str) -> str:
    """A document with the table between the marks, where it has them."""
    return _BETWEEN.sub(lambda _: f"{START}\n\n{table()}\n\n{END}", text)


def meaning(symbol: str) -> str:
    """What a symbol stands for; raises `KeyError` for one that has no meaning yet."""
    for pattern, words in _MEANINGS:
        if re.fullmatch(pattern, symbol):
            return words
    raise KeyError(symbol)


def _of(model: Model) -> Iterator[str]:
    yield f"`{model.name}`:"
    yield ""
    yield "| quantity | shape | |"
    yield "| --- | --- | --- |"
    known = layouts(model)
    rows: dict[tuple[str, str], list[str]] = {}
    for symbol, layout in known.items():
        shape = as_shape(layout) if layout else "a number"
        rows.setdefault((meaning(symbol), shape), []).append(f"`{symbol}`")
    order = [words for _, words in _MEANINGS]
    for (words, shape), symbols in sorted(rows.items(), key=lambda row: order.index(row[0][0])):
        yield f"| {', '.join(symbols)} | {shape} | {words} |"


def main(arguments: Sequence[str]) -> int:
    """Write the table into the documents that are named."""
    for name in arguments:
        path = Path(name)
        path.write_text(written_into(path.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
