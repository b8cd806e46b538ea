"""The edit itself: two stages of denoising over ltx_core's parts, as a generator of events.

Stage 1 makes the clip at half the width and height with the reference beside it in the sequence; the upscaler
doubles its latent; stage 2 adds detail at full size. The edited frame is frame 0 of both.
"""

# ltx_core has no stubs and leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from ltx_core.components.diffusion_steps import EulerDiffusionStep
from ltx_core.components.noisers import GaussianNoiser
from ltx_core.components.patchifiers import VideoLatentPatchifier, get_pixel_coords
from ltx_core.conditioning import ConditioningItem, VideoConditionByLatentIndex, VideoConditionByReferenceLatent
from ltx_core.model.upsampler import upsample_video
from ltx_core.tools import VideoLatentTools
from ltx_core.types import AudioLatentShape, LatentState, VideoLatentShape, VideoPixelShape
from ltx_core.utils import to_denoised

from syncedit_demo.engines.interface import EditJob, Event, Finished, Frames, Preview, PreviewClip, Progress
from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.device.hardware import Pace, free_bytes
from syncedit_demo.engines.sync_lora.device.memory import decodes_whole
from syncedit_demo.engines.sync_lora.first_frame import compress
from syncedit_demo.engines.sync_lora.network.decode import decode, decode_frame
from syncedit_demo.engines.sync_lora.network.kernels import shortcomings
from syncedit_demo.engines.sync_lora.network.model import Models
from syncedit_demo.engines.sync_lora.weights.tensors import DTYPE
from syncedit_demo.prefetch import prefetch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
    from syncedit_demo.frames import Frame

READ = "Reading the clip"
ENCODE = "Encoding the clip"
STAGE_1 = "Following the motion"
UPSCALE = "Upscaling"
STAGE_2 = "Adding detail"
DECODE = "Decoding"

IN_SMALL_TILES = (
    "There was too little memory free to decode whole frames: they were decoded in small tiles, "
    "so the same edit with more memory free may differ slightly."
)

Size = tuple[int, int]
"""(width, height) in pixels."""


