"""Where each pixel of a frame was in frame 0, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from syncedit_demo.engines.draft.warping import Box, Bytes, Floats, Flow


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

    flow: Flow
    trust: Floats
    confidence: Floats
    gain: Floats
    box: Box | None


class MotionTracker(Protocol):
    """Follows frame 0 through the clip, one frame after the other.

    Motion is found on a coarse grid of half the size of the frames it is given, and refined on their own, fine one.
    """

    @property
    def other_scene(self) -> bool:
        """Whether the frame stepped to last shows another scene than frame 0."""
        ...

    def step(self, frame: Bytes) -> Motion:
        """The motion of the next frame, RGB at the fine size, found on the coarse grid."""
        ...

    def refine(self, motion: Motion, frame: Bytes) -> Motion:
        """The motion of a frame refined on the fine grid; the next step does not need it and may go on beside it."""
        ...
