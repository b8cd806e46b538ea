"""Blocks that wait in the host's memory and come to the device one ahead of the computation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

import torch

from syncedit_demo.engines.sync_lora.placement import SLOTS

if TYPE_CHECKING:
    from torch import nn

ALIGNMENT = 256
"""Bytes that tensors start at multiples of, as the device's matrix products want it."""


Block = TypeVar("Block", bound="nn.Module")


class StreamedBlocks(Generic[Block]):
    """A sequence of modules that is gone through again and again, in order.

    Their weights stay in pinned host memory. While one computes, the next ones are copied on a stream of their own into
    a few slots of device memory, so that copying costs time only where it takes longer than the computation.

    Args:
        device: A CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._blocks: list[Block] = []
        self._hosts: list[torch.Tensor] = []
        self._slots: list[torch.Tensor] = []
        self._copying = torch.cuda.Stream(device)
        self._arrived = [torch.cuda.Event() for _ in range(SLOTS)]
        self._left = [torch.cuda.Event() for _ in range(SLOTS)]
        self._turn = self._fetched = 0

    def append(self, block: Block) -> None:
        """Add a module to the end; its parameters move to pinned memory, and to a slot whenever its turn comes."""
        self._blocks.append(block)
        self._hosts.append(_flattened(block))

    def __iter__(self) -> Iterator[Block]:
        """Every block in turn, its weights on the device until the next one is asked for."""
        if not self._slots:
            size = max(len(host) for host in self._hosts)
            self._slots = [torch.empty(size, dtype=torch.uint8, device=self._device) for _ in range(SLOTS)]
        finished = False
        try:
            for block in self._blocks:
                while self._fetched < self._turn + SLOTS:
                    self._fetch(self._fetched)
                    self._fetched += 1
                slot = self._turn % SLOTS
                compute = torch.cuda.current_stream(self._device)
                compute.wait_event(self._arrived[slot])
                _bind(block, self._slots[slot])
                yield block
                self._left[slot].record(compute)
                self._turn += 1
            finished = True
        finally:
            if not finished:
                # Given up half-way: the next time starts from the first block again.
                torch.cuda.synchronize(self._device)
                self._turn = self._fetched = 0

    def _fetch(self, turn: int) -> None:
        slot, host = turn % SLOTS, self._hosts[turn % len(self._hosts)]
        with torch.cuda.stream(self._copying):
            # What the slot holds may still be computed with; an event that was never recorded does not wait.
            self._copying.wait_event(self._left[slot])
            self._slots[slot][: len(host)].copy_(host, non_blocking=True)
            self._arrived[slot].record(self._copying)


def _flattened(block: nn.Module) -> torch.Tensor:
    """A module's parameters in one piece of pinned memory, `(bytes,)` uint8."""
    tensors = [parameter.data for parameter in block.parameters()]
    host = torch.empty(sum(_room(tensor) for tensor in tensors), dtype=torch.uint8, pin_memory=True)
    _bind(block, host, copy=True)
    return host


def _bind(block: nn.Module, memory: torch.Tensor, *, copy: bool = False) -> None:
    """Make a module's parameters views of `memory`, one after the other."""
    start = 0
    for parameter in block.parameters():
        tensor = parameter.data
        view = memory[start : start + tensor.nbytes].view(tensor.dtype).view(tensor.shape)
        if copy:
            view.copy_(tensor)
        parameter.data = view
        start += _room(tensor)


def _room(tensor: torch.Tensor) -> int:
    return math.ceil(tensor.nbytes / ALIGNMENT) * ALIGNMENT
