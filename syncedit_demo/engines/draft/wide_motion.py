"""The motion of what a wide edit lies on: the scenery, or a thing that fills a good part of the picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
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
from syncedit_demo.engines.draft.matching import cheapest, colour_cost, confidence_of, homography
from syncedit_demo.engines.draft.motion import Motion
from syncedit_demo.engines.draft.warping import (
    Box,
    Bytes,
    Floats,
    Flow,
    Matrix,
    blur,
    compose,
    floats,
    gray,
    narrowed,
    places,
    plane_flow,
    resize,
    resize_flow,
    sample,
    through_plane,
    transformed,
)
from syncedit_demo.frames import size_of

STILL_SHARE = 0.2
"""Share, against what only a plane motion explains, that only rest must explain for the camera to count as at rest."""

MARGIN = 7
"""Side in pixels of the coarse grid of the square that must match throughout for its middle to count as matched:
optical flow is wrong for some pixels beyond whatever covers the surface, however well they seem to match."""


class WideTracker:
    """Follows what a wide edit lies on; implements `MotionTracker`."""

    def __init__(self, first: Bytes, edit_mask: Floats) -> None:
        """Start at frame 0.

        Args:
            first: Frame 0, RGB, at the fine size.
            edit_mask: Where it is edited, 0-1, shape (height, width), at the fine size.
        """
        self._first_gray = gray(first)
        self._follower = Follower(first, edit_mask, colour_cost)
        mask = self._follower.mask
        border = np.concatenate([mask[[0, -1]].ravel(), mask[:, [0, -1]].ravel()])
        # What reaches most of the frame's border is the scenery, and not a thing that moves in it.
        self._of_scenery = float((border > 0.3).mean()) > 0.5

    @property
    def other_scene(self) -> bool:
        """Whether the frame stepped to last shows another scene than frame 0."""
        return self._follower.other_scene

    def step(self, frame: Bytes) -> Motion:
        """The motion of the next frame, RGB at the fine size, found on the coarse grid."""
        follower = self._follower
        sight = follower.look(frame)
        candidates = follower.general_candidates(sight)
        plane: Matrix = np.eye(3)
        found = homography(*well_matched(candidates[1:]))
        if found is not None:
            if not (self._of_scenery and self._stands_still(sight, found)):
                plane = found
            bias = PLANE_BIAS + smooth_bias(sight.texture)
            candidates.append(follower.candidate(sight, self._through(plane, sight), bias))
        flow = cheapest(candidates)
        cost = follower.cost(sight, flow)
        if follower.leaves_scene(sight, cost):
            return follower.nowhere()
        ground = plane_flow(plane, follower.clip.size)
        sure = narrowed(confidence_of(cost), MARGIN)
        as_one = self._as_one(sight, flow, ground)
        filled = interpolated(flow, weight_of(sure, sight.texture), ground)
        filled += (flow - filled) * (sure * sight.texture)[..., None]
        filled += (ground - filled) * as_one[..., None]
        follower.flow = filled
        follower.measure_gain(sight, sure)
        size = size_of(frame)
        trust = resize(sight.texture * (1 - as_one), size)
        return Motion(resize_flow(follower.flow, size), trust, sure, follower.gain, follower.box(None, 16))

    def refine(self, motion: Motion, frame: Bytes) -> Motion:
        """The motion of a frame refined on the fine grid; the next step does not need it and may go on beside it."""
        if motion.box is None:
            return motion
        flow = motion.flow.copy()
        flow[motion.box] = self._polished(
            gray(frame)[motion.box], flow[motion.box], motion.trust[motion.box], motion.box
        )
        return replace(motion, flow=flow)

    def _stands_still(self, sight: Sight, plane: Matrix) -> bool:
        """Whether, of what tells rest from a plane motion, a good part is at rest: then it is something that moves."""
        clip = self._follower.clip
        still = self._follower.cost(sight, clip.still())
        moved = self._follower.cost(sight, plane_flow(plane, clip.size))
        # A level apart, one explains clearly better than the other.
        return bool((moved - still > 1).sum() > STILL_SHARE * (still - moved > 1).sum())

    def _through(self, plane: Matrix, sight: Sight) -> Flow:
        """Flow to frame 0 seen through a plane motion: what is left to find is small, whatever the turn or zoom."""
        clip = self._follower.clip
        rest = clip.flow(sight.gray, through_plane(clip.first_gray, plane))
        rest *= sight.texture[..., None]
        return transformed(places(rest), plane) - places(clip.still())

    def _as_one(self, sight: Sight, flow: Flow, ground: Flow) -> Floats:
        """0-1, how far the scenery moves as one plane: nothing explains what is seen better by a level or more."""
        if not self._of_scenery:
            return np.zeros(sight.texture.shape, np.float32)
        lost = self._follower.cost(sight, ground, 1) - self._follower.cost(sight, flow, 1)
        return blur(np.clip(2 - lost, 0, 1), 1)

    def _polished(self, frame_gray: Bytes, flow: Flow, trust: Floats, box: Box) -> Flow:
        origin = (box[1].start, box[0].start)
        shown = sample(self._first_gray, places(flow, origin))
        # A DIS object keeps buffers of its last size; this one's size follows the box.
        polisher = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        found = polisher.calc(np.ascontiguousarray(frame_gray), shown, np.zeros_like(flow))
        step = floats(found)
        length = np.sqrt(np.square(step).sum(axis=-1, keepdims=True))
        # It refines by fractions of a pixel: a step of 1.5 is doubted, one of 3 is another match.
        step *= np.clip(2 - length / 1.5, 0, 1) * trust[..., None]
        return compose(step, flow)
