"""Whether a process that makes one edit after the other stays as it is.

    python -m benchmarks.endurance [--edits 500] [--draft]

Prints memory, open handles, threads and children of the process, and what is on the disk, after every tenth of them.
The engine is one that shows the edited frame throughout; `--draft` measures with the draft engine.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.spare_memory import give_back
from syncedit_demo.ui.visits.room import disk_use
from tests.support.clips import edited_scene, write_scene
from tests.support.quick_app import QuickService

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds after so many edits."""

    edits: int
    megabytes: float
    handles: int
    threads: int
    children: int
    disk: int


def endure(service: EditService, folder: Path, edits: int, every: int) -> Iterator[Held]:
    """Make edits, the same each time, over the same result; what is held at first and after every so many.

    Args:
        service: Makes them.
        folder: Where clip and result lie.
        edits: How many.
        every: After how many it is looked at what is held.
    """
    clip, edited = write_scene(folder / "scene.mp4", 3, sound=True), folder / "edited.png"
    write_png(edited_scene(clip), edited)
    options = PlanOptions(size=(320, 256))
    both = folder / "both.mp4"
    request = EditRequest(clip, edited, folder / "out.mp4", options, "draft", side_by_side=both)
    process = psutil.Process()
    for number in range(1, edits + 1):
        for _ in service.edit(request, CancelFlag()):
            pass
        if number == 1 or number % every == 0:
            # Which comes and goes by more than the frames of an edit.
            gc.collect()
            give_back()
            yield Held(
                number,
                process.memory_info().rss / 1e6,
                process.num_fds(),
                process.num_threads(),
                len(process.children(recursive=True)),
                disk_use(folder),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=500)
    parser.add_argument("--draft", action="store_true", help="with the draft engine")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(work_dir=Path(name) / "work")
        service = EditService(settings) if wanted.draft else QuickService(settings)
        for held in endure(service, Path(name), wanted.edits, max(1, wanted.edits // 10)):
            print(
                f"{held.edits:5} edits: {held.megabytes:.1f} MB, {held.handles} handles, {held.threads} threads, "
                f"{held.children} children, {held.disk / 1e3:.0f} kB on disk",
                flush=True,
            )


if __name__ == "__main__":
    main()
