"""The device: which one, what fits on it, and what waits beside it."""
