"""What is said of a machine's GPU, by an nvidia-smi that the test brings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.doctor import examine
from syncedit_demo.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.doctor import Findings

CARD = "NVIDIA H200, 143771 MiB, 143000 MiB, 580.95.05"


def findings_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, device: str | None = None
) -> Findings:
    """What is found where nvidia-smi does what a shell script does, or is missing."""
    if script is not None:
        command = folder / "nvidia-smi"
        command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin")
    return examine(Settings(work_dir=folder / "work", prepared=folder / "prepared", device=device))


def engine_words(findings: Findings) -> str:
    engines = findings["engines"]
    assert isinstance(engines, dict)
    return engines["sync-lora"]


def test_gpus_are_named_with_their_memory_and_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = findings_with(tmp_path, monkeypatch, f"echo '{CARD}'; echo '{CARD}'")
    assert findings["gpu"] == f"{CARD}; {CARD}"
    assert "needs an NVIDIA GPU" not in engine_words(findings), "there is one: something else is missing"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "no NVIDIA driver is found, as there is no nvidia-smi"),
        ("echo 'No devices were found'; exit 6", "nvidia-smi failed: No devices were found"),
        (
            "echo 'NVML: Driver/library version mismatch' >&2; exit 18",
            "nvidia-smi failed: NVML: Driver/library version",
        ),
        ("exit 0", "the NVIDIA driver finds no GPU"),
    ],
    ids=["absent", "no devices", "failing", "silent"],
)
def test_where_there_is_no_gpu_it_is_said_to_be_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, said: str
) -> None:
    findings = findings_with(tmp_path, monkeypatch, script)
    gpu = findings["gpu"]
    assert isinstance(gpu, str)
    assert gpu.startswith(said)
    assert engine_words(findings) == f"Sync-LoRA needs an NVIDIA GPU: {gpu}"


def test_who_asks_for_another_device_needs_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = findings_with(tmp_path, monkeypatch, None, device="cpu")
    assert "NVIDIA GPU" not in engine_words(findings)


def test_only_packages_that_the_program_uses_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = findings_with(tmp_path, monkeypatch, None)["packages"]
    assert isinstance(packages, dict)
    assert {"numpy", "torch", "ltx-core"} <= set(packages)
    assert "ltx-pipelines" not in packages


def test_memory_is_found_where_the_system_counts_no_free_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = os.sysconf

    def ask_macos(name: str) -> int:
        if name == "SC_AVPHYS_PAGES":
            message = "unrecognized configuration name"
            raise ValueError(message)
        return ask(name)

    monkeypatch.setattr(os, "sysconf", ask_macos)
    memory = findings_with(tmp_path, monkeypatch, None)["memory"]
    assert isinstance(memory, str)
    total, unit, free, *_ = memory.split()
    assert (unit, 0 < float(free) < float(total)) == ("GB,", True)
