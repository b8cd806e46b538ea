"""Finding the weight files and telling whole ones from broken ones and the right ones from others."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import torch

from syncedit_demo.engines.sync_lora import SyncLoraEngine, sync_lora_status
from syncedit_demo.engines.sync_lora.network.model import describe_networks
from syncedit_demo.engines.sync_lora.weights.files import FETCH, FILE_NAMES, Slot, check_weights, hub_source
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings
from tests.support import tiny_ltx

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet


@pytest.fixture
def own(settings: SyncLoraSettings, tmp_path: Path) -> SyncLoraSettings:
    """The weights in a folder that the test may spoil."""
    return SyncLoraSettings(prepared=tmp_path / "prepared", weights=shutil.copytree(settings.weights, tmp_path / "own"))


def path_of(settings: SyncLoraSettings, slot: Slot) -> Path:
    return settings.weights / FILE_NAMES[slot]


def check(settings: SyncLoraSettings) -> None:
    headers = check_weights(settings).headers
    describe_networks(headers[Slot.BASE], headers[Slot.UPSCALER])


def test_whole_weights_pass(own: SyncLoraSettings) -> None:
    check(own)


@pytest.mark.parametrize("slot", list(Slot))
def test_a_missing_file_is_named(own: SyncLoraSettings, slot: Slot) -> None:
    path_of(own, slot).unlink()
    with pytest.raises(EngineError, match=FILE_NAMES[slot]) as error:
        check(own)
    assert FETCH in str(error.value)


@pytest.mark.parametrize("slot", list(Slot))
@pytest.mark.parametrize("keep", [0, 4, 100, 0.5, -1])
def test_a_file_that_is_cut_short_is_named(own: SyncLoraSettings, slot: Slot, keep: float) -> None:
    path = path_of(own, slot)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)] if isinstance(keep, float) else data[:keep])
    with pytest.raises(EngineError, match=FILE_NAMES[slot]) as error:
        check(own)
    assert FETCH in str(error.value)


def test_a_web_page_saved_under_the_name_is_no_safetensors_file(own: SyncLoraSettings) -> None:
    path_of(own, Slot.BASE).write_text("<!DOCTYPE html><title>401</title>" * 50)
    with pytest.raises(EngineError, match="not a safetensors file"):
        check(own)


def rewrite_base(own: SyncLoraSettings, version: str = "2.3.0", **transformer: bool) -> None:
    config = json.loads(json.dumps(tiny_ltx.CHECKPOINT_CONFIG))
    config["transformer"] |= transformer
    tensors = tiny_ltx.checkpoint_tensors(torch.Generator().manual_seed(0))
    tiny_ltx.save(path_of(own, Slot.BASE), tensors, {"model_version": version, "config": json.dumps(config)})


@pytest.mark.parametrize(
    ("version", "transformer", "says"),
    [
        ("2.5.0", {}, "LTX 2.5.0, not LTX 2.3"),
        ("", {"caption_proj_before_connector": False}, "19B"),
    ],
)
def test_another_checkpoint_is_told_apart(
    own: SyncLoraSettings, version: str, transformer: dict[str, bool], says: str
) -> None:
    rewrite_base(own, version, **transformer)
    with pytest.raises(EngineError, match=says):
        check(own)


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        (Slot.SYNC_LORA, Slot.BASE, "no LTX checkpoint"),
        (Slot.BASE, Slot.UPSCALER, "not the spatial"),
        (Slot.BASE, Slot.SYNC_LORA, "not a LoRA"),
        (Slot.SYNC_LORA, Slot.DISTILLED_LORA, "is an in-context"),
        (Slot.DISTILLED_LORA, Slot.SYNC_LORA, "not an in-context"),
    ],
)
def test_a_file_in_anothers_place_is_told(own: SyncLoraSettings, source: Slot, target: Slot, says: str) -> None:
    shutil.copy(path_of(own, source), path_of(own, target))
    with pytest.raises(EngineError, match=says):
        check(own)


def test_swapped_loras_are_told(own: SyncLoraSettings, tmp_path: Path) -> None:
    sync, distilled = path_of(own, Slot.SYNC_LORA), path_of(own, Slot.DISTILLED_LORA)
    sync.rename(tmp_path / "sync")
    distilled.rename(sync)
    (tmp_path / "sync").rename(distilled)
    with pytest.raises(EngineError, match="swapped"):
        check(own)


def test_a_distilled_file_behind_a_link_is_told(own: SyncLoraSettings, tmp_path: Path) -> None:
    base = path_of(own, Slot.BASE)
    base.rename(tmp_path / "ltx-2.3-22b-distilled.safetensors")
    base.symlink_to(tmp_path / "ltx-2.3-22b-distilled.safetensors")
    with pytest.raises(EngineError, match="distilled checkpoint"):
        check(own)


def test_a_tensor_that_is_missing_is_named(own: SyncLoraSettings) -> None:
    tensors = tiny_ltx.checkpoint_tensors(torch.Generator().manual_seed(0))
    del tensors["vae.decoder.conv_out.conv.bias"]
    tiny_ltx.save(path_of(own, Slot.BASE), tensors, tiny_ltx.CHECKPOINT_METADATA)
    with pytest.raises(EngineError, match=r"vae\.decoder\.conv_out\.conv\.bias is missing"):
        check(own)


def test_half_a_lora_pair_is_named(own: SyncLoraSettings) -> None:
    path = path_of(own, Slot.SYNC_LORA)
    lora = tiny_ltx.load(path)
    del lora["diffusion_model.transformer_blocks.1.ff.net.2.lora_B.weight"]
    tiny_ltx.save(path, lora, {})
    with pytest.raises(EngineError, match="only one of its two matrices"):
        check(own)


def test_a_lora_of_another_width_is_named(own: SyncLoraSettings) -> None:
    path = path_of(own, Slot.SYNC_LORA)
    lora = tiny_ltx.load(path)
    name = "diffusion_model.transformer_blocks.0.attn1.to_q.lora_A.weight"
    lora[name] = lora[name][:, :32].clone()
    tiny_ltx.save(path, lora, {})
    with pytest.raises(EngineError, match="does not belong to"):
        check(own)


def test_weights_are_found_in_the_hubs_cache(
    settings: SyncLoraSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for slot in Slot:
        repo, revision = hub_source(settings, slot)
        folder = tmp_path / f"models--{repo.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True, exist_ok=True)
        (folder / "refs" / revision).write_text("abc")
        (folder / "snapshots" / "abc").mkdir(parents=True, exist_ok=True)
        shutil.copy(path_of(settings, slot), folder / "snapshots" / "abc")
    check(SyncLoraSettings(prepared=tmp_path / "prepared", weights=tmp_path / "nothing"))


def test_status_tells_what_is_there(prepared: PreparedSet, settings: SyncLoraSettings, tmp_path: Path) -> None:
    del prepared
    there = sync_lora_status(settings)
    assert there["packages"] == "installed"
    assert "a start reads them in about" in there["prepared set"]
    assert str(settings.weights) in there["base"]
    assert "was not found" in there["text encoder"]

    nothing = sync_lora_status(SyncLoraSettings(prepared=tmp_path, weights=tmp_path))
    assert "python -m syncedit_demo prepare" in nothing["prepared set"]
    assert nothing["base"] == f"{FILE_NAMES[Slot.BASE]} is missing"


def test_an_engine_without_its_set_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="python -m syncedit_demo prepare"):
        SyncLoraEngine(SyncLoraSettings(prepared=tmp_path, weights=tmp_path, device="cpu"))


def change(path: Path, changed: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    tiny_ltx.save(path, tiny_ltx.load(path) | changed, metadata)


@pytest.mark.parametrize("factor", ["2", "0.5", "two"])
def test_a_sync_lora_for_smaller_references_is_refused(own: SyncLoraSettings, factor: str) -> None:
    change(path_of(own, Slot.SYNC_LORA), {}, {"reference_downscale_factor": factor})
    with pytest.raises(EngineError, match=f"wants references at 1/{factor} of the size"):
        check(own)


@pytest.mark.parametrize(("dtype", "name"), [(torch.float32, "F32"), (torch.float16, "F16")])
def test_a_base_in_another_precision_is_refused(own: SyncLoraSettings, dtype: torch.dtype, name: str) -> None:
    base = path_of(own, Slot.BASE)
    weight = "model.diffusion_model.transformer_blocks.1.ff.net.2.weight"
    change(base, {weight: tiny_ltx.load(base)[weight].to(dtype)}, tiny_ltx.CHECKPOINT_METADATA)
    with pytest.raises(EngineError, match=f"is stored as {name}; the LoRAs are fused in BF16"):
        check(own)


@pytest.mark.parametrize("half", ["lora_A", "lora_B"])
def test_a_lora_of_two_ranks_or_of_other_outputs_is_named(own: SyncLoraSettings, half: str) -> None:
    """One of a pair's matrices has twice the rows that it should."""
    path = path_of(own, Slot.DISTILLED_LORA)
    name = f"diffusion_model.transformer_blocks.0.ff.net.2.{half}.weight"
    change(path, {name: tiny_ltx.load(path)[name].repeat(2, 1)}, {})
    with pytest.raises(EngineError, match="does not belong to"):
        check(own)
