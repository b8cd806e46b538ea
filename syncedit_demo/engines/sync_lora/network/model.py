"""The networks of the recipe: what they are made of, and a prepared set brought onto a device.

One transformer serves both stages, because both use the same stack of LoRAs. It is built without the audio half:
the LoRA was trained with `audio=None`, for which both give the same numbers.
"""

# ltx_core has no stubs and leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import torch
from ltx_core.model.transformer import LTXModel, LTXVideoOnlyModelConfigurator
from ltx_core.model.transformer.rope import LTXRopeType
from ltx_core.model.upsampler import LatentUpsampler, LatentUpsamplerConfigurator
from ltx_core.model.video_vae import VideoDecoder, VideoDecoderConfigurator, VideoEncoder, VideoEncoderConfigurator

from syncedit_demo.engines.sync_lora.device.hardware import make_current
from syncedit_demo.engines.sync_lora.device.offload import StreamedBlocks
from syncedit_demo.engines.sync_lora.device.placement import Placement, is_quantised
from syncedit_demo.engines.sync_lora.network.transformer import VideoBlock, VideoTransformer
from syncedit_demo.engines.sync_lora.network.vae import streamline
from syncedit_demo.engines.sync_lora.weights.files import FETCH, TRANSFORMER_PREFIX
from syncedit_demo.engines.sync_lora.weights.prepared import SCALE
from syncedit_demo.engines.sync_lora.weights.prompt import load_prompt
from syncedit_demo.engines.sync_lora.weights.tensors import DTYPE, FP8, assert_whole, read_tensors
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from ltx_core.model.transformer.transformer import BasicAVTransformerBlock

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.engines.sync_lora.weights.safetensors_file import Header

ENCODER_PREFIX = "vae.encoder."
DECODER_PREFIX = "vae.decoder."
NOTHING: Mapping[str, torch.Tensor] = MappingProxyType({})
READERS = 4
"""Threads that read weights."""

STATISTICS = "per_channel_statistics."
"""The VAE's two halves share these; in a checkpoint they stand beside the halves."""


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Everything an edit runs through, in `DTYPE` on one device.

    Attributes:
        transformer: Video only, both LoRAs fused; gives the velocity.
        encoder: Pixels to latents.
        decoder: Latents to pixels.
        upscaler: Latents to latents of twice the width and height.
        prompt: The prompt's embedding, `(1, tokens, channels)`.
        device: Where all of it is.
    """

    transformer: VideoTransformer
    encoder: VideoEncoder
    decoder: VideoDecoder
    upscaler: LatentUpsampler
    prompt: torch.Tensor
    device: torch.device

    def moved(self, device: str) -> Models:
        """The same on another device: every weight by one plain move each, and nothing else."""
        for module in (self.transformer.network, *self.transformer.blocks, self.encoder, self.decoder, self.upscaler):
            module.to(device)
        return replace(self, prompt=self.prompt.to(device), device=torch.device(device))

    def widen_products(self) -> None:
        """Bring everything to bfloat16, for a device whose product in 8 bits is of no use."""
        for block in self.transformer.blocks:
            block.widen_products()

    @property
    def in_8_bits(self) -> bool:
        """Whether any product is in 8 bits."""
        return any(tensor.dtype == FP8 for tensor in self.tensors())

    def tensors(self) -> Iterator[torch.Tensor]:
        """All that is on the device."""
        for module in (self.transformer.network, *self.transformer.blocks, self.encoder, self.decoder, self.upscaler):
            yield from module.parameters()
            yield from module.buffers()
        yield self.prompt


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """The networks as their configurations describe them, without weights: on torch's meta device."""

    transformer: LTXModel
    encoder: VideoEncoder
    decoder: VideoDecoder
    upscaler: LatentUpsampler

    @property
    def parts(self) -> tuple[torch.nn.Module, ...]:
        """All four."""
        return self.transformer, self.encoder, self.decoder, self.upscaler

    @property
    def transformer_names(self) -> dict[str, str]:
        """The transformer's tensors: name in the checkpoint → name in the network."""
        return {TRANSFORMER_PREFIX + name: name for name in self.transformer.state_dict()}

    @property
    def encoder_names(self) -> dict[str, str]:
        """The encoder's tensors: name in the checkpoint → name in the network."""
        return _vae_names(ENCODER_PREFIX, self.encoder)

    @property
    def decoder_names(self) -> dict[str, str]:
        """The decoder's tensors: name in the checkpoint → name in the network."""
        return _vae_names(DECODER_PREFIX, self.decoder)


def describe_networks(base: Header, upscaler: Header) -> Networks:
    """The networks of two files' configurations, each file checked to hold every tensor in its shape.

    Raises:
        EngineError: A configuration is not one ltx-core can build, or a tensor is missing or of another shape.
    """
    try:
        networks = Networks(
            transformer=_on_meta(LTXVideoOnlyModelConfigurator, base),
            encoder=_on_meta(VideoEncoderConfigurator, base),
            decoder=_on_meta(VideoDecoderConfigurator, base),
            upscaler=_on_meta(LatentUpsamplerConfigurator, upscaler),
        )
    except (ValueError, LookupError, TypeError, NotImplementedError) as error:
        message = f"The configuration in {base.path} is not one ltx-core can build ({error}). Fetch it with: {FETCH}"
        raise EngineError(message) from error
    transformer = networks.transformer
    # Rotary frequencies are made in float64 here, as this model was trained.
    if not (
        transformer.cross_attention_adaln
        and transformer.rope_type is LTXRopeType.SPLIT
        and transformer.double_precision_rope
    ):
        message = f"{base.path} holds another model than LTX-2.3. Fetch it with: {FETCH}"
        raise EngineError(message)
    _check_tensors(base, networks.transformer, networks.transformer_names)
    _check_tensors(base, networks.encoder, networks.encoder_names)
    _check_tensors(base, networks.decoder, networks.decoder_names)
    _check_tensors(upscaler, networks.upscaler, {name: name for name in networks.upscaler.state_dict()})
    return networks


