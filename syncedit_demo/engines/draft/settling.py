"""Flow settled on what of a surface is seen: precise to about a tenth of a pixel where there is any texture."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from syncedit_demo.engines.draft.warping import (
    Box,
    Bytes,
    Floats,
    Mask,
    blur,
    floats,
    gray,
    mean_of_channels,
    places,
    resize,
    sample,
)
from syncedit_demo.frames import size_of

STEPS = 4
"""Steps from where the flow starts to where it has settled."""

STRIDE = 4
"""Pixels of the picture per node of the grid the flow is settled on."""

DETAIL = 2.0
"""Blur in pixels under which detail lies. Light and shade are softer, and stay where they are when a surface moves."""

WINDOW = 10.0
"""Blur in pixels of what is seen around a node, which decides the node's next step."""

STIFFNESS = 8.0
"""Blur in pixels of the flow between steps."""

MARGIN = 16
"""How far around the box the surface is looked at, in pixels."""

LARGE = 256 * 256
"""Pixels from which there is texture enough in lightness alone, and the right place is not out of reach."""

WORST_SQUARE = 100.0
"""Squared difference in levels from which a match is as bad as any."""

PLANE_POSSIBLE = 1.1
"""Cost after starting on the plane motion, over all, as a multiple of that after starting at the flow, up to which the
plane motion may have been the right start."""

PLANE_BETTER = 0.95
"""The same multiple, around one node, under which the node starts on the plane motion."""

SIMPLER_FITS = (1.012, 1.025)
"""Squared difference along a simpler motion, as a multiple of that along the flow, over which the simpler motion goes
from being taken to being left: what the flow fits better by less is noise."""

SIMPLER_IS_NEAR = (0.25, 0.35)
"""Root mean square distance in pixels between a simpler motion and the flow over which the simpler motion goes from
being taken to being left: the flow wobbles by less."""

FEWEST_NODES = 24
"""Nodes where the surface is seen without which no simpler motion is fitted."""


class Settler:
    """Moves a flow to where the detail of frame 0 fits best.

    Lucas and Kanade's method (1981) in soft windows around the nodes of a grid, from the flow to frame 0 itself, so
    that nothing adds up from frame to frame. Between its steps the flow is made smooth: a surface bends, whereas
    optical flow wobbles.
    """

    def __init__(self, first: Bytes) -> None:
        """Take frame 0, RGB."""
        self._detail, self._light_detail = _detail(first), _detail(gray(first))

    def settle(
        self, frame: Bytes, flow: Floats, plane: Floats, on_plane: bool, trust: Floats, gain: Floats, box: Box
    ) -> Floats:
        """The flow, settled within the box and a margin around it.

        Args:
            frame: RGB, shape (height, width, 3).
            flow: From the frame to frame 0, on the same grid.
            plane: Flow of the plane motion that the surface's is nearest to.
            on_plane: Whether that may be a better start than the flow: after something that crossed in front, the
                right place may be out of the flow's reach. It wins where it ends at a better fit.
            trust: How far what is seen is the surface, 0-1, shape (height, width).
            gain: Brightness of the frame against frame 0 per channel.
            box: Where the edit may show.
        """
        within = _with_margin(box, size_of(frame))
        origin = (within[1].start, within[0].start)
        part, seen, bend = frame[within], trust[within], plane[within]
        large = seen.size > LARGE
        view = (
            _View(self._light_detail, _detail(gray(part)), seen, gain.mean(keepdims=True), origin, bend)
            if large
            else _View(self._detail, _detail(part), seen, gain, origin, bend)
        )
        settled, cost = view.settled(flow[within])
        if on_plane and not large:
            found, found_cost = view.settled(plane[within])
            if view.mean(found_cost) < PLANE_POSSIBLE * view.mean(cost):
                better = blur((found_cost < PLANE_BETTER * cost).astype(np.float32), WINDOW / STRIDE)
                settled += (found - settled) * better[..., None]
                cost += (found_cost - cost) * better
        settled = view.simplified(settled)
        # Where a surface tears, a smooth flow fits worse than what optical flow had found, and by more than the squared
        # level by which noise alone is fitted better.
        worse = blur((view.cost(flow[within]) < cost - 1).astype(np.float32), 1)
        result = flow.copy()
        smooth = resize(settled, view.size)
        result[within] += (smooth - flow[within]) * (1 - resize(worse, view.size))[..., None]
        return result


