"""How near an engine's results come to the truth, over the examples whose true edit is known.

    python -m benchmarks.quality [NAME …] [--engine draft] [--every N]
    python -m benchmarks.quality --engine sync-lora [--sets FOLDER …]

With Sync-LoRA the choices that only trained weights can judge (`VARIANTS`) stand side by side, one table for all; with
`--sets` they are made from further prepared sets too, each named by the strength of its distilled LoRA: one made with
`prepare --distilled-strength 0.5` and `SYNCEDIT_PREPARED=FOLDER` is what the maker's own graphs use. At the end stands
the mean of each over all examples.

An edit is made of each example's `reference.mp4` and `edited.png` as a user would make it, mp4 and all, and held
against `truth.mp4`, beside two results that cost nothing: "left in place" adds the change of frame 0 to every frame,
"unedited" is the reference itself. The table is Markdown. Its measures, of every N-th frame:

- PSNR in dB of the mean squared error, SSIM (Wang et al., 2004) and ꟻLIP (Andersson et al., 2020: 0 is no visible
  difference at 67 pixels per degree, 1 the greatest), first over whole frames, then over the edited region: the pixels
  at which truth and reference of that frame differ by more than 8 of 255 in a channel, grown by one.
- Flicker: how much a frame differs from the frame before it moved along the truth's optical flow, in the edited region
  and where that flow agrees with its reverse, as a multiple of what the truth itself shows: 1 is as steady as that.
- Frame 0: PSNR in dB of the first frame against `edited.png`.
"""

from __future__ import annotations

import argparse
import gc
import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, cast

import cv2
import flip_evaluator
import numpy as np
from numpy.typing import NDArray

from benchmarks.draft import Frame, edited_region, gray, left_in_place, similarity
from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest
from syncedit_demo.engines.options import OptionValue
from syncedit_demo.media.image_file import read_image
from syncedit_demo.media.probe import probe
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import EngineName, Settings

EXAMPLES = Path(__file__).parents[1] / "examples"
VARIANTS: Mapping[EngineName, Mapping[str, Mapping[str, OptionValue]]] = {
    "draft": {"": {}},
    "sync-lora": {
        "": {},
        "positions trained": {"positions": "trained"},
        "single stage": {"quality": "single-stage"},
        "single stage, positions trained": {"quality": "single-stage", "positions": "trained"},
        "refined with the reference": {"refine_with_reference": True},
        "first frame as it is": {"first_frame_crf": 0},
    },
}
"""By what they change of an engine's defaults: the options that are held against each other."""

HEADER = """\
| example | result | PSNR | SSIM | ꟻLIP | edited: PSNR | SSIM | ꟻLIP | flicker | frame 0 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Example:
    """A clip, its edited first frame, and the true edit."""

    reference: list[Frame]
    edited: Frame
    truth: list[Frame]


@dataclass(frozen=True)
class Nearness:
    """PSNR in dB, SSIM and ꟻLIP against the truth."""

    psnr: float
    ssim: float
    flip: float


@dataclass(frozen=True)
class Scores:
    """What is measured of one result."""

    whole: Nearness
    region: Nearness
    flicker: float
    first_frame: float

    def row(self, example: str, result: str) -> str:
        cells = [
            cell
            for near in (self.whole, self.region)
            for cell in (f"{near.psnr:.1f}", f"{near.ssim:.3f}", f"{near.flip:.3f}")
        ]
        return f"| {example} | {result} | {' | '.join(cells)} | {self.flicker:.2f} | {self.first_frame:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    known = sorted(path.parent.name for path in EXAMPLES.glob("*/truth.mp4"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--engine", choices=("draft", "sync-lora"), default="draft")
    parser.add_argument("--every", type=int, default=4, metavar="N", help="measure every N-th frame (4)")
    parser.add_argument("--sets", nargs="+", type=Path, default=[], metavar="FOLDER", help="further prepared sets")
    arguments = parser.parse_args()
    folders = [EXAMPLES / name for name in arguments.names or known]
    print(HEADER)
    table(
        folders, arguments.engine, arguments.every, [Settings(), *(Settings(prepared=each) for each in arguments.sets)]
    )


def table(folders: Sequence[Path], engine: EngineName, every: int, sets: Sequence[Settings]) -> None:
    """Print a row for each result of each example, and then the means; a set is let go before the next is loaded."""
    found: dict[str, list[Scores]] = {}
    for number, settings in enumerate(sets):
        service = EditService(settings)
        name = named(engine, service, alone=len(sets) == 1)
        for folder in folders:
            for result, scores in compare(folder, service, engine, every, name, beside=number == 0).items():
                found.setdefault(result, []).append(scores)
                print(scores.row(folder.name, result), flush=True)
        del service
        gc.collect()
    if len(folders) > 1:
        for result, scores in found.items():
            print(mean_of(scores).row("mean", result))


def named(engine: EngineName, service: EditService, *, alone: bool) -> str:
    """What an engine is called in the table: with the strength of its set's distilled LoRA where there are several."""
    if alone or engine == "draft":
        return engine
    # Found without torch, which the engine that is not asked for needs.
    from syncedit_demo.engines.sync_lora.weights.files import prepared_folder  # noqa: PLC0415
    from syncedit_demo.engines.sync_lora.weights.prepared import open_prepared  # noqa: PLC0415

    strength = open_prepared(prepared_folder(service.settings)).manifest.distilled_strength
    return f"{engine}, distilled LoRA at {strength:g}"


