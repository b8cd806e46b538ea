"""How a clip's pictures are meant to be shown: which way up, in what shape, in which colours."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from syncedit_demo.media.filtering import add_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.buffer import Buffer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

PRIMARIES = {0: "reserved"} | {
    each.value: each.name.lower() for each in ColorPrimaries if each is not ColorPrimaries.UNSPECIFIED
}
TRANSFER_NAMES = {
    ColorTrc.GAMMA22: "bt470m",
    ColorTrc.GAMMA28: "bt470bg",
    ColorTrc.LOG: "log100",
    ColorTrc.LOG_SQRT: "log316",
    ColorTrc.BT1361_ECG: "bt1361e",
}
"""Where ffmpeg's names are not those of PyAV."""

TRANSFERS = {0: "reserved"} | {
    each.value: TRANSFER_NAMES.get(each, each.name.lower().replace("_", "-"))
    for each in ColorTrc
    if each is not ColorTrc.UNSPECIFIED
}
MATRICES = {
    0: "gbr",
    1: "bt709",
    3: "reserved",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    11: "smpte2085",
    12: "chroma-derived-nc",
    13: "chroma-derived-c",
    14: "ictcp",
}
"""Code points of ITU-T H.273, with ffmpeg's names; 2 and whatever is not in the three tables is unknown.

PyAV names no matrices by these: its `Colorspace` counts as the scaler does.
"""

HDR_NAMES: dict[str, Literal["PQ", "HLG"]] = {
    TRANSFERS[ColorTrc.SMPTE2084]: "PQ",
    TRANSFERS[ColorTrc.ARIB_STD_B67]: "HLG",
}

UNSPECIFIED = ColorTrc.UNSPECIFIED
"""The code point by which primaries, transfer and matrix alike say nothing."""

MAX_SAMPLE_ASPECT = 8
"""A sample wider or higher than this is a mistake in the file."""

SIDE_DATA_KINDS = 128
"""More kinds of side data than ffmpeg has, or will have for long: they are numbered from 0."""

MAX_TILT = 1
"""Degrees by which an orientation may miss a quarter turn without being spoken of."""


@dataclass(frozen=True, slots=True)
class ColorInfo:
    """How the samples encode colour, in ffmpeg's names; "unknown" where the file does not say.

    Attributes:
        primaries: Such as "bt709", "bt2020".
        transfer: Such as "bt709", "smpte2084" (PQ), "arib-std-b67" (HLG).
        matrix: Such as "bt709", "smpte170m", "bt2020nc", "gbr".
        full_range: Whether samples use the full code range.
    """

    primaries: str
    transfer: str
    matrix: str
    full_range: bool

    @property
    def hdr(self) -> Literal["PQ", "HLG"] | None:
        """What the transfer is called where it is one of high dynamic range."""
        return HDR_NAMES.get(self.transfer)


def orientation(frame: VideoFrame) -> tuple[tuple[int, bool], list[str]]:
    """Rotation and mirroring by the display matrix, and a note where it asks for more than quarter turns.

    The matrix maps (x, y) to (a·x + c·y, b·x + d·y) with y downwards, in 16.16 fixed point, as in ISO/IEC 14496-12.
    """
    data = display_matrix(frame)
    if data is None:
        return (0, False), []
    a, b, _, c, d = struct.unpack_from("=5i", data)
    wanted = np.array((a, b, c, d), dtype=np.float64)
    length = float(np.hypot(wanted[0], wanted[1])) * float(np.hypot(wanted[2], wanted[3]))
    if not length:
        return (0, False), ["The file's orientation is nonsense and is left out of account."]
    turns = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    candidates = {
        (turn, mirrored): np.array((-a, b, -c, d) if mirrored else (a, b, c, d), dtype=np.float64)
        for turn, (a, b, c, d) in turns.items()
        for mirrored in (False, True)
    }
    unit = wanted / np.sqrt(length)
    best = max(candidates, key=lambda candidate: float(candidates[candidate] @ unit))
    if float(candidates[best] @ unit) < 2 * math.cos(math.radians(MAX_TILT)):
        return best, ["The file asks for a turn that is no quarter turn; the nearest quarter turn is used."]
    return best, []


def display_matrix(frame: VideoFrame) -> Buffer | None:
    """The frame's display matrix, nine 32-bit numbers; None if it has none.

    PyAV gives all side data of a frame or, where it has no name for one of them, none: those are taken away first.
    """
    try:
        found = cast("Mapping[str, Buffer]", frame.side_data)
    except ValueError:
        found = cast("Mapping[str, Buffer]", _with_known_side_data(frame).side_data)
    return found.get("DISPLAYMATRIX")


def _with_known_side_data(frame: VideoFrame) -> VideoFrame:
    graph = Graph()
    unknown = set(range(SIDE_DATA_KINDS)) - {kind.value for kind in SideDataType}
    deletions = [graph.add("sidedata", f"mode=delete:type={kind}") for kind in sorted(unknown)]
    graph.link_nodes(add_source(graph, frame), *deletions, graph.add("buffersink")).configure()
    graph.vpush(frame)
    return graph.vpull()


def sample_aspect(stream: VideoStream) -> tuple[Fraction, list[str]]:
    """How much wider than high a sample is, and a note where the file's word for it is left out of account."""
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect < 0:
        return Fraction(1), []
    if max(aspect, 1 / aspect) > MAX_SAMPLE_ASPECT:
        return Fraction(1), [f"The file's sample aspect ratio {aspect} is nonsense; samples are taken as square."]
    return aspect, []


def display_size(size: tuple[int, int], aspect: Fraction, rotation: int) -> tuple[int, int]:
    """(width, height) in square pixels, turned by `rotation` degrees, of a picture of (width, height) in samples."""
    width, height = max(1, round(size[0] * aspect)), size[1]
    return (height, width) if rotation in (90, 270) else (width, height)


def color(frame: VideoFrame, tags: tuple[int, int, int]) -> ColorInfo:
    """Colour as the picture says, or else as the container does.

    Args:
        frame: The picture.
        tags: The container's code points of primaries, transfer and matrix.
    """
    own = (frame.color_primaries, frame.color_trc, frame.colorspace)
    primaries, transfer, matrix = (mine if mine != UNSPECIFIED else tag for mine, tag in zip(own, tags, strict=True))
    name = frame.format.name
    is_rgb = frame.format.is_rgb or frame.format.has_palette
    return ColorInfo(
        primaries=PRIMARIES.get(primaries, "unknown"),
        transfer=TRANSFERS.get(transfer, "unknown"),
        matrix="gbr" if is_rgb else MATRICES.get(matrix, "unknown"),
        full_range=is_rgb or frame.color_range == ColorRange.JPEG or name.startswith("yuvj"),
    )


def has_alpha(frame: VideoFrame, codec: str) -> bool:
    """Whether there is transparency; a GIF always could have some, so its first frame is looked at."""
    if not any(component.is_alpha for component in frame.format.components):
        return False
    if codec != "gif":
        return True
    return bool(np.any(frame.to_ndarray(format="rgba")[..., 3] < 255))
