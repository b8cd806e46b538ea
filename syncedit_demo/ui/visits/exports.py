"""Results of a visit in other formats, made when they are asked for and kept beside the result."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from syncedit_demo.media.formats.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.engines.interface import Progress
    from syncedit_demo.media.formats.registry import FormatName
    from syncedit_demo.service import EditService
    from syncedit_demo.ui.visits.visit import Run, Visit

FRAMES_BETWEEN_CHECKS = 12
"""How many frames are written before it is looked again at what the visit keeps."""


def export_path(run: Run, name: FormatName) -> Path:
    """Where a run lies in a format; in mp4 it is the result itself."""
    return run.files.result.with_suffix(FORMATS[name].suffix)


def export_run(
    service: EditService, visit: Visit, run: Run, name: FormatName, cancel: CancelFlag
) -> Iterator[Progress]:
    """Write a run in a format, unless that was done before.

    What is being written counts as kept: a lossless file may be many times as large as the result.

    Raises:
        NoRoomError: The visit, or all of them together, keep too much; nothing is left behind.
        SyncEditError: Something else that the visitor can mend.
        Cancelled: The flag was set; nothing is left behind.
    """
    target = export_path(run, name)
    if target.exists():
        return
    visit.room.check_visit(visit.folder)
    with closing(service.export(run.files.result, run.record, name, target, cancel)) as steps:
        for step in steps:
            if step.step % FRAMES_BETWEEN_CHECKS == 0:
                visit.room.check_visit(visit.folder)
            yield step
