"""What both sides of `benchmarks.gpu` measure with: the scene, memory, and how a process tells its figures."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GB = 1e9
LONGEST = 241
"""Frames of the longest clip."""

Timed = tuple[float, dict[str, float]]
"""Seconds of one repetition, and of its phases by their names."""

RATE = Fraction(25)
FIGURES = "FIGURES "
"""Begins the line in which a process tells the figures of one row, as JSON."""


@dataclass
class Figures:
    """What one row gave.

    Attributes:
        row: Its name.
        frames: Frames of its clip.
        seconds: One number for each timed repetition, from mp4 to mp4 unless the row says otherwise.
        first_seconds: The repetition before them, with what is made only once in a process.
        phases: Seconds by phase, of the repetition in the middle.
        memory: Over the timed repetitions, in GB: peaks of what torch "allocated" and "reserved"; after them, what is
            in use on the "device", CUDA's own part included, and what the "host" process holds.
        resident_gb: What torch holds between edits.
        mbits: Bit rate of the written file, in Mbit/s.
        note: What else there is to say.
        failed: Why there is nothing, empty where there is.
        details: Further figures of this row alone.
    """

    row: str
    frames: int = 0
    seconds: list[float] = field(default_factory=list[float])
    first_seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict[str, float])
    memory: dict[str, float] = field(default_factory=dict[str, float])
    resident_gb: float = 0.0
    mbits: float = 0.0
    note: str = ""
    failed: str = ""
    details: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def median(self) -> float:
        """The time that counts."""
        return statistics.median(self.seconds)

    def tell(self) -> None:
        """Hand the figures to the process that asked for them."""
        print(f"{FIGURES}{json.dumps(asdict(self))}", flush=True)


def repeat(figures: Figures, times: int, work: Callable[[], Timed]) -> None:
    """Do something once to warm up, and then so many times more that count."""
    runs: list[Timed] = []
    for _ in range(times + 1):
        if len(runs) == 1:
            reset_peaks()
        runs.append(work())
    (figures.first_seconds, _), *timed = runs
    figures.seconds = [seconds for seconds, _ in timed]
    figures.phases = sorted(timed, key=lambda run: run[0])[len(timed) // 2][1]
    figures.memory = peaks()
    figures.resident_gb = resident_gb()


def limit_memory(gigabytes: float) -> None:
    """Let torch's allocator on this device reserve no more than this, in GB; what CUDA itself takes is not in it."""
    import torch  # noqa: PLC0415 - slow to import, and the stock pipeline's process puts something before it

    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(gigabytes * GB / torch.cuda.mem_get_info()[1])


def reset_peaks() -> None:
    """Count peaks from here."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def release() -> None:
    """Give back what torch keeps for later, so that the next row's reserve is its own."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def peaks() -> dict[str, float]:
    """Peaks since `reset_peaks`, as `Figures.memory` has them; zeros where there is no GPU."""
    import torch  # noqa: PLC0415

    if not torch.cuda.is_available():
        return {"allocated": 0.0, "reserved": 0.0, "device": 0.0, "host": anonymous_bytes() / GB}
    free, total = torch.cuda.mem_get_info()
    return {
        "allocated": torch.cuda.max_memory_allocated() / GB,
        "reserved": torch.cuda.max_memory_reserved() / GB,
        "device": (total - free) / GB,
        "host": anonymous_bytes() / GB,
    }


def resident_gb() -> float:
    """What torch holds now, in GB."""
    import torch  # noqa: PLC0415

    return torch.cuda.memory_allocated() / GB if torch.cuda.is_available() else 0.0


def anonymous_bytes() -> int:
    """Memory of this process that is no file's, from Linux' own count."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1]) * 1024


@contextmanager
def failure_told(figures: Figures) -> Generator[None]:
    """Let a row that fails say why, so that the others are still measured."""
    try:
        yield
    except Exception as error:
        figures.failed = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"


def scene(side: int, frames: int) -> Iterator[NDArray[np.uint8]]:
    """A textured ground that slides behind a square that moves the other way; RGB `(side, side, 3)`.

    Clips of all lengths begin with the same frames.
    """
    random = np.random.default_rng(7)
    extent = side + 3 * LONGEST
    ground = np.zeros((extent, extent, 3), np.float32)
    for cell, weight in ((64, 0.6), (16, 0.3), (4, 0.1)):
        noise = random.uniform(0, 255, (extent // cell + 1, extent // cell + 1, 3)).astype(np.float32)
        ground += weight * cv2.resize(noise, (extent, extent), interpolation=cv2.INTER_CUBIC)
    ground = ground.clip(0, 255).astype(np.uint8)
    size = side // 4
    for t in range(frames):
        picture = ground[2 * t : 2 * t + side, 3 * t : 3 * t + side].copy()
        x = side // 2 - 2 * t * side // 1024
        picture[size : 2 * size, x : x + size] = (205, 40, 35)
        yield picture


def mbits_per_second(path: Path) -> float:
    """Bit rate of a video file."""
    with av.open(str(path)) as container:
        return path.stat().st_size * 8 / 1e6 / float((container.duration or 0) / av.time_base)


def spread(seconds: Sequence[float]) -> str:
    """The fastest and the slowest."""
    return f"{min(seconds):.2f}–{max(seconds):.2f}"


def row_spec(argument: str) -> dict[str, Any]:
    """What a process is asked to do, from its command line."""
    return json.loads(argument)
