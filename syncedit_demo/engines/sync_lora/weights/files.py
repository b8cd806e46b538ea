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
from typing import TYPE_CHECKING, cast

from syncedit_demo.engines.sync_lora.weights.lora import Lora, read_lora
from syncedit_demo.engines.sync_lora.weights.prepared import MANIFEST, PREPARE
from syncedit_demo.engines.sync_lora.weights.safetensors_file import Header, read_header
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncedit_demo.settings import SyncLoraSettings

FETCH = "python -m syncedit_demo prepare --download"
TRANSFORMER_PREFIX = "model.diffusion_model."
CONNECTOR_PREFIX = "model.diffusion_model.video_embeddings_connector."
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
GEMMA_FILES = re.compile(r"[^/]+\.(json|safetensors|model)")
"""Those of its repository that are needed."""

GEMMA_CONFIG = "config.json"
GEMMA_WEIGHTS = "model.safetensors"
GEMMA_TOKENIZERS = ("tokenizer.json", "tokenizer.model")
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
        loras: The pairs of the two LoRAs.
        notes: What of them is left out, as sentences.
    """

    headers: Mapping[Slot, Header]
    loras: Mapping[Slot, Lora]
    notes: tuple[str, ...] = ()

    def path(self, slot: Slot) -> Path:
        """Where a file is."""
        return self.headers[slot].path


def find_weights(settings: SyncLoraSettings) -> dict[Slot, Path | None]:
    """Where each file is: in the settings' folder or in the Hub's cache; None where it is missing."""
    return {slot: _find(settings, slot) for slot in Slot}


def prepared_folder(settings: SyncLoraSettings) -> Path:
    """Where the prepared set is: in the settings' folder or, where they name a repository, in the Hub's cache.

    Raises:
        EngineError: A repository is named, and its set was not fetched yet.
    """
    if settings.prepared_repo is None:
        return settings.prepared
    manifest = _cached(settings.prepared_repo, MANIFEST, settings.prepared_revision)
    if manifest is None:
        message = f"The prepared set of {settings.prepared_repo} is not fetched yet. Fetch it with: {PREPARE}"
        raise EngineError(message)
    return manifest.parent


def find_gemma(settings: SyncLoraSettings) -> Path | None:
    """The folder of the text encoder, None where it or a file of its weights is missing or of no use."""
    try:
        return check_gemma(settings)
    except EngineError:
        return None


def check_gemma(settings: SyncLoraSettings) -> Path:
    """The folder of the text encoder, whole and as it was published.

    Raises:
        EngineError: There is none, or what is there is of no use; the sentence says why.
    """
    config = _cached(settings.gemma_repo, GEMMA_CONFIG, settings.gemma_revision)
    folders = (settings.weights / GEMMA_FOLDER, *([config.parent] if config else []))
    reasons: list[str] = []
    for folder in filter(Path.is_dir, folders):
        reason = _unusable(folder)
        if reason is None:
            return folder
        reasons.append(f"{folder} {reason}")
    found = f" {'. '.join(reasons)}." if reasons else ""
    message = f"Gemma, which encodes the prompt once, was not found, or not all of it.{found} Fetch it with: {FETCH}"
    raise EngineError(message)


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
    loras = {slot: read_lora(headers[slot]) for slot in (Slot.SYNC_LORA, Slot.DISTILLED_LORA)}
    notes = _check_loras(headers[Slot.BASE], loras)
    _check_upscaler(headers[Slot.UPSCALER])
    return Weights(headers, loras, tuple(notes))


def missing_connectors(base: Header) -> str | None:
    """What there is to say of a checkpoint by which no prompt can be encoded; None where one can."""
    if any(name.startswith(CONNECTOR_PREFIX) for name in base.tensors):
        return None
    return (
        f"{base.path} lacks the text encoder's connectors, without which the prompt cannot be encoded. "
        f"{FILE_NAMES[Slot.BASE]} is needed. Fetch it with: {FETCH}"
    )


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


def _unusable(gemma: Path) -> str | None:
    """What makes a folder of no use as the text encoder, as the end of a sentence about it; None where nothing does."""
    index = gemma / GEMMA_INDEX
    try:
        config = cast("dict[str, object]", json.loads((gemma / GEMMA_CONFIG).read_bytes()))
        weights = [GEMMA_WEIGHTS]
        if index.is_file():
            weights = sorted({str(name) for name in json.loads(index.read_bytes())["weight_map"].values()})
        if "quantization_config" in config:
            return "holds Gemma in few bits, which cannot be used: the unquantized one is needed"
    except OSError:
        return f"has no {GEMMA_CONFIG}"
    except (ValueError, LookupError, TypeError, AttributeError):
        return "holds a damaged configuration or index"
    if not any((gemma / name).is_file() for name in GEMMA_TOKENIZERS):
        return f"has no tokenizer ({' or '.join(GEMMA_TOKENIZERS)})"
    for name in weights:
        try:
            read_header(gemma / name)
        except EngineError as error:
            return f"is not whole: {str(error).rstrip('.')}"
    return None


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


def _check_loras(base: Header, loras: Mapping[Slot, Lora]) -> list[str]:
    """Check that both LoRAs are the right ones and fit the base; sentences about what of them is left out."""
    is_in_context = {slot: all(map(_is_in_context, lora.pairs)) for slot, lora in loras.items()}
    sync, distilled = loras[Slot.SYNC_LORA], loras[Slot.DISTILLED_LORA]
    if is_in_context[Slot.DISTILLED_LORA] and not is_in_context[Slot.SYNC_LORA]:
        message = (
            f"The two LoRAs are swapped: {sync.header.path} is the distilled one and {distilled.header.path} the "
            "Sync-LoRA. Rename them."
        )
        raise EngineError(message)
    if is_in_context[Slot.DISTILLED_LORA]:
        message = (
            f"{distilled.header.path} is an in-context LoRA. {FILE_NAMES[Slot.DISTILLED_LORA]} is needed. "
            f"Fetch it with: {FETCH}"
        )
        raise EngineError(message)
    # A Sync-LoRA that also touches the audio's half would do no harm here; the distilled one, a second time, would.
    if sync.pairs.keys() == distilled.pairs.keys():
        message = (
            f"{sync.header.path} is not an in-context LoRA. {FILE_NAMES[Slot.SYNC_LORA]} is needed. "
            f"Fetch it with: {FETCH}"
        )
        raise EngineError(message)
    scale = sync.header.metadata.get("reference_downscale_factor", "1")
    if not _is_one(scale):
        message = f"{sync.header.path} wants references at 1/{scale} of the size, which Sync-LoRA does not."
        raise EngineError(message)
    return [note for lora in loras.values() for note in _check_pairs(base, lora)]


def _is_in_context(module: str) -> bool:
    return _VIDEO_MODULE.match(f"{module}.") is not None


def _is_one(scale: str) -> bool:
    try:
        return float(scale) == 1
    except ValueError:
        return False


def _check_pairs(base: Header, lora: Lora) -> list[str]:
    """Check the shapes of a LoRA's pairs against the base's weights."""
    path = lora.header.path
    foreign: list[str] = []
    for module, pair in lora.pairs.items():
        weight = base.tensors.get(f"{TRANSFORMER_PREFIX}{module}.weight")
        if weight is None:
            foreign.append(module)
            continue
        shapes = [lora.header.tensors[half].shape for half in (pair.a, pair.b)]
        if [len(shape) for shape in shapes] != [2, 2]:
            message = f"{path} is not a LoRA of this kind: {module} has matrices of the shapes {shapes}."
            raise EngineError(message)
        (rank, inputs), (outputs, rank_b) = shapes
        if rank != rank_b or weight.shape != (outputs, inputs):
            message = f"{path} does not belong to {base.path}: {module} does not fit. Fetch both with: {FETCH}"
            raise EngineError(message)
        if weight.dtype != "BF16":
            message = f"{base.path} is stored as {weight.dtype}; the LoRAs are fused in BF16. Fetch it with: {FETCH}"
            raise EngineError(message)
    if len(foreign) == len(lora.pairs):
        message = f"{path} does not belong to {base.path}: it has no {foreign[0]}. Fetch both with: {FETCH}"
        raise EngineError(message)
    notes: list[str] = []
    for left_out, what in ((foreign, "modules that the model does not have"), (lora.unknown, "tensors of no pair")):
        if left_out:
            notes.append(f"{path.name} holds {len(left_out)} {what}, which are left out: {left_out[0]} and the like.")
    return notes


def _check_upscaler(upscaler: Header) -> None:
    config = upscaler.config
    if not config.get("spatial_upsample") or config.get("temporal_upsample") or config.get("spatial_scale") != 2.0:
        message = (
            f"{upscaler.path} is not the spatial ×2 upscaler. {FILE_NAMES[Slot.UPSCALER]} is needed. "
            f"Fetch it with: {FETCH}"
        )
        raise EngineError(message)
