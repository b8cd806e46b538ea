"""What the user may decide about the Sync-LoRA engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from syncedit_demo.engines.options import QUALITY, Option, OptionValue, resolve_options
from syncedit_demo.engines.sync_lora import recipe

if TYPE_CHECKING:
    from collections.abc import Mapping


Quality = Literal["full", "preview", "single-stage"]
Positions = Literal["exact", "trained"]

OPTIONS = (
    # A preview is the first of its two stages.
    replace(
        QUALITY,
        help=f"{QUALITY.help} single-stage makes it in one stage at full size, not two: slower, with more memory.",
        choices=(*QUALITY.choices, "single-stage"),
    ),
    Option(
        "refine_with_reference",
        "Refine with the reference",
        "The second stage sees the reference too: closer sync, but slower and with more memory.",
        default=False,
    ),
    Option(
        "first_frame_crf",
        "First frame compression",
        "H.264 quality the edited frame is compressed with before the model sees it: 18 as in Lightricks' own graphs, "
        "0 for none as in the LoRA's training, 33 as in the stock pipeline.",
        default=recipe.FIRST_FRAME_CRF,
        minimum=0,
        maximum=51,
    ),
    Option(
        "reference_strength",
        "Reference strength",
        "How strictly the motion follows the reference: 1 keeps it clean, less lets the model repaint it.",
        default=recipe.REFERENCE_STRENGTH,
        minimum=0.0,
        maximum=1.0,
    ),
    Option(
        "positions",
        "Positions",
        "Where in space and time the model is told that things are: exact, or rounded to a grid of 39 ms, as in the "
        "trainer until June 2026.",
        default="exact",
        choices=("exact", "trained"),
    ),
)


@dataclass(frozen=True, slots=True)
class SyncLoraOptions:
    """The options of one edit, checked; the fields are those of `OPTIONS`."""

    quality: Quality = "full"
    refine_with_reference: bool = False
    first_frame_crf: int = recipe.FIRST_FRAME_CRF
    reference_strength: float = recipe.REFERENCE_STRENGTH
    positions: Positions = "exact"

    @classmethod
    def resolve(cls, given: Mapping[str, OptionValue]) -> SyncLoraOptions:
        """The options of a job.

        Raises:
            EngineError: A name or a value is not allowed.
        """
        values = resolve_options(OPTIONS, given)
        return cls(
            quality=cast("Quality", values["quality"]),
            refine_with_reference=cast("bool", values["refine_with_reference"]),
            first_frame_crf=cast("int", values["first_frame_crf"]),
            reference_strength=cast("float", values["reference_strength"]),
            positions=cast("Positions", values["positions"]),
        )
