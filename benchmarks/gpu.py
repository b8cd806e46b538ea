"""The Sync-LoRA engine at full size on a GPU, beside the stock pipeline in the same run: time, memory, growth.

Everything is from mp4 on disk to mp4 on disk, 1024×1024, 81 frames at 25 per second, with random weights of the real
shapes (`benchmarks.random_weights`: what they are, and why the pictures are faint noise). It needs no network. In two
commands, the first of which writes 82 GB of weights and a prepared set of 29 GB:

    python -m benchmarks.gpu --weights /dev/shm/weights --prepared /tmp/prepared --only-build
    python -m benchmarks.gpu --weights /dev/shm/weights --prepared /tmp/prepared --stock-packages old --json gpu.json

`old` is a folder with the transformers that the stock pipeline's own prompt encoding works with; without it the
embedding is given to it, and its row says so:

    pip install --target old --no-deps transformers==4.57.6 huggingface_hub==0.36.0 tokenizers==0.22.2 \\
        requests urllib3 charset_normalizer certifi

Each way to run the engine has a process of its own. A row is the median of its warm edits after one that is not
counted, which also registers the edited frame, as the page does before an edit can be started. Figures appear as they
are made and are added to those that the JSON file holds, so rows can be measured in several commands. With `--tiny`
everything runs at toy size on any machine, to try the script itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import IO, Any, cast

import torch

from benchmarks import gpu_tables, measuring
from benchmarks.gpu_rows import PER_MINUTE, START
from benchmarks.gpu_tables import GROWTH, STOCK, TWO_GPUS, Results
from benchmarks.measuring import FIGURES, Figures
from syncedit_demo.engines.sync_lora.weights.prepared import MANIFEST, PROMPT
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import write_clip

ROOT = Path(__file__).parents[1]
WAYS: Mapping[str, dict[str, Any]] = {
    "bf16": {"precision": "bf16", "offload": False},
    "fp8": {"precision": "fp8", "offload": False},
    "fp8 offloaded": {"precision": "fp8", "offload": True},
}
"""How the engine runs: its settings by name."""

TRAINED_FRAMES = 81


@dataclass(frozen=True, slots=True)
class Row:
    """One of our rows.

    Attributes:
        name: What `--rows` calls it.
        way: One of `WAYS`.
        options: The engine's options.
        measure: "edits", "first picture" or "profile".
        frames: Frames of the clip; None for the usual number.
        edits: Timed edits; None for as many as the command line says.
        cap_gb: What torch's allocator may reserve, in GB; None for no limit. It holds for the row's process, from
            its start.
    """

    name: str
    way: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    measure: str = "edits"
    frames: int | None = None
    edits: int | None = None
    cap_gb: float | None = None


OUR_ROWS = (
    Row("bf16", "bf16"),
    Row("preview", "bf16", {"quality": "preview"}),
    Row("first-picture", "bf16", measure="first picture"),
    Row("reference", "bf16", {"refine_with_reference": True}),
    Row("profile", "bf16", measure="profile"),
    Row("fp8", "fp8"),
    Row("fp8-profile", "fp8", measure="profile"),
    Row("fp8-capped", "fp8", cap_gb=23),
    Row("offloaded", "fp8 offloaded", cap_gb=15.5),
    Row("growth-41", "bf16", frames=41, edits=2),
    Row("growth-161", "bf16", frames=161, edits=2),
    Row("growth-241", "bf16", frames=241, edits=2),
)
TINY_FRAMES = {None: 9, 41: 17, 161: 25, 241: 33}
NAMES = (STOCK, *(row.name for row in OUR_ROWS), TWO_GPUS)


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured on, and with."""

    weights: Path
    prepared: Path
    folder: Path
    stock_packages: Path | None
    edits: int
    stock_edits: int
    tiny: bool

    @property
    def side(self) -> int:
        """Width and height of the clips."""
        return 256 if self.tiny else 1024

    def frames(self, wanted: int | None = None) -> int:
        """Frames of a row's clip."""
        return TINY_FRAMES[wanted] if self.tiny else wanted or TRAINED_FRAMES

    def our_process(
        self, way: str, cap_gb: float | None, rows: list[dict[str, Any]], *, every_device: bool = False
    ) -> dict[str, Any]:
        """What a process with our engine is asked for; it uses the first device or every one."""
        device = "cpu" if not torch.cuda.is_available() else None if every_device else "cuda:0"
        return {
            "prepared": str(self.prepared),
            "weights": str(self.weights),
            "settings": {**WAYS[way], "device": device},
            "cap_gb": None if self.tiny else cap_gb,
            "folder": str(self.folder),
            "side": self.side,
            "frames": self.frames(),
            "rows": rows,
            "spawned": time.time(),
        }


