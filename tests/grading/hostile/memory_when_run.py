"""Wants more memory than there is before anything is asked of it."""

import numpy as np

everything = np.ones((100_000, 100_000))
