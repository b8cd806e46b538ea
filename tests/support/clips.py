"""Clips for tests: descriptions that need no file, and a small scene that moves."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from syncedit_demo.conform.frames import first_frame
from syncedit_demo.media.audio import AudioInterval
from syncedit_demo.media.display import ColorInfo
from syncedit_demo.media.probe import AudioInfo, ClipInfo, probe
from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.plan import PlanOptions, plan_edit

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.frames import Frame


def clip_info(
    *,
    frames: int = 81,
    rate: Fraction = Fraction(25),
    size: tuple[int, int] = (640, 480),
    variable: bool = False,
    transfer: str = "bt709",
    interlaced: bool = False,
    alpha: bool = False,
    audio: AudioInfo | None = None,
    notes: tuple[str, ...] = (),
) -> ClipInfo:
    """A plain H.264 clip, except for what is asked for."""
    return ClipInfo(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        codec="h264",
        frames=frames,
        start_time=Fraction(0),
        duration=frames / rate,
        average_rate=rate,
        variable_rate=variable,
        coded_size=size,
        sample_aspect=Fraction(1),
        rotation=0,
        mirrored=False,
        display_size=size,
        pixel_format="yuv420p",
        bit_depth=8,
        color=ColorInfo(primaries="bt709", transfer=transfer, matrix="bt709", full_range=False),
        interlaced=interlaced,
        alpha=alpha,
        audio=audio,
        notes=notes,
    )


def scene(index: int, size: tuple[int, int] = (320, 256)) -> Frame:
    """A textured background with a red square that moves 3 pixels a frame, RGB uint8 (height, width, 3)."""
    width, height = size
    noise = np.random.default_rng(7).integers(60, 190, (height // 8, width // 8), dtype=np.uint8)
    picture = cv2.cvtColor(cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB).astype(np.uint8)
    x, y = 40 + 3 * index, height // 3
    picture[y : y + 70, x : x + 70] = (205, 40, 35)
    picture[y + 20 : y + 50, x + 20 : x + 50] = (240, 235, 225)
    return picture


def edited_scene(clip: Path, size: tuple[int, int] | None = None, *, start: int = 0) -> Frame:
    """Frame 0 of a clip of the scene, as an engine sees it at a size and from a start, its red square painted green.

    So the edit is a function of colour, which the draft engine carries over at once. Beside the scene itself, which no
    codec keeps to the bit, it would be one of what is around each pixel, and that takes the engine seconds to learn.
    """
    info = probe(clip)
    plan = plan_edit(info, PlanOptions(size=size or info.display_size, start=start))
    picture = first_frame(clip, info, plan).astype(np.float32)
    redness = np.clip((picture[..., :1] - picture[..., 1:].max(axis=2, keepdims=True) - 30) / 90, 0, 1)
    green_for_red = np.array((35, 170, 60), np.float32) - np.array((205, 40, 35), np.float32)
    painted = picture + redness * redness * (3 - 2 * redness) * green_for_red
    return np.clip(np.rint(painted), 0, 255).astype(np.uint8)


def write_scene(path: Path, frames: int = 12, rate: Fraction = Fraction(25), *, sound: bool = False) -> Path:
    """The scene as an mp4, with a tone if `sound`."""
    tone = write_tone(path.with_suffix(".m4a"), frames / rate) if sound else None
    write_clip((scene(index) for index in range(frames)), path, frame_rate=rate, audio=tone)
    return path


def write_tone(path: Path, duration: Fraction) -> AudioInterval:
    """A 440 Hz tone as AAC."""
    rate = 48000
    samples = 0.5 * np.sin(np.arange(round(duration * rate)) * (2 * np.pi * 440 / rate), dtype=np.float32)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return AudioInterval(path, 0, Fraction(0), duration, from_first_frame=True)
