"""`python -m backproof` is the command `backproof`, where that is not on the path."""

from backproof.cli import run

run()
