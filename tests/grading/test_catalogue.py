from pathlib import Path

import pytest

from backproof.grading.catalogue import START, meaning, table, written_into
from backproof.grading.quantities import layouts
from backproof.notation import MODELS

DOCS = Path(__file__).parents[2] / "docs" / "grade.md"


def test_the_table_in_the_docs_is_current():
    text = DOCS.read_text("utf-8")
    assert START in text
    assert written_into(text) == text


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_quantity_is_in_it_with_a_meaning(model):
    (part,) = [one for one in table().split("\n\n`") if one.strip("`").startswith(f"{model.name}`")]
    for symbol in layouts(model):
        assert part.count(f"`{symbol}`") == 1
        assert meaning(symbol)
