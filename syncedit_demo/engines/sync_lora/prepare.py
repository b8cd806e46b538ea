"""From the weight files to a prepared set."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from itertools import chain
from typing import TYPE_CHECKING

import torch

from syncedit_demo.engines import Progress
from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.fuse import fused_tensors
from syncedit_demo.engines.sync_lora.model import DTYPE, Networks, describe_networks, read_tensors
from syncedit_demo.engines.sync_lora.prepared import (
    CHECKPOINT,
    FORMAT,
    MANIFEST,
    PROMPT,
    UPSCALER,
    FileIdentity,
    Manifest,
    PreparedSet,
    open_prepared,
)
from syncedit_demo.engines.sync_lora.prompt import is_made_from, make_prompt
from syncedit_demo.engines.sync_lora.safetensors_file import TensorInfo, hash_file, write_safetensors
from syncedit_demo.engines.sync_lora.weights import FETCH, Slot, SyncLoraSettings, check_weights, find_gemma
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from pathlib import Path

CHECK = "Checking the weights"
EMBED = "Encoding the prompt"
FUSE = "Fusing"
COPY = "Copying the upscaler"

GEMMA_BYTES = 26 * 10**9
"""What encoding the prompt takes: Gemma 3 12B in bfloat16 and its hidden states."""


def prepare(settings: SyncLoraSettings, device: torch.device) -> Generator[Progress, None, PreparedSet]:
    """Make the prepared set, unless it is there already and made of these files.

    Args:
        settings: Where the weights are and where the set goes.
        device: Where the LoRAs' products are made; the host holds one tensor at a time.

    Yields:
        Progress.

    Returns:
        The set, whole.

    Raises:
        EngineError: A weight file is missing or wrong, Gemma is missing, or the disk is full.
    """
    weights = check_weights(settings)
    base, upscaler = weights.headers[Slot.BASE], weights.headers[Slot.UPSCALER]
    networks = describe_networks(base, upscaler)
    sources: dict[str, FileIdentity] = {}
    for slot, header in weights.headers.items():
        sources[slot.value] = yield from _identify(header.path)
    folder = settings.prepared
    try:
        if (existing := open_prepared(folder)).manifest.sources == sources:
            return existing
    except EngineError:
        # Nothing usable is there, which is what this function is for.
        pass
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        _check_disk(folder, networks)
        yield Progress(EMBED, 0, 1)
        base_sha256 = sources[Slot.BASE.value].sha256
        if not is_made_from(folder / PROMPT, base_sha256):
            make_prompt(_gemma(settings), base.path, base_sha256, folder / PROMPT, _roomy(device))
        prompt = yield from _identify(folder / PROMPT)
        transformer = networks.transformer_names
        vae = networks.encoder_names | networks.decoder_names
        infos = {name: TensorInfo("BF16", base.tensors[name].shape) for name in (*transformer, *vae)}
        tensors = chain(fused_tensors(weights, transformer, device), read_tensors(base.path, vae))
        checkpoint = yield from _write(folder / CHECKPOINT, FUSE, infos, tensors, base.metadata)
        infos = {name: TensorInfo("BF16", upscaler.tensors[name].shape) for name in networks.upscaler.state_dict()}
        tensors = read_tensors(upscaler.path, infos)
        copied = yield from _write(folder / UPSCALER, COPY, infos, tensors, upscaler.metadata)
        files = [prompt, checkpoint, copied]
        made_with = {name: version(name) for name in ("ltx-core", "torch")} | {"device": _device_name(device)}
        Manifest(FORMAT, recipe.PROMPT, recipe.LORA_STRENGTH, sources, files, made_with).write(folder)
    except OSError as error:
        message = f"The prepared set cannot be written to {folder}: {error.strerror or error}."
        raise EngineError(message) from error
    return open_prepared(folder)


def _identify(path: Path) -> Generator[Progress, None, FileIdentity]:
    nbytes = path.stat().st_size
    sha256 = ""
    for done, sha256 in hash_file(path):  # noqa: B007 - the last one is the file's
        yield Progress(f"{CHECK}: {path.name}", done, nbytes)
    return FileIdentity(path.name, nbytes, sha256)


def _write(
    path: Path,
    phase: str,
    infos: dict[str, TensorInfo],
    tensors: Iterable[tuple[str, torch.Tensor]],
    metadata: Mapping[str, str],
) -> Generator[Progress, None, FileIdentity]:
    with write_safetensors(path, infos, metadata) as writer:
        for index, (_, tensor) in enumerate(tensors):
            writer.write(tensor.to(device="cpu", dtype=DTYPE).contiguous().view(-1).view(torch.uint8).numpy().data)
            yield Progress(phase, index + 1, len(infos))
    return FileIdentity(path.name, path.stat().st_size, writer.sha256)


def _gemma(settings: SyncLoraSettings) -> Path:
    folder = find_gemma(settings)
    if folder is None:
        message = f"Gemma, which encodes the prompt once, was not found. Fetch it with: {FETCH}"
        raise EngineError(message)
    return folder


def _roomy(device: torch.device) -> torch.device:
    """The device, or the CPU where Gemma does not fit on it."""
    if device.type == "cuda" and torch.cuda.mem_get_info(device)[0] < GEMMA_BYTES:
        return torch.device("cpu")
    return device


def _check_disk(folder: Path, networks: Networks) -> None:
    parts = (networks.transformer, networks.encoder, networks.decoder, networks.upscaler)
    needed = sum(t.numel() * DTYPE.itemsize for part in parts for t in part.state_dict().values())
    there = sum((folder / name).stat().st_size for name in (CHECKPOINT, UPSCALER) if (folder / name).is_file())
    free = shutil.disk_usage(folder).free + there
    if free < needed:
        message = (
            f"The prepared set needs {needed / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} GB are free. "
            "Make room there or set SYNCEDIT_PREPARED to another folder."
        )
        raise EngineError(message)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
