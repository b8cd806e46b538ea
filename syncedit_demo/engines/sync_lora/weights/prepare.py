"""From the weight files to a prepared set."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from importlib.metadata import version
from itertools import chain
from typing import TYPE_CHECKING

import torch

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.device.hardware import describe_device
from syncedit_demo.engines.sync_lora.device.placement import eight_bit_names
from syncedit_demo.engines.sync_lora.network.kernels import quantised
from syncedit_demo.engines.sync_lora.network.model import Networks, describe_networks
from syncedit_demo.engines.sync_lora.weights.copies import check_copy, unverified
from syncedit_demo.engines.sync_lora.weights.files import GEMMA_FILES, Slot, Weights, check_gemma, check_weights
from syncedit_demo.engines.sync_lora.weights.fuse import fused_tensors
from syncedit_demo.engines.sync_lora.weights.gemma import encode_prompt
from syncedit_demo.engines.sync_lora.weights.known import check_identity
from syncedit_demo.engines.sync_lora.weights.prepared import (
    CHECKPOINT,
    FORMAT,
    MANIFEST,
    PROMPT,
    SCALE,
    UPSCALER,
    FileIdentity,
    Manifest,
    PreparedSet,
    identify,
    open_prepared,
)
from syncedit_demo.engines.sync_lora.weights.prompt import base_of_prompt
from syncedit_demo.engines.sync_lora.weights.safetensors_file import TensorInfo, write_safetensors
from syncedit_demo.engines.sync_lora.weights.tensors import DTYPE, read_tensors
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Iterable, Mapping
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.safetensors_file import Header

EMBED = "Encoding the prompt"
FUSE = "Fusing"
COPY = "Copying the upscaler"
MAKING = "making"
"""Folder in the set's own for what is being made."""

GEMMA_BYTES = 26 * 10**9
"""What encoding the prompt takes of a GPU: Gemma 3 12B in bfloat16 and its hidden states.

On the CPU the weights are mapped from their files, so that it takes little memory, and time where they do not fit.
"""


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
    networks = describe_networks(weights.headers[Slot.BASE], weights.headers[Slot.UPSCALER])
    sources: dict[str, FileIdentity] = {}
    notes = list(weights.notes)
    for slot, header in weights.headers.items():
        sources[slot.value] = source = yield from identify(header.path)
        note = check_identity(slot, source)
        is_copy = yield from check_copy(header.path, source.sha256)
        if slot is Slot.SYNC_LORA and not is_copy:
            note = unverified(header.path.name)
        if note:
            notes.append(note)
    folder = settings.prepared
    try:
        existing = open_prepared(folder)
        made = existing.manifest
        if (made.sources, made.storage, made.distilled_strength) == (
            sources,
            settings.storage,
            settings.distilled_strength,
        ):
            return existing
    except EngineError:
        # Nothing usable is there, which is what this function is for.
        pass
    # Made beside the set that may be there, which works until the new one is whole.
    making = folder / MAKING
    with _writing_to(folder):
        making.mkdir(parents=True, exist_ok=True)
    try:
        files = yield from _make(settings, device, weights, networks, sources, notes)
        made_with = {name: version(name) for name in ("ltx-core", "torch")} | {"device": describe_device(device)}
        with _writing_to(folder):
            (folder / MANIFEST).unlink(missing_ok=True)
            for file in making.iterdir():
                file.replace(folder / file.name)
            Manifest(
                FORMAT,
                recipe.PROMPT,
                sources,
                files,
                made_with,
                notes,
                storage=settings.storage,
                distilled_strength=settings.distilled_strength,
            ).write(folder)
    finally:
        # The prompt's embedding takes longest to make, so that it is kept for the next try.
        for name in (CHECKPOINT, UPSCALER):
            (making / name).unlink(missing_ok=True)
        with suppress(OSError):
            making.rmdir()
    return open_prepared(folder)


