"""The motion of the surface a local edit lies on, while something may cross in front of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from syncedit_demo.engines.draft.follower import (
    PLANE_BIAS,
    Follower,
    Sight,
    interpolated,
    smooth_bias,
    weight_of,
    well_matched,
)
from syncedit_demo.engines.draft.matching import (
    cheapest,
    confidence_of,
    detail_of,
    grown,
    homography,
    shaded_cost,
    slack_of,
)
from syncedit_demo.engines.draft.motion import Motion
from syncedit_demo.engines.draft.settling import Settler
from syncedit_demo.engines.draft.surface import SurfaceTracker
from syncedit_demo.engines.draft.warping import (
    Bytes,
    Floats,
    Flow,
    Mask,
    Matrix,
    blur,
    compose,
    floats,
    inverse,
    narrowed,
    places,
    plane_flow,
    resize,
    resize_flow,
    through_plane,
    transformed,
    warp,
    wide_blur,
    widened,
)
from syncedit_demo.frames import size_of

BEND_KEPT = 0.95
"""Share of what a surface deviates from a plane motion that is still expected of it in the next frame."""

PLACED_SHARE = 0.3
"""Share of a surface, 0-1, that its affine map must explain to be used."""

WELL_PLACED_SHARE = 0.5
"""Share of a surface, 0-1, that its affine map must explain to keep the edit from showing elsewhere."""

SURROUNDINGS = 24
"""How far beyond a local edit its surface is taken to reach, in pixels of the coarse grid."""

MARGIN = 17
"""Side in pixels of the coarse grid of the square that must match throughout for its middle to count as matched:
optical flow is wrong for some pixels beyond whatever covers the surface, however well they seem to match."""


@dataclass(frozen=True, slots=True, eq=False)
class _Match:
    """What is found of the surface on the coarse grid.

    Attributes:
        flow: To frame 0.
        cost: How badly it matches, in levels.
        ground: Flow of the plane motion of the surface.
        expected: Flow of the frame before, moved on with the surface; None where the surface is not seen.
        zone: Where the edit may show; None for anywhere.
    """

    flow: Flow
    cost: Floats
    ground: Flow
    expected: Flow | None
    zone: Mask | None


class LocalTracker:
    """Follows the surface under a local edit; implements `MotionTracker`."""

    def __init__(self, first: Bytes, edit_mask: Floats) -> None:
        """Start at frame 0.

        Args:
            first: Frame 0, RGB, at the fine size.
            edit_mask: Where it is edited, 0-1, shape (height, width), at the fine size.
        """
        self._follower = Follower(first, edit_mask, shaded_cost)
        clip = self._follower.clip
        self._first_detail = detail_of(clip.first_gray)
        self._surface = SurfaceTracker(clip.first, self._follower.mask)
        self._settler = Settler(first)
        self._affine: Matrix = np.eye(3)
        """Where the surface of frame 0 is in the frame looked at last."""

    @property
    def other_scene(self) -> bool:
        """Whether the frame stepped to last shows another scene than frame 0."""
        return self._follower.other_scene

    def step(self, frame: Bytes) -> Motion:
        """The motion of the next frame, RGB at the fine size, found on the coarse grid."""
        follower = self._follower
        sight = follower.look(frame)
        if sight.anew:
            self._affine = np.eye(3)
        match = self._match(sight)
        if follower.leaves_scene(sight, match.cost):
            return follower.nowhere()
        slack = slack_of(sight.gray)
        sure = narrowed(confidence_of(match.cost, slack), MARGIN)
        # Detail of even contrast is followed, so motion is never determined much worse where texture is faint.
        follower.flow = self._filled(match, sure, np.maximum(sight.texture, np.float32(0.7)))
        confidence = confidence_of(follower.cost(sight, follower.flow, 1), slack)
        confidence = np.maximum(sure, narrowed(confidence, 3))
        follower.measure_gain(sight, confidence)
        size = size_of(frame)
        trust = resize(sure, size)
        fine, box = resize_flow(follower.flow, size), follower.box(match.zone, 4)
        if box is not None:
            ground, seen = resize_flow(match.ground, size), match.expected is not None
            fine = self._settler.settle(frame, fine, ground, seen, trust, follower.gain, box)
            follower.flow = resize_flow(fine, follower.clip.size)
        shown = confidence if match.zone is None else confidence * match.zone
        return Motion(fine, trust, shown, follower.gain, box)

    def refine(self, motion: Motion, frame: Bytes) -> Motion:  # noqa: ARG002
        """The motion as it is: settled, it is as fine as it gets."""
        return motion

    def _match(self, sight: Sight) -> _Match:
        """The likeliest flow to frame 0."""
        follower, before = self._follower, self._affine
        candidates = follower.general_candidates(sight)
        matched, sure = well_matched(candidates[1:])
        detail, smooth = detail_of(sight.gray), smooth_bias(sight.texture)
        with ThreadPoolExecutor(1) as beside:
            sought = beside.submit(homography, matched, sure)
            share = self._align(sight, matched, sure)
            background = sought.result()
        near, zone, expected, plane = np.zeros(sight.texture.shape, np.bool_), None, None, background
        if share > PLACED_SHARE:
            plane = inverse(self._affine)
            shown = through_plane(follower.mask, plane)
            near = grown(shown, SURROUNDINGS)
            if share > WELL_PLACED_SHARE:
                zone = grown(shown, round(6 + 0.15 * float(np.sqrt(shown.sum()))))
            expected = self._expected(before, plane)
            along = self._through(plane, detail)
            seen = self._seen(sight, expected, along)
            candidates.append(follower.candidate(sight, along, PLANE_BIAS + smooth * near))
            # A surface most likely moves on as it did.
            candidates.append(follower.candidate(sight, seen, -0.6 + smooth * near))
        if background is not None:
            around = self._through(background, detail)
            candidates.append(follower.candidate(sight, around, (PLANE_BIAS + smooth) * ~near))
        flow = cheapest(candidates)
        ground = plane_flow(np.eye(3) if plane is None else plane, follower.clip.size)
        return _Match(flow, follower.cost(sight, flow), ground, expected, zone)

    def _align(self, sight: Sight, flow: Flow, sure: Mask) -> float:
        """Find where the surface is; the share of it that is seen there."""
        gain = self._follower.gain
        affine, share = self._surface.align(sight.colours, gain, self._affine)
        if share < PLACED_SHARE:
            region = homography(flow, sure & grown(warp(self._follower.mask, flow), 12))
            if region is not None:
                found = self._surface.align(sight.colours, gain, inverse(region))
                affine, share = max((affine, share), found, key=lambda pair: pair[1])
        self._affine = affine
        return share

    def _expected(self, before: Matrix, plane: Matrix) -> Flow:
        """The flow of the frame before, moved on with the surface; what bends it fades unless it is seen again.

        Args:
            before: Where the surface was in the frame before, from frame 0.
            plane: Where it is now, to frame 0.
        """
        size = self._follower.clip.size
        ground = plane_flow(plane, size)
        moved_on = compose(plane_flow(before @ plane, size), self._follower.flow)
        return floats(ground + BEND_KEPT * (moved_on - ground))

    def _seen(self, sight: Sight, expected: Flow, along: Flow) -> Flow:
        """The expected flow, refined by what of the surface is seen.

        What covers the surface is replaced by what is expected there, or optical flow would be drawn along with it.
        """
        clip = self._follower.clip
        cost = np.minimum(*(self._follower.cost(sight, flow, 1.5) for flow in (expected, along)))
        covered = np.clip(3 * (1 - confidence_of(cost, slack_of(sight.gray))), 0, 1)
        visible = 1 - blur(widened(covered, 7), 1)
        shown = warp(clip.first_gray, expected)
        rest = sight.gray - shown.astype(np.float32)
        light = wide_blur(rest * visible, 8) / (wide_blur(visible, 8) + np.float32(0.01))
        uncovered = np.clip(shown + light + (rest - light) * visible + 0.5, 0, 255).astype(np.uint8)
        step = clip.flow(detail_of(uncovered), detail_of(shown))
        return compose(step * visible[..., None], expected)

    def _through(self, plane: Matrix, detail: Bytes) -> Flow:
        """Flow to frame 0 seen through a plane motion: what is left to find is small, whatever the turn or zoom."""
        clip = self._follower.clip
        rest = clip.flow(detail, through_plane(self._first_detail, plane))
        return transformed(places(rest), plane) - places(clip.still())

    def _filled(self, match: _Match, sure: Floats, texture: Floats) -> Flow:
        """The flow, with what is unsure or without texture taken from around it.

        Where little is seen it is taken to deviate as little as may be from what is expected, else from a plane motion.
        """
        weight = weight_of(sure, texture)
        result = interpolated(match.flow, weight, match.ground)
        if match.expected is not None:
            firm = interpolated(match.flow, weight, match.expected, 1e-3)
            result += (firm - result) * (1 - blur(sure, 6))[..., None]
        result += (match.flow - result) * (sure * texture)[..., None]
        return result
