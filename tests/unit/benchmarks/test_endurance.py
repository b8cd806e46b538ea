"""A process that makes one edit after the other holds what it held after the first few."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.endurance import Held, endure
from syncedit_demo.settings import Settings
from tests.support.quick_app import QuickService

FRAME_MB = 320 * 256 * 3 / 1e6
"""What each edit would leave at least if one of its frames were kept."""


def looked_at(folder: Path) -> list[Held]:
    return list(endure(QuickService(Settings(work_dir=folder / "work")), folder, 50, 10))


def test_nothing_is_left_of_an_edit_that_is_over(tmp_path: Path) -> None:
    # In a process of its own: what other tests left in this one is freed, or grows, when it likes.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        _, early, *_, late = pool.submit(looked_at, tmp_path).result()
    assert (late.handles, late.threads, late.children) == (early.handles, early.threads, early.children)
    # The record in it says how long it took, in more digits or fewer.
    assert abs(late.disk - early.disk) < 500
    assert late.megabytes - early.megabytes < (late.edits - early.edits) * FRAME_MB
