"""The scenes the examples are rendered from: each module builds one of them, as it is and with the edit in it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

FRAMES = 81
FRAME_RATE = Fraction(25)

RENDERS = Path(__file__).parents[2] / "renders"
"""Where rendered pictures are kept until they are encoded; not part of the repository."""


@dataclass(frozen=True)
class Scene:
    """What has to be rendered of a scene.

    Attributes:
        name: The name of the example and, with underscores, of the module.
        window: Left, top, right and bottom of the part of the picture that changes, in pixels.
        swing: Whether the second half of the movement is the first one backwards.
        period: Frames after which the picture is the same again.
    """

    name: str
    window: tuple[int, int, int, int]
    swing: bool = False
    period: int = FRAMES

    @property
    def poses(self) -> range:
        """The frames that differ from each other."""
        return range(FRAMES // 2 + 1 if self.swing else self.period)

    def pose(self, frame: int) -> int:
        """The frame that looks like this one and is rendered."""
        return min(frame, FRAMES - 1 - frame) if self.swing else frame % self.period

    def picture(self, version: str, frame: int) -> Path:
        """Where the rendered picture of a frame of the version, "reference" or "truth", is."""
        return RENDERS / self.name / version / f"{frame:03}.png"


SCENES = {
    scene.name: scene
    for scene in (
        Scene("talking-face", (48, 20, 456, 472)),
        Scene("toy-train", (0, 122, 560, 340), swing=True),
        Scene("behind-the-duck", (12, 90, 500, 464), swing=True),
        Scene("turning-vase", (118, 52, 394, 430), swing=True),
        Scene("bear-with-hat", (134, 16, 378, 372), swing=True),
        Scene("balloon", (120, 76, 392, 410), swing=True),
        Scene("windmill", (88, 2, 424, 400), period=27),
    )
}
"""Every scene, in the order of rendering."""