class _View:
    """A part of a frame that flow is settled on.

    Attributes:
        size: (width, height) of the part.
    """

    def __init__(
        self, first: Floats, target: Floats, seen: Floats, gain: Floats, origin: tuple[int, int], plane: Floats
    ) -> None:
        self.size = size_of(target)
        self._first = first
        self._target = target
        self._seen = seen
        self._gain = gain
        self._origin = origin
        self._nodes = (-(-self.size[0] // STRIDE), -(-self.size[1] // STRIDE))
        self._across, self._down = _slopes(target)
        self._plane = resize(plane, self._nodes)
        self._visible = self._gathered(seen)
        # What is not seen counts too, a little, or its flow would be that of the nearest that is.
        self._weight = resize(seen, self._nodes) + np.float32(0.2)
        self._weights = blur(self._weight, STIFFNESS / STRIDE)

    def settled(self, flow: Floats) -> tuple[Floats, Floats]:
        """The flow where it has settled, and its cost; both at the nodes."""
        flow = resize(flow, self._nodes)
        for _ in range(STEPS):
            flow = self._smooth(flow)
            step = self._step(flow)
            flow = step + sample(flow, places(floats(step / STRIDE)))
        return flow, self.cost(resize(flow, self.size))

    def simplified(self, flow: Floats) -> Floats:
        """The flow brought to the simplest motion that fits as well, at the nodes.

        A wobble of the flow that fits but noise cannot be told from one of the surface node by node, but over all.
        """
        seen = self._visible > 0.5
        # Some hundred nodes tell the motion of all; more take longer.
        every = max(1, math.isqrt(np.count_nonzero(seen) // 400))
        picked = np.zeros_like(seen)
        picked[::every, ::every] = seen[::every, ::every]
        if np.count_nonzero(picked) < FEWEST_NODES:
            return flow
        misfit = self._misfit(flow) + 1e-3
        result = flow
        for motion in (_bent(flow, picked, 3), _bent(flow, picked, 2), _flat(flow, picked)):
            apart = float(np.sqrt(np.square(motion - flow)[seen].sum(axis=-1).mean()))
            if (near := _fall(apart, *SIMPLER_IS_NEAR)) > 0:
                share = near * _fall(self._misfit(motion) / misfit, *SIMPLER_FITS)
                result = floats(result + (motion - result) * np.float32(share))
        return result

    def _misfit(self, flow: Floats) -> float:
        """Mean squared difference of what is seen, in squared levels."""
        # Of many pixels every other one, both ways, tells as well.
        every = 2 if self._seen.size > 200 * 200 else 1
        thin = (slice(None, None, every), slice(None, None, every))
        where = np.ascontiguousarray(places(resize(flow, self.size), self._origin)[thin])
        error = floats(self._target[thin] - sample(self._first, where) * self._gain)
        seen = self._seen[thin]
        return float((np.minimum(mean_of_channels(error * error), WORST_SQUARE) * seen).sum() / (seen.sum() + 1e-3))

    def _smooth(self, flow: Floats) -> Floats:
        """The flow without wobbles. Twicing (Tukey, 1977) keeps the bends that one blur alone would flatten."""
        bend = flow - self._plane
        once = self._blurred(bend)
        return self._plane + once + self._blurred(bend - once)

    def _blurred(self, bend: Floats) -> Floats:
        weighted = floats(bend * self._weight[..., None])
        return floats(blur(weighted, STIFFNESS / STRIDE) / self._weights[..., None])

    def cost(self, flow: Floats) -> Floats:
        """Mean squared difference around each node, in squared levels, of what is seen there."""
        error = self._target - self._shown(flow)
        cost = np.minimum(mean_of_channels(floats(error * error)), WORST_SQUARE)
        return floats(self._gathered(cost * self._seen) / (self._visible + 1e-3))

    def mean(self, cost: Floats) -> float:
        """The mean of a cost over what is seen."""
        return float((cost * self._visible).sum() / (self._visible.sum() + 1e-3))

    def _shown(self, flow: Floats) -> Floats:
        return floats(sample(self._first, places(flow, self._origin)) * self._gain)

    def _step(self, flow: Floats) -> Floats:
        shown = self._shown(resize(flow, self.size))
        error = self._target - shown
        across, down = _slopes(shown)
        # The slopes of both pictures together reach further than either's alone.
        x, y = floats((self._across + across) / 2), floats((self._down + down) / 2)
        square = mean_of_channels(floats(error * error))
        # A pixel that is 8 levels off counts a quarter: it is covered, or a shine.
        share = floats(self._seen / np.square(1 + square / 8.0**2))
        xx, xy, yy, xe, ye = (
            self._gathered(mean_of_channels(a * b) * share) for a, b in ((x, x), (x, y), (y, y), (x, error), (y, error))
        )
        # Where there is no texture the flow stays.
        xx, yy = xx + 0.005, yy + 0.005
        step = np.stack([yy * xe - xy * ye, xx * ye - xy * xe], axis=-1) / (xx * yy - xy * xy)[..., None]
        length = np.sqrt(np.square(step).sum(axis=-1, keepdims=True))
        # Slopes tell nothing further away than detail is wide.
        return floats(step * np.minimum(1, DETAIL / (length + np.float32(1e-6))))

    def _gathered(self, values: Floats) -> Floats:
        return blur(resize(values, self._nodes), WINDOW / STRIDE)


def _fall(value: float, start: float, end: float) -> float:
    """1 up to the start, 0 from the end on, linear between."""
    return min(max((end - value) / (end - start), 0.0), 1.0)


def _flat(flow: Floats, picked: Mask) -> Floats:
    """The plane motion nearest to a flow at the nodes picked."""
    nodes = places(np.zeros_like(flow)) * STRIDE
    # OpenCV's signature does not say so, but nodes in a line give no matrix.
    matrix: Any = cv2.findHomography(nodes[picked], (nodes + flow)[picked])[0]
    return flow if matrix is None else cv2.perspectiveTransform(nodes, matrix) - nodes


def _bent(flow: Floats, picked: Mask, degree: int) -> Floats:
    """The motion, a polynomial of the place, that is nearest to a flow at the nodes picked."""
    across, down = (np.vander(np.linspace(-1, 1, side), degree + 1, increasing=True) for side in size_of(flow))
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    terms = np.stack([down[:, None, j] * across[None, :, i] for i, j in powers], axis=-1)
    # NumPy's least squares would start threads that get into OpenCV's way, and cost more than all the rest.
    normal = cv2.DECOMP_NORMAL | cv2.DECOMP_CHOLESKY
    _, factors = cv2.solve(terms[picked], flow[picked].astype(np.float64), flags=normal)
    return (terms @ factors).astype(np.float32)


def _with_margin(box: Box, size: tuple[int, int]) -> Box:
    """The box with its margin, on the grid's lines."""
    width, height = size
    rows, columns = (
        slice(max(0, part.start - MARGIN) // STRIDE * STRIDE, min(end, -(-(part.stop + MARGIN) // STRIDE) * STRIDE))
        for part, end in zip(box, (height, width), strict=True)
    )
    return rows, columns


def _detail(picture: Bytes) -> Floats:
    levels = picture.astype(np.float32)
    return levels - blur(levels, DETAIL)


def _slopes(picture: Floats) -> tuple[Floats, Floats]:
    across, down = (floats(cv2.Scharr(picture, cv2.CV_32F, x, 1 - x, scale=1 / 32)) for x in (1, 0))
    return across, down
