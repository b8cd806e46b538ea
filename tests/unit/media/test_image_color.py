"""What an image file says of its colours is honoured, in every way of saying it, and said."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from syncedit_demo.media.hdr import hlg_to_scene, light_to_pq, pq_to_light
from syncedit_demo.media.image_file import ImageFile, read_image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

BT709, BT2020, DISPLAY_P3 = 1, 9, 12
SRGB, LINEAR, PQ, HLG = 13, 8, 16, 18

TO_SRGB = {
    DISPLAY_P3: ((1.2249401, -0.2249402, 0.0), (-0.0420569, 1.0420571, 0.0), (-0.0196376, -0.0786507, 1.0982884)),
    BT2020: (
        (1.6604910, -0.5876411, -0.0728499),
        (-0.1245505, 1.1328999, -0.0083494),
        (-0.0181508, -0.1005789, 1.1187297),
    ),
    BT709: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
"""Matrices between linear colours, as CSS Color 4 and ITU-R BT.2407 give them."""


def muted() -> Pixels:
    """A picture of colours that every space has."""
    x, y = np.meshgrid(np.linspace(90, 170, 96), np.linspace(90, 170, 80))
    return np.stack([x, y, 260 - (x + y) / 2], axis=2).astype(np.uint8)


def light(signal: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def signal(light: NDArray[np.floating]) -> NDArray[np.floating]:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def expected(pixels: Pixels, primaries: int, gamma: float | None = None) -> NDArray[np.floating]:
    """What pixels of these primaries, seen through sRGB's curve or a gamma, are in sRGB."""
    shares = pixels / 255
    linear = light(shares) if gamma is None else shares**gamma
    return 255 * signal(linear @ np.array(TO_SRGB[primaries]).T)


def write_png(path: Path, picture: Image.Image, *chunks: tuple[bytes, bytes]) -> Path:
    """Write a PNG with chunks behind its header."""
    picture.save(path)
    data = path.read_bytes()
    made = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(data[:33] + b"".join(made) + data[33:])
    return path


def cicp(primaries: int, transfer: int, full_range: int = 1) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, transfer, 0, full_range))


