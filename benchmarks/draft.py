"""How good and how fast the draft engine is, beside simpler ways to do the same, and whether it is as good as it was.

    python -m benchmarks.draft [FOLDER] [--frames N] [--side PIXELS]
    python -m benchmarks.draft --check

Without a folder the clips are made here: a textured scene with things in motion, edits of known truth. With one, each
video in it is edited by looks that are exact functions of its frames. Peers: "left in place" adds the change of frame 0
to every frame; "direct flow" warps it along optical flow from each frame to frame 0. PSNR in dB and SSIM are over the
edited region of the truth; speed is given as frames per second and as a share of direct flow's in the same run.

`--check` measures the draft engine alone, on the clips made here and on the repository's examples, and holds it against
`benchmarks/baselines/draft.json`: where an edit has lost 0.3 dB or more it says which and exits with 1.
`--write-baseline` measures the same and writes that file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.engines.interface import EditJob, Frames
from syncedit_demo.media.image_file import read_image
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.plan import EditPlan, pad_frame_count

Frame = NDArray[np.uint8]
Case = tuple[list[Frame], list[Frame]]
"""Reference frames and true edited frames."""
Scores = tuple[float, float]
"""PSNR in dB and SSIM in the edited region."""

EXAMPLES = Path(__file__).parents[1] / "examples"
BASELINE = Path(__file__).with_name("baselines") / "draft.json"

CHECKED_FRAMES, CHECKED_SIDE = 25, 256
"""Frames of each clip that is checked, and its longer side in pixels: enough for every part of the engine to count."""

LOSS = 0.3
"""Loss of PSNR in dB from which an edit counts as worse; processors differ by less."""

EXACT = 50
"""PSNR in dB from which a result is exact but for rounding: the error is below one level, and processors and versions
of the libraries differ in it by more than `LOSS` (57.3 dB on one is 56.9 on another)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="a folder of clips")
    parser.add_argument("--frames", type=int, default=41)
    parser.add_argument("--side", type=int, default=512)
    held = parser.add_mutually_exclusive_group()
    held.add_argument("--check", action="store_true", help="fail where the engine is worse than the baseline")
    held.add_argument("--write-baseline", action="store_true", help="make what the engine reaches now the baseline")
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(check(BASELINE, checked_cases()))
    if arguments.write_baseline:
        write_baseline(BASELINE, checked_cases())
        return
    cases = (
        made_cases(arguments.frames, arguments.side)
        if arguments.folder is None
        else clip_cases(arguments.folder, arguments.frames, arguments.side)
    )
    peers: dict[str, Callable[[list[Frame], Frame], Iterator[Frame]]] = {
        "left in place": left_in_place,
        "direct flow": direct_flow,
        "draft": draft,
    }
    print(f"{'edit':24}" + "".join(f"{name:>22}" for name in peers) + f"{'draft, speed':>24}")
    for name, (reference, truth) in cases:
        cells, rates = "", list[float]()
        for peer in peers.values():
            started = time.perf_counter()
            result = list(peer(reference, truth[0]))
            rates.append(len(result) / (time.perf_counter() - started))
            decibels, similarity = quality(reference, truth, result)
            cells += f"{decibels:15.1f}/{similarity:.3f}{'':>1}"
        print(f"{name:24}{cells}{rates[2]:10.1f} fps {rates[2] / rates[1]:5.2f} ×", flush=True)


def checked_cases(count: int = CHECKED_FRAMES, side: int = CHECKED_SIDE) -> Iterator[tuple[str, Case]]:
    """The edits whose quality is checked."""
    yield from made_cases(count, side)
    yield from example_cases(count, side)


def measured(cases: Iterable[tuple[str, Case]]) -> Iterator[tuple[str, Scores]]:
    """What the draft engine reaches on each edit."""
    for name, (reference, truth) in cases:
        yield name, quality(reference, truth, list(draft(reference, truth[0])))


def write_baseline(path: Path, cases: Iterable[tuple[str, Case]]) -> None:
    """Measure the draft engine and write what it reaches."""
    found = {name: {"psnr": round(psnr, 2), "ssim": round(ssim, 4)} for name, (psnr, ssim) in measured(cases)}
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def check(path: Path, cases: Iterable[tuple[str, Case]]) -> int:
    """Measure the draft engine and hold it against a baseline: the exit code, 1 where it has lost."""
    baseline: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
    print(f"{'edit':24}{'baseline':>16}{'now':>16}")
    found: dict[str, float] = {}
    for name, (psnr, ssim) in measured(cases):
        found[name] = psnr
        before = baseline.get(name)
        was = f"{before['psnr']:9.2f}/{before['ssim']:.3f} " if before else f"{'none':>16}"
        print(f"{name:24}{was}{psnr:9.2f}/{ssim:.3f}", flush=True)
    complaint = complain({name: scores["psnr"] for name, scores in baseline.items()}, found)
    print(complaint or f"No edit has lost {LOSS} dB.", file=sys.stderr if complaint else sys.stdout)
    return 1 if complaint else 0


