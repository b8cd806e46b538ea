"""Numbers of frames in words, as sentences for people need them."""

from __future__ import annotations


def frames_in_words(count: int) -> str:
    """How many frames."""
    return "1 frame" if count == 1 else f"{count} frames"


def are(count: int) -> str:
    """The verb that goes with so many of them."""
    return "is" if count == 1 else "are"


def lag_in_words(offset: int) -> str:
    """By how many frames a result is late, or early where the number is negative."""
    return f"{frames_in_words(abs(offset))} {'late' if offset > 0 else 'early'}" if offset else "in time"
