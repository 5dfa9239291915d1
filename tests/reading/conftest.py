import textwrap
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import backproof.judge
from backproof.notation import MODELS
from backproof.reading.convention import parse
from backproof.reading.spec import Argument, Spec


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the parameter sets with which a test checks whole programs every second is nightly.

    Whether that begins with the first differs from test to test: right programs and wrong ones
    stand at the same places in many.
    """
    sets = Counter[str]()
    for item in items:
        test, _, told = item.nodeid.partition("[")
        checks = {"checked", "check_program"} & vars(getattr(item, "module", pytest)).keys()
        if told and checks and "/reading/" in test:
            sets[test] += 1
            if (sets[test] + zlib.crc32(test.encode())) % 2:
                item.add_marker(pytest.mark.nightly)


@pytest.fixture(autouse=True, scope="module")
def unshrunk() -> Iterator[None]:
    """What is wrong is shown by the case in which it was found: to look for a small one is slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backproof.judge, "shrink", lambda _, case, *__: case)
        patch.setattr(backproof.judge, "dissent", lambda *_: None)
        yield


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a homework file, dedented, and gives its path."""

    def written(text: str, name: str = "homework.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return written


@pytest.fixture
def logistic() -> Callable[..., Spec]:
    """A spec of `backward(w, b, x, y)` for logistic regression."""

    def spec(convention: str = "columns", **changes: object) -> Spec:
        model = MODELS["logistic_regression"]
        plain = Spec(
            model=model.name,
            function="backward",
            arguments=tuple(Argument(tensor, tensor) for tensor in model.layouts),
            layouts=parse(convention, model),
        )
        return plain._replace(**changes)

    return spec


@pytest.fixture
def cases_of() -> Callable[..., list[dict[str, np.ndarray]]]:
    """Random cases of a model, all of one size, no two axes equal."""

    def cases(model: str = "logistic_regression", count: int = 3) -> list[dict[str, np.ndarray]]:
        sizes = {"d": 3, "n": 4, "h": 5, "h1": 5, "h2": 2, "k": 6}
        rng = np.random.default_rng(0)
        family = MODELS[model]
        return [
            {tensor: rng.normal(size=family.shape(tensor, sizes)) for tensor in family.layouts}
            for _ in range(count)
        ]

    return cases
