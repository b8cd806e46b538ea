"""Which of the engine's two ways to run is this machine's, and how a server comes to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.engine import SyncLoraEngine, prepare_weights, require
from syncedit_demo.engines.sync_lora.lent.engine import LentSyncLoraEngine
from syncedit_demo.engines.sync_lora.lent.zerogpu import ZeroGpu, is_zerogpu
from syncedit_demo.engines.sync_lora.start import NotHereError, Start
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.engines.sync_lora.lent.zerogpu import Lender
    from syncedit_demo.settings import SyncLoraSettings

ANEW = "Beginning anew with what was fetched"

logger = logging.getLogger(__name__)


def make_engine(settings: SyncLoraSettings) -> Engine:
    """The engine on a GPU of this machine, or on one that is lent where this process runs on ZeroGPU.

    Raises:
        EngineError: It is not ready; the sentence says what is missing.
    """
    return _made_for(settings, _lender_here())


def start_engine(
    settings: SyncLoraSettings, begin_anew: Callable[[], None], lender: Lender | None = None
) -> Engine | Start:
    """What a server has of the engine before it serves: the engine itself where GPUs are lent, or one on its way.

    Where GPUs are lent, what a worker gets is what was there when the page was launched. So a set that has to be
    fetched first is used by the program that begins anew after that.

    Args:
        settings: Where the set is, or is fetched from.
        begin_anew: Has the program begin anew.
        lender: Lends GPUs; None takes the platform's where this process runs on one.
    """
    lender = lender or _lender_here()
    if lender is not None:
        try:
            return LentSyncLoraEngine(settings, lender)
        except EngineError as error:
            logger.warning("Sync-LoRA does not start from what is here: %s", error)
    return Start(lambda: _steps(settings, begin_anew, lender))


def _lender_here() -> Lender | None:
    return ZeroGpu() if is_zerogpu() else None


def _made_for(settings: SyncLoraSettings, lender: Lender | None) -> Engine:
    return LentSyncLoraEngine(settings, lender) if lender else SyncLoraEngine(settings)


def _steps(
    settings: SyncLoraSettings, begin_anew: Callable[[], None], lender: Lender | None
) -> Generator[Progress, None, Engine]:
    try:
        require()
        if lender is None:
            from syncedit_demo.engines.sync_lora.device.hardware import find_devices  # noqa: PLC0415 - it needs torch

            find_devices(settings.device)
    except EngineError as error:
        raise NotHereError(str(error)) from error
    if settings.prepared_repo is not None:
        yield from prepare_weights(settings)
        if lender is not None:
            yield Progress(ANEW, 0, 1)
            begin_anew()
            message = "Sync-LoRA is fetched; this server begins anew with it in a moment."
            raise NotHereError(message)
    try:
        engine = _made_for(settings, lender)
    except EngineError as error:
        if settings.prepared_repo is not None:
            raise
        raise NotHereError(str(error)) from error
    try:
        if isinstance(engine, SyncLoraEngine):
            yield from engine.load()
    except Exception:
        # The first edit tries again, with what is free then, and says what is missing.
        logger.exception("The networks could not be loaded before the first edit")
    return engine