def main() -> None:
    """Build what is missing, measure the rows asked for, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="folder of the random weights")
    parser.add_argument("--prepared", type=Path, required=True, help="folder of the prepared set")
    parser.add_argument("--clips", type=Path, help="folder of the clips; beside the prepared set if not given")
    parser.add_argument("--stock-packages", type=Path, help="folder that comes first on the stock pipeline's path")
    parser.add_argument("--only-build", action="store_true", help="write and prepare the weights, measure nothing")
    parser.add_argument("--rows", nargs="+", choices=(*NAMES, GROWTH), default=(*NAMES, GROWTH), help="all of them")
    parser.add_argument("--edits", type=int, default=3, help="timed edits of a row")
    parser.add_argument("--stock-edits", type=int, default=3, help="timed edits of the stock pipeline")
    parser.add_argument("--json", type=Path, help="where the figures go, beside those that are there")
    parser.add_argument("--tiny", action="store_true", help="toy size")
    given = parser.parse_args()
    folder: Path = given.clips or given.prepared.parent / "clips"
    bench = Bench(
        given.weights, given.prepared, folder, given.stock_packages, given.edits, given.stock_edits, given.tiny
    )
    build(bench)
    if given.only_build:
        return
    wanted = [name for name in NAMES if name in given.rows or (GROWTH in given.rows and name.startswith(GROWTH))]
    results = Results.read(given.json)
    results.machine = machine()
    print(gpu_tables.header(results.machine), flush=True)
    for figures in measure(bench, wanted, results):
        results.rows[figures.row] = figures
        results.write(given.json)
        print(gpu_tables.line(figures), flush=True)
    print(gpu_tables.tables(results, lambda frames: edit_flops(bench, frames)), flush=True)


def build(bench: Bench) -> None:
    """Write weights, prepared set and clips where they are missing."""
    if not (bench.prepared / MANIFEST).is_file():
        command = [sys.executable, "-m", "benchmarks.random_weights"]
        command += ["--weights", str(bench.weights), "--prepared", str(bench.prepared)]
        # A process of its own, so that nothing of it is left on the device.
        subprocess.run([*command, *(["--tiny"] if bench.tiny else [])], cwd=ROOT, check=True)
    bench.folder.mkdir(parents=True, exist_ok=True)
    for frames in {bench.frames(row.frames) for row in OUR_ROWS}:
        path = bench.folder / f"clip-{frames}.mp4"
        if not path.is_file():
            write_clip(measuring.scene(bench.side, frames), path, frame_rate=measuring.RATE, audio=None)
    edited = next(measuring.scene(bench.side, bench.frames())).copy()
    square = slice(bench.side // 4, bench.side // 2)
    edited[square, bench.side // 2 : bench.side * 3 // 4] = (35, 170, 60)
    write_png(edited, bench.folder / "edited.png")


def measure(bench: Bench, wanted: list[str], results: Results) -> Iterator[Figures]:
    """The rows asked for, one after the other."""
    if STOCK in wanted:
        yield from run_stock(bench)
    for (way, cap_gb), group in groupby(
        (row for row in OUR_ROWS if row.name in wanted), key=lambda row: (row.way, row.cap_gb)
    ):
        rows = list(group)
        asked: list[dict[str, Any]] = [
            {
                "name": row.name,
                "measure": row.measure,
                "options": row.options,
                "frames": bench.frames(row.frames),
                "edits": min(row.edits or bench.edits, bench.edits),
            }
            for row in rows
            if row.measure != "profile" or torch.cuda.is_available()
        ]
        told = process("benchmarks.gpu_rows", bench.our_process(way, cap_gb, asked), [row["name"] for row in asked])
        for figures in told:
            if cap_gb and not bench.tiny:
                figures.note = f"{figures.note} capped at {cap_gb:g} GB".strip()
            if figures.row == START:
                results.starts.setdefault(way, []).append(figures)
                print(gpu_tables.line(figures), flush=True)
            else:
                yield figures
    if TWO_GPUS in wanted and (torch.cuda.device_count() > 1 or bench.tiny):
        yield run_two(bench)


def run_stock(bench: Bench) -> Iterator[Figures]:
    """The stock pipeline's row."""
    spec = {
        "weights": str(bench.weights),
        "with_gemma": bench.stock_packages is not None,
        "prompt": str(bench.prepared / PROMPT),
        "clip": str(bench.folder / f"clip-{bench.frames()}.mp4"),
        "edited": str(bench.folder / "edited.png"),
        "target": str(bench.folder / "stock.mp4"),
        "side": bench.side,
        "frames": bench.frames(),
        "edits": bench.stock_edits,
        "tiny": bench.tiny,
    }
    first = (str(bench.stock_packages),) if bench.stock_packages else ()
    return process("benchmarks.stock", spec, [STOCK], first)


