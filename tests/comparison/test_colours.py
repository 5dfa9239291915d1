"""The colours of the runs are seen on their ground, and told apart by those who see fewer colours.

How a colour looks to them: Machado, Oliveira and Fernandes 2009, "A physiologically-based model for
simulation of color vision deficiency". Distances are Euclidean in Oklab (bottosson.github.io/posts/
oklab), contrast is that of WCAG 2.2, which asks for 3 of what is no text.
"""

from __future__ import annotations

import itertools
import re
from importlib import resources

import numpy as np
import pytest

SIGHTS = {
    "all": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
TELLING = 0.08  # some four times what is just seen


def linear(colour):
    digits = colour if len(colour) == 6 else "".join(2 * one for one in colour)
    share = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def schemes():
    style = resources.files("backproof.comparison").joinpath("page.css").read_text("utf-8")
    light, dark = style.split("@media screen and (prefers-color-scheme: dark)")[:2]
    for name, part in (("light", light), ("dark", dark.partition("* {")[0])):
        found = dict(re.findall(r"--(\w+): #([0-9a-f]+);", part))
        yield pytest.param(found, id=name)


@pytest.mark.parametrize("colours", list(schemes()))
def test_runs_are_seen_and_told_apart(colours):
    hues = [linear(colours[f"h{i}"]) for i in range(8)]
    weights = np.array([0.2126, 0.7152, 0.0722])
    ground = linear(colours["ground"]) @ weights
    for hue in hues:
        light = sorted((hue @ weights, ground))
        assert (light[1] + 0.05) / (light[0] + 0.05) >= 3.0
    for sight in SIGHTS.values():
        seen = [np.cbrt(np.clip(np.array(sight) @ hue, 0, 1) @ TO_CONES.T) @ TO_LAB.T
                for hue in hues]  # fmt: skip
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) >= TELLING
