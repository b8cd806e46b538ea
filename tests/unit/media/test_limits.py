"""What a file of a visitor costs is bounded before it is spent: a result or one sentence that names the limit."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.conform.frames import conform
from syncedit_demo.errors import ClipError, LimitError, PlanError
from syncedit_demo.media.image_file import read_image
from syncedit_demo.media.limits import hold_process_to
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions, plan_edit
from syncedit_demo.reading.media_reader import MediaReader
from syncedit_demo.reading.runner import HereRunner
from syncedit_demo.settings import MAX_CLIP_PIXELS, ReadingLimits
from tests.support import costly
from tests.support.media import Sound, Video, numbered, write_clip

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from syncedit_demo.media.probe import ClipInfo


@pytest.fixture
def hold() -> Generator[Callable[..., None]]:
    """Holds this process to limits until the test is over."""

    def hold_to(**limits: int) -> None:
        hold_process_to(ReadingLimits.model_validate(limits))

    yield hold_to
    hold_process_to(None)


def read(path: Path) -> ClipInfo:
    return MediaReader(HereRunner(), MAX_CLIP_PIXELS).probe(path, CancelFlag())


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, [numbered(number) for number in range(12)], sounds=[Sound(seconds=0.5)])


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose head announces nothing."""
    path = tmp_path_factory.mktemp("clip") / "clip.h264"
    return write_clip(path, [numbered(number) for number in range(12)], container_format="h264")


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ({"max_clip_frames": 11}, "holds more than the 11 frames that are read here. Cut out the part"),
        ({"max_clip_packets": 20}, "holds more than the 20 packets that are read here"),
        ({"max_clip_streams": 1}, "holds 2 streams, more than the 1 that are read here. Export it with one picture"),
    ],
    ids=["frames", "packets", "streams"],
)
def test_a_clip_that_announces_too_much_is_not_read(
    clip: Path, hold: Callable[..., None], limit: dict[str, int], sentence: str
) -> None:
    hold(**limit)
    with pytest.raises(LimitError, match=sentence):
        read(clip)


@pytest.mark.parametrize("limit", ["max_clip_frames", "max_clip_packets"])
def test_a_clip_that_holds_too_much_is_not_read_to_its_end(raw: Path, hold: Callable[..., None], limit: str) -> None:
    hold(**{limit: 12})
    info = read(raw)
    plan = plan_edit(info, PlanOptions())
    hold(**{limit: 11})
    for work in (lambda: read(raw), lambda: list(conform(raw, info, plan))):
        with pytest.raises(LimitError, match=r"^The clip holds more than the 11 "):
            work()


def test_a_clip_on_the_limit_is_read(clip: Path, hold: Callable[..., None]) -> None:
    hold(max_clip_frames=12, max_clip_streams=2, max_clip_minutes=1)
    assert read(clip) == probe(clip)


def test_a_clip_that_lasts_too_long_is_refused(tmp_path: Path, hold: Callable[..., None]) -> None:
    hold(max_clip_minutes=1)
    video = Video(times=range(0, 81, 4), time_base=Fraction(1))
    long = write_clip(tmp_path / "long.mkv", [numbered(number) for number in range(21)], video)
    with pytest.raises(LimitError, match="lasts 1 minutes, longer than the 1 that are taken"):
        read(long)


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, hold: Callable[..., None]) -> None:
    hold(max_upload_mb=1, max_image_mb=1)
    path = tmp_path / "large.mp4"
    path.write_bytes(bytes(1_000_001))
    with pytest.raises(LimitError, match="larger than the 1 MB"):
        read(path)
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (700, 700, 3), np.uint8)).save(tmp_path / "large.png")
    with pytest.raises(LimitError, match="larger than the 1 MB"):
        read_image(tmp_path / "large.png")


def test_a_user_of_the_command_line_reads_what_they_like(tmp_path: Path) -> None:
    assert read_image(costly.write_tiff_of_pages(tmp_path / "pages.tif", 200)).notes == (
        "The edited frame holds 201 pictures: the first is used.",
    )


def test_an_mp4_of_many_edits_or_samples_costs_little(tmp_path: Path, hold: Callable[..., None]) -> None:
    hold(max_clip_frames=500)
    with pytest.raises(LimitError, match="more than the 500 frames"):
        read(costly.write_mp4_of_edits(tmp_path / "edits.mp4", 5000))
    hold()
    assert read(costly.write_mp4_of_edits(tmp_path / "some.mp4", 200)).frames == 200
    with pytest.raises(LimitError, match="more than the 36000 frames"):
        read(costly.write_mp4_of_samples(tmp_path / "samples.mp4", 1_000_000))


def test_pictures_that_no_camera_makes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"pictures are larger than the 33\.2 megapixels"):
        read(costly.write_large_avi(tmp_path / "large.avi"))


def test_a_rate_that_nobody_has_is_refused(tmp_path: Path) -> None:
    info = read(costly.write_endless_avi(tmp_path / "endless.avi"))
    with pytest.raises(PlanError, match="slide show"):
        plan_edit(info, PlanOptions())


def test_an_image_of_many_pages_is_not_walked_through(tmp_path: Path, hold: Callable[..., None]) -> None:
    hold(max_image_pages=64)
    with pytest.raises(LimitError, match="holds more than the 64 pictures"):
        read_image(costly.write_tiff_of_pages(tmp_path / "pages.tif", 20_000))
    frames = [Image.new("L", (64, 64), shade) for shade in range(70)]
    frames[0].save(tmp_path / "pages.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(LimitError, match="holds more than the 64 pictures"):
        read_image(tmp_path / "pages.gif")
    frames[0].save(tmp_path / "some.gif", save_all=True, append_images=frames[1:5])
    assert read_image(tmp_path / "some.gif").notes == ("The edited frame holds 5 pictures: the first is used.",)


def test_a_jpeg_of_many_scans_is_not_decoded(tmp_path: Path, hold: Callable[..., None]) -> None:
    hold()
    with pytest.raises(LimitError, match="is a JPEG of 2009 scans, more than the 100"):
        read_image(costly.write_jpeg_of_scans(tmp_path / "scans.jpg", 2000))
    assert read_image(costly.write_jpeg_of_scans(tmp_path / "progressive.jpg", 1)).pixels.shape == (96, 160, 3)


@pytest.mark.parametrize("suffix", ["png", "avif", "webp", "heic", "tif"])
def test_an_image_of_too_many_pixels_is_not_decoded(tmp_path: Path, hold: Callable[..., None], suffix: str) -> None:
    path = tmp_path / f"large.{suffix}"
    if suffix == "heic":
        pytest.importorskip("pillow_heif").from_pillow(Image.new("RGB", (160, 100))).save(path)
    else:
        Image.new("RGB", (160, 100)).save(path)
    hold(max_image_pixels=15_999)
    with pytest.raises(LimitError, match=r"has 160×100 pixels, more than the 0\.016 megapixels"):
        read_image(path, (64, 64))
    hold(max_image_pixels=16_000)
    assert read_image(path, (64, 64)).pixels.shape == (100, 160, 3)


def test_a_large_jpeg_is_decoded_no_larger_than_is_of_use(tmp_path: Path, hold: Callable[..., None]) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (1600, 1000), (200, 30, 30)).save(path)
    hold(max_image_pixels=1_000_000)
    image = read_image(path, (320, 200))
    assert image.pixels.shape == (250, 400, 3)
    assert image.notes == ("The edited frame is far larger than the first frame (1600×1000): it was read at 400×250.",)
    with pytest.raises(LimitError, match="1600×1000 pixels"):
        read_image(path, (1500, 900))
