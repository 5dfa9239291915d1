"""What programs are told in: the published schemas, and numbers as JSON has them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def schema(package: str, name: str) -> Mapping[str, Any]:
    """The schema in a file of a package."""
    from importlib import resources

    text = resources.files(package).joinpath(name).read_text("utf-8")
    content: Mapping[str, Any] = json.loads(text)
    return content


def finite(number: float) -> float | None:
    """The number; None, which becomes null, for what JSON has no number for."""
    return float(number) if math.isfinite(number) else None
