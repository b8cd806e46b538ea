"""Frames as PNG files in one zip."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from PIL import Image

from syncedit_demo.media.atomic import output_errors

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from syncedit_demo.frames import Frame

COMPRESS_LEVEL = 3
"""Of zlib: a tenth larger than the smallest, in a third of the time."""

RECORD = "record.json"


class PngZip:
    """A zip in the making; see `FrameWriter`. Its frames are `frame-0001.png` and so on, each equal to the bit.

    Args:
        path: Where it is written.
        target: The file that it becomes, named when writing fails.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self._target = target
        self._frames = 0
        with output_errors(target):
            # A picture that is packed already gets no smaller.
            self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)

    def write(self, frame: Frame) -> None:
        """See `FrameWriter`."""
        self._frames += 1
        png = io.BytesIO()
        Image.fromarray(frame).save(png, "png", compress_level=COMPRESS_LEVEL)
        with output_errors(self._target):
            self._zip.writestr(_entry(f"frame-{self._frames:04}.png"), png.getvalue())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with output_errors(self._target):
                self._zip.close()
        else:
            with suppress(OSError):
                self._zip.close()


def add_record(path: Path, record: str) -> None:
    """Put a record beside the frames of a zip.

    Raises:
        OSError: The disk is full or went away.
    """
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(_entry(RECORD), record)


def _entry(name: str) -> zipfile.ZipInfo:
    # The same frames are the same bytes whenever they are written.
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
