"""What runs in the worker: one edit, as a generator of small messages that looks for a stop at every step.

The networks are this module's: the server puts them here before the first worker is forked, which finds them on its
GPU.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from syncedit_demo.engines.interface import EditJob, Finished
from syncedit_demo.engines.sync_lora.device.hardware import describe_device, free_bytes, make_current
from syncedit_demo.engines.sync_lora.device.memory import check_memory, suggest
from syncedit_demo.engines.sync_lora.lent.exchange import (
    EDITED,
    STOP,
    Handing,
    LentJob,
    Message,
    Refused,
    StopFile,
    open_reference,
)
from syncedit_demo.engines.sync_lora.network.fp8 import WRONG, is_right, scaled_product
from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
from syncedit_demo.engines.sync_lora.pipeline import generate
from syncedit_demo.engines.sync_lora.runtime import is_out_of_memory
from syncedit_demo.errors import Cancelled, SyncEditError

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.engines.sync_lora.network.fp8 import Product
    from syncedit_demo.engines.sync_lora.network.model import Models

logger = logging.getLogger(__name__)

_models: list[Models] = []
_notes: list[str] = []
"""What there is to say of every result of this worker."""


def take(models: Models) -> None:
    """Keep the networks for the workers that will be forked."""
    _models[:] = [models]
    _notes.clear()


def usable(models: Models, product: Product = scaled_product) -> tuple[str, ...]:
    """Bring what is in 8 bits to bfloat16 where this worker's GPU has no use for it; what there is to say of that.

    Nobody knows before which card it will be. A worker that is kept has them in bfloat16 from then on.
    """
    if models.in_8_bits and not is_right(models.device, product):
        models.widen_products()
        _notes[:] = [WRONG]
    return tuple(_notes)


def work(lent: LentJob) -> Generator[Message]:
    """Make an edit; the last message is `Finished` or `Refused`. What is a fault is logged here and raised."""
    try:
        yield from _work(lent)
    except Cancelled:
        yield Refused(None)
    except SyncEditError as error:
        yield Refused(str(error))
    except Exception:
        logger.exception("An edit failed on a lent GPU")
        raise


def _work(lent: LentJob) -> Generator[Message]:
    (models,) = _models
    if models.device.type == "cuda":
        # It has no number before it is lent, and is the only one then; much of torch asks for the number.
        models = replace(models, device=torch.device("cuda", 0))
    make_current(models.device)
    notes = usable(models)
    options = SyncLoraOptions.resolve(lent.options)
    job = EditJob(
        plan=lent.plan,
        edited_frame=np.load(lent.folder / EDITED),
        reference=lambda: open_reference(lent.folder),
        seed=lent.seed,
        cancel=StopFile(lent.folder / STOP),
        options=lent.options,
        previews=lent.previews,
    )
    job.cancel.raise_if_set()
    check_memory(job.plan, options, free_bytes(models.device))
    handing = Handing(lent.folder)
    free = free_bytes(models.device)
    try:
        for event in generate(models, job, options):
            yield handing.message(replace(event, notes=event.notes + notes) if isinstance(event, Finished) else event)
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        sentence = f"The memory of {describe_device(models.device)} ran out. {suggest(job.plan, options, free // 2)}"
        yield Refused(sentence)
