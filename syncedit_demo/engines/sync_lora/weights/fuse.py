"""Base weights and both LoRAs made into one, a tensor at a time."""

# ltx_core has no stubs and leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from ltx_core.loader import LoraStateDictWithStrength, StateDict, apply_loras
from safetensors import safe_open

from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.weights.files import TRANSFORMER_PREFIX, Slot, Weights
from syncedit_demo.engines.sync_lora.weights.tensors import DTYPE, read_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import torch


def fused_tensors(
    weights: Weights,
    names: Mapping[str, object],
    device: torch.device,
    distilled_strength: float = recipe.LORA_STRENGTH,
) -> Iterator[tuple[str, torch.Tensor]]:
    """The transformer's tensors with both LoRAs in them, one after the other.

    The sum is ltx_core's own (`apply_loras`, one key at a time), so that the fused weights are the stock pipeline's
    to the bit.

    Args:
        weights: The four files.
        names: The wanted tensors, by their names in the checkpoint.
        device: Where the products are made.
        distilled_strength: Strength of the distilled LoRA; the other's is the recipe's.

    Yields:
        (name, tensor in `DTYPE` on the device).

    Raises:
        RuntimeError: A LoRA pair for one of these tensors was not used: a defect of this program.
    """
    loras = {slot: lora.pairs for slot, lora in weights.loras.items()}
    unused = {
        (slot, module)
        for slot, modules in loras.items()
        for module in modules
        if f"{TRANSFORMER_PREFIX}{module}.weight" in names
    }
    with ExitStack() as stack:
        files = {slot: stack.enter_context(safe_open(weights.path(slot), framework="pt")) for slot in loras}
        for name, weight in read_tensors(weights.path(Slot.BASE), names):
            key = name.removeprefix(TRANSFORMER_PREFIX)
            module = key.removesuffix(".weight")
            pairs: list[LoraStateDictWithStrength] = []
            for slot, modules in loras.items():
                if key.endswith(".weight") and module in modules:
                    pair = modules[module]
                    a, b = files[slot].get_tensor(pair.a), files[slot].get_tensor(pair.b)
                    scale = 1.0 if pair.alpha is None else files[slot].get_tensor(pair.alpha).item() / len(a)
                    state = StateDict(
                        {f"{module}.lora_A.weight": a, f"{module}.lora_B.weight": b},
                        a.device,
                        a.nbytes + b.nbytes,
                        {a.dtype},
                    )
                    strength = distilled_strength if slot is Slot.DISTILLED_LORA else recipe.LORA_STRENGTH
                    pairs.append(LoraStateDictWithStrength(state, strength * scale))
                    unused.discard((slot, module))
            state = StateDict({key: weight.to(device)}, device, weight.nbytes, {weight.dtype})
            yield name, apply_loras(state, pairs, dtype=DTYPE).sd[key]
    if unused:
        message = f"LoRA pairs that were not used: {sorted(unused)}."
        raise RuntimeError(message)