def gama(gamma: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def write_named(path: Path, pixels: Pixels, primaries: int, transfer: int) -> Path:
    """Write a picture whose file names its colours by code points."""
    picture = Image.fromarray(pixels)
    if path.suffix == ".png":
        write_png(path, picture, cicp(primaries, transfer))
    elif path.suffix == ".heic":
        pillow_heif.from_pillow(picture).save(
            path, quality=98, chroma=444, matrix_coefficients=6, full_range_flag=1,
            color_primaries=primaries, transfer_characteristics=transfer,
        )  # fmt: skip
    else:
        picture.save(path, quality=98, subsampling="4:4:4")
        data = path.read_bytes()
        place = data.index(b"nclx") + 4
        path.write_bytes(data[:place] + struct.pack(">HH", primaries, transfer) + data[place + 4 :])
    return path


@pytest.mark.parametrize("suffix", [".png", ".avif", ".heic"])
@pytest.mark.parametrize(
    ("primaries", "transfer", "gamma", "says"),
    [
        (DISPLAY_P3, SRGB, None, "from Display P3 to sRGB"),
        (DISPLAY_P3, BT709, None, "from Display P3 to sRGB"),
        (BT2020, 14, None, "from BT.2020 to sRGB"),
        (BT709, LINEAR, 1.0, "from BT.709 linear to sRGB"),
        (BT709, 5, 2.8, "from BT.709 gamma 2.8 to sRGB"),
        (BT709, SRGB, None, None),
        (BT709, BT709, None, None),
        (2, 2, None, None),
    ],
)
def test_named_colours_are_converted(
    tmp_path: Path, suffix: str, primaries: int, transfer: int, gamma: float | None, says: str | None
) -> None:
    read = read_image(write_named(tmp_path / f"named{suffix}", muted(), primaries, transfer))
    wanted = expected(muted(), BT709 if primaries == 2 else primaries, gamma)
    assert np.abs(read.pixels - wanted).mean() < (0.8 if suffix == ".png" else 1.5)
    assert [says in note for note in read.notes] == [True] if says else read.notes == ()


@pytest.mark.parametrize("suffix", [".png", ".avif", ".heic"])
@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_picture_of_high_dynamic_range_is_tone_mapped(tmp_path: Path, suffix: str, transfer: int) -> None:
    """Reference white, 203 cd/m² and 75 % HLG, comes out at 0.9 of white, and grey stays grey."""
    white = float(light_to_pq(np.array(203.0))) if transfer == PQ else 0.75
    pixels = np.full((80, 96, 3), round(255 * white), np.uint8)
    pixels[:, 48:] //= 2
    read = read_image(write_named(tmp_path / f"bright{suffix}", pixels, BT2020, transfer))
    assert np.abs(read.pixels[:, :40].astype(int) - 230).max() <= 6
    assert np.ptp(read.pixels.astype(int), axis=2).max() <= 4
    half = np.array(white / 2)
    nits = pq_to_light(half) if transfer == PQ else 1000 * hlg_to_scene(half) ** 1.2
    # What is below 87 cd/m² keeps its place under a white of 203, seen through a display of gamma 2.4.
    assert np.abs(read.pixels[:, 56:] - 255 * float(nits / 203) ** (1 / 2.4)).max() <= 6
    name = "PQ" if transfer == PQ else "HLG"
    assert read.notes == (f"The edited frame is HDR ({name}): tone-mapped to standard range, as an HDR clip is.",)


def test_what_cicp_says_goes_before_a_profile(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    icc = b"iCCP", b"sRGB\0\0" + zlib.compress(srgb)
    read = read_image(write_png(tmp_path / "both.png", Image.fromarray(muted()), cicp(DISPLAY_P3, SRGB), icc))
    assert np.abs(read.pixels - expected(muted(), DISPLAY_P3)).mean() < 0.8


def test_videos_range_of_levels_is_widened(tmp_path: Path) -> None:
    pixels = (16 + muted() * (219 / 255)).round().astype(np.uint8)
    read = read_image(write_png(tmp_path / "narrow.png", Image.fromarray(pixels), cicp(BT709, SRGB, 0)))
    assert np.abs(read.pixels.astype(int) - muted()).max() <= 1
    assert "range of levels" in read.notes[0]


@pytest.mark.parametrize(
    ("primaries", "transfer", "says"), [(8, SRGB, "primaries film"), (BT709, 9, "transfer log100")]
)
def test_colours_of_a_kind_that_is_not_known_are_left_and_that_is_said(
    tmp_path: Path, primaries: int, transfer: int, says: str
) -> None:
    read = read_image(write_png(tmp_path / "odd.png", Image.fromarray(muted()), cicp(primaries, transfer)))
    assert np.array_equal(read.pixels, muted())
    assert says in read.notes[0]


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "LA", "RGBA"])
def test_a_gamma_without_a_profile_is_honoured(tmp_path: Path, mode: str) -> None:
    opaque = np.dstack([muted(), np.where(np.arange(96) < 30, 0, 255)[None].repeat(80, 0)]).astype(np.uint8)
    picture = Image.fromarray(opaque).convert("RGBA" if "A" in mode else "RGB").convert(mode)
    read = read_image(write_png(tmp_path / "gamma.png", picture, gama(1.0)))
    wanted = expected(np.asarray(picture.convert("RGB")), BT709, 1.0)
    assert np.abs(read.pixels - wanted).max() <= 2
    assert (read.opacity is not None) == ("A" in mode)
    assert read.notes == ("The edited frame's colours were converted from gamma 1 to sRGB.",)


def test_an_old_macs_gamma_is_honoured(tmp_path: Path) -> None:
    read = read_image(write_png(tmp_path / "mac.png", Image.fromarray(muted()), gama(1 / 1.8)))
    assert np.abs(read.pixels - expected(muted(), BT709, 1.8)).max() <= 2
    assert "gamma 1.8" in read.notes[0]


