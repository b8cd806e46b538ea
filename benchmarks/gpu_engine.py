"""The Sync-LoRA engine at full size on a GPU, from mp4 to mp4, with random weights of the real shapes.

Times and memory are those of the real model; the pictures are noise. It writes about 43 GB of weights and a prepared
set of 29 GB, and needs no network:

    python -m benchmarks.gpu_engine --weights /dev/shm/weights --prepared /tmp/prepared --json figures.json

With `--tiny` everything runs at toy size on any machine, to try the script itself.
"""

# ltx_core leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ltx_core.model.transformer import LTXVideoOnlyModelConfigurator
from ltx_core.model.upsampler import LatentUpsamplerConfigurator
from ltx_core.model.video_vae import VideoDecoderConfigurator, VideoEncoderConfigurator
from numpy.typing import NDArray

from syncedit_demo import render
from syncedit_demo.clip import probe
from syncedit_demo.conform import conform, first_frame
from syncedit_demo.engines import EditJob, Frames, Progress
from syncedit_demo.engines.sync_lora import SyncLoraEngine, SyncLoraSettings, prepare_weights
from syncedit_demo.engines.sync_lora.safetensors_file import TensorInfo, write_safetensors
from syncedit_demo.engines.sync_lora.weights import FILE_NAMES, Slot
from syncedit_demo.plan import PlanOptions, plan_edit

CONFIGS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "tests" / "data" / "ltx23_tiny.json").read_text())
FULL_TRANSFORMER = {
    "attention_head_dim": 128,
    "num_attention_heads": 32,
    "cross_attention_dim": 4096,
    "num_layers": 48,
    "connector_attention_head_dim": 128,
    "connector_num_attention_heads": 32,
    "connector_num_layers": 8,
}
FULL_ENCODER = [
    ["res_x", {"num_layers": 4}],
    ["compress_space_res", {"multiplier": 2}],
    ["res_x", {"num_layers": 6}],
    ["compress_time_res", {"multiplier": 2}],
    ["res_x", {"num_layers": 4}],
    ["compress_all_res", {"multiplier": 2}],
    ["res_x", {"num_layers": 2}],
    ["compress_all_res", {"multiplier": 1}],
    ["res_x", {"num_layers": 2}],
]
FULL_DECODER = [
    ["res_x", {"num_layers": 4}],
    ["compress_space", {"multiplier": 2}],
    ["res_x", {"num_layers": 6}],
    ["compress_time", {"multiplier": 2}],
    ["res_x", {"num_layers": 4}],
    ["compress_all", {"multiplier": 1}],
    ["res_x", {"num_layers": 2}],
    ["compress_all", {"multiplier": 2}],
    ["res_x", {"num_layers": 2}],
]
FULL_SIZES = ("1024x1024x81", "768x1024x153", "1344x768x121")
RANKS = {Slot.SYNC_LORA: 256, Slot.DISTILLED_LORA: 384}
PROMPT_TOKENS = 1024
GB = 1e9


@dataclass
class Edit:
    """One edit: what it was, how long it took and what it held.

    `seconds` and `peak_gb` are by phase; the peaks are torch's count on the GPU.
    """

    size: str
    options: Mapping[str, Any]
    total_seconds: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    peak_gb: dict[str, float] = field(default_factory=dict[str, float])
    left_gb: float = 0.0
    host_gb: float = 0.0


