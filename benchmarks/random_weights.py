"""LTX-2.3's weight files and Gemma's at full size, with random numbers: what `benchmarks.gpu` measures on.

    python -m benchmarks.random_weights --weights /dev/shm/weights --prepared /tmp/prepared

Every tensor of the checkpoint is there in its shape, the audio half included, which only the stock pipeline reads:
46 GB, with both LoRAs, the upscaler and the text encoder 82 GB; the prepared set made of them takes another 29 GB.
What is there already is kept. `ltx23.json` holds the two configurations, as the published files carry them.

Numbers have the size that training leaves, so that signals neither die out nor explode. Pictures are noise; the last
convolution of the decoder is scaled down by `CONTRAST`, because noise of full contrast would make the video encoder
several times slower than a natural clip does. The one prompt's embedding is random too, and given: Gemma's own way to
it belongs to the stock pipeline alone, which takes it at every edit.
"""

# ltx_core and transformers leave many of their own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import torch

from syncedit_demo.engines.sync_lora import prepare_weights
from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, GEMMA_FOLDER, Slot
from syncedit_demo.engines.sync_lora.weights.prepared import PROMPT
from syncedit_demo.engines.sync_lora.weights.safetensors_file import TensorInfo, hash_file, write_safetensors
from syncedit_demo.engines.sync_lora.weights.torchaudio_stand_in import make_torchaudio_importable
from syncedit_demo.settings import SyncLoraSettings

make_torchaudio_importable()

from ltx_core.model.audio_vae import (  # noqa: E402
    AudioDecoderConfigurator,
    AudioEncoderConfigurator,
    VocoderConfigurator,
)
from ltx_core.model.transformer import LTXModelConfigurator  # noqa: E402
from ltx_core.model.upsampler import LatentUpsamplerConfigurator  # noqa: E402
from ltx_core.model.video_vae import VideoDecoderConfigurator, VideoEncoderConfigurator  # noqa: E402
from ltx_core.text_encoders.gemma import EmbeddingsProcessorConfigurator  # noqa: E402
from ltx_core.text_encoders.gemma.config import GEMMA3_CONFIG_FOR_LTX  # noqa: E402

RANKS = {Slot.SYNC_LORA: 256, Slot.DISTILLED_LORA: 384}
PROMPT_TOKENS = 1024
CONTRAST = 0.04
"""Factor on the decoder's last convolution: leaves noise of about 3 levels, see the module's docstring."""

GEMMA_FILES = 5
CHUNK = 1 << 26
"""Values that are made and written at once; each writing thread holds twice as many bytes of pinned memory."""

GB = 1e9

TRANSFORMER = "model.diffusion_model."
PLACES = {
    "feature_extractor.": "text_embedding_projection.",
    "video_connector.": f"{TRANSFORMER}video_embeddings_connector.",
    "audio_connector.": f"{TRANSFORMER}audio_embeddings_connector.",
}
"""The text half of the checkpoint: name in ltx_core's `EmbeddingsProcessor` → name in the file."""

TINY_CONFIGS = Path(__file__).parents[1] / "tests" / "data" / "ltx23_tiny.json"
TINY_AUDIO_VAE = {"ch_mult": [1, 1, 1], "num_res_blocks": 1}
TINY_VOCODER_CHANNELS = {"vocoder": 64, "bwe": 32}
# Seven layers, because every sixth looks at all tokens and rotates them more slowly than the others.
TINY_TEXT = {
    "head_dim": 8,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_hidden_layers": 7,
    "num_key_value_heads": 2,
    "query_pre_attn_scalar": 8,
    "vocab_size": 16,
}
TINY_VISION = {
    "hidden_size": 16,
    "image_size": 28,
    "intermediate_size": 16,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
}
VOCABULARY = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "3": 4, "d": 5, "1": 6, "t": 7, "3d": 8, "1t": 9}
"""Enough for the one prompt."""

Shapes = dict[str, tuple[int, ...]]


