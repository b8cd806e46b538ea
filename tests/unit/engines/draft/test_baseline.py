"""What holds the draft engine's quality against what it once was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.draft import BASELINE, EXAMPLES, check, complain, made_cases, write_baseline


def test_an_edit_that_lost_is_named_and_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline, cases = tmp_path / "draft.json", list(made_cases(3, 96))[:3:2]
    write_baseline(baseline, cases)
    assert check(baseline, cases) == 0
    scores = json.loads(baseline.read_text(encoding="utf-8"))
    assert list(scores) == ["recolour", "badge on texture"]
    scores["badge on texture"]["psnr"] += 0.4
    baseline.write_text(json.dumps(scores), encoding="utf-8")
    capsys.readouterr()
    assert check(baseline, cases) == 1
    assert "badge on texture has lost 0.4" in capsys.readouterr().err


def test_a_small_loss_and_a_gain_are_no_complaint() -> None:
    assert complain({"one": 30.0, "two": 40.0}, {"one": 29.8, "two": 41.0}) == ""


def test_what_only_rounding_tells_apart_is_no_loss() -> None:
    assert complain({"one": 57.3}, {"one": 56.88}) == ""
    assert "one has lost" in complain({"one": 57.3}, {"one": 49.6})


def test_an_edit_that_only_one_side_has_is_a_complaint() -> None:
    assert complain({"one": 30.0, "two": 40.0}, {"one": 30.0, "three": 41.0}) == (
        "Against the baseline three is not in both, two is not in both."
    )


def test_the_baseline_has_every_example() -> None:
    examples = {path.parent.name for path in EXAMPLES.glob("*/truth.mp4")}
    assert examples
    assert examples < set(json.loads(BASELINE.read_text(encoding="utf-8")))
