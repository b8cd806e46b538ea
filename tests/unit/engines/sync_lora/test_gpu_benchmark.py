"""What the figures of the GPU benchmark rest on, and the benchmark itself at toy size."""

# ltx_core has no stubs.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ltx_core.model.transformer import LTXVideoOnlyModelConfigurator
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.flops import block_flops, edit_flops
from benchmarks.gpu_profile import covered, kernel_class, sort_events
from benchmarks.gpu_tables import Results, tables
from benchmarks.measuring import Figures
from benchmarks.random_weights import checkpoint_shapes, lora_shapes, read_configs
from syncedit_demo.engines.sync_lora.weights.files import Slot

ROOT = Path(__file__).parents[4]


def test_the_random_checkpoint_is_the_published_one_in_shape() -> None:
    config, _ = read_configs(tiny=False)
    shapes = checkpoint_shapes(config)
    assert len(shapes) == 5947
    assert 2 * sum(map(math.prod, shapes.values())) == pytest.approx(46.1e9, rel=0.002)
    assert all(name.split(".")[2] in ("attn1", "attn2", "ff") for name in _blocks(lora_shapes(shapes, Slot.SYNC_LORA)))
    assert any("audio" in name for name in _blocks(lora_shapes(shapes, Slot.DISTILLED_LORA)))


def _blocks(names: Any) -> list[str]:  # noqa: ANN401 - a mapping's keys
    prefix = "diffusion_model."
    return [name.removeprefix(prefix) for name in names if name.startswith(f"{prefix}transformer_blocks")]


@pytest.mark.parametrize("tokens", [704, 5632])
def test_a_block_takes_the_operations_that_torch_counts(tokens: int) -> None:
    config, _ = read_configs(tiny=False)
    config["transformer"]["num_layers"] = 1
    configurator: Any = LTXVideoOnlyModelConfigurator
    with torch.device("meta"), FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        block = configurator.from_config(config).transformer_blocks[0]
        video, prompt = torch.empty(1, tokens, 4096), torch.empty(1, 1024, 4096)
        block.attn1(video)
        block.attn2(video, context=prompt)
        block.ff(video)
    assert block_flops(4096, tokens, 1024) == pytest.approx(counter.get_total_flops(), rel=0.01)


def test_the_stages_of_an_edit_add_up() -> None:
    short, long = edit_flops(256, 256, 9, tiny=True), edit_flops(256, 256, 17, tiny=True)
    # Half the side and the reference beside it: half the tokens of the second stage.
    assert short.stage_1 == 8 * 2 * block_flops(64, 4 * 4 * 2 * 2, 1024)
    assert short.stage_2 == 3 * 2 * block_flops(64, 8 * 8 * 2, 1024)
    assert short.total == short.stage_1 + short.stage_2 + short.vae
    assert 1 < long.vae / short.vae < 2


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        ("nvjet_tst_256x128_64x4_2x1_v_bz_coopA_TNT", "GEMM"),
        ("void cutlass::device_kernel<cutlass::gemm::kernel::GemmUniversal<...>>", "GEMM"),
        ("void pytorch_flash::flash_fwd_kernel<Flash_fwd_kernel_traits<128, 128, 64>>", "attention"),
        ("cudnn_generated_fort_native_sdpa_sm90_flash_fprop_wgmma_f16_knob_7", "attention"),
        ("sm90_xmma_fprop_implicit_gemm_indexed_bf16f16_bf16f32_f32_nhwckrsc_nhwc", "VAE"),
        ("triton_poi_fused_convolution_silu_3", "elementwise"),
        ("void at::native::vectorized_elementwise_kernel<4, ...>", "elementwise"),
    ],
)
def test_a_kernel_is_known_by_its_name(kernel: str, expected: str) -> None:
    assert kernel_class(kernel) == expected


def test_what_no_kernel_covers_is_the_host_s() -> None:
    events: list[dict[str, Any]] = [
        {"cat": "kernel", "name": "nvjet_a", "ts": 1_000_000, "dur": 2_000_000},
        {"cat": "kernel", "name": "flash_fwd", "ts": 2_000_000, "dur": 2_000_000},
        {"cat": "gpu_memcpy", "name": "Memcpy DtoH", "ts": 6_000_000, "dur": 500_000},
        {"cat": "cuda_runtime", "name": "cudaLaunchKernel", "ts": 0, "dur": 9_000_000},
        {"name": "process_name"},
    ]
    classes, longest = sort_events(events, wall=10.0)
    assert classes == {"GEMM": 2.0, "attention": 2.0, "copies": 0.5, "host": 6.5, "wall": 10.0}
    assert longest[-1] == ("Memcpy DtoH", 0.5)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=12))
def test_what_overlaps_is_covered_once(spans: list[tuple[int, int]]) -> None:
    seconds = {second for start, length in spans for second in range(start, start + length)}
    assert covered((start, start + length) for start, length in spans) == len(seconds)


def test_the_tables_compare_with_the_stock_pipeline_and_with_81_frames() -> None:
    base = Figures("bf16", 81, [5.0, 4.0, 6.0], memory={"allocated": 31.0, "reserved": 32.0, "device": 33.0})
    base.resident_gb = 20.0
    grown = Figures("growth-161", 161, [9.0, 11.0, 10.0], memory=base.memory, resident_gb=20.0)
    stock = Figures("stock", 81, [50.0], memory=base.memory)
    failed = Figures("fp8", failed="it did not fit")
    results = Results(rows={figures.row: figures for figures in (stock, base, grown, failed)})
    shown = tables(results, flops=lambda frames: frames * 1e15)
    assert "| bf16 | 5.00 | 4.00–6.00 | 10.0 × | 31.0 |" in shown
    assert "| 161 | 161.00 | 10.00 | 9.94 | +0.6 % | 11.0 | 21.0 |" in shown
    assert "it did not fit" in shown


@pytest.mark.thorough
def test_the_benchmark_runs_at_toy_size(tmp_path: Path) -> None:
    figures, rows = tmp_path / "figures.json", ("stock", "preview", "first-picture")
    command = [sys.executable, "-m", "benchmarks.gpu", "--tiny", "--edits", "1", "--stock-edits", "1"]
    command += ["--weights", str(tmp_path / "weights"), "--prepared", str(tmp_path / "prepared")]
    command += ["--json", str(figures), "--rows", *rows]
    # Read by every Python that the benchmark starts.
    (tmp_path / "sitecustomize.py").write_text(
        "from tests.support.wide_products import multiply_in_float32\nmultiply_in_float32()\n"
    )
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    held = json.loads(figures.read_text())
    assert [(name, row["failed"]) for name, row in held["rows"].items()] == [(name, "") for name in rows]
    assert all(row["seconds"][0] > 0 for row in held["rows"].values())
    assert held["starts"]["bf16"][0]["seconds"][0] > 0
    assert all(f"| {name} |" in done.stdout for name in rows)
    for name, side in (("stock", 256), ("ours", 128)):
        with av.open(str(tmp_path / "clips" / f"{name}.mp4")) as clip:
            pictures = [(picture.width, picture.height) for picture in clip.decode(video=0)]
        assert pictures == [(side, side)] * 9