@torch.inference_mode()
def generate(models: Models, job: EditJob, options: SyncLoraOptions) -> Generator[Event]:
    """Make the edited clip.

    Args:
        models: The networks.
        job: The edit; the plan's size is a multiple of 64, its padded frame count 8k + 1.
        options: The user's choices.

    Yields:
        `Progress` after every step, previews where the job asks for them, `Frames` of the plan's size, or of half
        of it for a preview, then `Finished`.

    Raises:
        Cancelled: The job's cancel flag was set.
    """
    plan = job.plan
    full = (plan.width, plan.height)
    half = (plan.width // 2, plan.height // 2)
    noiser = GaussianNoiser(torch.Generator(models.device).manual_seed(job.seed))

    first, stages = half, (half,)
    if options.quality == "full":
        stages = (half, full)
    elif options.quality == "single-stage":
        first, stages = full, (full,)
    edited = {size: _resized(job.edited_frame, size, models.device).cpu() for size in stages}
    references = yield from _read_references(models, job, stages if options.refine_with_reference else (first,))
    # The host compresses while the device is busy with the reference.
    firsts = {size: _first_frame(models, pixels, options) for size, pixels in edited.items()}
    tools = _latent_tools(job, first)
    conditionings = [
        firsts[first],
        VideoConditionByReferenceLatent(references[first], strength=options.reference_strength),
    ]
    state = _noised(tools, conditionings, noiser, models.device, options)
    _draw_audio_noise(noiser, tools, job, models.device)
    latent = yield from _denoise(models, job, state, tools, recipe.STAGE_1_SIGMAS, STAGE_1)

    if options.quality == "full":
        if job.previews:
            preview = _decode(models, job, latent, small_tiles=_needs_small_tiles(models, latent))
            yield PreviewClip(np.concatenate(list(preview)))
        job.cancel.raise_if_set()
        latent = upsample_video(latent, models.encoder, models.upscaler)
        yield Progress(UPSCALE, 1, 1)
        tools = _latent_tools(job, full)
        conditionings: list[ConditioningItem] = [firsts[full]]
        if full in references:
            conditionings.append(VideoConditionByReferenceLatent(references[full], strength=options.reference_strength))
        state = _noised(tools, conditionings, noiser, models.device, options, recipe.STAGE_2_SIGMAS[0], latent)
        latent = yield from _denoise(models, job, state, tools, recipe.STAGE_2_SIGMAS, STAGE_2)

    del references, conditionings, state
    small_tiles = _needs_small_tiles(models, latent)
    done = 0
    for frames in _decode(models, job, latent, small_tiles=small_tiles):
        yield Frames(frames)
        done += len(frames)
        yield Progress(DECODE, done, plan.frames)
    yield Finished((*shortcomings(models.device), *((IN_SMALL_TILES,) if small_tiles else ())))


def _read_references(
    models: Models, job: EditJob, sizes: tuple[Size, ...]
) -> Generator[Event, None, dict[Size, torch.Tensor]]:
    """The reference's latents at each of these sizes, from one pass over the clip; the last frame is held."""
    plan = job.plan
    pixels = {
        (width, height): torch.empty((1, 3, plan.padded_frames, height, width), dtype=DTYPE, device=models.device)
        for width, height in sizes
    }
    # Closed at a stop too: a thread may be reading the reference, which is the caller's to close.
    with closing(prefetch(job.reference())) as reference:
        for index, frame in enumerate(reference):
            job.cancel.raise_if_set()
            for size, clip in pixels.items():
                clip[:, :, index] = _normalised(_resized(frame, size, models.device))
            yield Progress(READ, index + 1, plan.frames)
    latents: dict[Size, torch.Tensor] = {}
    for size, clip in pixels.items():
        job.cancel.raise_if_set()
        clip[:, :, plan.frames :] = clip[:, :, plan.frames - 1 : plan.frames]
        latents[size] = models.encoder(clip)
        yield Progress(ENCODE, len(latents), len(sizes))
    return latents


def _first_frame(models: Models, pixels: torch.Tensor, options: SyncLoraOptions) -> VideoConditionByLatentIndex:
    """The edited frame as the clip's latent frame 0; compressed at the size the model sees.

    Args:
        models: The networks.
        pixels: The frame at that size, on the host: `(1, 3, height, width)`, float32, 0-255.
        options: Say how much it is compressed.
    """
    if options.first_frame_crf:
        picture = pixels[0].permute(1, 2, 0).round().to(torch.uint8).numpy()
        pixels = torch.from_numpy(compress(picture, options.first_frame_crf)).permute(2, 0, 1)[None].float()
    latent = models.encoder(_normalised(pixels.to(models.device))[:, :, None])
    return VideoConditionByLatentIndex(latent, strength=1.0, latent_idx=0)


def _resized(frame: Frame, size: Size, device: torch.device) -> torch.Tensor:
    """A frame as the stock pipeline scales it: `(1, 3, height, width)`, float32, 0-255.

    At half the size bilinear sampling is the mean of 2 × 2 pixels; at the same size it changes nothing.
    """
    pixels = torch.tensor(frame, device=device).permute(2, 0, 1)[None].float()
    width, height = size
    return torch.nn.functional.interpolate(pixels, size=(height, width), mode="bilinear", align_corners=False)


def _normalised(pixels: torch.Tensor) -> torch.Tensor:
    """0-255 to the VAE's -1 to 1."""
    return (pixels / 127.5 - 1.0).to(DTYPE)


def _latent_tools(job: EditJob, size: Size) -> VideoLatentTools:
    width, height = size
    pixels = VideoPixelShape(1, job.plan.padded_frames, height, width, float(job.plan.frame_rate))
    return VideoLatentTools(VideoLatentPatchifier(patch_size=1), VideoLatentShape.from_pixel_shape(pixels), pixels.fps)


def _noised(
    tools: VideoLatentTools,
    conditionings: list[ConditioningItem],
    noiser: GaussianNoiser,
    device: torch.device,
    options: SyncLoraOptions,
    noise_scale: float = 1.0,
    latent: torch.Tensor | None = None,
) -> LatentState:
    """The sequence a stage starts from: the target's tokens, the reference's behind them, noise where it is not clean.

    Positions stay in float32. ltx_core 1.0.0 rounds the target's to bfloat16 but not the reference's, which puts up
    to 6 ms between frames that belong together. The trainer rounded both until June 2026, and what is made of them, up
    to `2 * seconds / 20 - 1`, is bfloat16 then too, which has steps of 39 ms in a clip's first seconds.
    """
    state = tools.create_initial_state(device, DTYPE, latent)
    grid = tools.patchifier.get_patch_grid_bounds(tools.target_shape, device)
    positions = get_pixel_coords(grid, tools.scale_factors, tools.causal_fix).float()
    positions[:, 0] = positions[:, 0] / tools.fps
    state = replace(state, positions=positions)
    for conditioning in conditionings:
        state = conditioning.apply_to(state, tools)
    if options.positions == "trained":
        state = replace(state, positions=state.positions.to(DTYPE))
    return noiser(state, noise_scale)


def _draw_audio_noise(noiser: GaussianNoiser, tools: VideoLatentTools, job: EditJob, device: torch.device) -> None:
    """Draw the noise the stock pipeline gives its audio between the stages, so that one seed means one clip in both."""
    plan = job.plan
    pixels = VideoPixelShape(1, plan.padded_frames, plan.height, plan.width, tools.fps)
    shape = AudioLatentShape.from_video_pixel_shape(pixels)
    torch.randn(
        (1, shape.frames, shape.channels * shape.mel_bins), device=device, dtype=DTYPE, generator=noiser.generator
    )


def _denoise(
    models: Models, job: EditJob, state: LatentState, tools: VideoLatentTools, schedule: tuple[float, ...], phase: str
) -> Generator[Event, None, torch.Tensor]:
    """Run a stage; returns the target's latent `(1, channels, frames, height, width)`."""
    stepper = EulerDiffusionStep()
    # On the host: the stepper reads numbers off it, for which a device would have to be waited for.
    sigmas = torch.tensor(schedule)
    sequence = models.transformer.sequence(state)
    pace = Pace(models.device)
    steps = len(schedule) - 1
    for step in range(steps):
        job.cancel.raise_if_set()
        sigma = sigmas[step].to(models.device, non_blocking=True)
        velocity = models.transformer(state.latent, sigma, sequence, models.prompt)
        denoised = to_denoised(state.latent, velocity, state.denoise_mask * sigma)
        # What is not to be denoised is put back clean: frame 0 and the reference.
        clean = state.clean_latent.float() * (1 - state.denoise_mask)
        denoised = (denoised * state.denoise_mask + clean).to(denoised.dtype)
        state = replace(state, latent=stepper.step(state.latent, denoised, sigmas, step))
        pace.step()
        yield Progress(phase, step + 1, steps)
        if job.previews:
            yield _preview(models, _target(tools, replace(state, latent=denoised)))
    return _target(tools, state)


def _target(tools: VideoLatentTools, state: LatentState) -> torch.Tensor:
    return tools.unpatchify(tools.clear_conditioning(state)).latent


def _preview(models: Models, latent: torch.Tensor) -> Preview:
    """The middle of the clip so far, from a single latent frame, which decodes to a single picture."""
    index = latent.shape[2] // 2
    return Preview(decode_frame(models.decoder, latent[:, :, index : index + 1]))


def _needs_small_tiles(models: Models, latent: torch.Tensor) -> bool:
    return not decodes_whole(latent.shape, free_bytes(models.device))


def _decode(models: Models, job: EditJob, latent: torch.Tensor, *, small_tiles: bool) -> Iterator[NDArray[np.uint8]]:
    """The clip's frames in runs of `(count, height, width, 3)`, the padding cut off."""
    left = job.plan.frames
    for frames in decode(models.decoder, latent, small_tiles=small_tiles):
        job.cancel.raise_if_set()
        if left > 0:
            yield frames[:left]
            left -= len(frames)
