"""The prepared set: the stock pipeline's weights to the bit, whole or not there at all."""

# ltx_pipelines leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import re
import shutil
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors import safe_open

from syncedit_demo.cli import main
from syncedit_demo.engines.sync_lora import prepare_weights, spare_gemma, sync_lora_status
from syncedit_demo.engines.sync_lora.weights.copies import note_hash
from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, GEMMA_FOLDER, Slot
from syncedit_demo.engines.sync_lora.weights.lora import read_lora
from syncedit_demo.engines.sync_lora.weights.prepared import CHECKPOINT, MANIFEST, PROMPT, UPSCALER, open_prepared
from syncedit_demo.engines.sync_lora.weights.prompt import base_of_prompt, load_prompt
from syncedit_demo.engines.sync_lora.weights.safetensors_file import read_header
from syncedit_demo.errors import EngineError
from tests.support import tiny_gemma, tiny_ltx
from tests.support.limits import file_size_limit
from tests.support.stock_ltx import stock_transformer

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings

PREFIX = "model.diffusion_model."


@pytest.fixture
def own(settings: SyncLoraSettings, prepared: PreparedSet, tmp_path: Path) -> SyncLoraSettings:
    """A copy of the prepared set that the test may spoil."""
    return settings.model_copy(
        update={"prepared": shutil.copytree(prepared.checkpoint.path.parent, tmp_path / "prepared")}
    )


@pytest.fixture
def with_gemma(settings: SyncLoraSettings, tmp_path: Path) -> Generator[SyncLoraSettings]:
    """The weights with their text half, Gemma beside them, and an empty folder for the set."""
    weights = tmp_path / "weights"
    shutil.copytree(settings.weights, weights)
    base = weights / FILE_NAMES[Slot.BASE]
    with tiny_gemma.tiny_sizes():
        tiny_ltx.save(base, tiny_ltx.load(base) | tiny_gemma.text_tensors(), tiny_ltx.CHECKPOINT_METADATA)
        tiny_gemma.write_gemma(weights / GEMMA_FOLDER)
        yield settings.model_copy(update={"weights": weights, "prepared": tmp_path / "prepared"})


def test_fused_weights_are_the_stock_pipelines(prepared: PreparedSet, settings: SyncLoraSettings) -> None:
    stock = stock_transformer(settings.weights).state_dict()
    ours = {
        name.removeprefix(PREFIX): tensor
        for name, tensor in tiny_ltx.load(prepared.checkpoint.path).items()
        if name.startswith(PREFIX)
    }
    assert ours
    assert all(torch.equal(tensor, stock[name]) for name, tensor in ours.items())
    # What the stock pipeline has more of is the audio's half, which no video token passes through.
    assert all(re.search("audio|a2v|av_ca", name) for name in stock.keys() - ours.keys())


def test_fused_weights_are_base_plus_both_products(prepared: PreparedSet, settings: SyncLoraSettings) -> None:
    base = tiny_ltx.load(settings.weights / FILE_NAMES[Slot.BASE])
    fused = tiny_ltx.load(prepared.checkpoint.path)
    deltas = {name: torch.zeros(tensor.shape) for name, tensor in base.items()}
    for slot in (Slot.SYNC_LORA, Slot.DISTILLED_LORA):
        path = settings.weights / FILE_NAMES[slot]
        lora = tiny_ltx.load(path)
        for module, pair in read_lora(read_header(path)).pairs.items():
            deltas[f"{PREFIX}{module}.weight"] += lora[pair.b].float() @ lora[pair.a].float()
    for name, tensor in fused.items():
        expected = base[name].float() + deltas[name]
        # Two products and two sums, each rounded to bfloat16's 8 bits.
        torch.testing.assert_close(tensor.float(), expected, rtol=2**-7, atol=2**-7)
        assert deltas[name].any() != torch.equal(tensor, base[name])


