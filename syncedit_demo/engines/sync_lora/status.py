"""What of the engine is there, what is missing, and how long a start takes: for `doctor`, without loading anything."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from syncedit_demo.engines.sync_lora.engine import missing_packages
from syncedit_demo.engines.sync_lora.weights.files import (
    FILE_NAMES,
    Slot,
    check_gemma,
    find_gemma,
    find_weights,
    missing_connectors,
    prepared_folder,
)
from syncedit_demo.engines.sync_lora.weights.prepared import open_prepared
from syncedit_demo.engines.sync_lora.weights.safetensors_file import read_header
from syncedit_demo.errors import EngineError
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings

SAMPLES = 8
SAMPLE_BYTES = 1 << 25


def sync_lora_status(settings: SyncLoraSettings) -> dict[str, str]:
    """Look for the packages, the prepared set, the weights and Gemma; what was found, in words, by topic."""
    missing = missing_packages()
    findings = {"packages": f"not installed: {', '.join(missing)}" if missing else "installed"}
    try:
        findings["prepared set"] = _describe(open_prepared(prepared_folder(settings)))
    except EngineError as error:
        findings["prepared set"] = str(error)
    for slot, path in find_weights(settings).items():
        findings[str(slot)] = _state(path, slot)
    try:
        findings["text encoder"] = str(check_gemma(settings))
    except EngineError as error:
        findings["text encoder"] = f"{error} Only making the prompt's embedding needs it."
    return findings


def spare_gemma(settings: SyncLoraSettings) -> str | None:
    """How to have the text encoder's room back once the prompt is encoded; None where it takes none of its own."""
    folder = find_gemma(settings)
    # What is behind a link is somebody else's too.
    if folder is None or (folder.parent == settings.weights and folder.is_symlink()):
        return None
    nbytes = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    is_own = folder.parent == settings.weights
    command = f"rm -r {shlex.quote(str(folder))}" if is_own else f"hf cache rm model/{settings.gemma_repo}"
    return f"Gemma, {gigabytes(nbytes)}, is not needed any more, but for another base. To delete it: {command}"


def _describe(prepared: PreparedSet) -> str:
    seconds = prepared.nbytes / _read_rate(prepared.checkpoint.path)
    found = (
        f"{prepared.checkpoint.path.parent}: {gigabytes(prepared.nbytes)}, "
        f"a start reads them in about {max(seconds, 1):.0f} s"
    )
    return ". ".join((found, *(note.rstrip(".") for note in prepared.manifest.notes)))


def _read_rate(path: Path) -> float:
    """Bytes per second that this file is read with, from samples spread over it."""
    nbytes = path.stat().st_size
    done = 0
    start = time.perf_counter()
    with path.open("rb") as file:
        for sample in range(SAMPLES):
            file.seek(nbytes * sample // SAMPLES)
            done += len(file.read(SAMPLE_BYTES))
    return done / (time.perf_counter() - start)


def _state(path: Path | None, slot: Slot) -> str:
    if path is None:
        return f"{FILE_NAMES[slot]} is missing"
    try:
        header = read_header(path)
    except EngineError as error:
        return str(error)
    if slot is Slot.BASE and (lack := missing_connectors(header)) is not None:
        return f"{lack} Only making the prompt's embedding needs them."
    return f"{path}: {gigabytes(header.nbytes)}"
