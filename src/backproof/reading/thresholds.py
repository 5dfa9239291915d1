"""Steps that are no gradients of a model's loss, though forward they are a model's: the hinge."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from backproof.reading import forward
from backproof.reading.label_codes import speaks_of_signs
from backproof.reading.recipes import Reader
from backproof.reading.settle import Trial

_HINGE = re.compile(
    r"max(?:imum)?\((?:0\.?0?, 1\.?0? - |1\.?0? - .*, 0\.?0?\))|(?:<=?|>=?) 1(?:\.0?)?(?![\w.])"
)
HINGE = (
    "its loss is the hinge loss, max(0, 1 - margin), which is none of the models'; judge it by "
    "backproof.check(gradient, loss=...)"
)
PERCEPTRON = (
    "its error is that of a decision, 0 or 1 by a threshold: the perceptron's rule, which is the "
    "gradient of none of the models' losses"
)


def amiss(read: Reader, used: str, trial: Trial, matches: Sequence[tuple[str, str]]) -> str | None:
    """Why steps with a linear output are of no model; `used` is the source of what ran."""
    told = ":sign" in trial.spec.layouts["y"]
    linear = all(output == "identity" for _, output in matches)
    if (told or (linear and speaks_of_signs(read))) and "exp(" not in used and _HINGE.search(used):
        return HINGE
    return PERCEPTRON if linear and matches and _is_of_decisions(trial) else None


def _is_of_decisions(trial: Trial) -> bool:
    """Whether labels are compared to decisions, and to no score."""
    model, case = trial.spec.family, trial.case
    seen = [array for _, array in trial.seen if array.size == case["y"].size > 1]
    score = forward.predicted(model, case, "identity", "identity")
    if model.depth > 1 or any(forward.is_among(case["y"] - s, seen) for s in (score, -score)):
        return False
    certain, signed = (score > 0.0) * 1.0, np.sign(score)
    errors = (certain - case["y"], signed - (2.0 * case["y"] - 1.0))
    return any(forward.is_among(one, seen) or forward.is_among(-one, seen) for one in errors)
