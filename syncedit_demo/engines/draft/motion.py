"""Where each pixel of a frame was in frame 0, and how sure that is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np

from syncedit_demo.engines.draft.matching import (
    WORST_COST,
    cheapest,
    confidence_of,
    detail_of,
    grown,
    homography,
    mismatch_of,
    slack_of,
    texture_of,
)
from syncedit_demo.engines.draft.settling import Settler
from syncedit_demo.engines.draft.surface import SurfaceTracker
from syncedit_demo.engines.draft.warping import (
    Box,
    Bytes,
    Floats,
    Mask,
    Picture,
    blur,
    compose,
    gray,
    mean_of_channels,
    places,
    resize,
    resize_flow,
    sample,
    warp,
    wide_blur,
)
from syncedit_demo.frames import size_of

CHAIN_BIAS, PLANE_BIAS, HELD_BIAS = 0.6, -0.3, -0.6
"""Added to the cost of a candidate, in levels: a chain drifts, a plane motion is smooth, what was seen is likely."""

BORDER_SHARE = 0.5
"""Edited share of the frame's border from which an edit is of the scenery, and not of a thing that moves in it."""

STILL_SHARE = 0.2
"""Share, against what only a plane motion explains, that only rest must explain for the camera to count as at rest."""

CLEARLY = 1.0
"""Difference in cost, in levels, from which one explanation is better than another."""

BEND_KEPT = 0.95
"""Share of what a surface deviates from a plane motion that is still expected of it in the next frame."""

FIRMNESS = 1e-3
"""How firmly the expected flow holds against what is seen further away, in the weight of what is seen."""

SMOOTH_BIAS = -1.5
"""Added to the cost of a plane motion where there is no texture that could tell candidates apart."""

SURE_COST = 4.0
"""Cost under which a match counts for fitting a plane motion."""

PLACED_SHARE, WELL_PLACED_SHARE = 0.3, 0.5
"""Share of a surface that its affine map must explain to be used, and to keep the edit from showing elsewhere."""

SURROUNDINGS = 24
"""How far beyond a local edit its surface is taken to reach, in pixels of the coarse grid."""

LIGHT = 12.0
"""How much light and shade on a surface may change, in levels, without it being another surface."""

GAIN_RANGE = (0.6, 1.6)

POLISH_LIMIT = 1.5
"""Longest step in pixels of the fine grid that the last refinement may make."""

CUT_SHARE = 0.45
"""Share of a frame without counterpart in the frame before from which it is another scene. Motion within a scene stays
under 0.16 on the clips this was set on, unrelated scenes are above 0.6."""

HELD_TEXTURE = np.float32(0.7)
"""How well motion is taken to be determined, at least, where detail of even contrast was followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How one frame hangs together with frame 0.

    Attributes:
        flow: From the frame to frame 0, on the tracker's fine grid; only good inside `box`.
        trust: 0-1 on the fine grid, how far what is seen there may refine the flow.
        confidence: 0-1 on the tracker's coarse grid, half the fine one.
        gain: Brightness of the frame against frame 0 per channel, shape (3,).
        box: The part of the fine grid where the edit may show; None where it is out of sight or the scene another.
    """

    flow: Floats
    trust: Floats
    confidence: Floats
    gain: Floats
    box: Box | None


@dataclass(frozen=True, slots=True, eq=False)
class _Match:
    """Flow to frame 0 on the coarse grid, its cost, what it is like where it is unsure, and where the edit may show.

    Attributes:
        plane: Flow of the plane motion of what is edited.
        settled: 0-1, how far that plane motion is all there is in the scenery: nothing explains it any better.
        expected: Flow of the frame before, moved on with the surface of a local edit; None where that is not seen.
    """

    flow: Floats
    cost: Floats
    plane: Floats
    settled: Floats
    expected: Floats | None
    zone: Mask


