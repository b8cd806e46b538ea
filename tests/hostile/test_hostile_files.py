"""Whatever a file holds, there is a result or one sentence, and nothing is left behind.

`make fuzz` reads two thousand files; `make test` a slice of them.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import psutil
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.errors import ReaderError, SyncEditError
from syncedit_demo.plan import PlanOptions
from syncedit_demo.reading.children import ChildrenRunner
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from tests.hostile.mutations import IMAGES, mutated_files, write_seeds
from tests.support.clips import write_scene

if TYPE_CHECKING:
    from pathlib import Path

FILES = int(os.environ.get("SYNCEDIT_FUZZ_FILES", "45"))
SEED = int(os.environ.get("SYNCEDIT_FUZZ_SEED", "1"))
MOST_GROWTH = 100_000_000
"""Bytes that this process may hold more after all of them: it decodes nothing, so it keeps nothing."""


@pytest.mark.timeout(0 if FILES > 100 else 300)
def test_there_is_a_result_or_a_sentence(tmp_path: Path) -> None:
    given, made, work = (tmp_path / name for name in ("given", "made", "work"))
    for folder in (given, made, work):
        folder.mkdir()
    seeds = write_seeds(given)
    assert len(seeds) >= 12, "most kinds can be written here"
    scene = write_scene(tmp_path / "scene.mp4")
    process = psutil.Process()
    before = {child.pid for child in process.children()}
    read, refused = 0, 0
    options = PlanOptions(size=(320, 256))
    settings = Settings(engine="draft", work_dir=work)
    with closing(ChildrenRunner(settings.reading_limits, 1)) as runner:
        service = EditService(settings, runner)
        clip, plan = service.inspect(scene, options)
        held = process.memory_info().rss
        for path in mutated_files(seeds, made, FILES, SEED):
            try:
                if path.suffix[1:] in IMAGES:
                    service.register_edited_frame(scene, clip, plan, path)
                else:
                    info, its_plan = service.inspect(path, options)
                    for _ in service.reader.conform(path, info, its_plan, CancelFlag()):
                        pass
                read += 1
            except ReaderError as error:
                # One process it may cost; still it is a mistake of a library that is worth knowing.
                pytest.fail(f"{path.name} of seed {SEED}: {error}")
            except SyncEditError as error:
                refused += 1
                said = str(error)
                assert said.endswith("."), said
                assert str(tmp_path) not in said, "a path of the server is told"
                assert "\n" not in said
        assert process.memory_info().rss - held < MOST_GROWTH
    assert read + refused == FILES
    assert min(read, refused) > 0
    assert list(made.iterdir()) == list(work.iterdir()) == []
    left = {child.pid for child in process.children()} - before
    assert [pid for pid in left if "resource_tracker" not in " ".join(psutil.Process(pid).cmdline())] == []
