"""Training runs: started from the same bytes, recorded by any framework's loop, read again."""

from backproof.runs.reader import Run, Step, read

__all__ = ["Run", "Step", "read"]
