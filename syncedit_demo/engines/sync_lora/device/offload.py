"""Blocks that wait in the host's memory and come to the device one ahead of the computation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from syncedit_demo.engines.sync_lora.device.placement import SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncedit_demo.engines.sync_lora.network.transformer import VideoBlock


class StreamedBlocks:
    """A sequence of blocks that is gone through again and again, in order.

    Their matrices stay in pinned host memory. While one block computes, the next ones are copied on a stream of their
    own into a few slots of device memory, so that copying costs time only where it takes longer than the computation.
    The rest of a block, not a megabyte, stays on the device: torch pins memory in powers of two, which a block's
    matrices fill to the byte, and which all of the block would exceed by that megabyte.

    Args:
        device: A CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._blocks: list[VideoBlock] = []
        self._hosts: list[torch.Tensor] = []
        self._slots: list[torch.Tensor] = []
        self._copying = torch.cuda.Stream(device)
        self._arrived = [torch.cuda.Event() for _ in range(SLOTS)]
        self._left = [torch.cuda.Event() for _ in range(SLOTS)]
        self._turn = self._fetched = 0

    def append(self, block: VideoBlock) -> None:
        """Add a block to the end; its matrices move to pinned memory, and to a slot whenever its turn comes."""
        self._blocks.append(block)
        host = torch.empty(sum(matrix.nbytes for matrix in block.matrices()), dtype=torch.uint8, pin_memory=True)
        for matrix, part in parts(block, host):
            matrix.data = part.copy_(matrix.data)
        self._hosts.append(host)

    def __iter__(self) -> Iterator[VideoBlock]:
        """Every block in turn, its weights on the device until the next one is asked for."""
        if not self._slots:
            size = max(len(host) for host in self._hosts)
            self._slots = [torch.empty(size, dtype=torch.uint8, device=self._device) for _ in range(SLOTS)]
            # Their memory may be what the computation was still busy with when it was let go.
            self._copying.wait_stream(torch.cuda.current_stream(self._device))
        finished = False
        try:
            for block in self._blocks:
                while self._fetched < self._turn + SLOTS:
                    self._fetch(self._fetched)
                    self._fetched += 1
                slot = self._turn % SLOTS
                compute = torch.cuda.current_stream(self._device)
                compute.wait_event(self._arrived[slot])
                for matrix, part in parts(block, self._slots[slot]):
                    matrix.data = part
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


def parts(block: VideoBlock, memory: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """A block's matrices, each with its part of `memory`, `(bytes,)` uint8, in its own shape: one after the other.

    Each starts at a multiple of 256 bytes, as the products want it: the sides of all are multiples of 16.
    """
    start = 0
    for matrix in block.matrices():
        end = start + matrix.nbytes
        yield matrix, memory[start:end].view(matrix.dtype).view(matrix.shape)
        start = end
