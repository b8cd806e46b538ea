from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncedit_demo.media.frame_rate import BROADCAST_RATES, measure_timing

MS = Fraction(1, 1000)
MPEG = Fraction(1, 90000)
rates = st.sampled_from(BROADCAST_RATES)


def ticks(rate: Fraction, frames: int, time_base: Fraction, start: int = 0) -> list[int]:
    return [start + round(number / rate / time_base) for number in range(frames)]


@given(
    rates, st.integers(1, 400), st.integers(-5000, 5000), st.sampled_from([MPEG, Fraction(1, 15360), Fraction(1, 600)])
)
def test_constant_rate_is_exact_whatever_the_ticks(
    rate: Fraction, frames: int, start: int, time_base: Fraction
) -> None:
    if 1 / rate < 3 * time_base:
        return
    timing = measure_timing(ticks(rate, frames, time_base, start), time_base, [rate], 0)
    assert timing.rate == rate
    assert (timing.frames, timing.duration, timing.variable) == (frames, frames / rate, False)


@given(rates, st.integers(1500, 2000))
@settings(max_examples=25)
def test_milliseconds_are_seen_through_without_a_declaration(rate: Fraction, frames: int) -> None:
    timing = measure_timing(ticks(rate, frames, MS), MS, [], 33)
    assert (timing.rate, timing.variable) == (rate, False)


def test_declaration_decides_where_the_times_leave_it_open() -> None:
    times = ticks(Fraction(30000, 1001), 10, MS)
    assert measure_timing(times, MS, [Fraction(30000, 1001)], 33).rate == Fraction(30000, 1001)
    assert measure_timing(times, MS, [Fraction(30)], 33).rate == 30


def test_declaration_that_contradicts_the_times_is_not_believed() -> None:
    times = ticks(Fraction(30), 60, MS)
    for lie in (Fraction(5), Fraction(25), Fraction(60), Fraction(1000)):
        assert measure_timing(times, MS, [lie], 200).rate == 30


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_jitter_of_a_camera_clock_is_a_constant_rate(seed: int) -> None:
    jitter = np.random.default_rng(seed).integers(-600, 601, size=300)
    times = [round(number * 3000 + int(shift)) for number, shift in enumerate(jitter)]
    timing = measure_timing(times, MPEG, [], 3000)
    assert (timing.rate, timing.frames, timing.variable) == (30, 300, False)


def test_clock_that_runs_fast_keeps_its_own_rate() -> None:
    times = ticks(Fraction(3013, 100), 3000, MPEG)
    timing = measure_timing(times, MPEG, [Fraction(30)], 3000)
    assert not timing.variable
    assert abs(timing.rate - Fraction(3013, 100)) < Fraction(1, 10000)


def test_dropped_frame_leaves_the_rate_and_the_duration() -> None:
    times = [time for number, time in enumerate(ticks(Fraction(30), 60, MPEG)) if number != 17]
    timing = measure_timing(times, MPEG, [], 3000)
    assert (timing.rate, timing.frames, timing.duration, timing.variable) == (30, 59, 2, False)


@pytest.mark.parametrize(
    ("rate", "kept"),
    [
        (30, "0111111111"),
        (25, "1111111000"),
        (Fraction(24000, 1001), "11111110"),
        (Fraction(60000, 1001), "1110"),
        (50, "1111111101111011"),
        (25, "11111" + "0" * 40),
    ],
)
@pytest.mark.parametrize("time_base", [MPEG, MS, None])
def test_grid_with_holes_has_the_rate_of_its_usual_gap(
    rate: Fraction | int, kept: str, time_base: Fraction | None
) -> None:
    time_base = time_base or 1 / Fraction(rate)
    grid = ticks(Fraction(rate), 400, time_base)
    times = [time for number, time in enumerate(grid) if kept[number % len(kept)] == "1"]
    timing = measure_timing(times, time_base, [], 0)
    assert (timing.rate, timing.variable, timing.frames) == (rate, False, len(times))
    assert timing.duration == (grid.index(times[-1]) - grid.index(times[0]) + 1) / Fraction(rate)


@pytest.mark.parametrize("kept", ["11101", "1111101", "110111", "1110000000001"])
def test_few_frames_with_a_hole_are_on_their_grid(kept: str) -> None:
    for time_base in (MPEG, MS, Fraction(1, 25)):
        times = [time for time, seen in zip(ticks(Fraction(25), 20, time_base), kept, strict=False) if seen == "1"]
        timing = measure_timing(times, time_base, [], 0)
        assert (timing.rate, timing.variable, timing.duration) == (25, False, Fraction(len(kept), 25))


def test_rate_that_changes_on_the_way_is_variable() -> None:
    times = [0, *np.cumsum([3000] * 40 + [3750] * 40).tolist()]
    assert measure_timing(times, MPEG, [], 3000).variable


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_holes_in_a_camera_clock_that_jitters_change_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    numbers = np.flatnonzero(random.random(300) > 0.2)
    times = [int(number) * 3000 + int(random.integers(-300, 301)) for number in numbers]
    timing = measure_timing(times, MPEG, [], 3000)
    assert (timing.rate, timing.variable) == (30, False)


def test_long_last_frame_does_not_change_the_rate() -> None:
    timing = measure_timing(ticks(Fraction(25), 50, MPEG), MPEG, [], 10 * 3600)
    assert (timing.rate, timing.duration) == (25, 2)


def test_uneven_times_are_variable_and_keep_their_duration() -> None:
    times = [0, 3, 4, 5, 9, 10, 30, 31, 33, 40, 50, 51, 60, 61]
    timing = measure_timing(times, Fraction(1, 60), [Fraction(60)], 2)
    assert timing.variable
    assert timing.duration == Fraction(63, 60)
    assert timing.rate == len(times) / timing.duration


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=60), st.integers(0, 5000))
def test_any_rising_times_give_a_rate_and_a_duration(gaps: list[int], last: int) -> None:
    times = [0, *np.cumsum(gaps).tolist()]
    timing = measure_timing(times, MS, [], last)
    assert timing.frames == len(times)
    assert timing.rate > 0
    assert timing.duration >= Fraction(times[-1], 1000) * Fraction(1, 2)
    if timing.variable:
        assert timing.duration == timing.frames / timing.rate


@pytest.mark.parametrize(
    ("shown", "declared", "rate"),
    [
        (0, [], 25),
        (0, [Fraction(30)], 30),
        (100, [Fraction(60)], 10),
        (1, [], 25),
        (1, [Fraction(1000), Fraction(24)], 24),
    ],
)
def test_single_frame(shown: int, declared: list[Fraction], rate: int) -> None:
    timing = measure_timing([7], MS, declared, shown)
    assert (timing.rate, timing.frames, timing.duration) == (rate, 1, Fraction(1, rate))