def load_models(
    prepared: PreparedSet, device: torch.device, placement: Placement, *, channels_last: bool | None = None
) -> Generator[tuple[int, int], None, Models]:
    """Bring a prepared set onto a device, each tensor mapped and copied on its own: there is never a second copy.

    Args:
        prepared: The set.
        device: Where the networks go.
        placement: In which precision, and whether the blocks wait on the host.
        channels_last: The decoder's layout: whether it will run on a GPU. None goes by the device.

    Yields:
        (tensors loaded, tensors in all) after each.

    Returns:
        The networks, ready to run.

    Raises:
        EngineError: The set does not hold what the networks need.
    """
    networks = describe_networks(prepared.checkpoint, prepared.upscaler)
    prompt = load_prompt(prepared.prompt, width=networks.transformer.inner_dim)
    checkpoint, upscaler = prepared.checkpoint.path, prepared.upscaler.path
    transformer_names = networks.transformer_names
    total = sum(len(part.state_dict()) for part in networks.parts)
    progress = itertools.count(1)

    def arrived(tensor: torch.Tensor, scale: torch.Tensor | None) -> torch.Tensor:
        if tensor.dtype != FP8:
            return tensor.to(device=device, dtype=DTYPE, non_blocking=True)
        tensor = tensor.to(device=device, non_blocking=True)
        return tensor if scale is None else (tensor.float() * scale).to(DTYPE)

    def pinned(named: tuple[str, torch.Tensor]) -> torch.Tensor:
        # Read by several threads into memory that the device fetches from by itself.
        return named[1].pin_memory() if device.type == "cuda" else named[1]

    def load(
        network: torch.nn.Module, path: Path, names: Mapping[str, str], widened: Mapping[str, torch.Tensor] = NOTHING
    ) -> Generator[tuple[int, int]]:
        state: dict[str, torch.Tensor] = {}
        with ThreadPoolExecutor(READERS, initializer=make_current, initargs=(device,)) as readers:
            for name, tensor in zip(names, readers.map(pinned, read_tensors(path, names)), strict=True):
                state[names[name]] = arrived(tensor, widened.get(names[name].removesuffix(".weight")))
                yield next(progress), total
        network.load_state_dict(state, strict=True, assign=True)
        assert_whole(network)
        network.eval().requires_grad_(False)

    blocks: StreamedBlocks | list[VideoBlock] = StreamedBlocks(device) if placement.offload else []
    layers = deque(networks.transformer.transformer_blocks)
    count = len(layers)
    del networks.transformer.transformer_blocks
    for index in range(count):
        # Nothing may hold on to a layer whose weights have become a block's of another precision or place.
        layer = layers.popleft()
        prefix = f"transformer_blocks.{index}."
        names = {full: own.removeprefix(prefix) for full, own in transformer_names.items() if own.startswith(prefix)}
        stored = {
            f"{full}{SCALE}": own for full, own in names.items() if f"{full}{SCALE}" in prepared.checkpoint.tensors
        }
        scales = {
            stored[name].removesuffix(".weight"): scale.to(device=device)
            for name, scale in read_tensors(checkpoint, stored)
        }
        in_8_bits = placement.precision == "fp8" and is_quantised(index, count)
        yield from load(layer, checkpoint, names, NOTHING if in_8_bits else scales)
        block = VideoBlock(cast("BasicAVTransformerBlock", layer))
        if in_8_bits and scales:
            block.take_scales(scales)
        elif in_8_bits:
            block.quantise()
        blocks.append(block)
    rest = {full: own for full, own in transformer_names.items() if not own.startswith("transformer_blocks.")}
    yield from load(networks.transformer, checkpoint, rest)
    yield from load(networks.encoder, checkpoint, networks.encoder_names)
    yield from load(networks.decoder, checkpoint, networks.decoder_names)
    yield from load(networks.upscaler, upscaler, {name: name for name in networks.upscaler.state_dict()})
    streamline(networks.encoder)
    streamline(networks.decoder, channels_last=device.type == "cuda" if channels_last is None else channels_last)
    return Models(
        transformer=VideoTransformer(networks.transformer, blocks),
        encoder=networks.encoder,
        decoder=networks.decoder,
        upscaler=networks.upscaler,
        prompt=prompt.to(device=device, dtype=DTYPE),
        device=device,
    )


def _on_meta(configurator: Any, header: Header) -> Any:  # noqa: ANN401 - ltx_core mistypes its configurators
    with torch.device("meta"):
        return configurator.from_config(header.config)


def _check_tensors(header: Header, network: torch.nn.Module, names: Mapping[str, str]) -> None:
    expected = network.state_dict()
    for name, own_name in names.items():
        info, shape = header.tensors.get(name), tuple(expected[own_name].shape)
        if info is None or info.shape != shape:
            state = "is missing" if info is None else f"has the shape {info.shape} instead of {shape}"
            message = f"{header.path} is not the file this engine needs: {name} {state}. Fetch it with: {FETCH}"
            raise EngineError(message)


def _vae_names(prefix: str, network: torch.nn.Module) -> dict[str, str]:
    return {(f"vae.{name}" if name.startswith(STATISTICS) else prefix + name): name for name in network.state_dict()}