def complain(baseline: Mapping[str, float], found: Mapping[str, float]) -> str:
    """A sentence on the edits whose PSNR fell and those that only one side has; empty where all is well."""
    lost = [
        f"{name} has lost {baseline[name] - found[name]:.2f} dB"
        for name in baseline.keys() & found.keys()
        if min(baseline[name], EXACT) - min(found[name], EXACT) >= LOSS
    ]
    unmatched = [f"{name} is not in both" for name in baseline.keys() ^ found.keys()]
    return f"Against the baseline {', '.join([*sorted(lost), *sorted(unmatched)])}." if lost or unmatched else ""


def draft(reference: list[Frame], edited: Frame) -> Iterator[Frame]:
    height, width = edited.shape[:2]
    count = len(reference)
    plan = EditPlan(width, height, count, pad_frame_count(count), 0, Fraction(25), (0, 0, width, height), ())
    job = EditJob(plan, edited, lambda: iter(reference), 0, CancelFlag())
    for event in DraftEngine().run(job):
        if isinstance(event, Frames):
            yield from event.frames


def left_in_place(reference: list[Frame], edited: Frame) -> Iterator[Frame]:
    change = edited.astype(np.int16) - reference[0]
    for frame in reference:
        yield to_bytes(frame + change)


def direct_flow(reference: list[Frame], edited: Frame) -> Iterator[Frame]:
    change = edited.astype(np.float32) - reference[0]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    rows, columns = edited.shape[0], edited.shape[1]
    grid = np.zeros((rows, columns, 2), np.float32)
    grid[..., 0] += np.arange(columns, dtype=np.float32)
    grid[..., 1] += np.arange(rows, dtype=np.float32)[:, None]
    first = gray(reference[0])
    no_second_map: Any = None
    for frame in reference:
        places = grid + np.asarray(flow.calc(gray(frame), first, np.zeros_like(grid)), np.float32)
        yield to_bytes(frame + np.asarray(cv2.remap(change, places, no_second_map, cv2.INTER_LINEAR), np.float32))


def quality(reference: list[Frame], truth: list[Frame], result: list[Frame]) -> tuple[float, float]:
    """PSNR and SSIM in the edited region, averaged over frames across the clip."""
    decibels, similarities = list[float](), list[float]()
    for t in [round(share * (len(truth) - 1) / 5) for share in range(1, 6)]:
        region = edited_region(reference[t], truth[t])
        if np.count_nonzero(region) < 50:
            continue
        error = np.square(result[t].astype(np.float64) - truth[t])[region].mean()
        decibels.append(float(10 * np.log10(255**2 / max(error, 1e-2))))
        similarities.append(float(similarity(result[t], truth[t])[region].mean()))
    return float(np.mean(decibels)), float(np.mean(similarities))


def edited_region(reference: Frame, truth: Frame) -> NDArray[np.bool_]:
    changed = np.abs(reference.astype(np.int16) - truth).max(axis=-1) > 8
    return np.asarray(cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)), np.bool_)


def similarity(one: Frame, other: Frame) -> NDArray[Any]:
    """SSIM (Wang et al., 2004) per pixel and channel, with its Gaussian window of 1.5 pixels."""

    def mean(picture: NDArray[Any]) -> NDArray[Any]:
        return cv2.GaussianBlur(picture, (0, 0), 1.5)

    a, b = one.astype(np.float64), other.astype(np.float64)
    mean_a, mean_b = mean(a), mean(b)
    variances = mean(a * a) - mean_a**2 + mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return (2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))


def made_cases(count: int, side: int) -> Iterator[tuple[str, Case]]:
    scene, paint, sheet = texture(1, 2 * side), texture(2, 2 * side, (60, 80, 190)), texture(3, 2 * side)
    skin = to_bytes(np.array((200, 155, 130)) + (texture(4, 2 * side).astype(np.float64) - 128) / 5)
    discs = [disc(moved(scene, t, side, 0), moved(paint, t, side, 1), t, count) for t in range(count)]
    yield "recolour", (discs, [red_for_blue(frame) for frame in discs])
    yield "look", (discs, [warm_look(frame) for frame in discs])
    for name, surface in (("badge on texture", sheet), ("badge on smooth skin", skin)):
        marked = with_badge(surface)
        plain, edited = (
            [ball(moved(picture, t, side, 1), t, count) for t in range(count)] for picture in (surface, marked)
        )
        noise = np.random.default_rng(5).normal(0, 1.5, (count, side, side, 3)).astype(np.float32)
        yield (
            name,
            (
                [to_bytes(frame + grain) for frame, grain in zip(plain, noise, strict=True)],
                [to_bytes(frame + grain) for frame, grain in zip(edited, noise, strict=True)],
            ),
        )


