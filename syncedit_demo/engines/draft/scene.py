"""The clip on a coarse grid, one frame after the other, and where it cuts to another scene."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from syncedit_demo.engines.draft.matching import Cost, colour_cost, mismatch_of
from syncedit_demo.engines.draft.warping import Bytes, Floats, Flow, floats, gray, resize
from syncedit_demo.frames import size_of

CUT_SHARE = 0.45
"""Share of a frame without counterpart in the frame before from which it is another scene. Motion within a scene stays
under 0.16 on the clips this was set on, unrelated scenes are above 0.6."""


@dataclass(frozen=True, slots=True, eq=False)
class CoarseFrame:
    """A frame on the coarse grid.

    Attributes:
        colours: RGB, 0-255.
        gray: Its luma.
        back: Its flow to the frame before.
        cut: It shows another scene than the frame before.
    """

    colours: Floats
    gray: Bytes
    back: Flow
    cut: bool


class CoarseClip:
    """Brings frames to a grid of half their size and relates each to the one before.

    Attributes:
        size: (width, height) of the coarse grid.
        first: Frame 0 on it, RGB, 0-255.
        first_gray: Its luma.
    """

    def __init__(self, first: Bytes, cost: Cost) -> None:
        """Start at frame 0, RGB; `cost` tells how badly two frames match."""
        width, height = size_of(first)
        self.size = (width // 2, height // 2)
        coarse = resize(first, self.size)
        self.first = coarse.astype(np.float32)
        self.first_gray = gray(coarse)
        self._cost = cost
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._before, self._before_gray = self.first, self.first_gray

    def next(self, frame: Bytes) -> CoarseFrame:
        """The frame after the one this was called with last."""
        coarse = resize(frame, self.size)
        colours, coarse_gray = coarse.astype(np.float32), gray(coarse)
        back = self.flow(coarse_gray, self._before_gray)
        cut = mismatch_of(self._cost(colours, back, self._before)) > CUT_SHARE
        self._before, self._before_gray = colours, coarse_gray
        return CoarseFrame(colours, coarse_gray, back, cut)

    def flow(self, later: Bytes, earlier: Bytes, start: Flow | None = None) -> Flow:
        """Optical flow between gray pictures on the coarse grid, sought from a start, or from rest."""
        # OpenCV writes the flow over where it starts.
        begun = self.still() if start is None else start.copy()
        return floats(self._dis.calc(later, earlier, begun))

    def still(self) -> Flow:
        """The flow of a picture at rest."""
        return np.zeros((self.size[1], self.size[0], 2), np.float32)


class SceneWatcher:
    """Tells which frames show another scene than frame 0, for an edit that needs no motion."""

    def __init__(self, first: Bytes) -> None:
        """Start at frame 0, RGB."""
        self._clip = CoarseClip(first, colour_cost)
        self._other_scene = False

    def is_other_scene(self, frame: Bytes) -> bool:
        """Whether the next frame, RGB, shows another scene than frame 0."""
        now = self._clip.next(frame)
        if now.cut or self._other_scene:
            direct = self._clip.flow(now.gray, self._clip.first_gray)
            self._other_scene = mismatch_of(colour_cost(now.colours, direct, self._clip.first)) > CUT_SHARE
        return self._other_scene
