"""ltx-pipelines' own `ICLoraPipeline` as an oracle: what it makes of an edit, stage by stage, on the CPU.

It runs unchanged but for what the model card asks for (both LoRAs at both stages), what a CPU lacks, and three
deliberate differences of this project, each put into the stock pipeline here so that all else can be compared bit by
bit: the audio is dropped, the target's positions stay in float32, and the edited frame is compressed after it was
resized instead of before.
"""

# ltx_core and ltx_pipelines have no stubs.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from syncedit_demo.engines.sync_lora.weights.torchaudio_stand_in import make_torchaudio_importable

make_torchaudio_importable()

from ltx_core.components.patchifiers import get_pixel_coords  # noqa: E402
from ltx_core.model.upsampler import LatentUpsampler  # noqa: E402
from ltx_core.model.video_vae import TilingConfig, VideoDecoder  # noqa: E402
from ltx_core.text_encoders.gemma import EmbeddingsProcessorOutput  # noqa: E402
from ltx_core.tools import VideoLatentTools  # noqa: E402
from ltx_pipelines import ic_lora  # noqa: E402
from ltx_pipelines.utils import constants, helpers, media_io  # noqa: E402
from ltx_pipelines.utils.args import ImageConditioningInput  # noqa: E402

from benchmarks.stock import make_pipeline  # noqa: E402
from syncedit_demo.engines.sync_lora import pipeline  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from syncedit_demo.plan import EditPlan

STOCK_STAGE_1_SIGMAS: list[float] = constants.DISTILLED_SIGMA_VALUES
STOCK_STAGE_2_SIGMAS: list[float] = constants.STAGE_2_DISTILLED_SIGMA_VALUES


@dataclass(frozen=True)
class StockResult:
    """Latents after each stage, `(1, 128, frames, height, width)`, and frames, uint8 `(frames, height, width, 3)`."""

    stage_1: torch.Tensor
    stage_2: torch.Tensor
    frames: NDArray[np.uint8]


def run_stock_pipeline(
    weights: Path, clip: Path, edited: Path, plan: EditPlan, prompt: torch.Tensor, *, seed: int, crf: int
) -> StockResult:
    """Make an edit with the stock pipeline.

    Args:
        weights: Folder with the four files.
        clip: The reference at the plan's size and rate, with `plan.padded_frames` frames.
        edited: The edited frame at the plan's size.
        plan: The plan.
        prompt: The prompt's video embedding.
        seed: The seed.
        crf: Compression of the edited frame.
    """
    with pytest.MonkeyPatch.context() as patch:
        _adapt(patch, prompt)
        latents = record_latents(patch)
        stock = _pipeline(weights)
        with torch.inference_mode():
            chunks, _ = stock(
                prompt="3d1t",
                seed=seed,
                height=plan.height,
                width=plan.width,
                num_frames=plan.padded_frames,
                frame_rate=float(plan.frame_rate),
                images=[ImageConditioningInput(str(edited), 0, 1.0, crf)],
                video_conditioning=[(str(clip), 1.0)],
                tiling_config=TilingConfig.default(),
            )
            frames = np.concatenate([chunk.numpy() for chunk in chunks])
    return StockResult(latents[0], latents[1], frames)


def stock_transformer(weights: Path) -> torch.nn.Module:
    """The transformer as the stock pipeline builds and fuses it, with its audio half."""
    wrapped: Any = _pipeline(weights).stage_1_model_ledger.transformer()
    return wrapped.model.velocity_model


class _WithoutAudio(torch.nn.Module):
    """The stock transformer with its audio taken away; the pipeline gets its own audio latent back."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, video: Any, audio: Any, perturbations: Any) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: ANN401
        denoised, _ = self.model(video=video, audio=None, perturbations=perturbations)
        return denoised, audio.latent


def _pipeline(weights: Path) -> ic_lora.ICLoraPipeline:
    stock = make_pipeline(weights, torch.device("cpu"), with_gemma=False)
    for ledger in (stock.stage_1_model_ledger, stock.stage_2_model_ledger):
        build: Any = ledger.transformer
        ledger.transformer = lambda build=build: _WithoutAudio(build())  # type: ignore[method-assign]
        ledger.audio_decoder = ledger.vocoder = lambda: None  # type: ignore[method-assign,assignment]
    return stock


def _adapt(patch: pytest.MonkeyPatch, prompt: torch.Tensor) -> None:
    encoding = EmbeddingsProcessorOutput(prompt, prompt[..., : prompt.shape[-1] // 2], torch.ones(prompt.shape[:2]))
    create_initial_state = VideoLatentTools.create_initial_state

    def with_float32_positions(self: VideoLatentTools, device: Any, *args: Any) -> Any:  # noqa: ANN401
        state = create_initial_state(self, device, *args)
        grid = self.patchifier.get_patch_grid_bounds(output_shape=self.target_shape, device=device)
        positions = get_pixel_coords(grid, self.scale_factors, self.causal_fix).float()
        positions[:, 0, ...] = positions[:, 0, ...] / self.fps
        return replace(state, positions=positions)

    def resized_before_compressed(
        image_path: str, height: int, width: int, dtype: torch.dtype, device: torch.device, crf: int
    ) -> torch.Tensor:
        image = torch.tensor(media_io.decode_image(image_path), dtype=torch.float32)
        resized = media_io.resize_and_center_crop(image, height, width)
        if crf:
            picture = resized[0, :, 0].permute(1, 2, 0).round().to(torch.uint8).numpy()
            compressed = torch.tensor(media_io.preprocess(picture, crf), dtype=torch.float32)
            resized = media_io.resize_and_center_crop(compressed, height, width)
        return media_io.normalize_latent(resized, device, dtype)

    patch.setattr(torch.cuda, "synchronize", lambda: None)
    patch.setattr(ic_lora, "encode_prompts", lambda *_args, **_options: [encoding])
    patch.setattr(ic_lora, "vae_decode_audio", lambda *_args: None)
    patch.setattr(VideoLatentTools, "create_initial_state", with_float32_positions)
    patch.setattr(helpers, "load_image_conditioning", resized_before_compressed)


def record_latents(patch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """The latents that will be upscaled and decoded, in order, whichever pipeline runs: those after each stage.

    Both pipelines pass them to the upscaler, which sees them un-normalised; each has its own decoding.
    """
    latents: list[torch.Tensor] = []
    stock_decode: Any = VideoDecoder.tiled_decode
    own_decode: Any = pipeline.decode
    upscale: Any = LatentUpsampler.forward

    def recording(decode: Any) -> Any:  # noqa: ANN401
        def record(decoder: VideoDecoder, latent: torch.Tensor, *args: Any, **options: Any) -> Any:  # noqa: ANN401
            latents.append(latent.clone())
            return decode(decoder, latent, *args, **options)

        return record

    def recording_upscale(self: LatentUpsampler, latent: torch.Tensor) -> torch.Tensor:
        latents.append(latent.clone())
        return upscale(self, latent)

    patch.setattr(VideoDecoder, "tiled_decode", recording(stock_decode))
    patch.setattr(pipeline, "decode", recording(own_decode))
    patch.setattr(LatentUpsampler, "forward", recording_upscale)
    return latents
