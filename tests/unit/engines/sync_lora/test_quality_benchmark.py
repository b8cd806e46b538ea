"""What the quality benchmark holds side by side of Sync-LoRA: options and sets that trained weights are to judge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.quality import VARIANTS, named
from syncedit_demo.engines.sync_lora import SyncLoraOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet


def test_every_variant_is_another_edit_and_the_first_is_the_cards() -> None:
    variants = [SyncLoraOptions.resolve(options) for options in VARIANTS["sync-lora"].values()]
    assert variants[0] == SyncLoraOptions()
    assert len(set(variants)) == len(variants)
    assert {each.positions for each in variants} == {"exact", "trained"}
    assert {each.quality for each in variants} == {"full", "single-stage"}


def test_sets_are_told_apart_by_the_strength_that_they_were_made_with(prepared: PreparedSet, tmp_path: Path) -> None:
    own = prepared.checkpoint.path.parent
    assert named("sync-lora", EditService(Settings(prepared=own)), alone=True) == "sync-lora"
    for path in own.glob("*.safetensors"):
        (tmp_path / path.name).symlink_to(path)
    replace(prepared.manifest, distilled_strength=0.5).write(tmp_path)
    said = [named("sync-lora", EditService(Settings(prepared=each)), alone=False) for each in (own, tmp_path)]
    assert said == ["sync-lora, distilled LoRA at 1", "sync-lora, distilled LoRA at 0.5"]
