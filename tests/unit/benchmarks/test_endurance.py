"""A process that makes one edit after the other holds what it held after the first few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.endurance import endure
from syncedit_demo.settings import Settings
from tests.support.quick_app import QuickService

if TYPE_CHECKING:
    from pathlib import Path

FRAME_MB = 320 * 256 * 3 / 1e6
"""What each edit would leave at least if one of its frames were kept."""


def test_nothing_is_left_of_an_edit_that_is_over(tmp_path: Path) -> None:
    _, early, *_, late = endure(QuickService(Settings(work_dir=tmp_path / "work")), tmp_path, 24, 8)
    assert (late.handles, late.threads, late.children) == (early.handles, early.threads, early.children)
    # The record in it says how long it took, in more digits or fewer.
    assert abs(late.disk - early.disk) < 500
    assert late.megabytes - early.megabytes < (late.edits - early.edits) * FRAME_MB