class MotionTracker:
    """Follows frame 0 through the clip, one frame after the other.

    Motion is found on a coarse grid of half the given size and refined on the given, fine one.

    Attributes:
        away: The frame looked at last shows another scene than frame 0.
    """

    def __init__(self, first: Bytes, support: Floats, *, local: bool) -> None:
        """Start at frame 0.

        Args:
            first: Frame 0, RGB, at the fine size.
            support: Where the edit is, 0-1, shape (height, width), at the fine size.
            local: Whether the edit covers a small part of the picture only.
        """
        self.away = False
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._local = local
        self._fine_gray = gray(first)
        width, height = size_of(first)
        self._size = (width // 2, height // 2)
        coarse = resize(first, self._size)
        self._first = coarse.astype(np.float32)
        self._first_gray = gray(coarse)
        self._first_seen = self._seen(self._first_gray)
        self._support = resize(support, self._size)
        border = [self._support[[0, -1]].ravel(), self._support[:, [0, -1]].ravel()]
        self._scenery = not local and float((np.concatenate(border) > 0.3).mean()) > BORDER_SHARE
        self._surface = SurfaceTracker(self._first, self._support) if local else None
        self._settler = Settler(first) if local else None
        self._placed = self._placed_before = np.eye(3)
        self._previous = coarse
        self._flow = self._still()
        self._gain = np.ones(3, np.float32)

    def watch(self, frame: Bytes) -> None:
        """Look at the next frame only to see which scene it shows; not to be mixed with `step`."""
        coarse, coarse_gray, _, cut = self._next(frame)
        if cut or self.away:
            direct = self._dis.calc(coarse_gray, self._first_gray, self._still())
            self.away = mismatch_of(self._cost(coarse.astype(np.float32), direct, self._first)) > CUT_SHARE

    def step(self, frame: Bytes) -> Motion:
        """The motion of the next frame, RGB at the fine size, found on the coarse grid."""
        coarse, coarse_gray, back, cut = self._next(frame)
        colours = coarse.astype(np.float32)
        if cut or self.away:
            self._flow, self._placed, self._gain = self._still(), np.eye(3), np.ones(3, np.float32)
            chain = self._flow
        else:
            chain = compose(back, self._flow)
        self._placed_before = self._placed
        texture = texture_of(coarse_gray)
        match = self._best(colours, coarse_gray, chain, texture)
        self.away = (cut or self.away) and mismatch_of(match.cost) > CUT_SHARE
        if self.away:
            nowhere = np.zeros(texture.shape, np.float32)
            return Motion(self._flow, nowhere, nowhere, self._gain, None)
        # Optical flow is wrong for some pixels beyond whatever covers the surface, however well they seem to match.
        slack = slack_of(coarse_gray) if self._local else 0.0
        margin = 17 if self._local else 7
        sure = cv2.erode(confidence_of(match.cost, slack), np.ones((margin, margin), np.uint8))
        held = np.maximum(texture, HELD_TEXTURE) if self._local else texture
        self._flow = self._refilled(match, sure, held)
        confidence = sure
        if self._local:
            filled = confidence_of(self._cost(colours, self._flow, self._first * self._gain, 1), slack)
            confidence = np.maximum(sure, cv2.erode(filled, np.ones((3, 3), np.uint8)))
        self._gain = self._measured_gain(colours, confidence)
        size = size_of(frame)
        trust = resize(sure if self._local else texture * (1 - match.settled), size)
        fine, box = resize_flow(self._flow, size), self._box(match.zone)
        if self._settler is not None and box is not None:
            fine = self._settler.settle(
                frame, fine, resize_flow(match.plane, size), match.expected is not None, trust, self._gain, box
            )
            self._flow = resize_flow(fine, self._size)
        return Motion(fine, trust, confidence * match.zone, self._gain, box)

    def refine(self, motion: Motion, frame: Bytes) -> Motion:
        """The motion of a frame refined on the fine grid; the next step does not need it and may go on beside it.

        That of a local edit is as fine as it gets.
        """
        if motion.box is None or self._local:
            return motion
        flow = motion.flow.copy()
        flow[motion.box] = self._polished(
            gray(frame)[motion.box], flow[motion.box], motion.trust[motion.box], motion.box
        )
        return replace(motion, flow=flow)

    def _next(self, frame: Bytes) -> tuple[Bytes, Bytes, Floats, bool]:
        """The frame on the coarse grid, in colour and grey, its flow to the one before, and whether there is a cut."""
        coarse = resize(frame, self._size)
        coarse_gray = gray(coarse)
        back = self._dis.calc(coarse_gray, gray(self._previous), self._still())
        cost = self._cost(coarse.astype(np.float32), back, self._previous.astype(np.float32))
        self._previous = coarse
        return coarse, coarse_gray, back, mismatch_of(cost) > CUT_SHARE

    def _seen(self, picture: Bytes) -> Bytes:
        """What the flow along a plane goes by: for a local edit the detail, where faint texture counts as strong."""
        return detail_of(picture) if self._local else picture

    def _still(self) -> Floats:
        return np.zeros((self._size[1], self._size[0], 2), np.float32)

    def _cost(self, frame: Floats, flow: Floats, first: Floats, sigma: float = 3) -> Floats:
        shown = sample(first, places(flow), border=cv2.BORDER_CONSTANT)
        difference = frame - shown
        if self._surface is not None:
            difference -= wide_blur(np.clip(difference, -LIGHT, LIGHT), 8)
        difference = mean_of_channels(np.abs(difference))
        return blur(np.minimum(difference, WORST_COST), sigma)

    def _best(self, frame: Floats, frame_gray: Bytes, chain: Floats, texture: Floats) -> _Match:
        """The likeliest flow to frame 0."""
        first = self._first * self._gain
        direct = self._dis.calc(frame_gray, self._first_gray, chain.copy())
        again = compose(self._dis.calc(frame_gray, warp(self._first_gray, chain), self._still()), chain)
        seen = self._seen(frame_gray)
        flows = [chain, direct, again]
        costs = [self._cost(frame, flow, first) for flow in flows]
        biases: list[Floats | float] = [CHAIN_BIAS, 0.0, 0.0]
        smooth = SMOOTH_BIAS * (1 - texture)
        near = np.zeros(texture.shape, np.bool_)
        plane, zone, expected = np.eye(3), ~near, None

        better = direct if costs[1].mean() < costs[2].mean() else again
        sure = np.minimum(costs[1], costs[2]) < SURE_COST
        with ThreadPoolExecutor(1) as beside:
            sought = beside.submit(homography, better, sure)
            placed, share = self._aligned(frame, better, sure)
            background = sought.result()
        if share > PLACED_SHARE:
            plane = np.linalg.inv(placed)
            shown = self._seen_through(plane, self._support)
            near = grown(shown, SURROUNDINGS)
            if share > WELL_PLACED_SHARE:
                zone = grown(shown, round(6 + 0.15 * float(np.sqrt(shown.sum()))))
            expected = self._expected(plane)
            along = self._through(plane, seen, texture)
            flows += [along, self._held(frame, frame_gray, expected, along)]
            biases += [PLANE_BIAS + smooth * near, HELD_BIAS + smooth * near]
        if background is not None:
            if self._scenery and self._stands_still(frame, background):
                background = np.eye(3)
            if share <= PLACED_SHARE:
                plane = background
            flows.append(self._through(background, seen, texture))
            biases.append((PLANE_BIAS + smooth) * ~near)

        costs += [self._cost(frame, flow, first) for flow in flows[3:]]
        flow = cheapest(flows, [cost + bias for cost, bias in zip(costs, biases, strict=True)])
        ground = self._along(plane)
        settled = np.zeros(texture.shape, np.float32)
        if self._scenery:
            lost = self._cost(frame, ground, first, 1) - self._cost(frame, flow, first, 1)
            settled = blur(np.clip(2 - lost / CLEARLY, 0, 1), 1)
        return _Match(flow, self._cost(frame, flow, first), ground, settled, expected, zone)

    def _aligned(self, frame: Floats, flow: Floats, sure: Mask) -> tuple[Floats, float]:
        """Where the surface of a local edit is, as an affine map, and the share of it that is seen there."""
        if self._surface is None:
            return self._placed, 0.0
        placed, share = self._surface.align(frame, self._gain, self._placed)
        if share < PLACED_SHARE:
            region = homography(flow, sure & grown(warp(self._support, flow), 12))
            if region is not None:
                found = self._surface.align(frame, self._gain, np.linalg.inv(region))
                placed, share = max((placed, share), found, key=lambda pair: pair[1])
        self._placed = placed
        return placed, share

    def _along(self, plane: Floats) -> Floats:
        """The flow of a plane motion."""
        grid = places(self._still())
        return cv2.perspectiveTransform(grid, plane) - grid

    def _stands_still(self, frame: Floats, plane: Floats) -> bool:
        """Whether, of what tells rest from a plane motion, a good part is at rest: then it is something that moves."""
        first = self._first * self._gain
        still, moved = self._cost(frame, self._still(), first), self._cost(frame, self._along(plane), first)
        return bool((moved - still > CLEARLY).sum() > STILL_SHARE * (still - moved > CLEARLY).sum())

    def _expected(self, plane: Floats) -> Floats:
        """The flow of the frame before, moved on with the surface; what bends it fades unless it is seen again."""
        before = self._along(self._placed_before @ plane)
        ground = self._along(plane)
        return ground + BEND_KEPT * (compose(before, self._flow) - ground)

    def _held(self, frame: Floats, frame_gray: Bytes, expected: Floats, along: Floats) -> Floats:
        """The expected flow, refined by what of the surface is seen.

        What covers the surface is replaced by what is expected there, or optical flow would be drawn along with it.
        """
        first = self._first * self._gain
        cost = np.min([self._cost(frame, flow, first, 1.5) for flow in (expected, along)], axis=0)
        covered = np.clip(3 * (1 - confidence_of(cost, slack_of(frame_gray))), 0, 1)
        visible = 1 - blur(cv2.dilate(covered, np.ones((7, 7), np.uint8)), 1)
        shown = warp(self._first_gray, expected)
        rest = frame_gray - shown.astype(np.float32)
        light = wide_blur(rest * visible, 8) / (wide_blur(visible, 8) + np.float32(0.01))
        uncovered = shown + light + (rest - light) * visible
        rest = self._dis.calc(
            self._seen(np.clip(uncovered + 0.5, 0, 255).astype(np.uint8)), self._seen(shown), self._still()
        )
        return compose(rest * visible[..., None], expected)

    def _seen_through(self, matrix: Floats, picture: Picture) -> Picture:
        mode = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(picture, matrix, self._size, flags=mode, borderMode=cv2.BORDER_REPLICATE)

    def _through(self, matrix: Floats, frame_seen: Bytes, texture: Floats) -> Floats:
        """Flow to frame 0 seen through a homography: what is left to find is small, whatever the turn or zoom."""
        seen = self._seen_through(matrix, self._first_seen)
        rest: Floats = self._dis.calc(frame_seen, seen, self._still())
        if not self._local:
            rest *= texture[..., None]
        return cv2.perspectiveTransform(places(rest), matrix) - places(self._still())

    def _refilled(self, match: _Match, confidence: Floats, texture: Floats) -> Floats:
        """The flow, with what is unsure or without texture taken from its surroundings.

        Interpolated is the difference from the plane motion, or, where little is seen, from the expected one, by
        normalised convolution (Knutsson and Westin, 1993).
        """
        flow = match.flow
        weight = confidence * (texture + np.float32(0.02)) + np.float32(1e-4)

        def around(values: Floats) -> Floats:
            return blur(values, 6) + 0.05 * wide_blur(values, 24)

        weights = around(weight)

        def filled(ground: Floats, firmness: float) -> Floats:
            offset = (flow - ground) * weight[..., None]
            return ground + around(offset) / (weights + firmness)[..., None]

        result = filled(match.plane, 0)
        if match.expected is not None:
            result += (filled(match.expected, FIRMNESS) - result) * (1 - blur(confidence, 6))[..., None]
        result += (flow - result) * (confidence * texture)[..., None]
        return result + (match.plane - result) * match.settled[..., None]

    def _measured_gain(self, frame: Floats, confidence: Floats) -> Floats:
        sure = confidence[::3, ::3] > 0.5
        if np.count_nonzero(sure) < 50:
            return self._gain
        shown = warp(self._first, self._flow)[::3, ::3][sure]
        ratio = np.median((frame[::3, ::3][sure] + 1) / (shown + 1), axis=0)
        return np.clip(ratio, *GAIN_RANGE).astype(np.float32)

    def _box(self, zone: Mask) -> Box | None:
        """The part of the fine grid where the edit shows, with a margin."""
        x, y, width, height = cv2.boundingRect(((warp(self._support, self._flow) > 0.01) & zone).astype(np.uint8))
        if not width or not height:
            return None
        margin = 4 if self._local else 16
        top, left = max(0, y - margin), max(0, x - margin)
        return slice(2 * top, 2 * (y + height + margin)), slice(2 * left, 2 * (x + width + margin))

    def _polished(self, frame_gray: Bytes, flow: Floats, trust: Floats, box: Box) -> Floats:
        origin = (box[1].start, box[0].start)
        seen = sample(self._fine_gray, places(flow, origin))
        # A DIS object keeps buffers of its last size; this one's size follows the box.
        polisher = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        step = polisher.calc(np.ascontiguousarray(frame_gray), seen, np.zeros_like(flow))
        length = np.sqrt(np.square(step).sum(axis=-1, keepdims=True))
        step *= np.clip(2 - length / POLISH_LIMIT, 0, 1) * trust[..., None]
        return compose(step, flow)
