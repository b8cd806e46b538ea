"""LTX-2.3 with the Sync-LoRA, on ltx-core. Importing this needs neither torch nor ltx-core."""

from syncedit_demo.engines.sync_lora.engine import SyncLoraEngine, prepare_weights, upload_weights
from syncedit_demo.engines.sync_lora.making import make_engine, start_engine
from syncedit_demo.engines.sync_lora.options import OPTIONS, SyncLoraOptions
from syncedit_demo.engines.sync_lora.start import Start
from syncedit_demo.engines.sync_lora.status import spare_gemma, sync_lora_status
from syncedit_demo.settings import SyncLoraSettings

__all__ = [
    "OPTIONS",
    "Start",
    "SyncLoraEngine",
    "SyncLoraOptions",
    "SyncLoraSettings",
    "make_engine",
    "prepare_weights",
    "spare_gemma",
    "start_engine",
    "sync_lora_status",
    "upload_weights",
]