def process(module: str, spec: dict[str, Any], names: list[str], first: tuple[str, ...] = ()) -> Iterator[Figures]:
    """The figures that a process tells, as they come, and a failure for each row it ended without.

    Args:
        module: What to run.
        spec: What it is asked for.
        names: The rows it is to tell of.
        first: What comes first on its path.
    """
    path = os.pathsep.join((*first, *filter(None, (os.environ.get("PYTHONPATH"),))))
    command = [sys.executable, "-m", module, json.dumps(spec)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "TQDM_DISABLE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        left = list(names)
        for line in cast("IO[str]", running.stdout):
            if line.startswith(FIGURES):
                figures = Figures(**json.loads(line.removeprefix(FIGURES)))
                left = [name for name in left if name != figures.row]
                yield figures
            else:
                print(line, end="", flush=True)
    for name in left:
        yield Figures(name, failed=f"the process ended with {running.returncode}")


def run_two(bench: Bench) -> Figures:
    """Edits by a service with one GPU, then twice as many by a service with all of them."""
    figures = Figures(TWO_GPUS)
    row: dict[str, Any] = {
        "name": TWO_GPUS,
        "measure": "queue",
        "options": {},
        "frames": bench.frames(),
        "edits": 2 * bench.edits,
    }
    for every_device in (False, True):
        spec = bench.our_process("bf16", None, [row], every_device=every_device)
        for told in process("benchmarks.gpu_rows", spec, [TWO_GPUS]):
            if told.row == TWO_GPUS:
                figures.failed += told.failed
                figures.seconds += told.seconds
                figures.details |= {f"{PER_MINUTE}, {told.details['devices']:g} GPUs": told.details[PER_MINUTE]}
    if not figures.failed:
        rates = list(figures.details.values())
        figures.details["ratio"] = rates[-1] / rates[0]
    figures.note = f"{2 * bench.edits} edits for each GPU, asked for at once"
    return figures


@cache
def edit_flops(bench: Bench, frames: int) -> float:
    """Operations of a full edit of so many frames."""
    from benchmarks.flops import edit_flops as count  # noqa: PLC0415 - imports ltx_core

    return count(bench.side, bench.side, frames, tiny=bench.tiny).total


def machine() -> dict[str, str]:
    """The card, its clocks, the processors, and the versions."""
    found = {"processors": str(os.cpu_count()), "python": sys.version.split()[0]}
    for package in ("torch", "triton", "ltx-core", "ltx-pipelines", "av"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "–"
    if torch.cuda.is_available():
        fields = "name,driver_version,memory.total,clocks.sm,clocks.max.sm,clocks.mem,power.limit"
        command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"]
        found["card"] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        found["cuda"] = str(torch.version.cuda)  # pyright: ignore[reportUnknownArgumentType]
    return found


if __name__ == "__main__":
    main()