def main() -> None:
    """Build, prepare, edit, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="where the random weights go, 43 GB")
    parser.add_argument("--prepared", type=Path, required=True, help="where the prepared set goes, 29 GB")
    parser.add_argument("--sizes", nargs="+", help="WIDTHxHEIGHTxFRAMES")
    parser.add_argument("--edits", type=int, default=5, help="how many of each")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--tiny", action="store_true", help="toy size")
    given = parser.parse_args()
    sizes: list[str] = given.sizes or (["256x256x17"] if given.tiny else list(FULL_SIZES))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    settings = SyncLoraSettings(prepared=given.prepared, weights=given.weights, device=str(device))
    figures: dict[str, Any] = {"device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU"}

    with timed(figures, "write_random_weights"):
        write_weights(given.weights, given.prepared, device, tiny=given.tiny)
    with timed(figures, "prepare"), host_peak(figures, "prepare_host_peak_gb"):
        for event in prepare_weights(settings):
            if event.step == event.total:
                print(f"  {event.phase}", flush=True)

    engine = SyncLoraEngine(settings)
    edits: list[Edit] = []
    with host_peak(figures, "edits_host_peak_gb"):
        for size in sizes:
            edits += [run_edit(engine, given.prepared.parent, size, {}, device) for _ in range(given.edits)]
        for options in ({"quality": "preview"}, {"refine_with_reference": True}):
            edits.append(run_edit(engine, given.prepared.parent, sizes[0], options, device))
    figures["edits"] = [asdict(edit) for edit in edits]
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


def run_edit(engine: SyncLoraEngine, folder: Path, size: str, options: Mapping[str, Any], device: torch.device) -> Edit:
    """One edit from mp4 to mp4."""
    width, height, frames = map(int, size.split("x"))
    source, target = folder / f"{size}.mp4", folder / f"{size}-edited.mp4"
    if not source.exists():
        render.write_clip(moving_picture(width, height, frames), source, frame_rate=Fraction(25), audio=None)
    edit = Edit(size, options)
    start = last = time.perf_counter()
    clip = probe(source)
    plan = plan_edit(clip, PlanOptions(size=(width, height), max_frames=frames))
    edited = first_frame(source, clip, plan)
    edited[height // 4 : height // 2, width // 4 : width // 2] = (200, 30, 30)
    job = EditJob(plan, edited, lambda: conform(source, clip, plan), 42, threading.Event(), options)

    def frames_of_result() -> Iterator[NDArray[np.uint8]]:
        nonlocal last
        for event in engine.run(job):
            if isinstance(event, Frames):
                yield from event.frames
            if isinstance(event, Progress):
                now = time.perf_counter()
                edit.seconds[event.phase] = edit.seconds.get(event.phase, 0.0) + now - last
                last = now
                if device.type == "cuda":
                    peak = torch.cuda.max_memory_allocated() / GB
                    edit.peak_gb[event.phase] = max(edit.peak_gb.get(event.phase, 0.0), peak)
                    torch.cuda.reset_peak_memory_stats()

    render.write_clip(frames_of_result(), target, frame_rate=plan.frame_rate, audio=None)
    edit.total_seconds = time.perf_counter() - start
    edit.left_gb = torch.cuda.memory_allocated() / GB if device.type == "cuda" else 0.0
    edit.host_gb = anonymous_bytes() / GB
    rounded = {phase: round(value, 2) for phase, value in edit.seconds.items()}
    peaks = {phase: round(value, 2) for phase, value in edit.peak_gb.items()}
    print(f"{size} {dict(options)}: {edit.total_seconds:.2f} s {rounded}", flush=True)
    print(f"  peak GB {peaks}, left {edit.left_gb:.2f}, host {edit.host_gb:.2f}", flush=True)
    return edit


def moving_picture(width: int, height: int, frames: int) -> Iterator[NDArray[np.uint8]]:
    """A gradient that slides."""
    y, x = np.mgrid[:height, :width]
    for t in range(frames):
        yield np.stack([x // 2 + 4 * t, y // 2 + 3 * t, (x + y) // 3 + 5 * t], axis=-1).astype(np.uint8)


def write_weights(folder: Path, prepared: Path, device: torch.device, *, tiny: bool) -> None:
    """The four files and the prompt's embedding, without the audio half, which the engine does not read."""
    folder.mkdir(parents=True, exist_ok=True)
    prepared.mkdir(parents=True, exist_ok=True)
    config, upscaler_config = CONFIGS["checkpoint"], CONFIGS["upscaler"]
    if not tiny:
        config["transformer"] |= FULL_TRANSFORMER
        config["vae"] |= {
            "encoder_blocks": FULL_ENCODER,
            "decoder_blocks": FULL_DECODER,
            "decoder_base_channels": 128,
        }
        upscaler_config |= {"mid_channels": 1024, "num_blocks_per_stage": 4}
    transformer = shapes(LTXVideoOnlyModelConfigurator, config)
    base = {f"model.diffusion_model.{name}": shape for name, shape in transformer.items()}
    for part, configurator in (("encoder", VideoEncoderConfigurator), ("decoder", VideoDecoderConfigurator)):
        for name, shape in shapes(configurator, config).items():
            base[f"vae.{name}" if name.startswith("per_channel") else f"vae.{part}.{name}"] = shape
    metadata = {"config": json.dumps(config), "model_version": "2.3.0"}
    sha256 = write_random(folder / FILE_NAMES[Slot.BASE], base, metadata, device)
    linear = [name.removesuffix(".weight") for name, shape in transformer.items() if len(shape) == 2 and "." in name]
    linear = [name for name in linear if f"{name}.weight" in transformer]
    for slot, rank in RANKS.items():
        lora: dict[str, tuple[int, ...]] = {}
        for module in linear:
            outputs, inputs = transformer[f"{module}.weight"]
            parts = module.split(".")
            in_context = parts[0] == "transformer_blocks" and parts[2] in ("attn1", "attn2", "ff")
            if in_context or slot is Slot.DISTILLED_LORA:
                used = min(rank, outputs, inputs)
                lora[f"diffusion_model.{module}.lora_A.weight"] = (used, inputs)
                lora[f"diffusion_model.{module}.lora_B.weight"] = (outputs, used)
        write_random(folder / FILE_NAMES[slot], lora, {}, device)
    upscaler = shapes(LatentUpsamplerConfigurator, upscaler_config)
    write_random(folder / FILE_NAMES[Slot.UPSCALER], upscaler, {"config": json.dumps(upscaler_config)}, device)
    width = config["transformer"]["num_attention_heads"] * config["transformer"]["attention_head_dim"]
    prompt = {"prompt": "3d1t", "base_sha256": sha256}
    write_random(prepared / "prompt.safetensors", {"video_context": (1, PROMPT_TOKENS, width)}, prompt, device)


