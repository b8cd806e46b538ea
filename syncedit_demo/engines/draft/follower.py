"""What the trackers of local and of wide edits share: frame 0 followed on the coarse grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.engines.draft.matching import Candidate, Cost, mismatch_of, texture_of
from syncedit_demo.engines.draft.motion import Motion
from syncedit_demo.engines.draft.scene import CUT_SHARE, CoarseClip
from syncedit_demo.engines.draft.warping import (
    Box,
    Bytes,
    Floats,
    Flow,
    Mask,
    blur,
    compose,
    floats,
    resize,
    warp,
    wide_blur,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PLANE_BIAS = -0.3
"""Added to the cost of a plane motion, in levels: it is smooth, as most motion is."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A frame on the coarse grid, and what it is held against.

    Attributes:
        colours: RGB, 0-255.
        gray: Its luma.
        texture: 0-1, how well motion is determined by what is seen.
        first: Frame 0 as bright as the frame before was.
        chain: Flow to frame 0 by way of the frame before.
        anew: Nothing of the frames before counts: there is a cut, or the scene was another.
    """

    colours: Floats
    gray: Bytes
    texture: Floats
    first: Floats
    chain: Flow
    anew: bool


class Follower:
    """Follows frame 0 on the coarse grid.

    Attributes:
        clip: The clip on that grid.
        mask: Where frame 0 is edited, 0-1.
        flow: From the frame looked at last to frame 0.
        gain: Brightness of that frame against frame 0 per channel, shape (3,).
        other_scene: It shows another scene than frame 0.
    """

    def __init__(self, first: Bytes, edit_mask: Floats, cost: Cost) -> None:
        """Start at frame 0.

        Args:
            first: Frame 0, RGB, at the fine size.
            edit_mask: Where it is edited, 0-1, shape (height, width), at the fine size.
            cost: How badly a frame matches frame 0.
        """
        self.clip = CoarseClip(first, cost)
        self.mask = resize(edit_mask, self.clip.size)
        self.flow = self.clip.still()
        self.gain = np.ones(3, np.float32)
        self.other_scene = False
        self._cost = cost

    def look(self, frame: Bytes) -> Sight:
        """The next frame, RGB at the fine size."""
        now = self.clip.next(frame)
        anew = now.cut or self.other_scene
        if anew:
            self.flow, self.gain = self.clip.still(), np.ones(3, np.float32)
        chain = self.flow if anew else compose(now.back, self.flow)
        return Sight(now.colours, now.gray, texture_of(now.gray), self.clip.first * self.gain, chain, anew)

    def cost(self, sight: Sight, flow: Flow, sigma: float = 3) -> Floats:
        """How badly a frame matches frame 0 along a flow, in levels, over a blur of `sigma` pixels."""
        return self._cost(sight.colours, flow, sight.first, sigma)

    def candidate(self, sight: Sight, flow: Flow, bias: Floats | float = 0.0) -> Candidate:
        """A flow that may be the frame's, with its cost."""
        return Candidate(flow, self.cost(sight, flow), bias)

    def general_candidates(self, sight: Sight) -> list[Candidate]:
        """Flows to frame 0 whatever the motion: chained, sought from there, and sought through that chain."""
        direct = self.clip.flow(sight.gray, self.clip.first_gray, sight.chain)
        again = compose(self.clip.flow(sight.gray, warp(self.clip.first_gray, sight.chain)), sight.chain)
        return [
            # A chain drifts, which its cost tells late.
            self.candidate(sight, sight.chain, 0.6),
            self.candidate(sight, direct),
            self.candidate(sight, again),
        ]

    def leaves_scene(self, sight: Sight, cost: Floats) -> bool:
        """Whether the frame, whose best match costs so much, shows another scene than frame 0."""
        self.other_scene = sight.anew and mismatch_of(cost) > CUT_SHARE
        return self.other_scene

    def nowhere(self) -> Motion:
        """The motion of a frame of another scene."""
        nothing = np.zeros(self.mask.shape, np.float32)
        return Motion(self.flow, nothing, nothing, self.gain, None)

    def measure_gain(self, sight: Sight, confidence: Floats) -> None:
        """Take the brightness against frame 0 from where the flow is sure; as it was where that is too little."""
        sure = confidence[::3, ::3] > 0.5
        if np.count_nonzero(sure) < 50:
            return
        shown = warp(self.clip.first, self.flow)[::3, ::3][sure]
        ratio = np.median((sight.colours[::3, ::3][sure] + 1) / (shown + 1), axis=0)
        # Beyond, it is another picture rather than other light.
        self.gain = np.clip(ratio, 0.6, 1.6).astype(np.float32)

    def box(self, zone: Mask | None, margin: int) -> Box | None:
        """The part of the fine grid where the edit shows, with a margin in pixels of the coarse one.

        Args:
            zone: Where it may show; anywhere if None.
            margin: How far beyond the edit the box reaches.
        """
        shown = warp(self.mask, self.flow) > 0.01
        if zone is not None:
            shown &= zone
        x, y, width, height = cv2.boundingRect(shown.astype(np.uint8))
        if not width or not height:
            return None
        top, left = max(0, y - margin), max(0, x - margin)
        return slice(2 * top, 2 * (y + height + margin)), slice(2 * left, 2 * (x + width + margin))


def smooth_bias(texture: Floats) -> Floats:
    """What is added to the cost of a smooth motion, in levels: without texture nothing else tells candidates apart."""
    return floats(-1.5 * (1 - texture))


def well_matched(candidates: Sequence[Candidate]) -> tuple[Flow, Mask]:
    """Of two flows that were sought, the better one, and where either matches to a few levels."""
    one, other = candidates
    better = one if one.cost.mean() < other.cost.mean() else other
    return better.flow, np.minimum(one.cost, other.cost) < 4


def interpolated(flow: Flow, weight: Floats, ground: Flow, firmness: float = 0.0) -> Flow:
    """The flow where it has weight, and what is around it elsewhere.

    Interpolated is the difference from the ground, by normalised convolution (Knutsson and Westin, 1993).

    Args:
        flow: What is interpolated.
        weight: How sure it is, above 0.
        ground: A flow that is right in the large.
        firmness: How firmly the ground holds against what is seen further away, in the same unit as the weight.
    """
    offset = (flow - ground) * weight[..., None]
    return floats(ground + _around(offset) / (_around(weight) + firmness)[..., None])


def weight_of(confidence: Floats, texture: Floats) -> Floats:
    """What a flow so sure, on so much texture, weighs in what is interpolated."""
    return floats(confidence * (texture + np.float32(0.02)) + np.float32(1e-4))


def _around(values: Floats) -> Floats:
    return floats(blur(values, 6) + 0.05 * wide_blur(values, 24))