def _make(
    settings: SyncLoraSettings,
    device: torch.device,
    weights: Weights,
    networks: Networks,
    sources: Mapping[str, FileIdentity],
    notes: list[str],
) -> Generator[Progress, None, list[FileIdentity]]:
    """Make the files of the set in the folder for what is being made; the prompt's is left where it is right."""
    base, upscaler = weights.headers[Slot.BASE], weights.headers[Slot.UPSCALER]
    folder, making = settings.prepared, settings.prepared / MAKING
    _check_disk(making, networks)
    base_sha256 = sources[Slot.BASE.value].sha256
    encoded = [path / PROMPT for path in (making, folder) if base_of_prompt(path / PROMPT) == base_sha256]
    if encoded:
        prompt = yield from identify(encoded[0])
    else:
        gemma, roomy = check_gemma(settings), _roomy(device)
        notes += yield from _check_gemmas_files(gemma)
        phase = f"{EMBED} on {describe_device(roomy)}"
        yield Progress(phase, 0, 1)
        contexts, metadata = encode_prompt(gemma, base.path, base_sha256, roomy)
        infos = {name: TensorInfo("BF16", tuple(context.shape)) for name, context in contexts.items()}
        prompt = yield from _write(making / PROMPT, phase, infos, contexts.items(), metadata)
    transformer = networks.transformer_names
    vae = networks.encoder_names | networks.decoder_names
    in_8_bits = eight_bit_names(base.tensors) if settings.storage == "fp8" else frozenset[str]()
    infos = _stored_infos(base, (*transformer, *vae), in_8_bits)
    fused = fused_tensors(weights, transformer, device, settings.distilled_strength)
    tensors = chain(_stored(fused, in_8_bits), read_tensors(base.path, vae))
    checkpoint = yield from _write(making / CHECKPOINT, FUSE, infos, tensors, base.metadata)
    infos = {name: TensorInfo("BF16", upscaler.tensors[name].shape) for name in networks.upscaler.state_dict()}
    tensors = read_tensors(upscaler.path, infos)
    copied = yield from _write(making / UPSCALER, COPY, infos, tensors, upscaler.metadata)
    return [prompt, checkpoint, copied]


def _stored_infos(base: Header, names: Iterable[str], in_8_bits: Container[str]) -> dict[str, TensorInfo]:
    """The tensors of the set's checkpoint in its order; a scale stands behind each weight that is in 8 bits."""
    infos: dict[str, TensorInfo] = {}
    for name in names:
        shape = base.tensors[name].shape
        if name in in_8_bits:
            infos[name] = TensorInfo("F8_E4M3", shape)
            infos[f"{name}{SCALE}"] = TensorInfo("F32", (shape[0], 1))
        else:
            infos[name] = TensorInfo("BF16", shape)
    return infos


def _stored(
    tensors: Iterable[tuple[str, torch.Tensor]], in_8_bits: Container[str]
) -> Generator[tuple[str, torch.Tensor]]:
    for name, tensor in tensors:
        if name in in_8_bits:
            values, scale = quantised(tensor)
            yield name, values
            yield f"{name}{SCALE}", scale
        else:
            yield name, tensor


def _check_gemmas_files(folder: Path) -> Generator[Progress, None, list[str]]:
    """Hold Gemma's files to what was noted of them; what there is to say of those that have no note."""
    unnoted: list[str] = []
    for path in sorted(path for path in folder.iterdir() if GEMMA_FILES.fullmatch(path.name)):
        if not (yield from check_copy(path)):
            unnoted.append(path.name)
    return [unverified(f"{unnoted[0]} of Gemma and {len(unnoted) - 1} more of its files")] if unnoted else []


@contextmanager
def _writing_to(folder: Path) -> Generator[None]:
    """What is written in this block goes to `folder`; where that fails it is told.

    Raises:
        EngineError: The folder cannot be written to, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        message = f"The prepared set cannot be written to {folder}: {error.strerror or error}."
        raise EngineError(message) from error


def _write(
    path: Path,
    phase: str,
    infos: dict[str, TensorInfo],
    tensors: Iterable[tuple[str, torch.Tensor]],
    metadata: Mapping[str, str],
) -> Generator[Progress, None, FileIdentity]:
    with _writing_to(path.parent), write_safetensors(path, infos, metadata) as writer:
        for index, (name, tensor) in enumerate(tensors):
            # The networks' own dtype, but for what is stored in 8 bits.
            stored = tensor.to("cpu") if infos[name].dtype != "BF16" else tensor.to(device="cpu", dtype=DTYPE)
            writer.write(stored.contiguous().view(-1).view(torch.uint8).numpy().data)
            yield Progress(phase, index + 1, len(infos))
    return FileIdentity(path.name, path.stat().st_size, writer.sha256)


def _roomy(device: torch.device) -> torch.device:
    """The device, or the CPU where Gemma does not fit on it."""
    if device.type == "cuda" and torch.cuda.mem_get_info(device)[0] < GEMMA_BYTES:
        return torch.device("cpu")
    return device


def _check_disk(folder: Path, networks: Networks) -> None:
    parts = (networks.transformer, networks.encoder, networks.decoder, networks.upscaler)
    needed = sum(t.numel() * DTYPE.itemsize for part in parts for t in part.state_dict().values())
    free = shutil.disk_usage(folder).free
    if free < needed:
        message = (
            f"The prepared set needs {gigabytes(needed)} in {folder}, where {gigabytes(free)} are free. "
            "Make room there or set SYNCEDIT_PREPARED to another folder."
        )
        raise EngineError(message)
