"""How much device memory an edit takes, whether it is there, and what would fit where it is not.

The figures per pixel and token were measured on an H200 at full size (benchmarks/gpu.py), with torch's own
count of peak memory, phase by phase.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from syncedit_demo.engines.sync_lora.network.decode import OVERLAP, STRIDE
from syncedit_demo.engines.sync_lora.recipe import LATENT_SIDE
from syncedit_demo.errors import EngineError
from syncedit_demo.plan import MIN_SIDE, SIZE_MULTIPLE, TEMPORAL_MULTIPLE, pad_frame_count
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
    from syncedit_demo.plan import EditPlan

ENCODE_BYTES_PER_PIXEL = 95
"""Peak of the VAE's encoder, for each pixel of each frame of the reference."""

DENOISE_BYTES_PER_TOKEN = 180_000
"""Peak of the transformer's activations, for each token of the sequence."""

DECODE_BYTES_PER_TILE_PIXEL = 60
"""Peak of decoding one tile, for each of its pixels."""

TILE_SIDE = 512
"""Pixels on a side of a tile at most."""

DECODE_BYTES_PER_PIXEL = 30
"""Buffers in which the tiles are blended, for each pixel of a tile's frames."""

TILE_FRAMES = 64
"""Frames of a tile at most."""

DECODE_WHOLE_BYTES_PER_PIXEL = 60
"""Peak of decoding whole frames, for each pixel of a run's frames."""

RUN_FRAMES = TEMPORAL_MULTIPLE * (STRIDE + OVERLAP) + 1
"""Frames of such a run at most."""

MARGIN = 1.05
"""What the allocator loses to fragments."""


def working_bytes(plan: EditPlan, options: SyncLoraOptions) -> int:
    """Device memory an edit takes on top of the networks."""
    if options.quality == "single-stage":
        return int(MARGIN * _stage_bytes(plan, 1, reference=True))
    full = options.quality == "full"
    half = _stage_bytes(plan, 2, reference=True)
    return int(MARGIN * max(half, _stage_bytes(plan, 1, reference=options.refine_with_reference) if full else 0))


def _stage_bytes(plan: EditPlan, divisor: int, *, reference: bool) -> float:
    """The peak of one stage; its width and height are the plan's over `divisor`."""
    width, height = plan.width // divisor, plan.height // divisor
    tokens = width // LATENT_SIDE * (height // LATENT_SIDE) * ((plan.padded_frames - 1) // TEMPORAL_MULTIPLE + 1)
    frames = min(plan.padded_frames, TILE_FRAMES)
    tile = min(width, TILE_SIDE) * min(height, TILE_SIDE) * frames
    return max(
        ENCODE_BYTES_PER_PIXEL * width * height * plan.padded_frames * reference,
        DENOISE_BYTES_PER_TOKEN * tokens * (1 + reference),
        DECODE_BYTES_PER_TILE_PIXEL * tile + DECODE_BYTES_PER_PIXEL * width * height * frames,
    )


def decodes_whole(latent_shape: tuple[int, ...], free: int) -> bool:
    """Whether there is room to decode whole frames; otherwise it is done in small tiles.

    Args:
        latent_shape: `(1, channels, latent frames, height / 32, width / 32)`.
        free: Device memory that is free, in bytes.
    """
    _, _, latent_frames, height, width = latent_shape
    frames = min((latent_frames - 1) * TEMPORAL_MULTIPLE + 1, RUN_FRAMES)
    return MARGIN * DECODE_WHOLE_BYTES_PER_PIXEL * frames * height * width * LATENT_SIDE**2 <= free


def check_memory(plan: EditPlan, options: SyncLoraOptions, free: int) -> None:
    """Refuse an edit that does not fit.

    Args:
        plan: The edit.
        options: Its options.
        free: Device memory that is free beside the networks, in bytes.

    Raises:
        EngineError: It does not fit; the sentence says what would.
    """
    needed = working_bytes(plan, options)
    if needed <= free:
        return
    message = (
        f"{plan.width}×{plan.height} at {plan.frames} frames needs about {gigabytes(needed)} beside the model, "
        f"{gigabytes(max(free, 0))} are free. {suggest(plan, options, free)}"
    )
    raise EngineError(message)


def suggest(plan: EditPlan, options: SyncLoraOptions, free: int) -> str:
    """What would fit instead, as a sentence."""
    ideas: list[str] = []

    def fits(smaller: EditPlan, chosen: SyncLoraOptions = options) -> bool:
        return working_bytes(smaller, chosen) <= free

    if options.refine_with_reference and fits(plan, replace(options, refine_with_reference=False)):
        ideas.append("no refinement with the reference")
    if size := _largest_size(plan, fits):
        ideas.append(f"--size {size[0]}x{size[1]}")
    counts = range(plan.padded_frames - TEMPORAL_MULTIPLE, 0, -TEMPORAL_MULTIPLE)
    if frames := next((n for n in counts if fits(replace(plan, frames=n, padded_frames=pad_frame_count(n)))), None):
        ideas.append(f"--frames {frames}")
    if options.quality == "single-stage" and fits(plan, replace(options, quality="full")):
        ideas.append("--quality full")
    if options.quality != "preview" and fits(plan, replace(options, quality="preview")):
        ideas.append("--quality preview")
    if not ideas:
        return "Nothing smaller fits either: free memory on the device or use a larger one."
    return "What fits: " + ", or ".join(ideas) + "."


def _largest_size(plan: EditPlan, fits: Callable[[EditPlan], bool]) -> tuple[int, int] | None:
    """The largest size of nearly the same aspect that fits, smaller than the plan's."""
    long_side = max(plan.width, plan.height)
    for side in range(long_side - SIZE_MULTIPLE, MIN_SIDE - 1, -SIZE_MULTIPLE):
        width, height = (
            max(MIN_SIDE, round(length * side / long_side / SIZE_MULTIPLE) * SIZE_MULTIPLE)
            for length in (plan.width, plan.height)
        )
        if fits(replace(plan, width=width, height=height)):
            return width, height
    return None