@pytest.mark.parametrize(
    "chunks",
    [
        [gama(0.45455)],
        [gama(1.0), (b"sRGB", b"\0")],
        [gama(0)],
        [cicp(BT709, SRGB), gama(1.0)],
        [gama(0.45455), (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
    ],
)
def test_the_usual_gamma_and_one_that_something_else_overrides_change_nothing(
    tmp_path: Path, chunks: list[tuple[bytes, bytes]]
) -> None:
    read = read_image(write_png(tmp_path / "usual.png", Image.fromarray(muted()), *chunks))
    assert np.array_equal(read.pixels, muted())
    assert read.notes == ()


def test_chromaticities_are_honoured(tmp_path: Path) -> None:
    """Display P3, in its own words, with a white of D65."""
    points = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    read = read_image(write_png(tmp_path / "wide.png", Image.fromarray(muted()), gama(0.45455), (b"cHRM", points)))
    assert np.abs(read.pixels - expected(muted(), DISPLAY_P3)).mean() < 0.8
    assert "primaries of its own" in read.notes[0]


def test_another_white_is_adapted(tmp_path: Path) -> None:
    points = struct.pack(">8I", 34567, 35850, 64000, 33000, 30000, 60000, 15000, 6000)
    grey = Image.new("RGB", (96, 80), (120, 120, 120))
    read = read_image(write_png(tmp_path / "warm.png", grey, gama(0.45455), (b"cHRM", points)))
    assert np.abs(read.pixels.astype(int) - 120).max() <= 1


@pytest.mark.parametrize(
    "points", [(0,) * 8, (31270, 32900) + (64000, 33000) * 3, (31270, 32900, 64000, 0, 30000, 0, 15000, 0)]
)
def test_chromaticities_of_no_space_are_left_out_and_that_is_said(tmp_path: Path, points: tuple[int, ...]) -> None:
    chunk = b"cHRM", struct.pack(">8I", *points)
    read = read_image(write_png(tmp_path / "line.png", Image.fromarray(muted()), gama(0.45455), chunk))
    assert np.array_equal(read.pixels, muted())
    assert "is left out" in read.notes[0]


def grey_profile(gamma: float) -> bytes:
    """A minimal profile of grey with this gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH2x", 1, round(gamma * 256))
    text = b"Grey\0"
    tags = {
        b"desc": (b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)).ljust(96, b"\0"),
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": curve,
    }
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data
    header = struct.pack(">I4xI", offset + len(body), 0x02100000) + b"mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28)
    header += struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_a_profile_of_grey_is_converted(tmp_path: Path, mode: str) -> None:
    grey = np.linspace(0, 255, 96).round().astype(np.uint8)[None].repeat(80, 0)
    picture = Image.fromarray(grey) if mode != "I;16" else Image.fromarray(grey.astype(np.uint16) * 257)
    if mode == "LA":
        picture.putalpha(Image.fromarray(np.where(grey > 99, 255, 0).astype(np.uint8)))
    picture.save(tmp_path / "grey.png", icc_profile=grey_profile(1.75))
    read = read_image(tmp_path / "grey.png")
    wanted = expected(np.dstack([grey] * 3), BT709, 1.75)
    assert np.abs(read.pixels - wanted).max() <= 2
    assert "from Grey to sRGB" in read.notes[-1]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_a_grey_picture_with_a_profile_of_colour_is_grey(tmp_path: Path, suffix: str) -> None:
    """Editors save a grey picture with the profile of the space that they work in."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    grey = Image.fromarray(muted()).convert("L")
    options = {"lossless": True} if suffix == ".webp" else {"quality": 95}
    grey.save(tmp_path / f"grey{suffix}", icc_profile=srgb.tobytes(), **options)  # pyright: ignore[reportArgumentType]
    read: ImageFile = read_image(tmp_path / f"grey{suffix}")
    assert np.abs(read.pixels.astype(int) - np.asarray(grey)[..., None]).max() <= 3
    assert read.notes == ()


def test_a_profile_of_another_kind_of_colours_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    Image.fromarray(muted()).save(tmp_path / "odd.png", icc_profile=grey_profile(1.0))
    read = read_image(tmp_path / "odd.png")
    assert np.array_equal(read.pixels, muted())
    assert "cannot be used and is left out" in read.notes[0]
