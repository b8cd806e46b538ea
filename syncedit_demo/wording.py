"""How counts, rates, sizes, delays and times are said to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    from syncedit_demo.frames import Size

GB = 10**9
"""Bytes in what is called a gigabyte, here as on the labels of disks and GPUs."""


def gigabytes(nbytes: float) -> str:
    """So many bytes: "46.1 GB"."""
    return f"{nbytes / GB:.1f} GB"


def frames_in_words(count: int) -> str:
    """How many frames."""
    return "1 frame" if count == 1 else f"{count} frames"


def are(count: int) -> str:
    """The verb that goes with so many of them."""
    return "is" if count == 1 else "are"


def ordinal(number: int) -> str:
    """A number's place in a row: "second", "fourth", "32nd"."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return {2: "second", 4: "fourth"}.get(number, f"{number}{suffix}")


def lag_in_words(offset: int) -> str:
    """By how many frames a result is late, or early where the number is negative."""
    return f"{frames_in_words(abs(offset))} {'late' if offset > 0 else 'early'}" if offset else "in time"


def describe_rate(rate: Fraction) -> str:
    """A frame rate: "25 fps", "29.97 fps"."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".") + " fps"


def describe_size(size: Size) -> str:
    """A size in pixels: "1024×768"."""
    return f"{size[0]}×{size[1]}"


def time_left(seconds: float, done: int, left: int) -> str | None:
    """How long `left` steps will take when `done` of them took so many seconds: "about 40 s", "about 3 min".

    None where nothing can be told, or nothing is left.
    """
    if done <= 0 or left <= 0:
        return None
    return about(seconds / done * left)


def about(seconds: float) -> str:
    """About so long: "about 40 s", "about 3 min"."""
    return f"about {max(1, round(seconds))} s" if seconds < 60 else f"about {round(seconds / 60)} min"
