"""Picture and sound of an mp4 in files of their own."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from syncedit_demo.errors import OutputError
from syncedit_demo.media.web_tracks import Playable, picture_size
from tests.support.clips import write_scene


def packets(path: Path, kind: str) -> list[tuple[object, bytes]]:
    """Time and content of what is coded in a stream."""
    with av.open(str(path)) as container:
        (stream,) = [stream for stream in container.streams if stream.type == kind]
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.pts is not None
        ]


def kinds(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.type for stream in container.streams]


def samples(path: Path) -> list[object]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray().tolist() for frame in container.decode(audio=0)]


def test_picture_and_sound_are_what_they_were(tmp_path: Path) -> None:
    video = write_scene(tmp_path / "scene.mp4", sound=True)
    (tmp_path / "made").mkdir()
    playable = Playable.of(video, tmp_path / "made")
    assert playable.sound
    assert kinds(playable.picture) == ["video"]
    assert kinds(playable.sound) == ["audio"]
    assert packets(playable.picture, "video") == packets(video, "video")
    assert packets(playable.sound, "audio") == packets(video, "audio")
    assert samples(playable.sound) == samples(video)
    assert sorted((tmp_path / "made").iterdir()) == sorted([playable.picture, playable.sound])


def test_they_are_made_once(tmp_path: Path) -> None:
    video = write_scene(tmp_path / "scene.mp4", sound=True)
    playable = Playable.of(video, tmp_path)
    made = playable.picture.stat().st_mtime_ns
    assert Playable.of(video, tmp_path) == playable
    assert playable.picture.stat().st_mtime_ns == made


def test_a_silent_video_is_played_as_it_is(tmp_path: Path) -> None:
    video = write_scene(tmp_path / "scene.mp4")
    assert Playable.of(video, tmp_path) == Playable(video, None)
    assert list(tmp_path.iterdir()) == [video]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    video = write_scene(tmp_path / "scene.mp4", sound=True)
    with pytest.raises(OutputError, match="the folder does not exist"):
        Playable.of(video, tmp_path / "nowhere")


def test_the_size_is_that_of_the_file(tmp_path: Path) -> None:
    assert picture_size(write_scene(tmp_path / "scene.mp4")) == (320, 256)
