"""Where the time of an edit goes on the GPU: its kernels, sorted into classes by their names."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

CLASSES = (
    ("attention", re.compile(r"flash|fmha|sdpa|attention", re.IGNORECASE)),
    ("VAE", re.compile(r"conv|implicit|fprop|winograd|nchw|nhwc", re.IGNORECASE)),
    ("GEMM", re.compile(r"nvjet|gemm|gemv|cutlass|cublas|splitk|triton_tem", re.IGNORECASE)),
)
"""The first that a kernel's name fits counts; convolutions stand before products, because cuDNN makes them of such."""

GENERATED = re.compile(r"triton_(poi|red|per)_")
"""What torch's compiler makes of pointwise code bears the names of the operations it follows on."""

COPIES = {"gpu_memcpy": "copies", "gpu_memset": "copies"}
ELEMENTWISE = "elementwise"
HOST = "host"
SHOWN_KERNELS = 12


def profile_edit(edit: Callable[[], object]) -> tuple[dict[str, float], list[tuple[str, float]]]:
    """Run an edit under torch's profiler.

    Returns:
        Seconds by class, where "host" is the time in which the device had nothing to do, and "wall" is all of it; and
        the kernels that took longest, with their seconds.
    """
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        start = time.perf_counter()
        edit()
        torch.cuda.synchronize()
        wall = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events: list[dict[str, Any]] = json.loads(trace.read_text())["traceEvents"]
    return sort_events(events, wall)


def sort_events(events: Iterable[Mapping[str, Any]], wall: float) -> tuple[dict[str, float], list[tuple[str, float]]]:
    """Sort a trace's events, whose times are in microseconds; see `profile_edit`."""
    classes: dict[str, float] = {}
    kernels: dict[str, float] = {}
    spans: list[tuple[float, float]] = []
    for event in events:
        if event.get("cat") == "kernel" or event.get("cat") in COPIES:
            name, start, duration = event["name"], float(event["ts"]) / 1e6, float(event["dur"]) / 1e6
            label = COPIES.get(event["cat"]) or kernel_class(name)
            classes[label] = classes.get(label, 0.0) + duration
            kernels[name] = kernels.get(name, 0.0) + duration
            spans.append((start, start + duration))
    longest = sorted(kernels.items(), key=lambda kernel: -kernel[1])[:SHOWN_KERNELS]
    return {**classes, HOST: wall - covered(spans), "wall": wall}, longest


def kernel_class(name: str) -> str:
    """The class of a kernel; what fits none is elementwise work, the VAE's own included."""
    if GENERATED.match(name):
        return ELEMENTWISE
    return next((label for label, pattern in CLASSES if pattern.search(name)), ELEMENTWISE)


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Length of what at least one of these (start, end) covers."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