def test_manifest_speaks_of_the_files(prepared: PreparedSet, settings: SyncLoraSettings) -> None:
    folder = prepared.checkpoint.path.parent
    assert sorted(path.name for path in folder.iterdir()) == sorted([CHECKPOINT, UPSCALER, PROMPT, MANIFEST])
    for file in prepared.manifest.files:
        data = (folder / file.name).read_bytes()
        assert (file.nbytes, file.sha256) == (len(data), sha256(data).hexdigest())
    for slot in Slot:
        data = (settings.weights / FILE_NAMES[slot]).read_bytes()
        assert prepared.manifest.sources[slot.value].sha256 == sha256(data).hexdigest()


def test_preparing_again_changes_nothing(own: SyncLoraSettings) -> None:
    before = {path: path.stat().st_mtime_ns for path in own.prepared.iterdir()}
    assert all(event.step <= event.total for event in prepare_weights(own))
    assert {path: path.stat().st_mtime_ns for path in own.prepared.iterdir()} == before


def test_other_weights_are_prepared_anew(own: SyncLoraSettings, tmp_path: Path) -> None:
    weights = tiny_ltx.write_weights(tmp_path / "other", seed=1)
    tiny_ltx.write_prompt(own.prepared / PROMPT, weights / FILE_NAMES[Slot.BASE])
    before = open_prepared(own.prepared).manifest
    list(prepare_weights(own.model_copy(update={"weights": weights})))
    after = open_prepared(own.prepared).manifest
    assert before.sources["sync-lora"].sha256 != after.sources["sync-lora"].sha256
    assert before.files != after.files


def test_an_interrupted_run_leaves_no_half_made_set(settings: SyncLoraSettings, tmp_path: Path) -> None:
    own = settings.model_copy(update={"prepared": tmp_path})
    shutil.copy(settings.prepared / PROMPT, tmp_path)
    events = prepare_weights(own)
    for event in events:
        if event.phase == "Fusing" and event.step == 5:
            break
    events.close()
    assert [path.name for path in tmp_path.iterdir()] == [PROMPT]
    with pytest.raises(EngineError, match="python -m syncedit_demo prepare"):
        open_prepared(tmp_path)


@pytest.mark.parametrize("spoil", ["missing", "cut short", "another base's"])
def test_the_prompt_is_encoded_where_it_is_not_there_for_this_base(with_gemma: SyncLoraSettings, spoil: str) -> None:
    base = with_gemma.weights / FILE_NAMES[Slot.BASE]
    path = with_gemma.prepared / PROMPT
    with_gemma.prepared.mkdir()
    if spoil == "cut short":
        tiny_ltx.write_prompt(path, base)
        path.write_bytes(path.read_bytes()[:-1])
    elif spoil == "another base's":
        tiny_ltx.write_prompt(path, base, base_sha256="another")
    assert "Encoding the prompt on CPU" in {event.phase for event in prepare_weights(with_gemma)}
    prepared = open_prepared(with_gemma.prepared)
    assert load_prompt(prepared.prompt, width=64).shape == (1, 1024, 64)
    (identity,) = [file for file in prepared.manifest.files if file.name == PROMPT]
    assert identity.sha256 == sha256(path.read_bytes()).hexdigest()
    assert base_of_prompt(path) == prepared.manifest.sources["base"].sha256
    assert not list(with_gemma.prepared.glob("*.part"))


def test_a_gemma_of_which_weights_are_missing_is_not_taken_for_one(with_gemma: SyncLoraSettings) -> None:
    (with_gemma.weights / GEMMA_FOLDER / "model.safetensors").unlink()
    with pytest.raises(EngineError, match="was not found, or not all of it"):
        list(prepare_weights(with_gemma))


def test_without_gemma_it_says_what_is_missing(settings: SyncLoraSettings, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="Gemma, which encodes the prompt once, was not found"):
        list(prepare_weights(settings.model_copy(update={"prepared": tmp_path})))


def test_an_unwritable_folder_is_told(settings: SyncLoraSettings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be written"):
        list(prepare_weights(settings.model_copy(update={"prepared": tmp_path / "file" / "prepared"})))


@pytest.mark.parametrize("name", [CHECKPOINT, UPSCALER, PROMPT])
def test_a_damaged_set_is_told(own: SyncLoraSettings, name: str) -> None:
    path = own.prepared / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EngineError, match=name):
        open_prepared(own.prepared)
    path.unlink()
    with pytest.raises(EngineError, match=name):
        open_prepared(own.prepared)


