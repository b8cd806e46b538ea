"""The engine behind the protocol: options, memory, out of memory, and machines that lack something."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.engines.interface import Engine, Finished, Frames, Progress
from syncedit_demo.engines.sync_lora import SyncLoraEngine, SyncLoraOptions
from syncedit_demo.engines.sync_lora.device.hardware import find_devices
from syncedit_demo.engines.sync_lora.device.memory import check_memory, working_bytes
from syncedit_demo.errors import EngineError
from syncedit_demo.plan import EditPlan, pad_frame_count
from syncedit_demo.settings import SyncLoraSettings
from syncedit_demo.wording import GB

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncedit_demo.engines.interface import EditJob
    from syncedit_demo.engines.sync_lora.options import Quality
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet

    JobMaker = Callable[..., EditJob]

ROOT = Path(__file__).parents[4]


def plan_of(width: int, height: int, frames: int) -> EditPlan:
    return EditPlan(width, height, frames, pad_frame_count(frames), 0, Fraction(25), (0, 0, width, height), ())


@pytest.fixture(scope="module")
def engine(prepared: PreparedSet, settings: SyncLoraSettings) -> SyncLoraEngine:
    del prepared
    return SyncLoraEngine(settings)


def test_runs_behind_the_protocol(engine: SyncLoraEngine, make_job: JobMaker) -> None:
    job = make_job(quality="preview")
    behind: Engine = engine
    events = list(behind.run(job))
    frames = np.concatenate([event.frames for event in events if isinstance(event, Frames)])
    assert frames.shape == (job.plan.frames, job.plan.height // 2, job.plan.width // 2, 3)
    assert isinstance(events[0], Progress)
    assert isinstance(events[-1], Finished)
    assert (behind.name, behind.title) == ("sync-lora", "Sync-LoRA on CPU")


def test_names_what_its_pixels_come_from(engine: SyncLoraEngine, prepared: PreparedSet) -> None:
    versions = engine.versions
    assert versions["torch"] == torch.__version__
    assert versions["ltx-core"] == "1.0.0"
    assert versions["kernels"] == "torch"
    for source in prepared.manifest.sources.values():
        assert source.sha256 in versions.values()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"quality": "best"}, "choose one of full, preview, single-stage"),
        ({"refine_with_reference": 1}, "it is on or off"),
        ({"first_frame_crf": 52}, "choose a number from 0 to 51"),
        ({"first_frame_crf": True}, "choose a number from 0 to 51"),
        ({"reference_strength": 1.5}, r"choose a number from 0\.0 to 1\.0"),
        ({"steps": 30}, "no option steps"),
    ],
    ids=str,
)
def test_options_that_are_not_allowed_are_told(
    engine: SyncLoraEngine, make_job: JobMaker, options: dict[str, str | int | float | bool], says: str
) -> None:
    with pytest.raises(EngineError, match=says):
        list(engine.run(replace(make_job(), options=options)))


def test_whole_numbers_are_strengths_too() -> None:
    assert SyncLoraOptions.resolve({"reference_strength": 1}) == SyncLoraOptions()


def test_without_a_gpu_it_is_not_ready_unless_the_cpu_is_asked_for(settings: SyncLoraSettings) -> None:
    if torch.cuda.is_available():
        assert {device.type for device in find_devices(None)} == {"cuda"}
    else:
        with pytest.raises(EngineError, match="needs an NVIDIA GPU"):
            SyncLoraEngine(settings.model_copy(update={"device": None}))
    with pytest.raises(EngineError, match="There is no device cuda:99"):
        find_devices("cuda:99")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a usable NVIDIA GPU")
def test_a_driver_that_may_be_too_old_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    with pytest.raises(EngineError, match=r"built for CUDA 13\.0 .* for CUDA 13 that is 580"):
        find_devices(None)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(EngineError, match=r"torch sees none here\.$"):
        find_devices(None)


sides = st.integers(4, 32).map(lambda side: 64 * side)
plans = st.builds(plan_of, sides, sides, st.integers(1, 257))
options = st.builds(
    SyncLoraOptions, quality=st.sampled_from(["full", "preview", "single-stage"]), refine_with_reference=st.booleans()
)


@given(plans, options, st.integers(0, 200 * GB))
def test_what_does_not_fit_is_refused_with_what_would(plan: EditPlan, chosen: SyncLoraOptions, free: int) -> None:
    if working_bytes(plan, chosen) <= free:
        check_memory(plan, chosen, free)
        return
    with pytest.raises(EngineError) as error:
        check_memory(plan, chosen, free)
    words = str(error.value).replace(",", "").rstrip(".").split()
    if "--size" in words:
        width, height = map(int, words[words.index("--size") + 1].split("x"))
        assert width * height < plan.width * plan.height
        check_memory(plan_of(width, height, plan.frames), chosen, free)
    if "--frames" in words:
        frames = int(words[words.index("--frames") + 1])
        assert frames < plan.frames
        check_memory(plan_of(plan.width, plan.height, frames), chosen, free)
    if "--quality" in words:
        quality = cast("Quality", words[words.index("--quality") + 1])
        check_memory(plan, replace(chosen, quality=quality), free)


@given(plans, options)
def test_more_never_takes_less(plan: EditPlan, chosen: SyncLoraOptions) -> None:
    assert working_bytes(plan, replace(chosen, quality="preview")) <= working_bytes(plan, chosen)
    longer = plan_of(plan.width, plan.height, plan.frames + 8)
    assert working_bytes(plan, chosen) <= working_bytes(longer, chosen)


def in_another_process(script: str, *paths: Path) -> str:
    """What a Python script prints in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT)))}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


