"""What each stage is given beside its noise: the reference, the edited frame, and where in space and time they are."""

# ltx_core has no stubs.
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from syncedit_demo.engines.interface import Frames, Preview
from syncedit_demo.engines.sync_lora.device.placement import choose_placement
from syncedit_demo.engines.sync_lora.first_frame import compress
from syncedit_demo.engines.sync_lora.network.model import Models, load_models
from syncedit_demo.engines.sync_lora.network.transformer import Sequence, VideoTransformer
from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
from syncedit_demo.engines.sync_lora.pipeline import generate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltx_core.types import LatentState
    from numpy.typing import NDArray

    from syncedit_demo.engines.interface import EditJob, Event
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings

    JobMaker = Callable[..., EditJob]

WIDTH, HEIGHT, FRAMES = 128, 64, 17
SIZES = ((WIDTH // 2, HEIGHT // 2), (WIDTH, HEIGHT))
LATENT_FRAMES = 3


class Watched(VideoTransformer):
    """The transformer, which keeps what it is given and what it makes of it."""

    def __init__(self, transformer: VideoTransformer) -> None:
        super().__init__(transformer.network, transformer.blocks)
        self.states: list[LatentState] = []
        self.steps: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def sequence(self, state: LatentState) -> Sequence:
        self.states.append(state)
        return super().sequence(state)

    def __call__(
        self, latent: torch.Tensor, sigma: torch.Tensor, sequence: Sequence, prompt: torch.Tensor
    ) -> torch.Tensor:
        velocity = super().__call__(latent, sigma, sequence, prompt)
        self.steps.append((latent, sigma, velocity))
        return velocity


@dataclass
class Edit:
    """An edit with everything that decides about it; `states` and `steps` are the transformer's, in order."""

    models: Models
    job: EditJob
    events: list[Event]
    watched: Watched


@pytest.fixture(scope="module")
def edit(prepared: PreparedSet, settings: SyncLoraSettings, make_job: JobMaker) -> Edit:
    """One whose second stage sees the reference too; halving its edited frame leaves fractions."""
    loading = load_models(prepared, torch.device("cpu"), choose_placement(prepared, settings, 10**12, can_fp8=True))
    models: Models | None = None
    while models is None:
        try:
            next(loading)
        except StopIteration as done:
            models = done.value
    watched = Watched(models.transformer)
    noisy = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    job = replace(make_job(WIDTH, HEIGHT, FRAMES, previews=True), edited_frame=noisy)
    options = SyncLoraOptions(refine_with_reference=True, reference_strength=0.25)
    return Edit(models, job, list(generate(replace(models, transformer=watched), job, options)), watched)


def at_size(frame: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """The frame, or at half its size the means of 2 × 2 pixels."""
    width, height = size
    step = frame.shape[1] // width
    return frame.reshape(height, step, width, step, 3).mean(axis=(1, 3), dtype=np.float32)


@torch.inference_mode()
def tokens_of(models: Models, frames: list[NDArray[np.float32]]) -> torch.Tensor:
    """Frames of 0-255 as the encoder's tokens, `(tokens, channels)`: latent frame by frame, row by row."""
    pixels = torch.from_numpy(np.stack(frames)).permute(3, 0, 1, 2)[None] / 127.5 - 1
    return models.encoder(pixels.to(torch.bfloat16))[0].flatten(1).t()


@pytest.mark.parametrize("stage", [0, 1])
def test_the_reference_lies_over_the_target_at_the_stages_own_size_and_time(edit: Edit, stage: int) -> None:
    state = edit.watched.states[stage]
    target = state.latent.shape[1] // 2
    reference = [at_size(frame, SIZES[stage]) for frame in edit.job.reference()]
    assert torch.equal(state.clean_latent[0, target:], tokens_of(edit.models, reference))
    assert torch.equal(state.positions[:, :, target:], state.positions[:, :, :target])
    assert set(state.denoise_mask[0, target:, 0].tolist()) == {1 - 0.25}


def test_trained_positions_are_the_trainers_of_target_and_reference_alike(edit: Edit) -> None:
    exact = edit.watched.states[0].positions
    watched = Watched(edit.watched)
    options = SyncLoraOptions(quality="preview", positions="trained")
    events = generate(replace(edit.models, transformer=watched), edit.job, options)
    while not watched.states:
        next(events)
    events.close()
    (state,) = watched.states
    assert torch.equal(state.positions, exact.to(torch.bfloat16))

    def seen(positions: torch.Tensor) -> torch.Tensor:
        """What the rotary angles are multiples of, of a time in seconds."""
        return 2 * (positions[0, 0, :, 0] + positions[0, 0, :, 1]) / 2 / 20 - 1

    # 1/256 of half of 20 seconds is 39 ms.
    steps = {positions: seen(positions).float() * 256 for positions in (state.positions, exact)}
    assert torch.equal(steps[state.positions], steps[state.positions].round())
    assert not torch.equal(steps[exact], steps[exact].round())


@pytest.mark.parametrize("stage", [0, 1])
def test_the_edited_frame_is_rounded_then_compressed_and_starts_the_target(edit: Edit, stage: int) -> None:
    state = edit.watched.states[stage]
    width, height = SIZES[stage]
    count = width // 32 * (height // 32)
    resized = at_size(edit.job.edited_frame, SIZES[stage])
    picture = compress(np.rint(resized).astype(np.uint8), 18).astype(np.float32)
    assert torch.equal(state.clean_latent[0, :count], tokens_of(edit.models, [picture]))
    mask = state.denoise_mask[0, : state.latent.shape[1] // 2, 0]
    assert mask.nonzero().flatten().tolist() == list(range(count, count * LATENT_FRAMES))


@torch.inference_mode()
def test_a_preview_is_the_middle_of_what_the_step_takes_the_clip_for(edit: Edit) -> None:
    """Not the clip as noisy as it still is."""
    previews = [event.frame for event in edit.events if isinstance(event, Preview)]
    assert len(previews) == len(edit.watched.steps)
    for shown, (latent, sigma, velocity) in zip(previews, edit.watched.steps, strict=True):
        height, width, _ = shown.shape
        assert (width, height) in SIZES
        count = width // 32 * (height // 32)
        middle = slice(count, 2 * count)
        expected = (latent[0, middle].float() - velocity[0, middle].float() * sigma).to(torch.bfloat16)
        pixels = edit.models.decoder(expected.t().reshape(1, -1, 1, height // 32, width // 32))
        levels = ((pixels[0, :, 0].float() + 1) * 127.5).round().clamp(0, 255)
        assert np.array_equal(shown, levels.permute(1, 2, 0).to(torch.uint8).numpy())


@torch.inference_mode()
def test_the_result_is_the_decoded_end_of_the_last_stage(edit: Edit) -> None:
    latent, sigma, velocity = edit.watched.steps[-1]
    count = WIDTH // 32 * (HEIGHT // 32)
    target = latent[0, : count * LATENT_FRAMES].float() - velocity[0, : count * LATENT_FRAMES].float() * sigma
    target[:count] = edit.watched.states[-1].clean_latent[0, :count].float()
    grid = (1, -1, LATENT_FRAMES, HEIGHT // 32, WIDTH // 32)
    pixels = edit.models.decoder(target.to(torch.bfloat16).t().reshape(grid))
    expected = ((pixels[0].float() + 1) * 127.5).clamp(0, 255).permute(1, 2, 3, 0).numpy()
    made = np.concatenate([event.frames for event in edit.events if isinstance(event, Frames)])
    assert made.shape == (FRAMES, HEIGHT, WIDTH, 3)
    # The last step goes through bfloat16 once more.
    assert np.abs(made - expected).mean() < 0.05 * expected.std()
