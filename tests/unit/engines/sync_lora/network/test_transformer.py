"""What of the transformer is made once a stage."""

# ltx_core has no stubs, and mistypes its configurators.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import torch
from ltx_core.components.patchifiers import VideoLatentPatchifier
from ltx_core.model.transformer import LTXVideoOnlyModelConfigurator
from ltx_core.tools import VideoLatentTools
from ltx_core.types import VideoLatentShape

from syncedit_demo.engines.sync_lora.network.transformer import Sequence, VideoTransformer
from tests.support import tiny_ltx


def transformer() -> VideoTransformer:
    configurator: Any = LTXVideoOnlyModelConfigurator
    with torch.device("meta"):
        return VideoTransformer(configurator.from_config(tiny_ltx.CHECKPOINT_CONFIG), [])


def sequence_of(made: VideoTransformer, frames: int, height: int, width: int, rate: float) -> Sequence:
    """The sequence of a clip of so many latent frames, rows and columns."""
    shape = VideoLatentShape(batch=1, channels=128, frames=frames, height=height, width=width)
    tools = VideoLatentTools(VideoLatentPatchifier(patch_size=1), shape, rate)
    return made.sequence(tools.create_initial_state(torch.device("cpu"), torch.bfloat16))


def test_rotary_tables_are_of_the_clip_whatever_went_before() -> None:
    """As many tokens lie elsewhere in another shape, and come at other times at another rate."""
    used = transformer()
    for clip in ((3, 2, 4, 25.0), (3, 4, 2, 25.0), (6, 2, 2, 25.0), (3, 2, 4, 12.5)):
        again, fresh = sequence_of(used, *clip), sequence_of(transformer(), *clip)
        assert torch.equal(again.cosine, fresh.cosine)
        assert torch.equal(again.sine, fresh.sine)
