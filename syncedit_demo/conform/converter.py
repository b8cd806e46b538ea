"""From a decoded frame to the plan's picture: crop, one resampling, exact colour, upright."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from av.filter import Graph
from av.video.reformatter import ColorRange

from syncedit_demo.frames import as_frame
from syncedit_demo.media.display import MATRICES, UNSPECIFIED
from syncedit_demo.media.filtering import add_source
from syncedit_demo.media.hdr import ColorMapper, needs_mapping

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.plane import VideoPlane
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame
    from syncedit_demo.media.display import ColorInfo
    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.plan import EditPlan

    Sample = TypeVar("Sample", np.uint8, np.uint16)
    Box = tuple[int, int, int, int]

SCALER_MATRICES = ("bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc")
"""Matrices that the scaler knows."""

MATRIX_CODES = {name: code for code, name in MATRICES.items() if name in SCALER_MATRICES}
# Constant-luminance BT.2020 is read as the usual kind.
MATRIX_CODES["bt2020c"] = MATRIX_CODES["bt2020nc"]

RGB_MATRIX = 0
SD_SIZE = (1279, 576)
"""Largest picture that is taken for standard definition, and so for BT.601, where the file does not say."""

PRECISION = "accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"
CENTRED_CODECS = ("mjpeg", "mpeg1video", "h261", "h263")
"""Codecs with chroma samples in the centre of their four luma samples; elsewhere in video they sit at the left."""


def guess_matrix(color: ColorInfo, coded_size: tuple[int, int]) -> str:
    """The colour matrix of a clip; where it does not say, BT.601 for standard definition and BT.709 above."""
    if color.matrix in MATRIX_CODES or color.matrix == "gbr":
        return color.matrix
    if color.primaries == "bt2020":
        return "bt2020nc"
    is_sd = coded_size[0] <= SD_SIZE[0] and coded_size[1] <= SD_SIZE[1]
    return "smpte170m" if is_sd else "bt709"


def crop_in_samples(clip: ClipInfo, crop: Box, size: tuple[int, int], alignment: tuple[int, int]) -> Box:
    """The box of stored samples that is shown as a box of display pixels.

    Args:
        clip: Says how samples become display pixels: sample aspect, then rotation, then mirroring.
        crop: (x, y, width, height) in display pixels.
        size: (width, height) in samples of the part of the frame that is shown; another than the clip's where a stream
            changes size.
        alignment: Offsets and sizes are multiples of this (x, y) where the box is not as large as the picture, so
            that no chroma sample is cut in two.

    Returns:
        (x, y, width, height) in samples, inside that part, rounded to the nearest.
    """
    x, y, width, height = crop
    display_width, display_height = clip.display_size
    if clip.mirrored:
        x = display_width - x - width
    if clip.rotation == 90:
        x, y, width, height = y, display_width - x - width, height, width
    elif clip.rotation == 180:
        x, y = display_width - x - width, display_height - y - height
    elif clip.rotation == 270:
        x, y, width, height = display_height - y - height, x, height, width
    if clip.rotation in (90, 270):
        display_width, display_height = display_height, display_width
    left, wide = _aligned_span(x, width, Fraction(size[0], display_width), size[0], alignment[0])
    top, high = _aligned_span(y, height, Fraction(size[1], display_height), size[1], alignment[1])
    return left, top, wide, high


def _aligned_span(start: int, length: int, scale: Fraction, whole: int, step: int) -> tuple[int, int]:
    begin = min(step * round(start * scale / step), whole - 1)
    size = max(1, step * round(length * scale / step))
    if begin + size > whole or whole - size < step:
        size = whole - begin
    return begin, size


def same_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures of these sizes in samples have the same aspect, to a sample of the smaller one."""
    return abs(size[0] * other[1] - size[1] * other[0]) <= max(*size, *other)