def shapes(configurator: Any, config: dict[str, Any]) -> dict[str, tuple[int, ...]]:  # noqa: ANN401
    """The shapes of a network's tensors."""
    with torch.device("meta"):
        network: torch.nn.Module = configurator.from_config(config)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def write_random(
    path: Path, tensors: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str], device: torch.device
) -> str:
    """A file of random tensors that keep a signal's size on its way through; its SHA-256."""
    infos = {name: TensorInfo("BF16", shape) for name, shape in tensors.items()}
    with write_safetensors(path, infos, metadata) as writer:
        for name, shape in tensors.items():
            fan_in = torch.Size(shape[1:]).numel() if len(shape) > 1 else 100
            tensor = torch.randn(shape, device=device, dtype=torch.bfloat16) * fan_in**-0.5
            if name.endswith("std-of-means") or (name.endswith("weight") and len(shape) == 1):
                tensor += 1
            writer.write(tensor.cpu().view(-1).view(torch.uint8).numpy().data)
    print(f"  {path.name}: {path.stat().st_size / GB:.1f} GB", flush=True)
    return writer.sha256


@contextmanager
def timed(figures: dict[str, Any], name: str) -> Generator[None]:
    """Time a block and say so."""
    print(name, flush=True)
    start = time.perf_counter()
    yield
    figures[f"{name}_seconds"] = time.perf_counter() - start
    print(f"  {figures[f'{name}_seconds']:.1f} s", flush=True)


@contextmanager
def host_peak(figures: dict[str, Any], name: str) -> Generator[None]:
    """The largest amount of the process's own memory, mapped files not counted, over what there was before."""
    start = peak = anonymous_bytes()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
            peak = max(peak, anonymous_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    figures[name] = (peak - start) / GB
    print(f"  {name}: {figures[name]:.2f}", flush=True)


def anonymous_bytes() -> int:
    """Memory of this process that is no file's, from Linux' own count."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1]) * 1024


if __name__ == "__main__":
    main()
