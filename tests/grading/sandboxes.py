"""What tests that run programs in a sandbox share."""

from pathlib import Path

import pytest

HOSTILE = Path(__file__).with_name("hostile")
ADD = b"def add(a):\n    return a + 1\n"
# What holds the first process off; what is checked outside needs no more than one way.
BOTH_WAYS = pytest.mark.parametrize("sandbox", ["warm", "cold"], indirect=True)


def values(outcome):
    assert outcome.status == "answered", outcome.sentence
    assert [answer.error for answer in outcome.answers] == [None] * len(outcome.answers)
    return [answer.value for answer in outcome.answers]
