"""That plain torch, which a GPU runs where Triton cannot build, stays within the memory an edit is estimated to take.

What an operation takes is counted at full size on the meta device, where nothing is computed.
"""

# ltx_core has no stubs.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import WeakSet

import pytest
import torch
from ltx_core.model.transformer import LTXVideoOnlyModelConfigurator
from ltx_core.model.video_vae import TilingConfig, VideoDecoderConfigurator, VideoEncoderConfigurator
from ltx_core.types import VIDEO_SCALE_FACTORS, VideoLatentShape, VideoPixelShape
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.random_weights import read_configs
from syncedit_demo.engines.sync_lora.device import memory
from syncedit_demo.engines.sync_lora.device.memory import (
    DECODE_WHOLE_BYTES_PER_PIXEL,
    DENOISE_BYTES_PER_TOKEN,
    decodes_whole,
    working_bytes,
)
from syncedit_demo.engines.sync_lora.network.decode import decode
from syncedit_demo.engines.sync_lora.network.kernels import quantised
from syncedit_demo.engines.sync_lora.network.transformer import Sequence, VideoBlock
from syncedit_demo.engines.sync_lora.network.vae import streamline
from syncedit_demo.engines.sync_lora.options import Quality, SyncLoraOptions
from syncedit_demo.plan import EditPlan, pad_frame_count

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from ltx_core.model.video_vae import VideoDecoder

TOKENS = 11_264
"""Of 81 frames at 1024×1024."""

CHANNELS, HEADS, WIDENED = 4096, 32, 16384


class Peak(TorchDispatchMode):
    """Counts the bytes of what is made while it is active and still there; `nbytes` is the most at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.nbytes = 0
        self._live: WeakSet[torch.UntypedStorage] = WeakSet()

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        made = func(*args, **(kwargs or {}))
        self._live.update(each.untyped_storage() for each in tree_leaves(made) if isinstance(each, torch.Tensor))
        self.nbytes = max(self.nbytes, sum(storage.nbytes() for storage in self._live))
        return made


@pytest.fixture(autouse=True)
def on_meta() -> Generator[None]:
    with torch.device("meta"), torch.inference_mode():
        yield


def built(configurator: Any) -> Any:  # noqa: ANN401 - ltx_core mistypes its configurators
    """A network at full size, the transformer with a single block."""
    config, _ = read_configs(tiny=False)
    config["transformer"]["num_layers"] = 1
    return configurator.from_config(config).to(torch.bfloat16)


def bf16(*shape: int) -> torch.Tensor:
    return torch.empty(shape, dtype=torch.bfloat16)


def test_a_block() -> None:
    block = VideoBlock(built(LTXVideoOnlyModelConfigurator).transformer_blocks[0])
    angles = bf16(TOKENS, HEADS, CHANNELS // HEADS // 2)
    sequence = Sequence(angles, angles, torch.empty(2), torch.empty(TOKENS, dtype=torch.int64))
    modulation, prompt_modulation, prompt = bf16(2, 9 * CHANNELS), bf16(1, 2 * CHANNELS), bf16(1024, CHANNELS)
    with Peak() as peak:
        block(bf16(TOKENS, CHANNELS), modulation, prompt_modulation, sequence, prompt)
    assert DENOISE_BYTES_PER_TOKEN / 3 < peak.nbytes / TOKENS < DENOISE_BYTES_PER_TOKEN


def test_widened_tokens_in_8_bits() -> None:
    with Peak() as peak:
        tokens, normed, widened = bf16(TOKENS, CHANNELS), bf16(TOKENS, CHANNELS), bf16(TOKENS, WIDENED)
        quantised(widened, gelu=True)
        del tokens, normed
    assert DENOISE_BYTES_PER_TOKEN / 3 < peak.nbytes / TOKENS < DENOISE_BYTES_PER_TOKEN


def test_decoding_whole_frames() -> None:
    decoder = built(VideoDecoderConfigurator)
    streamline(decoder)
    with Peak() as peak:
        _, _, frames, height, width = decoder(bf16(1, 128, 2, 32, 32)).shape
    pixels = frames * height * width
    assert DECODE_WHOLE_BYTES_PER_PIXEL / 3 < peak.nbytes / pixels < DECODE_WHOLE_BYTES_PER_PIXEL


class Counted(NamedTuple):
    """Bytes at the peak, for each pixel of each frame that is there at a time."""

    encoding: float
    decoding: float
    giving_out: float


@pytest.fixture(scope="module")
def counted() -> Counted:
    """What the VAE's halves take, and what a run of blended tiles takes while it is made into frames."""

    class Blended:
        def tiled_decode(self, latent: torch.Tensor, _tiles: TilingConfig) -> Iterator[torch.Tensor]:
            yield torch.zeros((1, 3, 8 * latent.shape[2], 64, 64), dtype=torch.bfloat16, device="cpu")

    with torch.inference_mode():
        with torch.device("meta"):
            encoder, decoder = built(VideoEncoderConfigurator), built(VideoDecoderConfigurator)
            streamline(encoder)
            streamline(decoder)
            with Peak() as encoding:
                encoder(bf16(1, 3, 9, 512, 512))
            with Peak() as decoding:
                decoder(bf16(1, 128, 2, 16, 16))
        with Peak() as giving_out:
            (frames,) = decode(cast("VideoDecoder", Blended()), torch.zeros((1, 128, 1, 2, 2)), small_tiles=True)
    pixels = 9 * 512 * 512
    return Counted(encoding.nbytes / pixels, decoding.nbytes / pixels, giving_out.nbytes / (frames.size / 3))


