"""All that is done with the bytes of a user's files, by whichever runner is to do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncedit_demo.conform.frames import conform, first_frame
from syncedit_demo.media.audio import readable
from syncedit_demo.media.formats.finishing import finish_as
from syncedit_demo.media.image_file import read_image
from syncedit_demo.media.limits import check_clip_length
from syncedit_demo.media.probe import ClipInfo, probe
from syncedit_demo.media.side_by_side import LABEL_HEIGHT, side_by_side
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.media.web_tracks import Playable
from syncedit_demo.registration.register import register

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.frames import Frame, Size
    from syncedit_demo.media.audio import AudioInterval
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.reading.runner import Runner

ENOUGH = 2
"""How many times as wide and high as frame 0 an edited frame is of use: more is averaged away."""


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """An edited frame that belongs to its clip.

    Attributes:
        frame: The edited frame on frame 0's grid, RGB uint8 `(plan.height, plan.width, 3)`.
        edited_share: Share of pixels that differ from frame 0, 0 to 1.
        notes: What was found and corrected, as sentences for the user.
    """

    frame: Frame
    edited_share: float
    notes: tuple[str, ...]


class MediaReader:
    """Reads the files of users.

    A job of reading waits for no other one, so that however few can be done at a time, all come to their end.

    Args:
        runner: Where the work is done.
        max_pixels: Largest picture of a clip that is decoded, width × height.
    """

    def __init__(self, runner: Runner, max_pixels: int) -> None:
        self._runner = runner
        self._max_pixels = max_pixels

    def probe(self, path: Path, cancel: CancelFlag) -> ClipInfo:
        """What a clip holds.

        Raises:
            ClipError: There is no usable video in the file.
            LimitError: Reading it takes more than is allowed here.
            Cancelled: The flag was set.
        """
        return self._runner.call(path.name, _probe, path, self._max_pixels, cancel=cancel)

    def first_frame(self, path: Path, clip: ClipInfo, plan: EditPlan, cancel: CancelFlag) -> Frame:
        """The first frame of `conform`.

        Raises:
            ClipError, LimitError, Cancelled: As for `probe`.
        """
        return self._runner.call(path.name, _first_frame, path, clip, plan, self._max_pixels, cancel=cancel)

    def conform(self, path: Path, clip: ClipInfo, plan: EditPlan, cancel: CancelFlag) -> Generator[Frame]:
        """The plan's frames, `plan.frames` of shape (plan.height, plan.width, 3), each the caller's own.

        Raises:
            ClipError, LimitError, Cancelled: As for `probe`.
        """
        size = plan.width, plan.height
        return self._runner.frames(path.name, size, _conform, path, clip, plan, self._max_pixels, cancel=cancel)

    def register(
        self, path: Path, clip: ClipInfo, plan: EditPlan, edited_frame: Path, cancel: CancelFlag
    ) -> Registered:
        """The edited frame, brought to frame 0.

        Raises:
            EditedFrameError: The image cannot be read, or does not belong to this clip.
            ClipError, LimitError, Cancelled: As for `probe`.
        """
        return self._runner.call(
            edited_frame.name, _register, path, clip, plan, edited_frame, self._max_pixels, cancel=cancel
        )

    def sound_notes(self, audio: AudioInterval, cancel: CancelFlag) -> list[str]:
        """What there is to say of sound that cannot be read.

        Raises:
            LimitError, Cancelled: As for `probe`.
        """
        return self._runner.call(audio.path.name, _sound_notes, audio, cancel=cancel)

    def finish(
        self,
        video: Path,
        path: Path,
        target: Path,
        *,
        audio: AudioInterval | None,
        tags: Mapping[str, str] | None,
        cancel: CancelFlag,
    ) -> None:
        """Finish a file with the sound of a clip; see `media.formats.finishing.finish_as`.

        Raises:
            OutputError: The disk is full or went away.
            LimitError, Cancelled: As for `probe`; what is in the making stays where it is.
        """
        name = target.name if audio is None else audio.path.name
        self._runner.call(name, _finish, video, path, target, audio, tags, cancel=cancel)

    def side_by_side(
        self,
        path: Path,
        clip: ClipInfo,
        plan: EditPlan,
        result: Path,
        size: Size,
        labels: tuple[str, str],
        cancel: CancelFlag,
    ) -> Generator[Frame]:
        """The plan's frames beside those of its result, which is of `size` (width, height).

        Raises:
            ClipError, LimitError, Cancelled: As for `probe`.
        """
        both = 2 * size[0], size[1] + LABEL_HEIGHT
        work = (path, clip, plan, result, labels, self._max_pixels)
        return self._runner.frames(path.name, both, _side_by_side, *work, cancel=cancel)

    def result_frames(self, result: Path, size: Size, cancel: CancelFlag) -> Generator[Frame]:
        """All frames of a result of `size` (width, height), which may hold the sound of a user's clip as it came.

        Raises:
            LimitError, Cancelled: As for `probe`.
        """
        return self._runner.frames(result.name, size, read_frames, result, cancel=cancel)

    def picture_of(self, result: Path, cancel: CancelFlag) -> Frame:
        """The first frame of a result, which may hold the sound of a user's clip as it came.

        Raises:
            LimitError, Cancelled: As for `probe`.
        """
        return self._runner.call(result.name, _picture_of, result, cancel=cancel)

    def picture(self, path: Path, cancel: CancelFlag) -> Frame:
        """A picture of the user's at its own size, whatever is transparent in it.

        Raises:
            EditedFrameError: It cannot be read.
            LimitError, Cancelled: As for `probe`.
        """
        return self._runner.call(path.name, _picture, path, cancel=cancel)

    def playable(self, video: Path, folder: Path, cancel: CancelFlag) -> Playable:
        """Picture and sound of an mp4 that was made here; see `Playable.of`.

        Raises:
            OutputError: The folder is missing or not writable, or the disk is full.
            LimitError, Cancelled: As for `probe`.
        """
        return self._runner.call(video.name, Playable.of, video, folder, cancel=cancel)

    def close(self) -> None:
        """End what was begun for reading."""
        self._runner.close()


def _probe(path: Path, max_pixels: int) -> ClipInfo:
    info = probe(path, max_pixels=max_pixels)
    check_clip_length(path, info.frames, float(info.duration))
    return info


def _first_frame(path: Path, clip: ClipInfo, plan: EditPlan, max_pixels: int) -> Frame:
    return first_frame(path, clip, plan, max_pixels=max_pixels)


def _conform(path: Path, clip: ClipInfo, plan: EditPlan, max_pixels: int) -> Generator[Frame]:
    return conform(path, clip, plan, max_pixels=max_pixels)


def _register(path: Path, clip: ClipInfo, plan: EditPlan, edited_frame: Path, max_pixels: int) -> Registered:
    image = read_image(edited_frame, (ENOUGH * plan.width, ENOUGH * plan.height))
    first = first_frame(path, clip, plan, max_pixels=max_pixels)
    registration = register(first, image.pixels, image.opacity)
    return Registered(registration.frame, registration.edited_share, (*image.notes, *registration.notes))


def _sound_notes(audio: AudioInterval) -> list[str]:
    return readable(audio)[1]


def _finish(video: Path, path: Path, target: Path, audio: AudioInterval | None, tags: Mapping[str, str] | None) -> None:
    finish_as(video, path, target, audio=audio, tags=tags)


def _side_by_side(
    path: Path, clip: ClipInfo, plan: EditPlan, result: Path, labels: tuple[str, str], max_pixels: int
) -> Generator[Frame]:
    return side_by_side(conform(path, clip, plan, max_pixels=max_pixels), read_frames(result), labels)


def _picture(path: Path) -> Frame:
    return read_image(path).pixels


def _picture_of(result: Path) -> Frame:
    frames = read_frames(result)
    try:
        return next(frames)
    finally:
        frames.close()
