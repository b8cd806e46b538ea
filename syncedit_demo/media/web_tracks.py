"""An mp4 for the player: its picture without a sound track, and its sound in a file of its own.

A browser paces a video that has a sound track by the device that the sound goes to, even where it is muted. Only videos
without one keep the same clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import av

from syncedit_demo.media.atomic import output_errors, publish, staging
from syncedit_demo.media.container import copied_packets
from syncedit_demo.media.video_writer import MP4_OPTIONS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Playable:
    """What is seen and what is heard of one video.

    Attributes:
        picture: An mp4 without a sound track.
        sound: An mp4 without a picture, None where nothing is heard.
    """

    picture: Path
    sound: Path | None

    @classmethod
    def of(cls, video: Path, folder: Path) -> Playable:
        """The two files of an mp4; they are made, by copying what is coded, where they are not in the folder yet.

        Raises:
            OutputError: The folder is missing or not writable, or the disk is full.
        """
        picture, sound = folder / f"{video.stem}.picture.mp4", folder / f"{video.stem}.sound.mp4"
        # The picture comes last: where it is, both are.
        if not picture.exists():
            with av.open(str(video)) as source:
                if not source.streams.audio:
                    return cls(video, None)
            _copy_track(video, "audio", sound)
            _copy_track(video, "video", picture)
        return cls(picture, sound)


def picture_size(video: Path) -> tuple[int, int]:
    """(width, height) of an mp4 in pixels, as the file itself says."""
    with av.open(str(video)) as source:
        stream = source.streams.video[0]
        return stream.width, stream.height


def _copy_track(video: Path, kind: Literal["audio", "video"], target: Path) -> None:
    with staging(target) as folder:
        finished = folder / "track.mp4"
        with (
            output_errors(target),
            av.open(str(video)) as source,
            av.open(str(finished), "w", format="mp4", options=MP4_OPTIONS) as container,
        ):
            track = source.streams.audio[0] if kind == "audio" else source.streams.video[0]
            for packet in copied_packets(source, track, container):
                container.mux(packet)
        publish(finished, target)
