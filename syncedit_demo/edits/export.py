"""A result that is kept, in another format: coded anew from its mp4, which has lost something already."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from syncedit_demo.edits.finishing import finish_result
from syncedit_demo.engines.interface import Progress
from syncedit_demo.media.atomic import check_target, publish, staging
from syncedit_demo.media.audio import AudioInterval
from syncedit_demo.media.formats.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.edits.ai_mark import Signer
    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.media.formats.registry import FormatName
    from syncedit_demo.reading.media_reader import MediaReader

EXPORT_PHASE = "Exporting"

TRANSCODED = (
    "This file was made from the mp4 of the result, which was compressed: the command line writes the frames "
    "themselves."
)
"""What a record of such a file says of it."""


def export(
    reader: MediaReader,
    result: Path,
    record: RunRecord,
    name: FormatName,
    target: Path,
    signer: Signer | None,
    cancel: CancelFlag,
) -> Generator[Progress]:
    """Write a result in another format, whole or not at all.

    Args:
        reader: Reads the result.
        result: An mp4 that was made here.
        record: How it was made.
        name: The format.
        target: Where the file is written.
        signer: What it is signed with, if anything.
        cancel: Set it from anywhere to stop.

    Yields:
        How many frames are done.

    Raises:
        OutputError: It is longer than the format is held to, cannot be signed, or cannot be written.
        LimitError: Reading it takes more than is allowed here.
        Cancelled: The flag was set; nothing is left behind.
    """
    form, rate, count = FORMATS[name], record.plan.frame_rate, record.plan.frames
    check_target(target, form.suffix, (result,))
    form.check(target, rate, count)
    if signer is not None:
        signer.check(target)
    clip = reader.probe(result, cancel)
    audio = None
    if form.sound and clip.audio is not None:
        audio = AudioInterval(result, clip.audio.index, clip.start_time, count / rate, from_first_frame=True)
    own = replace(record, format=name, notes=(*record.notes, TRANSCODED, *form.notes(clip.display_size, rate)))
    with staging(target) as folder:
        frames = folder / f"frames{form.suffix}"
        with (
            closing(reader.result_frames(result, clip.display_size, cancel)) as pictures,
            form.open(frames, rate, target) as file,
        ):
            for done, frame in enumerate(pictures, start=1):
                file.write(frame)
                yield Progress(EXPORT_PHASE, done, count)
        publish(finish_result(reader, frames, target, own, audio=audio, signer=signer, cancel=cancel), target)
