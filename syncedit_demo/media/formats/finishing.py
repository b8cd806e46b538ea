"""What comes to the frames of a file before it is given out: its sound and what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo.media.atomic import output_errors, publish
from syncedit_demo.media.formats.png_zip import add_record
from syncedit_demo.media.formats.registry import format_for
from syncedit_demo.media.video_writer import finish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from syncedit_demo.media.audio import AudioInterval

SILENT_CONTAINERS = (".gif", ".webp")
"""Endings of files that have room for neither sound nor tags."""


def finish_as(
    video: Path, path: Path, target: Path, *, audio: AudioInterval | None, tags: Mapping[str, str] | None = None
) -> None:
    """Do what `finish` does, for a file of any format.

    Args:
        video: A file made by the writer of the format; gone afterwards where nothing comes to it.
        path: Where the finished file is written; its ending is the format's.
        target: The file that it becomes, named when writing fails.
        audio: As for `finish`; left out where the format has no sound.
        tags: As for `finish`; of a zip the comment, which is the record, becomes a file of its own.

    Raises:
        OutputError: The disk is full or went away.
    """
    form = format_for(path)
    if form is None or form.sound:
        finish(video, path, target, audio=audio, tags=tags)
        return
    publish(video, path)
    if path.suffix not in SILENT_CONTAINERS and tags and "comment" in tags:
        with output_errors(target):
            add_record(path, tags["comment"])
