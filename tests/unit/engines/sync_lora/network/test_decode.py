"""Latents to frames, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch

from syncedit_demo.engines.sync_lora.device.placement import choose_placement
from syncedit_demo.engines.sync_lora.network.decode import OVERLAP, STRIDE, decode, decode_frame
from syncedit_demo.engines.sync_lora.network.model import load_models

if TYPE_CHECKING:
    from ltx_core.model.video_vae import VideoDecoder

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings


@pytest.fixture(scope="module")
def decoder(prepared: PreparedSet, settings: SyncLoraSettings) -> VideoDecoder:
    loading = load_models(prepared, torch.device("cpu"), choose_placement(prepared, settings, 10**12, can_fp8=True))
    while True:
        try:
            next(loading)
        except StopIteration as done:
            return done.value.decoder


def latent(frames: int) -> torch.Tensor:
    return torch.randn(1, 128, frames, 2, 3, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)


@pytest.mark.parametrize("small_tiles", [False, True])
@pytest.mark.parametrize("frames", [1, 2, STRIDE + OVERLAP, STRIDE + OVERLAP + 1, 11, 21])
@torch.inference_mode()
def test_every_frame_comes_once(decoder: VideoDecoder, frames: int, *, small_tiles: bool) -> None:
    runs = list(decode(decoder, latent(frames), small_tiles=small_tiles))
    assert sum(map(len, runs)) == 8 * (frames - 1) + 1
    assert {run.shape[1:] for run in runs} == {(64, 96, 3)}
    assert {run.dtype for run in runs} == {np.dtype(np.uint8)}


@torch.inference_mode()
def test_a_clip_of_one_run_is_decoded_as_one(decoder: VideoDecoder) -> None:
    short = latent(STRIDE + OVERLAP)
    (whole,) = decode(decoder, short, small_tiles=False)
    pixels = decoder(short)[0].float().permute(1, 2, 3, 0)
    assert np.array_equal(whole, ((pixels + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy())
    assert np.array_equal(
        decode_frame(decoder, short[:, :, :1]), next(decode(decoder, short[:, :, :1], small_tiles=False))[0]
    )


@torch.inference_mode()
def test_runs_are_the_clip_they_are_cut_from(decoder: VideoDecoder) -> None:
    """Nothing is shifted in time: each frame of the runs is nearest to the same frame decoded in one go."""
    clip = latent(11)
    runs = np.concatenate(list(decode(decoder, clip, small_tiles=False))).astype(np.float32)
    pixels = decoder(clip)[0].float().permute(1, 2, 3, 0)
    whole = ((pixels + 1) * 127.5).clamp(0, 255).numpy()
    distance = np.abs(runs[:, None] - whole[None]).mean(axis=(2, 3, 4))
    assert (distance.argmin(axis=1) == np.arange(81)).all()


def test_each_run_takes_over_evenly_from_the_one_before() -> None:
    """Over two latent frames, sixteen pictures and the one they follow."""
    levels = iter((-1.0, 1.0, -1.0, 1.0))

    def flat(part: torch.Tensor) -> torch.Tensor:
        """Every run in one colour, by turns black and white."""
        _, _, frames, height, width = part.shape
        return torch.full((1, 3, 8 * (frames - 1) + 1, 32 * height, 32 * width), next(levels))

    runs = list(decode(cast("VideoDecoder", flat), torch.zeros(1, 128, 21, 1, 1), small_tiles=False))
    made = np.concatenate(runs).astype(np.float64)
    expected = np.interp(np.arange(161), [40, 57, 88, 105, 136, 153], [0, 255, 255, 0, 0, 255])
    assert np.abs(made - expected[:, None, None, None]).max() < 1
