"""Makes `tests/data/stock_prompt.safetensors`: what ltx-pipelines' own `encode_prompts` makes of our prompt.

ltx-pipelines 1.0.0 builds Gemma itself, which works with transformers 4 only, so this was run once, beside the
environment of the tests (torch 2.13.0, CPU):

    pip install --target old --no-deps transformers==4.57.6 huggingface_hub==0.36.0 tokenizers==0.22.2 \\
        requests urllib3 charset_normalizer certifi
    PYTHONPATH=old python -m tests.make_stock_prompt

Every 16th of the 1024 tokens is kept, and the first 16, among which are the prompt's own.
"""

# ltx_pipelines leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

from tests.support import tiny_gemma

from ltx_pipelines.utils import ModelLedger, helpers  # isort: skip - after the stand-in for torchaudio

OUTPUT = Path(__file__).parents[1] / "data" / "stock_prompt.safetensors"


def main() -> None:
    torch.cuda.synchronize = lambda *_: None  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as name, tiny_gemma.tiny_sizes(), torch.inference_mode():
        folder = Path(name)
        tiny_gemma.write_checkpoint(folder / "checkpoint.safetensors")
        gemma = tiny_gemma.write_gemma(folder / "gemma")
        ledger = ModelLedger(
            torch.bfloat16, torch.device("cpu"), str(folder / "checkpoint.safetensors"), gemma_root_path=str(gemma)
        )
        # The image processor, which the prompt does not pass through, is left out.
        builder = ledger.text_encoder_builder
        ledger.text_encoder_builder = replace(builder, module_ops=builder.module_ops[:2])
        (encoded,) = helpers.encode_prompts(["3d1t"], ledger)
        contexts = {"video_context": encoded.video_encoding, "audio_context": encoded.audio_encoding}
        kept = [*range(16), *range(16, 1024, 16)]
        tensors = {name: context[:, kept].contiguous() for name, context in contexts.items() if context is not None}
        save_file(tensors, OUTPUT, {"made_with": f"transformers {transformers.__version__}, torch {torch.__version__}"})


if __name__ == "__main__":
    main()
