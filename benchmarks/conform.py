"""How fast a clip is conformed, against the ffmpeg command that does the same, and how much memory it takes.

    python benchmarks/conform.py [--seconds 10 60] [--repeats 3]

Prints, for a 1080p H.264 clip made on the spot:

- frames per second of `conform`, here and in a process that reads for the page, and of `ffmpeg` (same decode, crop and
  scale, raw RGB thrown away), and the ratios;
- peak memory of `conform` in a process of its own, for each length: it must not grow;
- time of probing and first frame for the longest clip, against `ffprobe` and `ffmpeg` taking one frame.

Needs the `ffmpeg` command, which the product itself does not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.conform.frames import conform, first_frame
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions, plan_edit
from syncedit_demo.reading.children import ChildrenRunner
from syncedit_demo.reading.media_reader import MediaReader
from syncedit_demo.settings import MAX_CLIP_PIXELS, ReadingLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.plan import EditPlan

MEMORY_SCRIPT = """
import sys
from pathlib import Path
from syncedit_demo.media.probe import probe
from syncedit_demo.conform.frames import conform
from syncedit_demo.plan import PlanOptions, plan_edit
def peak():
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
path = Path(sys.argv[1])
clip = probe(path)
before = peak()
frames = sum(1 for _ in conform(path, clip, plan_edit(clip, PlanOptions(max_frames=10**6))))
print(frames, before, peak())
"""


def make_clip(path: Path, seconds: int) -> Path:
    """A moving 1080p picture with film-like noise, as x264 writes it by default."""
    source = f"testsrc2=size=1920x1080:rate=30:duration={seconds},noise=alls=6:allf=t,format=yuv420p"
    tags = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    run("-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "fast", *tags, "-y", str(path))
    return path


def run(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *arguments], check=True, stdout=subprocess.DEVNULL)


def costs(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of processor time, child processes included."""

    def processor_seconds() -> float:
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    start, used = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - start, processor_seconds() - used


def best_time(work: Callable[[], object], repeats: int) -> float:
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def conform_apart(path: Path, clip: ClipInfo, plan: EditPlan) -> None:
    """Conform in a process that is started for it and ended after it, so that its processor time is counted."""
    with closing(ChildrenRunner(ReadingLimits(), 1)) as runner:
        frames = MediaReader(runner, MAX_CLIP_PIXELS).conform(path, clip, plan, CancelFlag())
        assert sum(1 for _ in frames) == plan.frames


def compare_speed(path: Path, repeats: int) -> None:
    clip = probe(path)
    plan = plan_edit(clip, PlanOptions(max_frames=10**6))
    x, y, width, height = plan.crop
    filters = f"crop={width}:{height}:{x}:{y},scale={plan.width}:{plan.height}"
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    ours: list[tuple[float, float]] = []
    apart: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(repeats):  # in turns, so that other work on the machine burdens all alike
        ours.append(costs(lambda: sum(1 for _ in conform(path, clip, plan))))
        apart.append(costs(lambda: conform_apart(path, clip, plan)))
        theirs.append(costs(lambda: run("-i", str(path), "-map", "0:v:0", "-vf", filters, *raw)))
    print(f"conform 1920x1080 -> {plan.width}x{plan.height}, {plan.frames} frames:")
    for name, place in (("by the clock", 0), ("by processor time", 1)):
        mine, child, other = (plan.frames / min(cost[place] for cost in side) for side in (ours, apart, theirs))
        print(
            f"  {name}: conform {mine:.1f} fps, in a process of its own {child:.1f} fps, ffmpeg {other:.1f} fps, "
            f"ratios {mine / other:.2f} and {child / other:.2f}"
        )


def measure_memory(path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", MEMORY_SCRIPT, str(path)], check=True, capture_output=True, text=True
    )
    frames, before, peak = (int(part) for part in result.stdout.split())
    print(f"  {frames:5d} frames: peak {peak / 1024:.0f} MiB, of which {before / 1024:.0f} MiB before conform")


def compare_first_frame(path: Path, repeats: int) -> None:
    def ours() -> None:
        clip = probe(path)
        first_frame(path, clip, plan_edit(clip, PlanOptions()))

    def theirs() -> None:
        subprocess.run(
            ["ffprobe", "-v", "error", "-count_packets", "-show_streams", str(path)], check=True, capture_output=True
        )
        run("-i", str(path), "-frames:v", "1", "-vf", "scale=1344:768", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")

    print(
        f"  probe and first frame {best_time(ours, repeats) * 1000:.0f} ms, ffprobe and ffmpeg "
        f"{best_time(theirs, repeats) * 1000:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, nargs="+", default=[10, 60], help="lengths of the clips")
    parser.add_argument("--repeats", type=int, default=3, help="the best of this many runs counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips = {length: make_clip(Path(folder) / f"{length}.mp4", length) for length in sorted(options.seconds)}
        compare_speed(clips[min(clips)], options.repeats)
        print("memory of conform:")
        for path in clips.values():
            measure_memory(path)
        print(f"first frame of {max(clips)} s:")
        compare_first_frame(clips[max(clips)], options.repeats)


if __name__ == "__main__":
    main()
