"""How long an edit has the lent GPU: what a visitor's GPU time is asked for, before it is known on which card.

Measured stage by stage on an H200 with random weights, and scaled by the card's share of its speed. A worker that is
new moves the networks from the disk first, in the visitor's time; nobody knows before whether it will be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from syncedit_demo.engines.sync_lora.recipe import LATENT_SIDE
from syncedit_demo.plan import TEMPORAL_MULTIPLE

if TYPE_CHECKING:
    from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
    from syncedit_demo.plan import EditPlan

STAGE_1, STAGE_2, REFINED = 2.77, 2.25, 5.54
"""Seconds on an H200 of 8 steps at half of 1024×1024 with the reference, of 3 at full size, and of these with it."""

STAGE_1_TOKENS, STAGE_2_TOKENS = 5632, 11264
"""Tokens of those stages, the reference's among them."""

GROWTH = 1.15
"""By what power of the tokens a stage's seconds grow: attention's part grows with their square."""

PIXELS_PER_SECOND = 81 * 1024 * 1024 / 2.0
"""Pixels of the clip that are encoded, upscaled and decoded in a second on an H200."""

CARD_SHARE = 0.32
"""Speed of half an RTX PRO 6000 by an H200's, from what both are said to multiply; not measured."""

MOVED_BYTES_PER_SECOND = 1.45e9
"""What a new worker moves from the disk to the GPU; 17 GB took 11.7 s."""

MARGIN = 1.1
"""The platform ends an edit that takes longer than was said."""


def edit_seconds(plan: EditPlan, options: SyncLoraOptions) -> float:
    """Seconds that an edit takes in a worker that has the networks."""
    cells = ((plan.padded_frames - 1) // TEMPORAL_MULTIPLE + 1) * plan.width * plan.height / LATENT_SIDE**2
    # With the reference's the first stage has twice the tokens of its size, half the plan's but for a single stage.
    tokens = cells * 2 if options.quality == "single-stage" else cells / 2
    seconds = STAGE_1 * (tokens / STAGE_1_TOKENS) ** GROWTH
    pixels = plan.width * plan.height * plan.padded_frames
    if options.quality == "full":
        refined = options.refine_with_reference
        seconds += (REFINED if refined else STAGE_2) * (cells / STAGE_2_TOKENS) ** GROWTH
    elif options.quality == "preview":
        pixels /= 4
    return (seconds + pixels / PIXELS_PER_SECOND) / CARD_SHARE


def asked_seconds(plan: EditPlan, options: SyncLoraOptions, nbytes: int) -> int:
    """Seconds to ask for: those of the edit, and those of moving networks of so many bytes."""
    return math.ceil(MARGIN * (edit_seconds(plan, options) + nbytes / MOVED_BYTES_PER_SECOND))
