"""What this machine can run, found by looking."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from typing import TYPE_CHECKING

from syncedit_demo import __version__
from syncedit_demo.engines.sync_lora import SyncLoraEngine, sync_lora_status
from syncedit_demo.errors import EngineError
from syncedit_demo.sync_report.landmarks import describe_face_model

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.settings import Settings

PACKAGES = ("numpy", "av", "opencv-python-headless", "pillow", "pillow-heif", "pydantic", "gradio")
GPU_PACKAGES = ("torch", "transformers", "safetensors", "ltx-core", "ltx-pipelines")
GIB = 1024**3

Findings = dict[str, str | dict[str, str]]


def examine(settings: Settings) -> Findings:
    """Look at this machine.

    Returns:
        What was found by topic, in words: program, python, packages, processor, memory, gpu,
        engines, sync-lora, faces, ffmpeg, disk.
    """
    sync_lora, precision = _sync_lora(settings)
    return {
        "program": f"SyncEdit Demo {__version__}",
        "python": f"{platform.python_version()} on {platform.platform()}",
        "packages": {name: _version(name) for name in (*PACKAGES, *GPU_PACKAGES)},
        "processor": f"{os.cpu_count()} cores ({platform.machine()})",
        "memory": _memory(),
        "gpu": _gpu(),
        "engines": {"draft": "ready", "sync-lora": sync_lora},
        "sync-lora": sync_lora_status(settings) | precision,
        "faces": describe_face_model(settings.faces),
        "ffmpeg": "not needed: its libraries come with PyAV",
        "disk": f"{_free_disk(settings.work_dir) / GIB:.0f} GiB free for {settings.work_dir}",
    }


def _sync_lora(settings: Settings) -> tuple[str, dict[str, str]]:
    """Whether the engine is ready, or what it lacks; if it is, also what free memory and settings make of the model."""
    try:
        engine = SyncLoraEngine(settings)
    except EngineError as error:
        return str(error), {}
    return "ready", {"precision": engine.placement}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _memory() -> str:
    page = os.sysconf("SC_PAGE_SIZE")
    total, free = os.sysconf("SC_PHYS_PAGES") * page, os.sysconf("SC_AVPHYS_PAGES") * page
    return f"{total / GIB:.1f} GiB, {free / GIB:.1f} GiB of it unused"


def _gpu() -> str:
    # nvidia-smi comes with every NVIDIA driver and answers without torch.
    if (command := shutil.which("nvidia-smi")) is None:
        return "no NVIDIA driver"
    question = [command, "--query-gpu=name,memory.total,memory.free,driver_version", "--format=csv,noheader"]
    answer = subprocess.run(question, capture_output=True, text=True, timeout=30, check=False)
    if answer.returncode:
        return f"nvidia-smi failed: {answer.stderr.strip() or answer.stdout.strip()}"
    return "; ".join(answer.stdout.strip().splitlines())


def _free_disk(folder: Path) -> int:
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(existing).free