def clip_cases(folder: Path, count: int, side: int) -> Iterator[tuple[str, Case]]:
    for path in sorted(folder.iterdir()):
        frames = read(path, count, side)
        if len(frames) < 2:
            continue
        for name, look in (("look", warm_look), ("recolour", red_for_blue), ("poster", poster)):
            truth = [look(frame) for frame in frames]
            if np.count_nonzero(edited_region(frames[0], truth[0])) > 500:
                yield f"{path.stem[:14]} {name}", (frames, truth)


def example_cases(count: int, side: int) -> Iterator[tuple[str, Case]]:
    """The examples of the repository, whose truth was rendered; `side` is the longer one."""
    for folder in sorted(path.parent for path in EXAMPLES.glob("*/truth.mp4")):
        edited = read_image(folder / "edited.png").pixels
        scale = side / max(edited.shape)
        size = (round(edited.shape[1] * scale), round(edited.shape[0] * scale))
        reference, truth = (
            [shrunk(frame, size) for frame in itertools.islice(read_frames(folder / name), count)]
            for name in ("reference.mp4", "truth.mp4")
        )
        yield folder.name, (reference, [shrunk(edited, size), *truth[1:]])


def shrunk(frame: Frame, size: tuple[int, int]) -> Frame:
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def read(path: Path, count: int, side: int) -> list[Frame]:
    capture = cv2.VideoCapture(str(path))
    frames: list[Frame] = []
    while len(frames) < count:
        good, picture = capture.read()
        if not good:
            break
        frames.append(np.asarray(cv2.cvtColor(cv2.resize(picture, (side, side)), cv2.COLOR_BGR2RGB), np.uint8))
    capture.release()
    return frames


def texture(
    seed: int,
    side: int,
    colour: tuple[int, int, int] = (128, 128, 128),
    cells: tuple[int, int, int] = (8, 32, 128),
) -> Frame:
    """Coloured noise around a colour, of as many cells along a side as three scales have."""
    rng = np.random.default_rng(seed)
    picture = np.full((side, side, 3), colour, np.float64)
    for count, strength in zip(cells, (22, 14, 9), strict=True):
        noise = rng.standard_normal((count, count, 3))
        picture += strength * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    return to_bytes(picture)


def moved(picture: Frame, t: int, side: int, amount: float) -> Frame:
    """The middle of a large picture that sways: turns, zooms and shifts."""
    centre = picture.shape[1] / 2
    swing = amount * np.sin(t / 12)
    matrix = cv2.getRotationMatrix2D((centre, centre), 14 * swing, 1 + 0.12 * amount * np.sin(t / 9))
    matrix[:, 2] += np.array((0.1 * side * swing, 0.05 * side * amount * np.sin(t / 7))) + side / 2 - centre
    return np.asarray(cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_CUBIC), np.uint8)


def disc(background: Frame, front: Frame, t: int, count: int) -> Frame:
    side = background.shape[0]
    mask = np.zeros((side, side), np.float64)
    cv2.circle(mask, (round(side * (0.35 + 0.3 * t / count)), side // 2), side // 4, (1.0,), -1, cv2.LINE_AA)
    return to_bytes(background * (1 - mask[..., None]) + front * mask[..., None])


def ball(frame: Frame, t: int, count: int) -> Frame:
    side = frame.shape[0]
    place = (round(side * (1.4 * t / count - 0.15)), round(0.55 * side))
    return np.asarray(cv2.circle(frame.copy(), place, side // 10, (30, 110, 50), -1, cv2.LINE_AA), np.uint8)


def with_badge(picture: Frame) -> Frame:
    marked, centre, unit = picture.copy(), picture.shape[1] // 2, picture.shape[1] // 1024 + 1
    cv2.circle(marked, (centre, centre), 34 * unit, (235, 225, 60), -1, cv2.LINE_AA)
    half = 12 * unit
    cv2.rectangle(marked, (centre - half, centre - half), (centre + half, centre + half), (30, 40, 160), -1)
    cv2.line(marked, (centre - 2 * half, centre + half), (centre + 2 * half, centre - half), (200, 30, 40), 4 * unit)
    return marked


def red_for_blue(frame: Frame) -> Frame:
    picture = frame.astype(np.float64)
    blueness = np.clip((picture[..., 2:] - picture[..., :1]) / 50 - 0.4, 0, 1)
    return to_bytes(picture * (1 - blueness) + picture[..., ::-1] * blueness)


def warm_look(frame: Frame) -> Frame:
    level = frame.astype(np.float64) / 255
    light = level.mean(axis=-1, keepdims=True)
    return to_bytes(255 * (0.4 * level + 0.6 * (light * (1.1, 0.95, 0.6) + (0.05, 0.02, 0.12))))


def poster(frame: Frame) -> Frame:
    smooth = cv2.bilateralFilter(frame, 7, 30, 5)
    return np.asarray(smooth // 43 * 43 + 20, np.uint8)


def gray(frame: Frame) -> Frame:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)


def to_bytes(picture: NDArray[Any]) -> Frame:
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
