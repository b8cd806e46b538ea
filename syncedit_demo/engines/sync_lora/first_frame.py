"""The H.264 compression of the edited frame, which imitates the frames the base model was trained on."""

# PyAV leaves the packet's stream type open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from syncedit_demo.frames import Frame


def compress(frame: Frame, crf: int) -> Frame:
    """The frame after one round through an H.264 intra frame, as ltx-pipelines' `preprocess` does it.

    Args:
        frame: The picture, `(height, width, 3)` RGB uint8 with even sides.
        crf: x264's quality from 0 to 51; 0 leaves the frame as it is.

    Returns:
        A picture of the same size.
    """
    if crf == 0:
        return frame
    height, width, _ = frame.shape
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1)
    encoder.options = {"crf": str(crf), "preset": "veryfast"}
    picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    (decoded,) = [picture for packet in (*packets, None) for picture in decoder.decode(packet)]
    return np.asarray(decoded.to_ndarray(format="rgb24"), dtype=np.uint8)
