"""backproof says whether a hand-written backward pass is right, and proves it."""