def plan_of(width: int, height: int, frames: int) -> EditPlan:
    return EditPlan(width, height, frames, pad_frame_count(frames), 0, Fraction(25), (0, 0, width, height), ())


def test_the_units_are_the_models_and_its_tiles() -> None:
    assert memory.LATENT_SIDE == VIDEO_SCALE_FACTORS.width == VIDEO_SCALE_FACTORS.height
    spatial, temporal = TilingConfig.default().spatial_config, TilingConfig.default().temporal_config
    assert spatial is not None
    assert temporal is not None
    assert (spatial.tile_size_in_pixels, temporal.tile_size_in_frames) == (memory.TILE_SIDE, memory.TILE_FRAMES)


def test_a_run_has_as_many_frames_as_the_estimate_says() -> None:
    """Counted in what the decoder is given of a long clip."""
    counts: list[int] = []

    def counting(part: torch.Tensor) -> torch.Tensor:
        counts.append(8 * (part.shape[2] - 1) + 1)
        return torch.zeros((1, 3, counts[-1], 32, 32), device="cpu")

    list(decode(cast("VideoDecoder", counting), torch.zeros((1, 128, 40, 1, 1), device="cpu"), small_tiles=False))
    assert max(counts) == memory.RUN_FRAMES


@pytest.mark.parametrize(
    "size",
    [
        (512, 512, 1),
        (512, 512, 9),
        (2048, 2048, 9),
        (1024, 1024, 41),
        (1024, 1024, 81),
        (1920, 1088, 25),
        (768, 512, 257),
    ],
    ids=str,
)
@pytest.mark.parametrize("refined", [False, True])
@pytest.mark.parametrize("quality", ["full", "preview", "single-stage"])
def test_an_edit_is_taken_for_what_its_largest_part_takes(
    counted: Counted, size: tuple[int, int, int], quality: Quality, *, refined: bool
) -> None:
    """Parts are counted on the networks; the estimate is above the largest and less than twice that."""
    width, height, frames = size
    needed: list[float] = []
    for divisor in {"full": (2, 1), "preview": (2,), "single-stage": (1,)}[quality]:
        pixels = VideoPixelShape(1, pad_frame_count(frames), height // divisor, width // divisor, 25.0)
        sees_reference = divisor == 2 or refined or quality == "single-stage"
        tile = min(pixels.width, 512) * min(pixels.height, 512)
        at_once = min(pixels.frames, 64)
        needed += [
            counted.encoding * pixels.frames * pixels.height * pixels.width * sees_reference,
            104_000 * VideoLatentShape.from_pixel_shape(pixels).token_count() * (1 + sees_reference),
            (counted.decoding * tile + counted.giving_out * pixels.height * pixels.width) * at_once,
        ]
    estimate = working_bytes(plan_of(width, height, frames), SyncLoraOptions(quality, refined))
    assert max(needed) < estimate < 2 * max(needed)


@pytest.mark.parametrize(("latent_frames", "at_once"), [(2, 9), (9, 65), (33, 65)])
def test_whole_frames_are_decoded_where_a_run_fits(counted: Counted, latent_frames: int, at_once: int) -> None:
    needed = int(counted.decoding * at_once * 1088 * 1920)
    shape = (1, 128, latent_frames, 34, 60)
    assert not decodes_whole(shape, needed)
    assert decodes_whole(shape, int(1.5 * needed))