def mean_of(scores: Sequence[Scores]) -> Scores:
    """Their mean, number by number."""
    whole, region = (
        Nearness(*(statistics.fmean(values) for values in zip(*(astuple(near) for near in nears), strict=True)))
        for nears in zip(*((each.whole, each.region) for each in scores), strict=True)
    )
    flicker, first = (
        statistics.fmean(values) for values in zip(*((s.flicker, s.first_frame) for s in scores), strict=True)
    )
    return Scores(whole, region, flicker, first)


def compare(
    folder: Path, service: EditService, engine: EngineName, every: int, name: str | None = None, *, beside: bool = True
) -> Mapping[str, Scores]:
    """The scores of an engine, variant by variant, on the example in a folder.

    Args:
        folder: The example's.
        service: Makes the edits.
        engine: The engine.
        every: Of how many frames one is measured.
        name: What the engine is called; None is by its name.
        beside: Whether what costs nothing is measured too.
    """
    example = Example(
        list(read_frames(folder / "reference.mp4")),
        read_image(folder / "edited.png").pixels,
        list(read_frames(folder / "truth.mp4")),
    )
    results = {
        ", ".join(filter(None, (name or engine, variant))): edit(folder, service, engine, options)
        for variant, options in VARIANTS[engine].items()
    }
    if beside:
        results["left in place"] = list(left_in_place(example.reference, example.edited))
        results["unedited"] = example.reference
    return {name: score(example, result, every) for name, result in results.items()}


def edit(folder: Path, service: EditService, engine: EngineName, options: Mapping[str, OptionValue]) -> list[Frame]:
    """The frames of the mp4 that an engine makes of an example."""
    clip = folder / "reference.mp4"
    info = probe(clip)
    with tempfile.TemporaryDirectory() as scratch:
        request = EditRequest(
            clip=clip,
            edited_frame=folder / "edited.png",
            target=Path(scratch) / "output.mp4",
            options=PlanOptions(size=info.display_size),
            engine=engine,
            engine_options=options,
        )
        for _ in service.edit(request, CancelFlag()):
            pass
        return list(read_frames(request.target))


def score(example: Example, result: Sequence[Frame], every: int) -> Scores:
    """Hold a result against the truth at every `every`-th frame."""
    whole, region, own, truths = Total(), Total(), Mean(), Mean()
    for t in range(0, len(example.truth), every):
        truth, frame = example.truth[t], result[t]
        changed = edited_region(example.reference[t], truth)
        error = np.square(frame.astype(np.float64) - truth)
        likeness, difference = similarity(frame, truth), flip(truth, frame)
        whole.add(error, likeness, difference)
        region.add(error[changed], likeness[changed], difference[changed])
        if t + 1 < len(example.truth):
            steady = Step(truth, example.truth[t + 1])
            now = edited_region(example.reference[t + 1], example.truth[t + 1])
            own.add(steady.change(frame, result[t + 1])[now & steady.known])
            truths.add(steady.change(truth, example.truth[t + 1])[now & steady.known])
    first = np.square(result[0].astype(np.float64) - example.edited).mean()
    return Scores(whole.mean(), region.mean(), own.value / truths.value, decibels(float(first)))


@dataclass
class Mean:
    """A mean over everything added."""

    total: float = 0.0
    count: int = 0

    def add(self, values: NDArray[Any]) -> None:
        self.total += float(values.sum())
        self.count += values.size

    @property
    def value(self) -> float:
        return self.total / self.count


@dataclass
class Total:
    """Means of squared error, SSIM and ꟻLIP over the frames added."""

    means: tuple[Mean, Mean, Mean] = field(default_factory=lambda: (Mean(), Mean(), Mean()))

    def add(self, *values: NDArray[Any]) -> None:
        for mean, each in zip(self.means, values, strict=True):
            mean.add(each)

    def mean(self) -> Nearness:
        error, likeness, difference = (mean.value for mean in self.means)
        return Nearness(decibels(error), likeness, difference)


class Step:
    """How the truth moves from one frame to the next.

    Attributes:
        known: Where the flow and its reverse agree within a pixel, (height, width).
    """

    def __init__(self, before: Frame, after: Frame) -> None:
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        rows, columns = np.indices(before.shape[:2], np.float32)
        start = np.zeros((*before.shape[:2], 2), np.float32)
        back = np.asarray(dis.calc(gray(after), gray(before), start.copy()), np.float32)
        ahead = np.asarray(dis.calc(gray(before), gray(after), start), np.float32)
        self._places = np.dstack((columns, rows)) + back
        astray = back + self._moved(ahead)
        self.known = np.hypot(astray[..., 0], astray[..., 1]) < 1

    def change(self, before: Frame, after: Frame) -> NDArray[np.float32]:
        """What the movement leaves unexplained, 0-255, (height, width, 3)."""
        return np.abs(after.astype(np.float32) - self._moved(before.astype(np.float32)))

    def _moved(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        no_second_map: Any = None
        moved = cv2.remap(picture, self._places, no_second_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.float32)


def flip(truth: Frame, frame: Frame) -> NDArray[np.float32]:
    """ꟻLIP of each pixel, 0-1, (height, width)."""
    one, other = (np.ascontiguousarray(each, np.float32) / 255 for each in (truth, frame))
    return cast(
        "NDArray[np.float32]", flip_evaluator.evaluate(one, other, "LDR", applyMagma=False, computeMeanError=False)[0]
    )[..., 0]


def decibels(mean_square_error: float) -> float:
    """PSNR of 8-bit pictures."""
    return 10 * math.log10(255**2 / mean_square_error) if mean_square_error else math.inf


if __name__ == "__main__":
    main()
