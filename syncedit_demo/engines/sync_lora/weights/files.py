"""Which weight files the model is made of, where they are, and whether they are whole and the right ones.

Nothing here loads a weight or needs torch: headers tell.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from syncedit_demo.engines.sync_lora.weights.safetensors_file import Header, read_header
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncedit_demo.settings import SyncLoraSettings

FETCH = "python -m syncedit_demo prepare --download"
TRANSFORMER_PREFIX = "model.diffusion_model."
LORA_PREFIX = "diffusion_model."
LORA_SUFFIXES = (".lora_A.weight", ".lora_B.weight")

_VIDEO_MODULE = re.compile(r"transformer_blocks\.\d+\.(attn1|attn2|ff)\.")
"""What an in-context LoRA touches; the distilled LoRA touches every linear layer, those of the audio too."""


class Slot(StrEnum):
    """The part a weight file plays."""

    BASE = "base"
    SYNC_LORA = "sync-lora"
    DISTILLED_LORA = "distilled-lora"
    UPSCALER = "upscaler"


FILE_NAMES = {
    Slot.BASE: "ltx-2.3-22b-dev.safetensors",
    Slot.SYNC_LORA: "ltx-2.3-sync-lora-3d1t-r256.safetensors",
    Slot.DISTILLED_LORA: "ltx-2.3-22b-distilled-lora-384-1.1.safetensors",
    Slot.UPSCALER: "ltx-2.3-spatial-upscaler-x2-1.1.safetensors",
}
GEMMA_FOLDER = "gemma-3-12b-it-qat-q4_0-unquantized"
GEMMA_CONFIG = "config.json"
GEMMA_WEIGHTS = "model.safetensors"
GEMMA_INDEX = "model.safetensors.index.json"
"""Names the files of the weights where they are more than one."""


def hub_source(settings: SyncLoraSettings, slot: Slot) -> tuple[str, str]:
    """(repository, revision) of a file on the Hub."""
    if slot is Slot.SYNC_LORA:
        return settings.sync_lora_repo, settings.sync_lora_revision
    return settings.ltx_repo, settings.ltx_revision


@dataclass(frozen=True, slots=True)
class Weights:
    """The four files, checked.

    Attributes:
        headers: Each file's header.
    """

    headers: Mapping[Slot, Header]

    def path(self, slot: Slot) -> Path:
        """Where a file is."""
        return self.headers[slot].path


def find_weights(settings: SyncLoraSettings) -> dict[Slot, Path | None]:
    """Where each file is: in the settings' folder or in the Hub's cache; None where it is missing."""
    return {slot: _find(settings, slot) for slot in Slot}


def find_gemma(settings: SyncLoraSettings) -> Path | None:
    """The folder of the text encoder, None where it or a file of its weights is missing."""
    config = _cached(settings.gemma_repo, GEMMA_CONFIG, settings.gemma_revision)
    folders = (settings.weights / GEMMA_FOLDER, *([config.parent] if config else []))
    return next(filter(_is_whole, folders), None)


def check_weights(settings: SyncLoraSettings) -> Weights:
    """Find the four files and check that each is whole and the right one.

    Raises:
        EngineError: A file is missing, cut short, or another model's; the sentence names it and what mends it.
    """
    found = find_weights(settings)
    if missing := [slot for slot, path in found.items() if path is None]:
        names = ", ".join(FILE_NAMES[slot] for slot in missing)
        message = (
            f"Not found in {settings.weights} or the Hub's cache: {names}. Put them there, or fetch them with: {FETCH}"
        )
        raise EngineError(message)
    try:
        headers = {slot: read_header(path) for slot, path in found.items() if path is not None}
    except EngineError as error:
        message = f"{error} Delete it and fetch it again with: {FETCH}"
        raise EngineError(message) from error
    _check_base(headers[Slot.BASE])
    _check_loras(headers)
    _check_upscaler(headers[Slot.UPSCALER])
    return Weights(headers)


def lora_modules(lora: Header) -> dict[str, tuple[str, str]]:
    """The pairs of a LoRA: module name in the transformer → names of its A and B tensors.

    Raises:
        EngineError: A tensor is no half of a pair, or its other half is missing.
    """
    halves: dict[str, set[str]] = {}
    for name in lora.tensors:
        suffix = next((suffix for suffix in LORA_SUFFIXES if name.endswith(suffix)), None)
        if suffix is None or not name.startswith(LORA_PREFIX):
            message = f"{lora.path} is not a LoRA of this kind: it holds {name}."
            raise EngineError(message)
        halves.setdefault(name.removesuffix(suffix), set()).add(suffix)
    if broken := [name for name, suffixes in halves.items() if len(suffixes) < len(LORA_SUFFIXES)]:
        message = f"{lora.path} is not whole: {broken[0]} has only one of its two matrices."
        raise EngineError(message)
    first, second = LORA_SUFFIXES
    return {name.removeprefix(LORA_PREFIX): (name + first, name + second) for name in halves}


def _find(settings: SyncLoraSettings, slot: Slot) -> Path | None:
    path = settings.weights / FILE_NAMES[slot]
    if path.is_file():
        return path
    repo, revision = hub_source(settings, slot)
    return _cached(repo, FILE_NAMES[slot], revision)


def _cached(repo: str, name: str, revision: str) -> Path | None:
    # Describing the engine must not need the Hub's library, which a machine without a GPU may lack.
    if find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415

    path = try_to_load_from_cache(repo, name, revision=revision)
    return Path(path) if isinstance(path, str) else None


def _is_whole(gemma: Path) -> bool:
    index = gemma / GEMMA_INDEX
    weights = set(json.loads(index.read_text())["weight_map"].values()) if index.is_file() else {GEMMA_WEIGHTS}
    return all((gemma / name).is_file() for name in (GEMMA_CONFIG, *weights))


def _check_base(base: Header) -> None:
    wanted = f"{FILE_NAMES[Slot.BASE]} is needed. Fetch it with: {FETCH}"
    transformer = base.config.get("transformer")
    if not isinstance(transformer, dict) or "vae" not in base.config:
        message = f"{base.path} is no LTX checkpoint: its configuration is missing. {wanted}"
        raise EngineError(message)
    version = base.metadata.get("model_version", "")
    if version and not version.startswith("2.3"):
        message = f"{base.path} is LTX {version}, not LTX 2.3. {wanted}"
        raise EngineError(message)
    # The 19B model of LTX-2 projects the caption inside the transformer; the 22B model of 2.3 before the connector.
    if not transformer.get("caption_proj_before_connector", False):  # pyright: ignore[reportUnknownMemberType]
        message = f"{base.path} is the 19B model of LTX-2, not the 22B model of LTX-2.3. {wanted}"
        raise EngineError(message)
    # Only names tell: a distilled checkpoint has the same tensors and the same configuration.
    names = (base.path.name, base.path.resolve().name, version)
    if any("distilled" in name for name in names):
        message = (
            f"{base.path} is a distilled checkpoint: the distilled LoRA would be applied to it a second time. {wanted}"
        )
        raise EngineError(message)


def _check_loras(headers: Mapping[Slot, Header]) -> None:
    base = headers[Slot.BASE]
    loras = {slot: (headers[slot], lora_modules(headers[slot])) for slot in (Slot.SYNC_LORA, Slot.DISTILLED_LORA)}
    is_in_context = {
        slot: all(_VIDEO_MODULE.match(f"{module}.") for module in modules) for slot, (_, modules) in loras.items()
    }
    if is_in_context[Slot.DISTILLED_LORA] and not is_in_context[Slot.SYNC_LORA]:
        sync, distilled = (headers[slot].path for slot in loras)
        message = f"The two LoRAs are swapped: {sync} is the distilled one and {distilled} the Sync-LoRA. Rename them."
        raise EngineError(message)
    for slot, (lora, modules) in loras.items():
        if is_in_context[slot] != (slot is Slot.SYNC_LORA):
            kind = "an in-context LoRA" if is_in_context[slot] else "not an in-context LoRA"
            message = f"{lora.path} is {kind}. {FILE_NAMES[slot]} is needed. Fetch it with: {FETCH}"
            raise EngineError(message)
        for module, (a, b) in modules.items():
            weight = base.tensors.get(f"{TRANSFORMER_PREFIX}{module}.weight")
            (rank, inputs), (outputs, rank_b) = lora.tensors[a].shape, lora.tensors[b].shape
            if weight is None or rank != rank_b or weight.shape != (outputs, inputs):
                message = f"{lora.path} does not belong to {base.path}: {module} does not fit. Fetch both with: {FETCH}"
                raise EngineError(message)
            if weight.dtype != "BF16":
                message = (
                    f"{base.path} is stored as {weight.dtype}; the LoRAs are fused in BF16. Fetch it with: {FETCH}"
                )
                raise EngineError(message)
    scale = headers[Slot.SYNC_LORA].metadata.get("reference_downscale_factor", "1")
    if scale != "1":
        message = f"{headers[Slot.SYNC_LORA].path} wants references at 1/{scale} of the size, which Sync-LoRA does not."
        raise EngineError(message)


def _check_upscaler(upscaler: Header) -> None:
    config = upscaler.config
    if not config.get("spatial_upsample") or config.get("temporal_upsample") or config.get("spatial_scale") != 2.0:
        message = (
            f"{upscaler.path} is not the spatial ×2 upscaler. {FILE_NAMES[Slot.UPSCALER]} is needed. "
            f"Fetch it with: {FETCH}"
        )
        raise EngineError(message)
