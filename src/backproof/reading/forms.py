"""The layouts in which inputs and labels may be meant, the likely ones first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from backproof.reading import constants, patterns
from backproof.reading.label_codes import are_flat, class_code, speaks_of_signs, takes_one_hot
from backproof.reading.recipes import Reader


def outputs(read: Reader) -> tuple[bool, ...]:
    """One row of the output or several: one first, unless the file is about classes.

    A file that says how many outputs there are, `n_output = 1`, is about as many.
    """
    if constants.outputs_in(read) == {1}:
        return False, True
    text = read.program.text.lower()
    classes = re.search(
        r"one_?hot|num_?classes|n_?classes|num_?labels|softmax|np\.eye|argmax|mnist", text
    )
    return (True, False) if classes else (False, True)


def with_signs(read: Reader, proposals: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The proposals, with labels -1 and 1 first where the file speaks of them."""
    code, signs = class_code(read), speaks_of_signs(read)
    for told in proposals:
        if told["y"].endswith(":class"):
            told = {**told, "y": f"{told['y'].partition(':')[0]}:{code}"}
        if signs and "k" not in told["y"] and ":" not in told["y"]:
            yield {**told, "y": f"{told['y'].partition(':')[0]}:sign"}
        yield told


def forms(read: Reader, several: bool, single: bool) -> Iterator[tuple[str, str]]:
    """The layouts of x and y that are tried."""
    signs, flat = speaks_of_signs(read), are_flat(read)
    if single and _stacks_columns(read):
        yield "n d 1", "n k 1" if several else "n 1 1"
    if single and constants.stacks_rows(read):
        yield from (("n 1 d", y) for y in (("n 1 k", "n k") if several else ("n 1 1", "n 1")))
    for x in ("n d", "d n", *(("d",) if single else ())):
        rows = x == "n d"
        if several:
            plain = ["n k", "k n"] if rows else ["k n", "n k"]
            numbers = ["n", "n 1" if rows else "1 n"] if not takes_one_hot(read) else []
            ys = [*plain, *(f"{axes}:{class_code(read)}" for axes in numbers)]
        else:
            ys = ["n 1", "n", "1 n"] if rows else ["1 n", "n", "n 1"]

            if signs:
                ys = [*(f"{y}:sign" for y in ys), *ys]
        if x == "d":
            ys = ["k", *ys] if several else ["", "1", *ys]
        yield from ((x, y) for y in ys if not flat or y.partition(":")[0] in ("n", ""))


def _stacks_columns(read: Reader) -> bool:
    """Whether each example is a column: `np.reshape(data, (4, 2, 1))`."""
    for node in ast.walk(read.program.tree):
        if patterns.called(node) == "reshape":
            assert isinstance(node, ast.Call)
            sizes = node.args
            if sizes and isinstance(sizes[-1], ast.Tuple):
                sizes = sizes[-1].elts
            if len(sizes) >= 3 and patterns.number(sizes[-1]) == 1:
                return True
    return False
