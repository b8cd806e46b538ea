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
        period: Frames after which the movement repeats itself.
        swing: Whether the second half of a period is the first one backwards.
        clip: The scene whose reference is this one's too, None for one of its own.
    """

    name: str
    window: tuple[int, int, int, int]
    period: int = FRAMES
    swing: bool = False
    clip: str | None = None

    @property
    def poses(self) -> range:
        """The frames that differ from each other."""
        return range(self.period // 2 + 1 if self.swing else self.period)

    def pose(self, frame: int) -> int:
        """The frame that looks like this one and is rendered."""
        place = frame % self.period
        return min(place, self.period - place) if self.swing else place

    def picture(self, version: str, frame: int) -> Path:
        """Where the rendered picture of a frame of the version, "reference" or "truth", is."""
        owner = self.clip if version == "reference" and self.clip else self.name
        return RENDERS / owner / version / f"{frame:03}.png"


SCENES = {
    scene.name: scene
    for scene in (
        Scene("talking-face", (48, 20, 456, 472)),
        Scene("new-colours", (48, 20, 456, 472), clip="talking-face"),
        Scene("toy-train", (0, 122, 560, 340), period=80, swing=True),
        Scene("behind-the-duck", (0, 84, 512, 490), period=54, swing=True),
        Scene("turning-vase", (118, 52, 394, 430), period=54, swing=True),
        Scene("bear-with-hat", (100, 0, 420, 400), period=54, swing=True),
        Scene("balloon", (108, 66, 436, 420), period=54, swing=True),
        Scene("windmill", (88, 0, 424, 346), period=18),
    )
}
"""Every scene, in the order of rendering."""