EDIT = """
import sys, resource
from fractions import Fraction
from pathlib import Path
import numpy as np
from syncedit_demo.engines.interface import EditJob, Finished
from syncedit_demo.engines.sync_lora import SyncLoraEngine
from syncedit_demo.settings import SyncLoraSettings
from syncedit_demo.errors import EngineError
from syncedit_demo.cancel import CancelFlag
from syncedit_demo.plan import EditPlan
from tests.support.wide_products import multiply_in_float32
multiply_in_float32()
engine = SyncLoraEngine(SyncLoraSettings(prepared=Path({prepared!r}), weights=Path("nowhere"), device="cpu"))
def edit(side, frames):
    plan = EditPlan(side, side, frames, frames, 0, Fraction(25), (0, 0, side, side), ())
    clip = lambda: (np.zeros((side, side, 3), np.uint8) for _ in range(frames))
    return list(engine.run(EditJob(plan, np.zeros((side, side, 3), np.uint8), clip, 0, CancelFlag())))[-1]
"""


def test_running_out_of_memory_is_told_and_survived(prepared: PreparedSet) -> None:
    """A real allocation fails: the process may not grow by what the edit takes, and then may again."""
    script = EDIT.format(prepared=str(prepared.checkpoint.path.parent)) + (
        "assert edit(64, 9) == Finished()\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "unlimited = resource.getrlimit(resource.RLIMIT_AS)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, unlimited[1]))\n"
        "try:\n"
        "    edit(512, 33)\n"
        "except EngineError as error:\n"
        "    resource.setrlimit(resource.RLIMIT_AS, unlimited)\n"
        "    print(error)\n"
        "assert edit(64, 9) == Finished()\n"
    )
    assert "The memory of CPU ran out and was freed. What fits: " in in_another_process(script)


TRITON = """
import sys
sys.modules["triton.language"] = sys.modules[__name__]
failure = None

class Kernel:
    def __init__(self, function):
        self.launched = 0

    def __getitem__(self, grid):
        return self.launch

    def launch(self, *arguments, **options):
        if failure:
            raise failure
        self.launched += 1

jit = Kernel
"""


def test_where_triton_cannot_build_its_kernels_torch_runs_and_it_is_told(tmp_path: Path) -> None:
    """A compiler that is not there, or fails; no driver to link with; a cache that cannot be written to."""
    (tmp_path / "triton.py").write_text(TRITON)
    script = (
        "from subprocess import CalledProcessError\n"
        "import torch, triton\n"
        "from syncedit_demo.engines.sync_lora.network import kernels\n"
        "cpu, gpu = torch.device('cpu'), torch.device('cuda', 0)\n"
        "built = kernels.built_kernels(cpu)\n"
        "assert built is not None and built._gated_heads.launched == 1\n"
        "for failure in (RuntimeError('no C compiler'), CalledProcessError(1, 'gcc'), AssertionError(), OSError()):\n"
        "    triton.failure = failure\n"
        "    assert kernels.built_kernels(cpu) is None\n"
        "assert kernels.fused_kernels(gpu) is None\n"
        "assert kernels.fused_kernels(cpu) is None and kernels.shortcomings(cpu) == ()\n"
        "print(*kernels.shortcomings(gpu))\n"
    )
    assert "apt-get install gcc python3-dev" in in_another_process(script, tmp_path)


def test_an_edit_does_not_need_torchaudio(prepared: PreparedSet, tmp_path: Path) -> None:
    """As beside a CPU build of torch: the package is there and fails to load."""
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text("raise OSError('Could not load this library')")
    script = EDIT.format(prepared=str(prepared.checkpoint.path.parent)) + (
        "assert edit(64, 9) == Finished()\nprint('torchaudio' in sys.modules)\n"
    )
    assert in_another_process(script, tmp_path) == "False\n"


def test_the_stand_in_lets_the_text_encoder_be_imported_and_raises_on_use(tmp_path: Path) -> None:
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text("raise OSError('Could not load this library')")
    script = (
        "from syncedit_demo.engines.sync_lora.weights.torchaudio_stand_in import make_torchaudio_importable\n"
        "make_torchaudio_importable()\n"
        "import ltx_core.text_encoders.gemma, ltx_core.model.audio_vae, torchaudio\n"
        "try:\n"
        "    torchaudio.functional.resample\n"
        "except RuntimeError as error:\n"
        "    print(error)\n"
    )
    assert "torchaudio.functional is needed" in in_another_process(script, tmp_path)


def test_a_torchaudio_that_loads_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text("real = True")
    script = (
        "from syncedit_demo.engines.sync_lora.weights.torchaudio_stand_in import make_torchaudio_importable\n"
        "make_torchaudio_importable()\n"
        "import torchaudio\n"
        "print(torchaudio.real)\n"
    )
    assert in_another_process(script, tmp_path) == "True\n"


def test_describing_the_engine_does_not_import_torch() -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from syncedit_demo.engines.sync_lora import OPTIONS, SyncLoraEngine, sync_lora_status\n"
        "from syncedit_demo.settings import SyncLoraSettings\n"
        "sync_lora_status(SyncLoraSettings(prepared=Path('nowhere'), weights=Path('nowhere')))\n"
        "print([name for name in ('torch', 'ltx_core', 'transformers') if name in sys.modules])\n"
    )
    assert in_another_process(script) == "[]\n"
