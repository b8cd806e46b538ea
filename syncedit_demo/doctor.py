"""What this machine can run, found by looking."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from typing import TYPE_CHECKING

import psutil

from syncedit_demo import __version__
from syncedit_demo.engines.sync_lora import SyncLoraEngine, sync_lora_status
from syncedit_demo.errors import EngineError
from syncedit_demo.sync_report.landmarks import describe_face_model
from syncedit_demo.wording import GB, gigabytes

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.settings import Settings

PACKAGES = ("numpy", "av", "opencv-python-headless", "pillow", "pillow-heif", "pydantic", "gradio")
GPU_PACKAGES = ("torch", "transformers", "safetensors", "ltx-core")

ANSWER_SECONDS = 30

Findings = dict[str, str | dict[str, str]]


def examine(settings: Settings) -> Findings:
    """Look at this machine.

    Returns:
        What was found by topic, in words: program, python, packages, processor, memory, gpu,
        engines, sync-lora, faces, ffmpeg, disk.
    """
    gpus, no_gpu = _gpus()
    sync_lora, precision = _sync_lora(settings, no_gpu)
    return {
        "program": f"SyncEdit Demo {__version__}",
        "python": f"{platform.python_version()} on {platform.platform()}",
        "packages": {name: _version(name) for name in (*PACKAGES, *GPU_PACKAGES)},
        "processor": f"{os.cpu_count()} cores ({platform.machine()})",
        "memory": _memory(),
        "gpu": "; ".join(gpus) or no_gpu,
        "engines": {"draft": "ready", "sync-lora": sync_lora},
        "sync-lora": sync_lora_status(settings) | precision,
        "faces": describe_face_model(settings.faces),
        "ffmpeg": "not needed: its libraries come with PyAV",
        "disk": f"{_free_disk(settings.work_dir) / GB:.0f} GB free for {settings.work_dir}",
    }


def _sync_lora(settings: Settings, no_gpu: str) -> tuple[str, dict[str, str]]:
    """Whether the engine is ready, or what it lacks; if it is, also what free memory and settings make of the model.

    Args:
        settings: What it should run on, among others.
        no_gpu: Why this machine has no GPU; empty where it has one.
    """
    try:
        engine = SyncLoraEngine(settings)
    except EngineError as error:
        # Without a GPU nothing that can be installed makes it ready.
        return (f"Sync-LoRA needs an NVIDIA GPU: {no_gpu}" if no_gpu and settings.device is None else str(error)), {}
    return "ready", {"precision": engine.placement}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _memory() -> str:
    memory = psutil.virtual_memory()
    return f"{gigabytes(memory.total)}, {gigabytes(memory.available)} of it free"


def _gpus() -> tuple[list[str], str]:
    """The NVIDIA GPUs with their memory and driver, or why there is none."""
    # nvidia-smi comes with every NVIDIA driver and answers without torch.
    if (command := shutil.which("nvidia-smi")) is None:
        return [], "no NVIDIA driver is found, as there is no nvidia-smi"
    question = [command, "--query-gpu=name,memory.total,memory.free,driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [], f"nvidia-smi does not answer within {ANSWER_SECONDS} s"
    if answer.returncode:
        return [], f"nvidia-smi failed: {answer.stderr.strip() or answer.stdout.strip()}"
    gpus = answer.stdout.strip().splitlines()
    return gpus, "" if gpus else "the NVIDIA driver finds no GPU"


def _free_disk(folder: Path) -> int:
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(existing).free
