"""The engine on a lent GPU by the platform's own package, where there is a GPU and the package: its whole benchmark."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
import torch

from tests.support.lent_scenarios import SCENARIOS
from tests.support.running import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available() or find_spec("spaces") is None, reason="needs an NVIDIA GPU and the package spaces"
)


@pytest.mark.timeout(600)
def test_all_scenarios_hold_and_the_page_gives_the_frames_that_the_engine_makes_by_itself(
    prepared: PreparedSet, tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    # A process of its own: the package has to come before anything of CUDA, and patches torch.
    command = ["-m", "benchmarks.zerogpu", "--tiny", "--page", "--edits", "1", "--json", str(figures)]
    folder = prepared.checkpoint.path.parent
    subprocess.run([sys.executable, *command, "--prepared", str(folder)], cwd=ROOT, check=True)
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert found["scenarios"] == {each.__name__: "held" for each in SCENARIOS}
    assert found["through the page"] == "held"
    assert found["same frames"]
