"""The networks of the recipe on a device: fused, loaded and checked.

One transformer serves both stages, because both use the same stack of LoRAs. It is built without the audio half:
the LoRA was trained with `audio=None`, for which both give the same numbers.
"""

# ltx_core has no stubs and leaves many of its own types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from ltx_core.loader import LoraStateDictWithStrength, StateDict, apply_loras
from ltx_core.model.transformer import LTXVideoOnlyModelConfigurator, X0Model
from ltx_core.model.upsampler import LatentUpsampler, LatentUpsamplerConfigurator
from ltx_core.model.video_vae import VideoDecoder, VideoDecoderConfigurator, VideoEncoder, VideoEncoderConfigurator
from safetensors import safe_open

from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.weights import FETCH, TRANSFORMER_PREFIX, Slot, Weights, lora_modules
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.safetensors_file import Header

    Tensors = Iterator[tuple[str, torch.Tensor]]

DTYPE = torch.bfloat16
"""What the model was trained in and the stock pipeline runs in."""

STATISTICS_PREFIX = "vae.per_channel_statistics."
ENCODER_PREFIX = "vae.encoder."
DECODER_PREFIX = "vae.decoder."

ModuleT = TypeVar("ModuleT", bound=torch.nn.Module)


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Everything an edit runs through, in `DTYPE` on one device.

    Attributes:
        transformer: Video only, both LoRAs fused; gives the denoised latent.
        encoder: Pixels to latents.
        decoder: Latents to pixels.
        upscaler: Latents to latents of twice the width and height.
        prompt: The prompt's embedding, `(1, tokens, channels)`.
        device: Where all of it is.
    """

    transformer: X0Model
    encoder: VideoEncoder
    decoder: VideoDecoder
    upscaler: LatentUpsampler
    prompt: torch.Tensor
    device: torch.device


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The networks without their weights (on torch's meta device), and which tensors of which file they take.

    Attributes:
        transformer: The video-only transformer.
        encoder: The VAE's encoder.
        decoder: The VAE's decoder.
        upscaler: The latent upscaler.
    """

    transformer: torch.nn.Module
    encoder: VideoEncoder
    decoder: VideoDecoder
    upscaler: LatentUpsampler

    @classmethod
    def from_headers(cls, base: Header, upscaler: Header) -> Blueprint:
        """The networks that two files' configurations describe.

        Raises:
            EngineError: A configuration is not one that ltx-core can build.
        """
        try:
            with torch.device("meta"):
                return cls(
                    transformer=LTXVideoOnlyModelConfigurator.from_config(base.config),
                    encoder=VideoEncoderConfigurator.from_config(base.config),
                    decoder=VideoDecoderConfigurator.from_config(base.config),
                    upscaler=LatentUpsamplerConfigurator.from_config(upscaler.config),
                )
        except (ValueError, LookupError, TypeError, NotImplementedError) as error:
            message = f"The configuration in {base.path} is not one ltx-core can build ({error}). {FETCH} gets it anew."
            raise EngineError(message) from error

    def checkpoint_names(self) -> dict[str, torch.Tensor]:
        """Every tensor taken from the checkpoint, under the name it has there."""
        return {
            **{TRANSFORMER_PREFIX + name: tensor for name, tensor in self.transformer.state_dict().items()},
            **{_vae_name(ENCODER_PREFIX, name): tensor for name, tensor in self.encoder.state_dict().items()},
            **{_vae_name(DECODER_PREFIX, name): tensor for name, tensor in self.decoder.state_dict().items()},
        }


def check_tensors(header: Header, expected: Mapping[str, torch.Tensor]) -> None:
    """Check that a file holds every tensor a network takes from it, in its shape.

    Raises:
        EngineError: One is missing or has another shape.
    """
    for name, tensor in expected.items():
        info = header.tensors.get(name)
        if info is None or info.shape != tuple(tensor.shape):
            state = "is missing" if info is None else f"has the shape {info.shape} instead of {tuple(tensor.shape)}"
            message = f"{header.path} is not the file this engine needs: {name} {state}. Fetch it with: {FETCH}"
            raise EngineError(message)


def blueprint_of(weights: Weights) -> Blueprint:
    """The networks of the four files, each file checked to hold all that is taken from it.

    Raises:
        EngineError: Something is missing or has another shape.
    """
    base, upscaler = weights.headers[Slot.BASE], weights.headers[Slot.UPSCALER]
    blueprint = Blueprint.from_headers(base, upscaler)
    check_tensors(base, blueprint.checkpoint_names())
    check_tensors(upscaler, blueprint.upscaler.state_dict())
    return blueprint


def read_tensors(path: Path, names: Iterable[str]) -> Tensors:
    """The named tensors of a file, mapped into memory one after the other."""
    with safe_open(path, framework="pt") as file:
        for name in names:
            yield name, file.get_tensor(name)