def main() -> None:
    """Write what is missing and prepare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="where the random weights go, 82 GB")
    parser.add_argument("--prepared", type=Path, required=True, help="where the prepared set goes, 29 GB")
    parser.add_argument("--tiny", action="store_true", help="toy size")
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    start = time.perf_counter()
    write_weights(given.weights, given.prepared, device, tiny=given.tiny)
    written = time.perf_counter()
    print(f"weights: {written - start:.1f} s", flush=True)
    for event in prepare_weights(SyncLoraSettings(prepared=given.prepared, weights=given.weights, device=str(device))):
        if event.step == event.total:
            print(f"  {time.perf_counter() - written:6.1f} s {event.phase}", flush=True)
    print(f"prepare: {time.perf_counter() - written:.1f} s", flush=True)


def read_configs(*, tiny: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The configurations of the checkpoint and of the upscaler."""
    configs = cast("dict[str, Any]", json.loads(Path(__file__).with_name("ltx23.json").read_text()))
    checkpoint, upscaler = configs["checkpoint"], configs["upscaler"]
    if tiny:
        toy = cast("dict[str, Any]", json.loads(TINY_CONFIGS.read_text()))
        checkpoint |= toy["checkpoint"]
        checkpoint["audio_vae"]["model"]["params"]["ddconfig"] |= TINY_AUDIO_VAE
        for part, channels in TINY_VOCODER_CHANNELS.items():
            checkpoint["vocoder"][part]["upsample_initial_channel"] = channels
        upscaler = toy["upscaler"]
    return checkpoint, upscaler


def shrink_gemma() -> None:
    """Bring ltx_core's fixed idea of Gemma's sizes down to toy size, for the rest of this process."""
    for part, sizes in (
        (GEMMA3_CONFIG_FOR_LTX.text_config, TINY_TEXT),
        (GEMMA3_CONFIG_FOR_LTX.vision_config, TINY_VISION),
    ):
        for name, size in sizes.items():
            setattr(part, name, size)
    GEMMA3_CONFIG_FOR_LTX.mm_tokens_per_image = 4


def write_weights(folder: Path, prepared: Path, device: torch.device, *, tiny: bool) -> None:
    """Write the four files, Gemma's folder, and the embedding of the prompt; several files at a time."""
    if tiny:
        shrink_gemma()
    config, upscaler_config = read_configs(tiny=tiny)
    gemma = folder / GEMMA_FOLDER
    for needed in (gemma, prepared):
        needed.mkdir(parents=True, exist_ok=True)
    checkpoint = checkpoint_shapes(config)
    metadata = {"config": json.dumps(config), "model_version": "2.3.0"}
    files: list[tuple[Path, Shapes, dict[str, str]]] = [(folder / FILE_NAMES[Slot.BASE], checkpoint, metadata)]
    for index, part in enumerate(_split(gemma_shapes(), GEMMA_FILES), start=1):
        files.append((gemma / f"model-{index:05}-of-{GEMMA_FILES:05}.safetensors", part, {"format": "pt"}))
    files += [(folder / FILE_NAMES[slot], lora_shapes(checkpoint, slot), {}) for slot in RANKS]
    upscaler = module_shapes(LatentUpsamplerConfigurator, upscaler_config)
    files.append((folder / FILE_NAMES[Slot.UPSCALER], upscaler, {"config": json.dumps(upscaler_config)}))
    write_tokenizer(gemma)
    with ThreadPoolExecutor(len(files)) as writers:
        sha256, *_ = [writers.submit(write_random, *file, device) for file in files]
    transformer = config["transformer"]
    width = transformer["num_attention_heads"] * transformer["attention_head_dim"]
    prompt: Shapes = {
        "video_context": (1, PROMPT_TOKENS, width),
        "audio_context": (1, PROMPT_TOKENS, transformer["audio_cross_attention_dim"]),
    }
    write_random(prepared / PROMPT, prompt, {"prompt": "3d1t", "base_sha256": sha256.result()}, device)


def checkpoint_shapes(config: dict[str, Any]) -> Shapes:
    """Every tensor of the checkpoint, by its name there."""
    shapes = {TRANSFORMER + name: shape for name, shape in module_shapes(LTXModelConfigurator, config).items()}
    for place, configurator in (
        ("vae.encoder.", VideoEncoderConfigurator),
        ("vae.decoder.", VideoDecoderConfigurator),
        ("audio_vae.encoder.", AudioEncoderConfigurator),
        ("audio_vae.decoder.", AudioDecoderConfigurator),
    ):
        shared = place.partition(".")[0] + "."
        for name, shape in module_shapes(configurator, config).items():
            shapes[(shared if name.startswith("per_channel_statistics.") else place) + name] = shape
    shapes |= {f"vocoder.{name}": shape for name, shape in module_shapes(VocoderConfigurator, config).items()}
    return shapes | text_shapes(config)


def text_shapes(config: dict[str, Any]) -> Shapes:
    """The text half of the checkpoint, which turns Gemma's hidden states into the prompt's embedding."""
    shapes: Shapes = {}
    for name, shape in module_shapes(EmbeddingsProcessorConfigurator, config).items():
        own = name[: name.index(".") + 1]
        shapes[PLACES[own] + name.removeprefix(own)] = shape
    return shapes


