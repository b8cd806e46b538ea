"""The stock pipeline, ltx-pipelines' `ICLoraPipeline` 1.0.0, on the model card's recipe: one row of `benchmarks.gpu`.

A process of its own, because it builds Gemma itself, which works with transformers 4.57 only: that version comes first
on its path. Nothing of it is changed but what the recipe asks for, both LoRAs at both stages, and, where there is no
GPU, `torch.cuda.synchronize`. Gemma's image processor is left out, which a prompt without enhancement does not pass.
Each edit is one call of the same object under `torch.inference_mode`, as in its own command line, and its own
`encode_video`: from the mp4 and the edited frame on disk to the mp4 on disk, with the sound it makes.
"""

# ltx_core and ltx_pipelines leave many of their own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import measuring
from benchmarks.measuring import Figures, Timed
from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, GEMMA_FOLDER, Slot
from syncedit_demo.engines.sync_lora.weights.torchaudio_stand_in import make_torchaudio_importable

make_torchaudio_importable()

from ltx_core.loader import LTXV_LORA_COMFY_RENAMING_MAP, LoraPathStrengthAndSDOps  # noqa: E402
from ltx_core.model.video_vae import TilingConfig, get_video_chunks_number  # noqa: E402
from ltx_core.text_encoders.gemma import EmbeddingsProcessorOutput  # noqa: E402
from ltx_pipelines import ic_lora  # noqa: E402
from ltx_pipelines.utils.args import ImageConditioningInput  # noqa: E402
from ltx_pipelines.utils.media_io import encode_video  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

PROMPT = "3d1t"
SEED = 42
STOCK_CRF = 33
"""`DEFAULT_IMAGE_CRF` of ltx_pipelines."""


def main() -> None:
    """Measure what the command line asks for and tell it."""
    spec = measuring.row_spec(sys.argv[1])
    figures = Figures("stock", spec["frames"])
    if not torch.cuda.is_available():
        torch.cuda.synchronize = lambda *_: None  # type: ignore[assignment]
    if spec["tiny"]:
        from benchmarks.random_weights import shrink_gemma  # noqa: PLC0415 - no part of a real run

        shrink_gemma()
    with measuring.failure_told(figures):
        measure(figures, spec)
    figures.tell()


def measure(figures: Figures, spec: dict[str, Any]) -> None:
    """Time the edits of one clip."""
    weights, side, frames, target = Path(spec["weights"]), spec["side"], spec["frames"], Path(spec["target"])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pipeline = make_pipeline(weights, device, with_gemma=spec["with_gemma"])
    if spec["with_gemma"]:
        figures.note = "with its prompt encoding"
    else:
        figures.note = "prompt embedding given: its encoding is not in the time"
        inject_prompt(Path(spec["prompt"]), pipeline.device)
    tiling = TilingConfig.default()

    def edit() -> Timed:
        start = time.perf_counter()
        with torch.inference_mode():
            video, audio = pipeline(
                prompt=PROMPT,
                seed=SEED,
                height=side,
                width=side,
                num_frames=frames,
                frame_rate=float(measuring.RATE),
                images=[ImageConditioningInput(spec["edited"], 0, 1.0, STOCK_CRF)],
                video_conditioning=[(spec["clip"], 1.0)],
                tiling_config=tiling,
            )
            called = time.perf_counter()
            encode_video(video, int(measuring.RATE), audio, str(target), get_video_chunks_number(frames, tiling))
        end = time.perf_counter()
        return end - start, {"pipeline": called - start, "decode and encode": end - called}

    measuring.repeat(figures, spec["edits"], edit)
    figures.mbits = measuring.mbits_per_second(target)


def make_pipeline(weights: Path, device: torch.device, *, with_gemma: bool) -> ic_lora.ICLoraPipeline:
    """The pipeline with both LoRAs at both stages; as published it takes them off for the second."""
    loras = [
        LoraPathStrengthAndSDOps(str(weights / FILE_NAMES[slot]), 1.0, LTXV_LORA_COMFY_RENAMING_MAP)
        for slot in (Slot.SYNC_LORA, Slot.DISTILLED_LORA)
    ]
    pipeline = ic_lora.ICLoraPipeline(
        distilled_checkpoint_path=str(weights / FILE_NAMES[Slot.BASE]),
        spatial_upsampler_path=str(weights / FILE_NAMES[Slot.UPSCALER]),
        gemma_root=str(weights / GEMMA_FOLDER) if with_gemma else None,  # pyright: ignore[reportArgumentType]
        loras=loras,
        device=device,
    )
    pipeline.stage_2_model_ledger = pipeline.stage_2_model_ledger.with_loras(tuple(loras))
    if with_gemma:
        ledger = pipeline.stage_1_model_ledger
        builder = ledger.text_encoder_builder
        ledger.text_encoder_builder = replace(builder, module_ops=builder.module_ops[:2])
    return pipeline


def inject_prompt(path: Path, device: torch.device) -> None:
    """Let the pipeline have this embedding instead of making one."""
    contexts = load_file(path, device=str(device))
    video, audio = contexts["video_context"], contexts["audio_context"]
    encoding = EmbeddingsProcessorOutput(video, audio, torch.ones(video.shape[:2], device=device))
    ic_lora.encode_prompts = lambda *_args, **_options: [encoding]  # pyright: ignore[reportUnknownLambdaType]


if __name__ == "__main__":
    main()