def test_a_manifest_of_another_version_or_none_is_told(own: SyncLoraSettings) -> None:
    manifest = own.prepared / MANIFEST
    entry = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(entry | {"format": 99}))
    with pytest.raises(EngineError, match="another version"):
        open_prepared(own.prepared)
    manifest.write_text("{")
    with pytest.raises(EngineError, match="cannot be read"):
        open_prepared(own.prepared)


def test_the_set_keeps_the_checkpoints_configuration(prepared: PreparedSet) -> None:
    with safe_open(prepared.checkpoint.path, framework="pt") as file:
        assert json.loads(file.metadata()["config"]) == tiny_ltx.CHECKPOINT_CONFIG


def test_a_refused_run_leaves_the_set_that_is_there(own: SyncLoraSettings, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in own.prepared.iterdir()}
    other = tiny_ltx.write_weights(tmp_path / "other", seed=1)
    changed = own.model_copy(update={"weights": other})
    with pytest.raises(EngineError, match="Gemma"):
        list(prepare_weights(changed))
    tiny_ltx.write_prompt(own.prepared / "making.safetensors", other / FILE_NAMES[Slot.BASE])
    (own.prepared / "making").mkdir()
    (own.prepared / "making.safetensors").rename(own.prepared / "making" / PROMPT)
    events = prepare_weights(changed)
    assert any(event.phase == "Fusing" for event in events)
    events.close()
    assert {path.name: path.read_bytes() for path in own.prepared.iterdir() if path.is_file()} == before
    assert open_prepared(own.prepared)
    # What took longest is kept, and the next run ends with the new set alone.
    assert [path.name for path in (own.prepared / "making").iterdir()] == [PROMPT]
    list(prepare_weights(changed))
    assert {path.name for path in own.prepared.iterdir()} == before.keys()
    assert (
        open_prepared(own.prepared).manifest.sources["base"].sha256 != json.loads(before[MANIFEST])["sources"]["base"]
    )


def spoil_gemma(folder: Path, how: str) -> None:
    weights = folder / "model.safetensors"
    match how:
        case "index":
            (folder / "model.safetensors.index.json").write_text('{"weight_map": [')
        case "shard":
            weights.write_bytes(weights.read_bytes()[:-1])
        case "tokenizer":
            for file in folder.glob("tokenizer.*"):
                file.unlink()
        case _:
            config = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(config | {"quantization_config": {"load_in_4bit": True}}))


@pytest.mark.parametrize(
    ("how", "says"),
    [("index", "damaged"), ("shard", "cut short"), ("tokenizer", "has no tokenizer"), ("4 bits", "in few bits")],
)
def test_a_gemma_of_no_use_is_told_by_prepare_and_doctor(with_gemma: SyncLoraSettings, how: str, says: str) -> None:
    spoil_gemma(with_gemma.weights / GEMMA_FOLDER, how)
    with pytest.raises(EngineError, match=says):
        list(prepare_weights(with_gemma))
    assert says in sync_lora_status(with_gemma)["text encoder"]


def test_a_base_without_connectors_is_told(with_gemma: SyncLoraSettings) -> None:
    base = with_gemma.weights / FILE_NAMES[Slot.BASE]
    tensors = {name: tensor for name, tensor in tiny_ltx.load(base).items() if "connector" not in name}
    tiny_ltx.save(base, tensors, tiny_ltx.CHECKPOINT_METADATA)
    with pytest.raises(EngineError, match="lacks the text encoder's connectors"):
        list(prepare_weights(with_gemma))
    assert "lacks the text encoder's connectors" in sync_lora_status(with_gemma)["base"]


def test_a_tokenizer_that_leaves_out_the_beginning_is_told(with_gemma: SyncLoraSettings) -> None:
    path = with_gemma.weights / GEMMA_FOLDER / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    path.write_text(json.dumps(tokenizer | {"post_processor": None}))
    with pytest.raises(EngineError, match="leaves out <bos>"):
        list(prepare_weights(with_gemma))


