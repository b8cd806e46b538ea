"""What frame rate a list of frame times stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BROADCAST_RATES = (
    *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 100, 120, 200, 240)),
    *(Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60, 120, 240)),
)
WHOLE_RATES = tuple(Fraction(rate) for rate in range(1, 241))
FALLBACK_RATE = Fraction(25)
"""Rate of a single picture in a file that declares none."""

SAME_RATE = Fraction(1, 5000)
"""Relative difference below which a declared rate stands for a standard one: 33333 µs a frame means 30 fps."""

MAX_JITTER = 0.5
"""Spread of the frame times around an even grid, in frames, up to which the rate is constant (a phone's clock)."""

ODD_GAP_SHARE = 20
MIN_GAPS = 8
"""Where one gap in 20 is longer (frames were dropped there), of 8 gaps or more, the rate is constant without doubt."""

HOLES_JITTER = 0.25
"""Spread of the frame times, in frames, up to which more gaps may be longer: up to half of them."""

FASTEST_SINGLE = 240
"""A single picture that is shown for less than the 240th part of a second is shown for no time that means anything."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The rate of a clip.

    Attributes:
        rate: Frames per second: of the grid where it is constant, on average where it varies.
        frames: Number of frames.
        duration: From the first frame to the end of the last, in seconds; on the grid, places that are empty count.
        variable: Whether the frames lie on no even grid.
    """

    rate: Fraction
    frames: int
    duration: Fraction
    variable: bool


def measure_timing(
    times: Sequence[int], time_base: Fraction, declared: Sequence[Fraction], last_duration: int
) -> Timing:
    """Find the constant rate that frame times stand for, or that there is none.

    Times are rounded to the container's ticks (1 ms in Matroska), cameras' clocks jitter and frames get lost;
    none of this makes the rate variable. In a constant rate the last frame lasts as long as the others,
    whatever the container says.

    Args:
        times: Presentation times in ticks, rising; at least one.
        time_base: Length of a tick in seconds.
        declared: Rates the container claims. They only decide between rates that fit the times equally well,
            and give the rate of a single frame.
        last_duration: How long the last frame is shown, in ticks; 0 where that is not known.
    """
    if len(times) == 1:
        shown = last_duration * time_base
        believed = (rate for rate in declared if rate <= FASTEST_SINGLE)
        rate = 1 / shown if Fraction(1, FASTEST_SINGLE) <= shown <= 1 else next(believed, FALLBACK_RATE)
        return Timing(rate, 1, 1 / rate, variable=False)
    ticks = np.asarray(times, dtype=np.int64) - times[0]
    gap = float(np.median(np.diff(ticks)))
    seconds = ticks.astype(np.float64) * float(time_base)
    tick = float(time_base)
    fitting: list[tuple[bool, int, float, Fraction, int]] = []
    for rate in _candidates(ticks, time_base, gap, declared):
        spread, slots = _fit(seconds, rate, tick)
        more_than_rounding = spread > 1.01 * tick
        if math.isfinite(spread):
            fitting.append((more_than_rounding, _implausibility(rate, declared), spread, rate, slots))
    if fitting:
        _, _, _, rate, slots = min(fitting)
        return Timing(rate, len(times), slots / rate, variable=False)
    duration = (int(ticks[-1]) + (last_duration or max(1, round(gap)))) * time_base
    return Timing(len(times) / duration, len(times), duration, variable=True)


def _candidates(
    ticks: NDArray[np.int64], time_base: Fraction, gap: float, declared: Sequence[Fraction]
) -> list[Fraction]:
    """Rates whose period is near the usual gap, within a tick and a few per cent."""
    places = int(np.rint(np.diff(ticks) / max(gap, 1)).sum())
    measured = Fraction(places) / (int(ticks[-1]) * time_base)
    rates = {*BROADCAST_RATES, *WHOLE_RATES, *declared, measured.limit_denominator(1001), measured}
    seconds = gap * float(time_base)
    return sorted(rate for rate in rates if rate > 0 and abs(1 / rate - seconds) <= float(time_base) + 0.05 * seconds)


def _fit(seconds: NDArray[np.float64], rate: Fraction, tick: float) -> tuple[float, int]:
    """Spread of the frame times around the grid in seconds, infinite if they are not on it; and the places on it."""
    exact = seconds * float(rate)
    slots = np.rint(exact)
    gaps = np.diff(slots)
    odd = int(np.count_nonzero(gaps != 1))
    # Where half of the gaps are longer than one place, or more, the grid is not theirs.
    if 2 * odd >= gaps.size or gaps.min() < 1:
        return math.inf, 0
    few = odd == 0 or (gaps.size >= MIN_GAPS and odd <= max(1, gaps.size // ODD_GAP_SHARE))
    jitter = MAX_JITTER if few else HOLES_JITTER if gaps.size >= MIN_GAPS else 0
    # Ticks as coarse as the grid would make a grid of any times.
    rounding = 1.01 * tick if few or tick * float(rate) <= MAX_JITTER else 0.01 * tick
    residual = (exact - slots) / float(rate)
    spread = float(residual.max() - residual.min())
    if spread > max(rounding, jitter / float(rate)):
        return math.inf, 0
    return spread, int(slots[-1]) + 1


def _implausibility(rate: Fraction, declared: Sequence[Fraction]) -> int:
    claimed = any(abs(rate / other - 1) < SAME_RATE for other in declared)
    familiarity = 0 if rate in BROADCAST_RATES else 1 if rate in WHOLE_RATES else 2
    return familiarity + (0 if claimed else 2)