class PictureConverter:
    """Makes RGB pictures of a clip's frames. Keeps what is set up once per clip; not for two threads."""

    def __init__(self, clip: ClipInfo, plan: EditPlan) -> None:
        self._clip = clip
        self._plan = plan
        self._mapper = ColorMapper(clip.color) if needs_mapping(clip.color) else None
        self._set_up_for: tuple[int, int, str] | None = None
        self._graph = Graph()

    def convert(self, frame: VideoFrame) -> Frame:
        """The plan's picture of a frame, of shape (plan.height, plan.width, 3)."""
        is_rgb = frame.format.is_rgb or frame.format.has_palette
        matrix = guess_matrix(self._clip.color, self._clip.coded_size)
        frame.colorspace = RGB_MATRIX if is_rgb else MATRIX_CODES.get(matrix, MATRIX_CODES["bt709"])
        frame.color_range = ColorRange.JPEG if self._clip.color.full_range else ColorRange.MPEG
        # Transfer and primaries are this module's business: unnamed, they are left alone by the scaler.
        frame.color_trc = frame.color_primaries = UNSPECIFIED
        kind = (frame.width, frame.height, frame.format.name)
        if kind != self._set_up_for:
            self._graph = self._build(frame)
            self._set_up_for = kind
        self._graph.vpush(frame)
        scaled = self._graph.vpull()
        if self._mapper is None:
            green, blue, red = (_plane(plane, scaled.width, np.uint8) for plane in scaled.planes)
            picture = as_frame(cv2.merge((red, green, blue)))
        else:
            green, blue, red = (_plane(plane, scaled.width, np.uint16) for plane in scaled.planes)
            picture = self._mapper.map(red, green, blue)
        return np.ascontiguousarray(_upright(picture, self._clip.rotation, mirrored=self._clip.mirrored))

    def _build(self, frame: VideoFrame) -> Graph:
        clip, plan = self._clip, self._plan
        alignment = (_subsampling(frame.format.chroma_width(64)), _subsampling(frame.format.chroma_height(64)))
        stored = (frame.width, frame.height)
        fitted = not same_shape(stored, clip.coded_size)
        if fitted:
            stored = clip.coded_size
        # What is to be shown of pictures of another size is not known: all of it.
        left, top, *part = clip.shown if clip.shown and stored == clip.coded_size else (0, 0, *stored)
        x, y, width, height = crop_in_samples(clip, plan.crop, (part[0], part[1]), alignment)
        x, y = x + left, y + top
        size = (plan.height, plan.width) if clip.rotation in (90, 270) else (plan.width, plan.height)
        kernel = "lanczos" if size[0] * size[1] >= width * height else "bicubic"
        siting = f":in_chroma_loc={'center' if clip.codec in CENTRED_CODECS else 'left'}"
        graph = Graph()
        graph.threads = 0
        source = add_source(graph, frame)
        nodes = [source]
        if fitted:
            # A picture of another shape, from a phone that was turned: whole, in the middle of the first one's size.
            inside = f"{stored[0]}:{stored[1]}"
            nodes += [
                graph.add("scale", f"{inside}:force_original_aspect_ratio=decrease:flags=bicubic+{PRECISION}{siting}"),
                graph.add("pad", f"{inside}:-1:-1"),
            ]
        nodes.append(graph.add("crop", f"{width}:{height}:{x}:{y}"))
        if any(component.is_alpha for component in frame.format.components):
            # Over black a transparent colour is the colour times its opacity, before neighbours are mixed.
            nodes += [
                graph.add("scale", f"flags=bicubic+{PRECISION}{siting}"),
                graph.add("format", "gbrap16le"),
                graph.add("premultiply", "inplace=1"),
            ]
            siting = ""
        nodes += [
            graph.add("scale", f"{size[0]}:{size[1]}:flags={kernel}+{PRECISION}{siting}"),
            graph.add("format", "gbrp" if self._mapper is None else "gbrp16le"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph


def _plane(plane: VideoPlane, width: int, kind: type[Sample]) -> NDArray[Sample]:
    return np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, :width]


def _upright(picture: Frame, rotation: int, *, mirrored: bool) -> Frame:
    turned = np.rot90(picture, -rotation // 90)
    return turned[:, ::-1] if mirrored else turned


def _subsampling(chroma_of_64: int) -> int:
    return 64 // chroma_of_64 if chroma_of_64 else 1
