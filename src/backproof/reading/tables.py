"""Examples as the rows of a table, with the label in the last column."""

from __future__ import annotations

from typing import Any

import numpy as np


class Row(np.ndarray):
    """A row of which the last entry, a class number, is whole: `expected[row[-1]] = 1`."""

    def __getitem__(self, key: Any) -> Any:
        """An entry, or some of them."""
        value = super().__getitem__(key)
        last = isinstance(key, int) and key in (-1, self.size - 1)
        return int(value) if last and value == int(value) else value


def table(x: Any, y: Any) -> np.ndarray:
    """The examples, one a row."""
    return np.column_stack([x, np.reshape(y, (len(x), -1))])


def rows(x: Any, y: Any, classes: int) -> list[np.ndarray]:
    """The rows of a table that a loop goes through.

    Of class numbers there is one row more for each class, because files count the classes among
    their labels; a loop that turns once does not see those.
    """
    found = table(x, y)
    if np.asarray(y).dtype.kind in "iu" and classes > 1:
        more = [np.append(found[0][:-1], label) for label in range(classes)]
        found = np.vstack([found, *more])
    return [row.view(Row) for row in found]
