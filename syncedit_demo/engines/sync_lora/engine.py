"""The engine as the rest of the product sees it. torch is imported when one is made, and not before."""

from __future__ import annotations

import os
from importlib.metadata import version
from importlib.util import find_spec
from queue import LifoQueue
from typing import TYPE_CHECKING

from syncedit_demo.engines.sync_lora.options import OPTIONS, SyncLoraOptions
from syncedit_demo.engines.sync_lora.weights.files import prepared_folder
from syncedit_demo.engines.sync_lora.weights.prepared import open_prepared
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from syncedit_demo.engines.interface import EditJob, Event, Progress
    from syncedit_demo.engines.options import Option
    from syncedit_demo.engines.sync_lora.device.placement import Placement
    from syncedit_demo.engines.sync_lora.runtime import Runtime
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.settings import EngineName, SyncLoraSettings

PACKAGES = ("torch", "ltx_core", "safetensors")
PREPARE_PACKAGES = (*PACKAGES, "transformers", "huggingface_hub")


def missing_packages() -> list[str]:
    """The packages this engine needs that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


def prepare_weights(settings: SyncLoraSettings, *, fetch: bool = False) -> Generator[Progress]:
    """Make the prepared set, once, before the first edit; nothing is done where it is there already.

    Where the settings name a repository that holds one, it is fetched from there, and nothing else is.

    Args:
        settings: Where the weights are and where the set goes. It is made on the GPU where there is one.
        fetch: Whether what is missing is downloaded first, about 80 GB.

    Yields:
        Progress; fetching counts bytes.

    Raises:
        EngineError: A package, a weight file or room is missing, or a file is not the right one.
    """
    require(PREPARE_PACKAGES)
    if settings.prepared_repo is not None:
        from syncedit_demo.engines.sync_lora.weights.hub_set import fetch_prepared  # noqa: PLC0415

        yield from fetch_prepared(settings)
        return
    if fetch:
        from syncedit_demo.engines.sync_lora.weights.download import download  # noqa: PLC0415

        yield from download(settings)
    import torch  # noqa: PLC0415 - torch is imported here, and not before

    from syncedit_demo.engines.sync_lora.weights.prepare import prepare  # noqa: PLC0415

    yield from prepare(settings, torch.device(settings.device or ("cuda" if torch.cuda.is_available() else "cpu")))


def upload_weights(settings: SyncLoraSettings, repo: str, *, private: bool) -> Generator[Progress]:
    """Put the prepared set into a Hub repository.

    Raises:
        EngineError: A package is missing, there is no whole set, or the Hub refuses it.
    """
    require(PREPARE_PACKAGES)
    from syncedit_demo.engines.sync_lora.weights.upload import upload_prepared  # noqa: PLC0415

    yield from upload_prepared(settings, repo, private=private)


def require(packages: tuple[str, ...] = PACKAGES) -> None:
    """Refuse to go on without packages.

    Raises:
        EngineError: Some of them are not installed.
    """
    if missing := [name for name in packages if find_spec(name) is None]:
        message = f"Sync-LoRA needs {', '.join(missing)}. Install with: pip install -r requirements.txt"
        raise EngineError(message)


class SyncLoraEngine:
    """LTX-2.3 with the Sync-LoRA, from a prepared set."""

    name: EngineName = "sync-lora"
    options: tuple[Option, ...] = OPTIONS
    uses_seed = True
    description = (
        "LTX-2.3 with the Sync-LoRA generates the whole clip anew from the edited frame and the reference's motion. "
        "Fast motion, and an edited frame that does not line up with the clip, are its weak points."
    )

    def __init__(self, settings: SyncLoraSettings) -> None:
        """Open the prepared set; the networks are loaded with the first edit.

        Args:
            settings: Where the set is and what to run on.

        Raises:
            EngineError: A package or the set is missing or damaged, or no device does what the settings ask.
        """
        require()
        self._prepared = open_prepared(prepared_folder(settings))
        # Parts of an edit need memory in pieces of very different size, of which torch would otherwise keep one each.
        os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
        from syncedit_demo.engines.sync_lora import runtime  # noqa: PLC0415 - they import torch
        from syncedit_demo.engines.sync_lora.network import fp8, kernels  # noqa: PLC0415 - they import torch

        self._runtimes = runtime.new_runtimes(self._prepared, settings)
        # The last one used is the first to be used again: its networks are loaded.
        self._idle: LifoQueue[Runtime] = LifoQueue()
        for each in reversed(self._runtimes):
            self._idle.put(each)
        device = self._runtimes[0].device
        self._device_name = runtime.describe_device(device)
        self._kernels = "triton" if kernels.fused_kernels(device) else "torch"
        widened = settings.precision == "auto" and runtime.fails_fp8(device)
        self._shortcomings = (*kernels.shortcomings(device), *((fp8.WRONG,) if widened else ()))

    @property
    def title(self) -> str:
        """The engine and its device, and the precision where it is not the trained one."""
        precision = " in 8 bits" if self._placement.precision == "fp8" else ""
        return f"Sync-LoRA{precision} on {self._device_name}"

    @property
    def placement(self) -> str:
        """In which precision the model is kept and where, and what makes it slow, in words."""
        each = f", on each of {self.devices} devices" if self.devices > 1 else ""
        return ". ".join((f"{self._placement}{each}", *self._shortcomings))

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions and hashes of what decides its pixels."""
        manifest = self._prepared.manifest
        return {
            **{name: version(name) for name in ("torch", "ltx-core")},
            "precision": self._placement.precision,
            "kernels": self._kernels,
            **{f"{slot} ({source.name})": source.sha256 for slot, source in manifest.sources.items()},
            **{file.name: file.sha256 for file in manifest.files},
        }

    @property
    def devices(self) -> int:
        """The GPUs that it uses."""
        return len(self._runtimes)

    def cost(self, plan: EditPlan) -> None:
        """An edit costs its user nothing."""

    def load(self) -> Generator[Progress]:
        """Load the networks for the next edit, which would do it by itself."""
        runtime = self._idle.get()
        try:
            yield from runtime.load()
        except BaseException:
            runtime.unload()
            raise
        finally:
            self._idle.put(runtime)

    def run(self, job: EditJob) -> Generator[Event]:
        """Make the edit; see `Engine.run`."""
        runtime = self._idle.get()
        try:
            yield from runtime.run(job, SyncLoraOptions.resolve(job.options))
        finally:
            self._idle.put(runtime)

    @property
    def _placement(self) -> Placement:
        return self._runtimes[0].placement
