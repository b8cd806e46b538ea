"""A plugin of pytest for `benchmarks.mutants`: the quickest tests come first, since the first that fails ends the run.

How long each takes is what mutmut measured, in the folder above the one that it runs the tests in.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MEASURED = Path("mutmut-stats.json")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if MEASURED.exists():
        seconds: dict[str, float] = json.loads(MEASURED.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0))
