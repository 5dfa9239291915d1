"""Training runs beside one another: records of them, replays of their steps, and what they show."""
