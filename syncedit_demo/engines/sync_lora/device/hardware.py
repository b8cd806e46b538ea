"""The device that the networks run on."""

from __future__ import annotations

import psutil
import torch

from syncedit_demo.errors import EngineError

FP8_CAPABILITY = (8, 9)
"""Compute capability of Ada, the first generation that multiplies in 8 bits."""


def find_devices(name: str | None) -> tuple[torch.device, ...]:
    """The device of a name such as "cuda:1" or "cpu"; None finds every GPU that is of the first one's kind.

    One kind, so that it does not matter which of them makes an edit.

    Raises:
        EngineError: There is no such device.
    """
    if name is None and not torch.cuda.is_available():
        message = "Sync-LoRA needs an NVIDIA GPU, and torch sees none here."
        if torch.version.cuda:
            message += (
                f" It is built for CUDA {torch.version.cuda} and sees a GPU only where the NVIDIA driver is new enough "
                "for that; for CUDA 13 that is 580."
            )
        raise EngineError(message)
    device = torch.device(name or "cuda")
    if device.type != "cuda":
        return (device,)
    if (device.index or 0) >= torch.cuda.device_count():
        message = f"There is no device {device}: torch sees {torch.cuda.device_count()} NVIDIA GPUs."
        raise EngineError(message)
    # With their numbers, which some of torch's questions about a device want.
    numbers = range(torch.cuda.device_count()) if name is None else (device.index or 0,)
    found = [torch.device("cuda", number) for number in numbers]
    return tuple(each for each in found if describe_device(each) == describe_device(found[0]))


def make_current(device: torch.device) -> None:
    """Make a GPU this thread's own: kernels and pinned memory are the current device's."""
    if device.type == "cuda":
        torch.cuda.set_device(device)


def describe_device(device: torch.device) -> str:
    """The device's name for people."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def multiplies_fp8(device: torch.device) -> bool:
    """Whether a device multiplies in 8 bits; the CPU does as if, in float32."""
    return device.type != "cuda" or torch.cuda.get_device_capability(device) >= FP8_CAPABILITY


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device for this process, torch's own unused reserve included."""
    if device.type == "cuda":
        allocated = torch.cuda.memory_allocated(device)
        free, total = torch.cuda.mem_get_info(device)
        allowed = int(total * torch.cuda.get_per_process_memory_fraction(device))
        return min(free + torch.cuda.memory_reserved(device), allowed) - allocated
    return psutil.virtual_memory().available


class Pace:
    """Keeps the host one step ahead of the device: never idle between steps, never far from a Stop."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._last: torch.cuda.Event | None = None

    def step(self) -> None:
        """A step has been given to the device: wait until it has finished the one before."""
        if self._device.type == "cuda":
            done = torch.cuda.Event()
            done.record(torch.cuda.current_stream(self._device))
            if self._last is not None:
                self._last.synchronize()
            self._last = done


class HostCopy:
    """A tensor on its way to the host, while the device goes on.

    Args:
        tensor: Contiguous, on any device.
    """

    def __init__(self, tensor: torch.Tensor) -> None:
        self._arrived: torch.cuda.Event | None = None
        if tensor.is_cuda:
            # Pinned memory is ten times as fast to copy to, and the only kind that does not halt the host.
            self._host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            self._host.copy_(tensor, non_blocking=True)
            self._arrived = torch.cuda.Event()
            self._arrived.record(torch.cuda.current_stream(tensor.device))
        else:
            self._host = tensor

    def wait(self) -> torch.Tensor:
        """The copy, once it is there."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._host