@pytest.mark.parametrize("precision", ["float32", None])
def test_a_base_with_other_rotary_frequencies_is_told(
    settings: SyncLoraSettings, tmp_path: Path, precision: str | None
) -> None:
    weights = shutil.copytree(settings.weights, tmp_path / "weights")
    base = weights / FILE_NAMES[Slot.BASE]
    config = json.loads(json.dumps(tiny_ltx.CHECKPOINT_CONFIG))
    if precision is None:
        del config["transformer"]["frequencies_precision"]
    else:
        config["transformer"]["frequencies_precision"] = precision
    tiny_ltx.save(base, tiny_ltx.load(base), tiny_ltx.CHECKPOINT_METADATA | {"config": json.dumps(config)})
    with pytest.raises(EngineError, match=r"holds another model than LTX-2\.3"):
        list(prepare_weights(settings.model_copy(update={"weights": weights, "prepared": tmp_path / "prepared"})))


@pytest.mark.parametrize("alpha", [4.0, 2.0])
def test_another_trainers_names_make_the_same_weights(own: SyncLoraSettings, tmp_path: Path, alpha: float) -> None:
    """PEFT's names, no prefix, an alpha, a module of the audio's half and a tensor of no pair."""
    weights = shutil.copytree(own.weights, tmp_path / "weights")
    path = weights / FILE_NAMES[Slot.SYNC_LORA]
    plain = tiny_ltx.load(path)
    renamed = {
        name.removeprefix("diffusion_model.").replace(".weight", ".default.weight"): tensor
        for name, tensor in plain.items()
    }
    modules = {name.partition(".lora_")[0] for name in renamed}
    renamed |= {f"{module}.alpha": torch.tensor(alpha) for module in modules}
    audio = "transformer_blocks.0.no_such_module"
    renamed |= {f"{audio}.lora_A.default.weight": torch.ones(4, 8), f"{audio}.lora_B.default.weight": torch.ones(8, 4)}
    tiny_ltx.save(path, renamed | {"embedding": torch.ones(1)}, {"reference_downscale_factor": "1.0"})
    before = tiny_ltx.load(own.prepared / CHECKPOINT)
    list(prepare_weights(own.model_copy(update={"weights": weights})))
    after = tiny_ltx.load(own.prepared / CHECKPOINT)
    same = all(torch.equal(before[name], after[name]) for name in before)
    assert same == (alpha == 4.0), "the tiny LoRAs have rank 4"
    notes = " ".join(open_prepared(own.prepared).manifest.notes)
    assert "1 modules that the model does not have" in notes
    assert "1 tensors of no pair" in notes
    assert "left out" in sync_lora_status(own)["prepared set"]


@pytest.mark.parametrize("is_in_cache", [True, False])
def test_a_damaged_copy_is_refused_and_the_set_that_is_there_stays(
    own: SyncLoraSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_in_cache: bool
) -> None:
    name = FILE_NAMES[Slot.SYNC_LORA]
    weights = shutil.copytree(own.weights, tmp_path / "copied")
    path = weights / name
    good = sha256(path.read_bytes()).hexdigest()
    damaged = path.read_bytes()[:-1] + b"?"
    if is_in_cache:
        path.unlink()
        path = put_in_cache(tmp_path / "cache", own.sync_lora_repo, name, good, damaged)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    else:
        path.write_bytes(damaged)
        note_hash(path, "abc", good)
    with pytest.raises(EngineError, match=f"{name} is (damaged|not what was fetched there)"):
        list(prepare_weights(own.model_copy(update={"weights": weights})))
    open_prepared(own.prepared)


