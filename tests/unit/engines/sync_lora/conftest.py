"""What the tests of the GPU engine share: tiny weights, a prepared set made of them, and jobs.

They need torch and ltx-core, which a machine that only runs the draft engine does not have: there they are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.engines.interface import EditJob
from syncedit_demo.plan import EditPlan, pad_frame_count

if TYPE_CHECKING:
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings

collect_ignore_glob = ["test_*.py"] if find_spec("torch") is None or find_spec("ltx_core") is None else []

JobMaker = Callable[..., EditJob]


@pytest.fixture(autouse=True, scope="session")
def quick_products() -> None:
    """At toy size threads wait for each other longer than they work."""
    import torch  # noqa: PLC0415

    from tests.support.wide_products import multiply_in_float32  # noqa: PLC0415

    torch.set_num_threads(1)
    multiply_in_float32()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> SyncLoraSettings:
    """Tiny weights in a folder, and where their prepared set goes, the prompt's embedding already in it."""
    from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, Slot  # noqa: PLC0415
    from syncedit_demo.settings import SyncLoraSettings  # noqa: PLC0415
    from tests.support import tiny_ltx  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("sync_lora")
    weights = tiny_ltx.write_weights(folder / "weights")
    prepared = folder / "prepared"
    prepared.mkdir()
    tiny_ltx.write_prompt(prepared / "prompt.safetensors", weights / FILE_NAMES[Slot.BASE])
    return SyncLoraSettings(prepared=prepared, weights=weights, device="cpu")


@pytest.fixture(scope="session")
def prepared(settings: SyncLoraSettings) -> PreparedSet:
    """The prepared set of the tiny weights."""
    from syncedit_demo.engines.sync_lora import prepare_weights  # noqa: PLC0415
    from syncedit_demo.engines.sync_lora.weights.prepared import open_prepared  # noqa: PLC0415

    for _ in prepare_weights(settings):
        pass
    return open_prepared(settings.prepared)


@pytest.fixture(scope="session")
def make_job() -> JobMaker:
    return make_small_job


def make_small_job(
    width: int = 64,
    height: int = 64,
    frames: int = 9,
    *,
    rate: Fraction = Fraction(25),
    seed: int = 7,
    shift: int = 0,
    edited: int = 200,
    previews: bool = False,
    **options: Any,  # noqa: ANN401
) -> EditJob:
    """A job over a moving gradient; `shift` changes the reference, `edited` the edited frame."""
    plan = EditPlan(width, height, frames, pad_frame_count(frames), 0, rate, (0, 0, width, height), ())
    reference = moving_gradient(plan, shift)
    first = reference[0].copy()
    first[height // 4 : height // 2, width // 4 : width // 2] = (edited, 30, 30)
    return EditJob(plan, first, lambda: iter(reference), seed, CancelFlag(), options, previews)


def moving_gradient(plan: EditPlan, shift: int = 0) -> NDArray[np.uint8]:
    """A clip `(frames, height, width, 3)` in which everything moves, smooth enough for a codec."""
    y, x = np.mgrid[: plan.height, : plan.width]

    def frames() -> Iterator[NDArray[np.uint8]]:
        for t in range(plan.frames):
            yield np.stack([x * 2 + 4 * t + shift, y * 2 + 3 * t, x + y + 5 * t], axis=-1).astype(np.uint8)

    return np.stack(list(frames()))
