"""All that there is of a run in one zip: result, side by side, record, edited frame, and the report by itself."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from syncedit_demo.engines.interface import Progress
from syncedit_demo.media.atomic import output_errors, publish, staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.ui.visits.visit import Run, Visit

PIECE = 4_000_000
"""Bytes that are copied between two looks at whether it is still wanted."""

# The same files are the same bytes whenever they are packed.
NO_DATE = (1980, 1, 1, 0, 0, 0)


def everything_path(run: Run) -> Path:
    """Where the zip of a run lies."""
    return run.files.result.with_suffix(".all.zip")


def pack_everything(visit: Visit, run: Run, cancel: CancelFlag) -> Iterator[Progress]:
    """Pack what there is of a run by now.

    The edited frame has the name by which the record calls it: put beside the clip, the record makes the result again.

    Raises:
        NoRoomError: The visit, or all of them together, keep too much; nothing is left behind.
        OutputError: The disk is full, or the run is gone.
        Cancelled: The flag was set; nothing is left behind.
    """
    target, files = everything_path(run), run.files
    _, edited = run.inputs
    packed = [path for path in (files.result, files.side_by_side, files.record, edited) if path.exists()]
    total = sum(path.stat().st_size for path in packed)
    # What was packed before makes room for what is packed now.
    target.unlink(missing_ok=True)
    visit.room.check_visit(visit.folder, total)
    with staging(target) as folder, output_errors(target):
        with zipfile.ZipFile(folder / target.name, "w", zipfile.ZIP_STORED) as file:
            done = 0
            for path in packed:
                entry = zipfile.ZipInfo(path.name, NO_DATE)
                with path.open("rb") as source, file.open(entry, "w", force_zip64=True) as place:
                    while piece := source.read(PIECE):
                        cancel.raise_if_set()
                        place.write(piece)
                        done += len(piece)
                        yield Progress("Packing", done, max(total, 1))
            if run.record.report is not None:
                name = files.result.with_suffix(".report.json").name
                file.writestr(zipfile.ZipInfo(name, NO_DATE), run.record.report.to_json())
        publish(folder / target.name, target)
