"""How much device memory an edit takes, whether it is there, and what would fit where it is not.

The figures per pixel and token were measured on an H200 at full size (benchmarks/gpu_engine.py), with torch's own
count of peak memory, phase by phase.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from syncedit_demo.errors import EngineError
from syncedit_demo.plan import MIN_SIDE, SIZE_MULTIPLE, TEMPORAL_MULTIPLE, pad_frame_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
    from syncedit_demo.plan import EditPlan

GB = 10**9
ENCODE_BYTES_PER_PIXEL = 125
"""Peak of the VAE's encoder, for each pixel of each frame of the reference."""

DENOISE_BYTES_PER_TOKEN = 240_000
"""Peak of the transformer's activations, for each token of the sequence."""

DECODE_TILE_BYTES = 3 * GB
"""Peak of decoding one tile; the tile's size does not depend on the clip's."""

DECODE_BYTES_PER_PIXEL = 36
"""Buffers of the tiles' blending, for each pixel of at most `DECODE_FRAMES` frames."""

DECODE_FRAMES = 64
MARGIN = 1.05
"""What the allocator loses to fragments."""

LATENT_SIDE = 32
"""Pixels on a side of one latent cell; along time it is `TEMPORAL_MULTIPLE` frames."""


def working_bytes(plan: EditPlan, options: SyncLoraOptions) -> int:
    """Device memory an edit takes on top of the networks."""
    pixels = plan.width * plan.height
    frames = plan.padded_frames
    tokens = pixels // LATENT_SIDE**2 * ((frames - 1) // TEMPORAL_MULTIPLE + 1)
    # Stage 1: a quarter of the pixels, twice the tokens, because the reference's are in the sequence.
    sizes = [(pixels * frames / 4, tokens / 2, pixels / 4)]
    if options.quality == "full":
        reference = options.refine_with_reference
        sizes.append((pixels * frames if reference else 0, tokens * 2 if reference else tokens, pixels))
    peak = max(
        max(
            ENCODE_BYTES_PER_PIXEL * encoded,
            DENOISE_BYTES_PER_TOKEN * sequence,
            DECODE_TILE_BYTES + DECODE_BYTES_PER_PIXEL * decoded * min(frames, DECODE_FRAMES),
        )
        for encoded, sequence, decoded in sizes
    )
    return int(peak * MARGIN)


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
        f"{plan.width}×{plan.height} at {plan.frames} frames needs about {needed / GB:.1f} GB beside the model, "
        f"{max(free, 0) / GB:.1f} GB are free. {suggest(plan, options, free)}"
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
    if options.quality == "full" and fits(plan, replace(options, quality="preview")):
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