def put_in_cache(cache: Path, repo: str, name: str, etag: str, data: bytes) -> Path:
    """A file in the Hub's cache as its own library puts it there."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    for each in ("refs", "blobs", "snapshots/abc"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "blobs" / etag).write_bytes(data)
    (folder / "snapshots" / "abc" / name).symlink_to(folder / "blobs" / etag)
    return folder / "snapshots" / "abc" / name


def test_a_damaged_file_of_gemma_is_refused_before_it_is_used(with_gemma: SyncLoraSettings) -> None:
    path = with_gemma.weights / GEMMA_FOLDER / "model.safetensors"
    note_hash(path, "abc", sha256(path.read_bytes()).hexdigest())
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    events: list[str] = []
    with pytest.raises(EngineError, match=r"model\.safetensors is not what was fetched there"):
        events += [event.phase for event in prepare_weights(with_gemma)]
    assert not any("Encoding" in phase for phase in events)


def test_what_nothing_vouches_for_is_said_and_gemmas_room_is_offered(
    with_gemma: SyncLoraSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SYNCEDIT_WEIGHTS", str(with_gemma.weights))
    monkeypatch.setenv("SYNCEDIT_PREPARED", str(with_gemma.prepared))
    monkeypatch.setenv("SYNCEDIT_DEVICE", "cpu")
    assert main(["prepare"]) == 0
    answer = capsys.readouterr().out
    notes = open_prepared(with_gemma.prepared).manifest.notes
    said = [note for note in notes if "only what is in it vouches for it" in note]
    assert [FILE_NAMES[Slot.SYNC_LORA] in note for note in said] == [True, False]
    assert "of Gemma" in said[1]
    folder = with_gemma.weights / GEMMA_FOLDER
    offer = spare_gemma(with_gemma)
    assert offer is not None
    assert offer.endswith(f"To delete it: rm -r {folder}")
    assert all(sentence in answer for sentence in (*said, offer))
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    assert spare_gemma(with_gemma) is None
    folder.unlink()
    assert spare_gemma(with_gemma) is None


@pytest.fixture
def empty(settings: SyncLoraSettings, tmp_path: Path) -> SyncLoraSettings:
    """The weights, and a folder that holds the prompt's embedding alone."""
    (tmp_path / "empty").mkdir()
    shutil.copy(settings.prepared / PROMPT, tmp_path / "empty")
    return settings.model_copy(update={"prepared": tmp_path / "empty"})


def test_a_disk_without_room_for_the_set_is_told_before_anything_is_written(
    empty: SyncLoraSettings, prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (prepared.checkpoint, prepared.upscaler)
    needed = sum(info.nbytes for header in made for info in header.tensors.values())
    free = needed - 1

    def usage(_path: object) -> SimpleNamespace:
        return SimpleNamespace(free=free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with pytest.raises(EngineError, match="Make room there or set SYNCEDIT_PREPARED"):
        list(prepare_weights(empty))
    assert [path.name for path in empty.prepared.iterdir()] == [PROMPT]
    # The VAE's halves share a few numbers, which are counted with both.
    free = needed * 101 // 100
    assert any(event.phase == "Fusing" for event in prepare_weights(empty))


def test_a_disk_that_fills_on_the_way_is_told_and_nothing_half_made_is_left(empty: SyncLoraSettings) -> None:
    with file_size_limit(1_000_000), pytest.raises(EngineError, match=f"cannot be written to {empty.prepared}"):
        list(prepare_weights(empty))
    assert [path.name for path in empty.prepared.iterdir()] == [PROMPT]


def test_what_the_base_has_in_whole_precision_is_rounded(own: SyncLoraSettings, tmp_path: Path) -> None:
    """The published base has its 290 tables in float32; another may have a convolution so."""
    weights = shutil.copytree(own.weights, tmp_path / "weights")
    base = weights / FILE_NAMES[Slot.BASE]
    tensors = tiny_ltx.load(base)
    whole = {
        name: tensor.float() * 1.001
        for name, tensor in tensors.items()
        if "scale_shift_table" in name or name == "vae.decoder.conv_out.conv.weight"
    }
    tiny_ltx.save(base, tensors | whole, tiny_ltx.CHECKPOINT_METADATA)
    tiny_ltx.write_prompt(own.prepared / PROMPT, base)
    list(prepare_weights(own.model_copy(update={"weights": weights})))
    fused = tiny_ltx.load(own.prepared / CHECKPOINT)
    found = whole.keys() & fused.keys()
    assert len(found) > 3
    assert all(torch.equal(fused[name], whole[name].to(torch.bfloat16)) for name in found)
    assert {info.dtype for info in open_prepared(own.prepared).checkpoint.tensors.values()} == {"BF16"}
