"""Which of the engine's two ways to run is this machine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo.engines.sync_lora.engine import SyncLoraEngine
from syncedit_demo.engines.sync_lora.lent.engine import LentSyncLoraEngine
from syncedit_demo.engines.sync_lora.lent.zerogpu import ZeroGpu, is_zerogpu

if TYPE_CHECKING:
    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.settings import SyncLoraSettings


def make_engine(settings: SyncLoraSettings) -> Engine:
    """The engine on a GPU of this machine, or on one that is lent where this process runs on ZeroGPU.

    Raises:
        EngineError: It is not ready; the sentence says what is missing.
    """
    return LentSyncLoraEngine(settings, ZeroGpu()) if is_zerogpu() else SyncLoraEngine(settings)
