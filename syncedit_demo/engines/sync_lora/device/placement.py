"""In which precision the transformer is kept and where, so that it and an edit fit into the device's memory."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncedit_demo.errors import EngineError
from syncedit_demo.wording import GB, gigabytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.engines.sync_lora.weights.safetensors_file import TensorInfo
    from syncedit_demo.settings import Precision, SyncLoraSettings

OUTER_BLOCKS = 2
"""Blocks at each end that stay in bfloat16: what they get wrong, nothing after or before them makes good."""

ROOM = 4 * GB
"""Device memory that an edit at the trained size takes beside the networks."""

SLOTS = 3
"""Blocks on the device at a time while they are streamed: one computes, one is ready, one arrives."""

_CANDIDATES: tuple[tuple[Precision, bool], ...] = (("bf16", False), ("fp8", False), ("fp8", True), ("bf16", True))
"""Precision and offload, the best first."""

_CANDIDATES_IN_8_BITS = (_CANDIDATES[1], _CANDIDATES[0], *_CANDIDATES[2:])
"""The same where the set is stored in 8 bits: the whole precision, which it has not, is not worth its memory."""

_MATRIX = re.compile(r"\.transformer_blocks\.(\d+)\.(?:attn[12]\.to_(?:q|k|v|out\.0)|ff\.net\.(?:0\.proj|2))\.weight$")
"""What of a block becomes 8 bits or is streamed, by its name in the checkpoint: see `VideoBlock.matrices`."""


@dataclass(frozen=True, slots=True)
class Placement:
    """How the networks are kept.

    Attributes:
        precision: Of the blocks' large products; fp8 is half as large and loses a little.
        offload: Whether the blocks wait in the host's memory for their turn.
        nbytes: Device memory that it takes.
    """

    precision: Precision
    offload: bool
    nbytes: int

    def leaves_room(self, free: int) -> bool:
        """Whether an edit fits beside it into so many bytes."""
        return self.nbytes + ROOM <= free

    def __str__(self) -> str:
        """In words."""
        where = ", blocks streamed from the host" if self.offload else ""
        return f"{self.precision}{where}, {gigabytes(self.nbytes)} on the device"


def is_quantised(block: int, blocks: int) -> bool:
    """Whether a block's products are in 8 bits where the precision is fp8."""
    return OUTER_BLOCKS <= block < blocks - OUTER_BLOCKS


def choose_devices(
    prepared: PreparedSet, settings: SyncLoraSettings, free: Mapping[torch.device, int], *, can_fp8: bool
) -> tuple[Placement, list[torch.device]]:
    """The best placement on the device with the most memory free, and all devices that it fits, that one first.

    Args:
        prepared: The set.
        settings: What the user decided.
        free: Memory that is free on each device, in bytes.
        can_fp8: Whether they multiply in 8 bits.

    Raises:
        EngineError: The settings ask for fp8, which the devices cannot do.
    """
    first, *others = sorted(free, key=free.__getitem__, reverse=True)
    placement = choose_placement(prepared, settings, free[first], can_fp8=can_fp8)
    return placement, [first, *(device for device in others if placement.leaves_room(free[device]))]


def choose_placement(prepared: PreparedSet, settings: SyncLoraSettings, free: int, *, can_fp8: bool) -> Placement:
    """The best placement that leaves room for an edit, among those that the settings allow.

    Nothing is given up before it must be: first the whole precision, then the speed.

    Args:
        prepared: The set.
        settings: What the user decided.
        free: Device memory that is free, in bytes.
        can_fp8: Whether the device multiplies in 8 bits.

    Raises:
        EngineError: The settings ask for fp8, which the device cannot do.
    """
    if settings.precision == "fp8" and not can_fp8:
        message = (
            "fp8 needs an NVIDIA GPU of the Ada generation (RTX 40) or newer. "
            "Leave SYNCEDIT_PRECISION out, or set it to bf16."
        )
        raise EngineError(message)
    allowed = [
        Placement(precision, offload, _nbytes(prepared, precision, offload=offload))
        for precision, offload in (_CANDIDATES if prepared.manifest.storage == "bf16" else _CANDIDATES_IN_8_BITS)
        if settings.precision in ("auto", precision) and settings.offload in (None, offload)
        if can_fp8 or precision != "fp8"
    ]
    fitting = (each for each in allowed if each.leaves_room(free))
    return next(fitting, min(allowed, key=lambda each: each.nbytes))


def eight_bit_names(tensors: Mapping[str, TensorInfo]) -> frozenset[str]:
    """What of a checkpoint's tensors becomes 8 bits where the precision is fp8."""
    found = {name: int(match[1]) for name in tensors if (match := _MATRIX.search(name))}
    blocks = len(set(found.values()))
    return frozenset(name for name, block in found.items() if is_quantised(block, blocks))


def _nbytes(prepared: PreparedSet, precision: Precision, *, offload: bool) -> int:
    tensors = prepared.checkpoint.tensors
    in_8_bits = eight_bit_names(tensors) if precision == "fp8" else frozenset[str]()
    sizes: dict[int, int] = {}
    stored = 0
    for name, info in tensors.items():
        if found := _MATRIX.search(name):
            block = int(found[1])
            sizes[block] = sizes.get(block, 0) + math.prod(info.shape) * (1 if name in in_8_bits else 2)
            stored += info.nbytes
    kept = list(sizes.values())
    rest = prepared.nbytes - stored
    return rest + (SLOTS * max(kept) if offload else sum(kept))
