"""How far all of a run is, and how long the rest takes, from what its phases are expected to take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from syncedit_demo.engines.interface import Progress

TELLING_SHARE = 0.08
"""Share of a run from which its own pace says more about the rest than earlier runs do."""


class WholeRun:
    """The phases of a run, of which none, some or all are expected.

    Args:
        expected: Seconds of each phase in their order.
        variants: How many times they all come.
        now: The time in seconds.
    """

    def __init__(
        self, expected: Mapping[str, float], variants: int = 1, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._expected = dict(expected)
        self._variants = variants
        self._now = now
        self._variant = 1
        self._done = 0.0
        self._began: float | None = None

    def expect(self, expected: Mapping[str, float]) -> None:
        """What the phases are expected to take is known now."""
        self._expected = dict(expected)

    def begin_variant(self, number: int) -> None:
        """The phases begin anew, for the variant of this number, from 1."""
        self._variant, self._done = number, 0.0

    def note(self, progress: Progress) -> None:
        """A step of a phase is done. The bar never goes back, also where phases take turns."""
        if self._began is None:
            self._began = self._now()
        if progress.phase not in self._expected:
            return
        before = 0.0
        for phase, seconds in self._expected.items():
            if phase == progress.phase:
                self._done = max(self._done, before + seconds * progress.step / progress.total)
                return
            before += seconds

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1, None where nothing is expected or nothing has begun."""
        total = sum(self._expected.values())
        if not total or self._began is None:
            return None
        return (self._variant - 1 + self._done / total) / self._variants

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes, None where that cannot be told."""
        share, total = self.share, self._variants * sum(self._expected.values())
        if share is None or self._began is None:
            return None
        expected, taken = total * (1 - share), self._now() - self._began
        if share == 0:
            return expected
        # What earlier runs say counts until this one says it itself.
        trust = min(1.0, share / TELLING_SHARE)
        return trust * taken / share * (1 - share) + (1 - trust) * expected