def fused_tensors(weights: Weights, names: Iterable[str], device: torch.device) -> Tensors:
    """Transformer tensors of the checkpoint with both LoRAs in them, one at a time, in `DTYPE` on the device.

    The sum is ltx_core's own (`apply_loras`), so that the fused weights are the stock pipeline's to the bit.

    Args:
        weights: The four files.
        names: The wanted tensors, by their names in the checkpoint.
        device: Where the products are made.

    Raises:
        EngineError: A LoRA pair for a tensor of the video half was not used: it would have been dropped silently.
    """
    wanted = list(names)
    loras = {slot: lora_modules(weights.headers[slot]) for slot in (Slot.SYNC_LORA, Slot.DISTILLED_LORA)}
    unused = {
        (slot, module)
        for slot, modules in loras.items()
        for module in modules
        if f"{TRANSFORMER_PREFIX}{module}.weight" in wanted
    }
    with ExitStack() as stack:
        files = {slot: stack.enter_context(safe_open(weights.path(slot), framework="pt")) for slot in loras}
        for name, weight in read_tensors(weights.path(Slot.BASE), wanted):
            module = name.removeprefix(TRANSFORMER_PREFIX).removesuffix(".weight")
            key = f"{module}.weight" if name.endswith(".weight") else module
            pairs: list[LoraStateDictWithStrength] = []
            for slot, modules in loras.items():
                if name.endswith(".weight") and module in modules:
                    a, b = (files[slot].get_tensor(half) for half in modules[module])
                    pair = {f"{module}.lora_A.weight": a, f"{module}.lora_B.weight": b}
                    pairs.append(LoraStateDictWithStrength(_state_dict(pair), recipe.LORA_STRENGTH))
                    unused.discard((slot, module))
            fused = apply_loras(_state_dict({key: weight.to(device)}), pairs, dtype=DTYPE)
            yield name, fused.sd[key]
    if unused:
        slot, module = min(unused)
        message = f"{weights.path(slot)}: {module} was not used."
        raise EngineError(message)


def fuse_models(
    weights: Weights, prompt: torch.Tensor, device: torch.device, raise_if_cancelled: Callable[[], None]
) -> Models:
    """The networks straight from the four files; a prepared set gives the same and starts sooner.

    Args:
        weights: The four files.
        prompt: The prompt's embedding.
        device: Where the networks go.
        raise_if_cancelled: Called before every tensor.
    """
    blueprint = blueprint_of(weights)
    base = weights.path(Slot.BASE)
    names = [TRANSFORMER_PREFIX + name for name in blueprint.transformer.state_dict()]
    transformer = fused_tensors(weights, names, device)
    upscaler = read_tensors(weights.path(Slot.UPSCALER), blueprint.upscaler.state_dict())
    return assemble(blueprint, transformer, base, upscaler, prompt, device, raise_if_cancelled)


def assemble(  # noqa: PLR0913 - the parts of one model
    blueprint: Blueprint,
    transformer: Tensors,
    vae: Path,
    upscaler: Tensors,
    prompt: torch.Tensor,
    device: torch.device,
    raise_if_cancelled: Callable[[], None],
) -> Models:
    """Fill a blueprint with its tensors, each going to the device on its own, so that there is never a second copy.

    Args:
        blueprint: The empty networks; they are filled in place.
        transformer: The fused transformer's tensors, by their names in the checkpoint.
        vae: The file with the VAE's tensors, by their names in the checkpoint.
        upscaler: The upscaler's tensors.
        prompt: The prompt's embedding.
        device: Where the networks go.
        raise_if_cancelled: Called before every tensor.
    """

    def fill(model: ModuleT, tensors: Iterable[tuple[str, torch.Tensor]]) -> ModuleT:
        state: dict[str, torch.Tensor] = {}
        for name, tensor in tensors:
            raise_if_cancelled()
            state[name] = tensor.to(device=device, dtype=DTYPE)
        model.load_state_dict(state, strict=True, assign=True)
        meta = [name for name, tensor in _all_tensors(model) if tensor.is_meta]
        if meta:
            message = f"{type(model).__name__} was built without {', '.join(meta)}."
            raise EngineError(message)
        return model.eval().requires_grad_(False)

    def vae_part(model: ModuleT, prefix: str) -> ModuleT:
        names = {_vae_name(prefix, name): name for name in model.state_dict()}
        return fill(model, ((names[name], tensor) for name, tensor in read_tensors(vae, names)))

    velocity_model = fill(
        blueprint.transformer, ((name.removeprefix(TRANSFORMER_PREFIX), tensor) for name, tensor in transformer)
    )
    return Models(
        transformer=X0Model(velocity_model).eval(),  # pyright: ignore[reportArgumentType]
        encoder=vae_part(blueprint.encoder, ENCODER_PREFIX),
        decoder=vae_part(blueprint.decoder, DECODER_PREFIX),
        upscaler=fill(blueprint.upscaler, upscaler),
        prompt=prompt.to(device=device, dtype=DTYPE),
        device=device,
    )


def _all_tensors(model: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from model.named_parameters()
    yield from model.named_buffers()


def _vae_name(prefix: str, name: str) -> str:
    statistics = "per_channel_statistics."
    return STATISTICS_PREFIX + name.removeprefix(statistics) if name.startswith(statistics) else prefix + name


def _state_dict(tensors: dict[str, Any]) -> StateDict:
    tensor = next(iter(tensors.values()))
    return StateDict(tensors, tensor.device, sum(t.nbytes for t in tensors.values()), {tensor.dtype})