def lora_shapes(checkpoint: Shapes, slot: Slot) -> Shapes:
    """A LoRA over the video's attention and feed-forward layers, or, the distilled one, over every linear layer."""
    shapes: Shapes = {}
    for name, shape in checkpoint.items():
        module = name.removeprefix(TRANSFORMER).removesuffix(".weight")
        parts = module.split(".")
        if not (name.startswith(TRANSFORMER) and name.endswith(".weight") and len(shape) == 2) or "connector" in name:
            continue
        in_context = parts[0] == "transformer_blocks" and parts[2] in ("attn1", "attn2", "ff")
        if in_context or slot is Slot.DISTILLED_LORA:
            rank = min(RANKS[slot], *shape)
            shapes[f"diffusion_model.{module}.lora_A.weight"] = (rank, shape[1])
            shapes[f"diffusion_model.{module}.lora_B.weight"] = (shape[0], rank)
    return shapes


def gemma_shapes() -> Shapes:
    """Every tensor of Gemma 3 12B, by its name on the Hub."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration  # noqa: PLC0415 - slow to import

    with torch.device("meta"):
        model = Gemma3ForConditionalGeneration(Gemma3Config(**GEMMA3_CONFIG_FOR_LTX.to_dict()))
    names = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    return {_hub_name(name): shape for name, shape in names.items()}


def _hub_name(name: str) -> str:
    """A tensor's name in the files of the Hub, from the one in transformers' class of either version."""
    name = name.removeprefix("model.")
    if name.startswith("language_model."):
        return "language_model.model." + name.removeprefix("language_model.")
    if name.startswith("vision_tower."):
        return "vision_tower.vision_model." + name.removeprefix("vision_tower.").removeprefix("vision_model.")
    return name


def write_tokenizer(folder: Path) -> None:
    """A tokenizer that knows the one prompt, and what else Gemma's folder is read for."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: PLC0415

    tokenizer = Tokenizer(models.BPE(VOCABULARY, [("3", "d"), ("1", "t")], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **special}))
    (folder / "config.json").write_text(json.dumps(GEMMA3_CONFIG_FOR_LTX.to_dict()))
    # The stock pipeline finds the folder by these names.
    for name in ("tokenizer.model", "preprocessor_config.json"):
        (folder / name).write_text("{}")


def module_shapes(configurator: Any, config: dict[str, Any]) -> Shapes:  # noqa: ANN401 - ltx_core mistypes them
    """The shapes of a network's tensors."""
    with torch.device("meta"):
        network: torch.nn.Module = configurator.from_config(config)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def write_random(path: Path, shapes: Shapes, metadata: Mapping[str, str], device: torch.device) -> str:
    """A file of random bfloat16 tensors, unless it is there; its SHA-256."""
    if path.is_file():
        *_, (_, sha256) = hash_file(path)
        return sha256
    buffer = torch.empty(
        min(CHUNK, max(map(math.prod, shapes.values()))), dtype=torch.bfloat16, pin_memory=device.type == "cuda"
    )
    infos = {name: TensorInfo("BF16", shape) for name, shape in shapes.items()}
    start = time.perf_counter()
    with write_safetensors(path, infos, metadata) as writer:
        for name, shape in shapes.items():
            mean, deviation = distribution(name, shape)
            left = math.prod(shape)
            while left:
                count = min(left, len(buffer))
                values = torch.empty(count, dtype=torch.bfloat16, device=device).normal_(mean, deviation)
                buffer[:count].copy_(values)
                writer.write(buffer[:count].view(torch.uint8).numpy().data)
                left -= count
    nbytes = path.stat().st_size
    rate = nbytes / GB / (time.perf_counter() - start)
    print(f"  {path.name}: {len(shapes)} tensors, {nbytes / GB:.1f} GB at {rate:.1f} GB/s", flush=True)
    return writer.sha256


def distribution(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """Mean and standard deviation of a tensor's values: what keeps a signal's size on its way through."""
    if name.endswith("std-of-means") or (name.endswith("weight") and len(shape) == 1):
        return 1.0, 0.1
    if name.endswith("_context"):
        return 0.0, 1.0
    deviation = math.prod(shape[1:]) ** -0.5 if len(shape) > 1 else 0.1
    return 0.0, deviation * (CONTRAST if name.startswith("vae.decoder.conv_out.") else 1.0)


def _split(shapes: Shapes, parts: int) -> list[Shapes]:
    """The tensors in so many runs of about the same size."""
    total, done = sum(map(math.prod, shapes.values())), 0
    runs: list[Shapes] = [{} for _ in range(parts)]
    for name, shape in shapes.items():
        runs[done * parts // total][name] = shape
        done += math.prod(shape)
    return runs


if __name__ == "__main__":
    main()
