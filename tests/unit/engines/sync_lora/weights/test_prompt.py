"""The prompt's embedding: the stock pipeline's, made once, and never taken for something it is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from syncedit_demo.engines.sync_lora.weights.gemma import encode_prompt
from syncedit_demo.engines.sync_lora.weights.prompt import base_of_prompt, load_prompt
from syncedit_demo.engines.sync_lora.weights.safetensors_file import read_header
from syncedit_demo.errors import EngineError
from tests.support import tiny_gemma, tiny_ltx

if TYPE_CHECKING:
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet

STOCK = Path(__file__).parents[4] / "data" / "stock_prompt.safetensors"
CONTEXT = torch.ones((1, 128, 64), dtype=torch.bfloat16)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedding by the tiny Gemma and the tiny checkpoint."""
    folder = tmp_path_factory.mktemp("prompt")
    with tiny_gemma.tiny_sizes():
        tiny_gemma.write_checkpoint(folder / "checkpoint.safetensors")
        gemma = tiny_gemma.write_gemma(folder / "gemma")
        encoded = encode_prompt(gemma, folder / "checkpoint.safetensors", "5eed", torch.device("cpu"))
    tiny_ltx.save(folder / "prompt.safetensors", *encoded)
    return folder / "prompt.safetensors"


@pytest.mark.parametrize("name", ["video_context", "audio_context"])
def test_is_what_the_stock_pipeline_encodes(made: Path, name: str) -> None:
    ours = tiny_ltx.load(made)[name]
    stock = tiny_ltx.load(STOCK)[name]
    assert ours.shape[:2] == (1, 1024)
    compared = ours[:, [*range(16), *range(16, 1024, 16)]].float()
    # Processors differ in the order of their sums, and so in the last of bfloat16's eight bits.
    assert (compared - stock.float()).norm() < 0.01 * stock.float().norm()


def test_says_what_made_it(made: Path) -> None:
    metadata = read_header(made).metadata
    assert metadata["prompt"] == "3d1t"
    assert metadata["text_encoder"] == "gemma"
    assert "transformers" in metadata["made_with"]
    assert base_of_prompt(made) == "5eed"


def test_what_is_not_our_prompt_is_no_checkpoints(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "prompt.safetensors"
    assert base_of_prompt(path) is None
    path.write_bytes(made.read_bytes()[:-1])
    assert base_of_prompt(path) is None
    tiny_ltx.save(path, {"video_context": CONTEXT}, {"prompt": "a cat", "base_sha256": "5eed"})
    assert base_of_prompt(path) is None


def test_is_loaded_as_it_was_stored(prepared: PreparedSet) -> None:
    stored = tiny_ltx.load(prepared.prompt.path)["video_context"]
    assert torch.equal(load_prompt(prepared.prompt, width=64), stored)


@pytest.mark.parametrize(
    ("tensors", "metadata", "says"),
    [
        ({"video_context": CONTEXT}, {"prompt": "a cat"}, "holds the prompt 'a cat' instead of '3d1t'"),
        ({"video_context": CONTEXT}, {}, "holds an unknown prompt"),
        ({"audio_context": CONTEXT}, {"prompt": "3d1t"}, "instead of '3d1t'"),
        ({"video_context": CONTEXT[..., :32].clone()}, {"prompt": "3d1t"}, "made for another model"),
        ({"video_context": CONTEXT * 0}, {"prompt": "3d1t"}, "no usable numbers"),
        ({"video_context": CONTEXT * torch.inf}, {"prompt": "3d1t"}, "no usable numbers"),
    ],
)
def test_a_foreign_embedding_is_told(
    tmp_path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str], says: str
) -> None:
    tiny_ltx.save(tmp_path / "prompt.safetensors", tensors, metadata)
    with pytest.raises(EngineError, match=says):
        load_prompt(read_header(tmp_path / "prompt.safetensors"), width=64)
