"""Clips that carry the number of each frame in its picture, for the player."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    pass


WIDTH, HEIGHT, FRAMES = 192, 128, 40


RATE = Fraction(30000, 1001)


BLOCK = WIDTH // 8


PATCH = (slice(88, 120), slice(120, 168))


PATCH_STEP = 20
"""By how many grey levels the result differs from the reference, and only in the patch."""


def write_numbered(path: Path, *, frames: int = FRAMES, step: int = 0, tone: int = 0, noise: bool = False) -> Path:
    """Write numbered frames: a grey ramp that moves, `step` levels brighter in the patch; `tone` is a sound in Hz.

    With `noise` the file is as large as these frames can make it.
    """
    ramp = np.linspace(40, 200, WIDTH)
    random_levels = np.random.default_rng(7)
    with av.open(path, "w", options={"movflags": "faststart"}) as container:
        video = container.add_stream("libx264", rate=RATE, options={"crf": "12", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = container.add_stream("aac", rate=48000, layout="mono") if tone else None
        for index in range(frames):
            picture = np.repeat(np.roll(ramp, index)[None, :], HEIGHT, axis=0)
            picture[PATCH] = 100 + step
            if noise:
                picture = random_levels.integers(0, 256, (HEIGHT, WIDTH))
            bits = [255 * (index >> bit & 1) for bit in range(8)]
            picture[:BLOCK] = np.repeat(bits, BLOCK)
            frame = av.VideoFrame.from_ndarray(np.repeat(picture[..., None], 3, axis=2).astype(np.uint8), "rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if sound is not None:
            time = np.arange(int(frames * 48000 / RATE), dtype=np.float32) / 48000
            wave = (0.1 * np.sin(2 * np.pi * tone * time)).astype(np.float32)[None, :]
            samples = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
            samples.sample_rate = 48000
            container.mux(sound.encode(samples))
            container.mux(sound.encode())
    return path
