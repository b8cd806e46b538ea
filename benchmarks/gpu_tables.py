"""The figures of `benchmarks.gpu`: kept as JSON, shown as Markdown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.measuring import Figures, spread

STOCK, BASE = "stock", "bf16"
SAME_WORK = (BASE, "fp8", "fp8-capped", "offloaded")
"""The rows that make what the stock pipeline makes, so that a ratio means something."""

GROWTH = "growth"
PROFILES = ("profile", "fp8-profile")
TWO_GPUS = "two-gpus"
WALL = "wall"
LATENT_FRAMES = 8


@dataclass
class Results:
    """All that was measured.

    Attributes:
        machine: The machine and the versions of the last command.
        rows: Figures by row.
        starts: The starts of each way to run the engine.
    """

    machine: dict[str, str] = field(default_factory=dict[str, str])
    rows: dict[str, Figures] = field(default_factory=dict[str, Figures])
    starts: dict[str, list[Figures]] = field(default_factory=dict[str, list[Figures]])

    @classmethod
    def read(cls, path: Path | None) -> Results:
        """What a file holds; nothing where there is none."""
        if path is None or not path.is_file():
            return cls()
        held = json.loads(path.read_text())
        rows = {name: Figures(**figures) for name, figures in held["rows"].items()}
        starts = {way: [Figures(**figures) for figures in every] for way, every in held["starts"].items()}
        return cls(held["machine"], rows, starts)

    def write(self, path: Path | None) -> None:
        """Write all of it."""
        if path is not None:
            path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def measured(self, names: Iterable[str]) -> list[Figures]:
        """The rows of these names that did not fail."""
        return [self.rows[name] for name in names if name in self.rows and not self.rows[name].failed]


def header(machine: Mapping[str, str]) -> str:
    """What it was measured on, in a line."""
    return ", ".join(f"{name} {value}" for name, value in machine.items())


def line(figures: Figures) -> str:
    """A row as soon as it is there, in a line."""
    if figures.failed:
        return f"{figures.row}: FAILED: {figures.failed}"
    seconds = f"{figures.median:.2f} s ({spread(figures.seconds)})" if figures.seconds else ""
    phases = {name: round(value, 2) for name, value in (figures.phases or figures.details).items()}
    memory = {name: round(value, 1) for name, value in figures.memory.items()}
    return f"{figures.row}: {seconds} first {figures.first_seconds:.1f} s {phases} GB {memory} {figures.note}"


def tables(results: Results, flops: Callable[[int], float]) -> str:
    """Every table there are figures for.

    Args:
        results: What was measured.
        flops: Operations of a full edit of so many frames.
    """
    parts = [_edits(results), _starts(results), _growth(results, flops)]
    parts += [_profile(figures) for figures in results.measured(PROFILES)]
    parts += [_two(figures) for figures in results.measured([TWO_GPUS])]
    return "\n\n".join(part for part in parts if part)


def table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = (titles, ("---",) * len(titles), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _edits(results: Results) -> str:
    stock = next(iter(results.measured([STOCK])), None)
    apart = (*PROFILES, TWO_GPUS)
    rows: list[tuple[str, ...]] = []
    for name, figures in results.rows.items():
        if name in apart and not figures.failed:
            continue
        if figures.failed:
            rows.append((name, "–", "–", "–", "–", "–", "–", "–", "–", figures.failed))
            continue
        ratio = f"{stock.median / figures.median:.1f} ×" if stock and name in SAME_WORK else "–"
        memory = (f"{figures.memory[part]:.1f}" for part in ("allocated", "reserved", "device"))
        times = (f"{figures.median:.2f}", spread(figures.seconds), ratio)
        rows.append((name, *times, *memory, f"{figures.resident_gb:.1f}", f"{figures.mbits:.0f}", figures.note))
    titles = ("row", "median s", "spread", "stock ÷ it", "peak GB", "reserved", "on device", "between edits", "Mbit/s")
    return table((*titles, "note"), rows)


def _starts(results: Results) -> str:
    if not results.starts:
        return ""
    rows: list[tuple[str, ...]] = []
    for way, starts in results.starts.items():
        loads = [figures.median for figures in starts]
        whole = [figures.first_seconds for figures in starts]
        rows.append(
            (
                way,
                str(len(starts)),
                f"{statistics.median(loads):.1f} ({spread(loads)})",
                f"{statistics.median(whole):.1f} ({spread(whole)})",
            )
        )
    return table(("start", "times", "prepared set to ready, s", "process to ready, s"), rows)


def _growth(results: Results, flops: Callable[[int], float]) -> str:
    """Time and memory beside what 81 frames predict: time by operations, memory over the resident by latent frames."""
    base = next(iter(results.measured([BASE])), None)
    grown = results.measured(name for name in results.rows if name.startswith(GROWTH))
    if base is None or not grown:
        return ""
    rows: list[tuple[str, ...]] = []
    for figures in sorted([base, *grown], key=lambda each: each.frames):
        predicted = base.median * flops(figures.frames) / flops(base.frames)
        latent_frames = [(each.frames - 1) // LATENT_FRAMES + 1 for each in (figures, base)]
        working_predicted = _working(base) * latent_frames[0] / latent_frames[1]
        rows.append(
            (
                str(figures.frames),
                f"{flops(figures.frames) / 1e15:.2f}",
                f"{figures.median:.2f}",
                f"{predicted:.2f}",
                f"{100 * (figures.median / predicted - 1):+.1f} %",
                f"{_working(figures):.1f}",
                f"{working_predicted:.1f}",
            )
        )
    titles = ("frames", "PFLOP", "median s", "predicted s", "deviation", "GB over resident", "predicted GB")
    return table(titles, rows)


def _working(figures: Figures) -> float:
    return figures.memory["allocated"] - figures.resident_gb


def _profile(figures: Figures) -> str:
    wall = figures.details[WALL]
    classes = sorted(figures.details.items(), key=lambda part: -part[1])
    rows = [(name, f"{seconds:.2f}", f"{100 * seconds / wall:.0f} %") for name, seconds in classes]
    return f"{table((figures.row, 'seconds', 'share'), rows)}\n\n{figures.note}"


def _two(figures: Figures) -> str:
    rows = [(name, f"{value:.2f}") for name, value in figures.details.items()]
    return table(("two GPUs", figures.note), rows)
