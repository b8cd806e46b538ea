"""The edited frame brought to frame 0: where it lies on it, and what of it was edited."""
