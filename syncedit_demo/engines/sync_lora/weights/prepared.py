"""The prepared set: everything an edit needs, fused and in the order it is loaded, with a manifest of what it is.

    checkpoint.safetensors   video-only transformer with both LoRAs in it, and the VAE, under the checkpoint's names;
                             NAME_scale stands beside each NAME that is stored in 8 bits
    upscaler.safetensors     the spatial ×2 upscaler
    prompt.safetensors       the embedding of the prompt
    manifest.json            the recipe, what it was made from and its own files, with SHA-256

The manifest is written last and removed first: a set without one is not whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.weights.safetensors_file import Header, hash_file, read_header
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import Precision

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint.safetensors"
UPSCALER = "upscaler.safetensors"
PROMPT = "prompt.safetensors"
SCALE = "_scale"
"""Behind the name of a weight in 8 bits: what its outputs are to be multiplied with, float32 `(outputs, 1)`."""

PREPARE = "python -m syncedit_demo prepare"
CHECK = "Checking the weights"


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """One file: its name, size in bytes and SHA-256."""

    name: str
    nbytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a prepared set is.

    Attributes:
        format: Version of this layout.
        prompt: The prompt of the embedding.
        sources: The weight files it was made from, by slot.
        files: Its own files.
        made_with: Versions of what decided its numbers, and the device that made the products.
        notes: What of the weight files was left out, or is not as published, as sentences.
        storage: How the large products of the transformer's blocks are stored.
        distilled_strength: Strength of the distilled LoRA.
    """

    format: int
    prompt: str
    sources: dict[str, FileIdentity]
    files: list[FileIdentity]
    made_with: dict[str, str]
    notes: list[str] = field(default_factory=list[str])
    storage: Precision = "bf16"
    distilled_strength: float = recipe.LORA_STRENGTH

    def write(self, folder: Path) -> None:
        """Write the manifest, which makes the set whole."""
        partial = folder / f"{MANIFEST}.part"
        partial.write_bytes(_ADAPTER.dump_json(self, indent=2) + b"\n")
        partial.replace(folder / MANIFEST)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a set's manifest.

        Raises:
            EngineError: There is none, or it is not one of this version.
        """
        path = folder / MANIFEST
        if not path.is_file():
            message = f"No prepared set in {folder}. Make it with: {PREPARE}"
            raise EngineError(message)
        try:
            manifest = _ADAPTER.validate_json(path.read_bytes())
        except ValidationError as error:
            message = f"{path} cannot be read. Make the set anew with: {PREPARE}"
            raise EngineError(message) from error
        if manifest.format != FORMAT:
            message = f"{folder} was prepared by another version of this program. Make it anew with: {PREPARE}"
            raise EngineError(message)
        return manifest


_ADAPTER = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class PreparedSet:
    """A whole prepared set: its manifest and the headers of its files."""

    manifest: Manifest
    checkpoint: Header
    upscaler: Header
    prompt: Header

    @property
    def nbytes(self) -> int:
        """What a start maps and copies to the device."""
        return self.checkpoint.nbytes + self.upscaler.nbytes + self.prompt.nbytes


def identify(path: Path, name: str | None = None) -> Generator[Progress, None, FileIdentity]:
    """Read a file through; returns what it is.

    Args:
        path: The file.
        name: What it is called; None takes its own name.

    Yields:
        Progress in bytes.
    """
    nbytes = path.stat().st_size
    sha256 = ""
    for done, sha256 in hash_file(path):  # noqa: B007 - the last one is the file's
        yield Progress(f"{CHECK}: {name or path.name}", done, nbytes)
    return FileIdentity(name or path.name, nbytes, sha256)


def open_prepared(folder: Path) -> PreparedSet:
    """Open a prepared set, checking from the headers and sizes that it is whole.

    Raises:
        EngineError: It is missing or damaged; the sentence says what mends it.
    """
    manifest = Manifest.read(folder)
    sizes = {file.name: file.nbytes for file in manifest.files}
    headers: dict[str, Header] = {}
    for name in (CHECKPOINT, UPSCALER, PROMPT):
        try:
            headers[name] = read_header(folder / name)
        except EngineError as error:
            message = f"{error} Make the prepared set anew with: {PREPARE}"
            raise EngineError(message) from error
        if headers[name].nbytes != sizes.get(name):
            message = f"{folder / name} is not the file its manifest speaks of. Make the set anew with: {PREPARE}"
            raise EngineError(message)
    return PreparedSet(manifest, headers[CHECKPOINT], headers[UPSCALER], headers[PROMPT])
