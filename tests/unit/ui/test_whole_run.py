"""One bar and one time left for all phases of a run."""

from __future__ import annotations

import itertools

from syncedit_demo.engines.interface import Progress
from syncedit_demo.ui.visits.whole_run import WholeRun

PHASES = {"Following the motion": 30.0, "Comparing the motion": 6.0, "Writing the side-by-side video": 4.0}


def noted(run: WholeRun, phase: str, step: int, total: int) -> tuple[float | None, float | None]:
    run.note(Progress(phase, step, total))
    return run.share, run.seconds_left


def test_all_phases_are_one_bar_that_never_goes_back() -> None:
    run = WholeRun(PHASES)
    assert (run.share, run.seconds_left) == (None, None), "nothing has begun"
    shares = [
        noted(run, phase, step, total)[0]
        for phase, step, total in (
            ("Following the motion", 0, 10),
            ("Following the motion", 5, 10),
            ("Following the motion", 10, 10),
            ("Comparing the motion", 0, 1),
            ("Something else", 1, 2),
            ("Following the motion", 3, 10),
            ("Comparing the motion", 1, 1),
            ("Writing the side-by-side video", 10, 10),
        )
    ]
    assert shares == [0, 0.375, 0.75, 0.75, 0.75, 0.75, 0.9, 1]


def test_the_time_left_is_what_earlier_runs_say_until_this_one_says_it() -> None:
    clock = itertools.count(step=20)
    run = WholeRun(PHASES, now=lambda: float(next(clock)))
    # It began at 0; the clock goes on by 20 seconds each time that it is asked.
    assert noted(run, "Following the motion", 0, 10) == (0, 40)
    assert noted(run, "Following the motion", 5, 10)[1] == 40 / 0.375 * 0.625


def test_variants_are_one_bar_too() -> None:
    run = WholeRun(PHASES, variants=2)
    assert noted(run, "Following the motion", 10, 10)[0] == 0.375
    run.begin_variant(2)
    assert run.share == 0.5
    assert noted(run, "Writing the side-by-side video", 1, 1)[0] == 1


def test_where_nothing_is_expected_nothing_is_said() -> None:
    assert noted(WholeRun({}), "Stage 1", 1, 8) == (None, None)
