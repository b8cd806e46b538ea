from __future__ import annotations

import struct
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from syncedit_demo.errors import EditedFrameError
from syncedit_demo.media.image_file import read_image, write_png

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def gradient(width: int = 96, height: int = 80) -> NDArray[np.uint8]:
    x = np.linspace(0, 255, width)[None, :]
    y = np.linspace(0, 255, height)[:, None]
    return np.stack(np.broadcast_arrays(x, y, (x + y) / 2), axis=2).astype(np.uint8)


def test_png_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "édité -1 'a'.png"
    Image.fromarray(gradient()).save(path)
    read = read_image(path)
    assert np.array_equal(read.pixels, gradient())
    assert read.notes == ()


@pytest.mark.parametrize(
    ("suffix", "options", "tolerance"),
    [
        (".jpg", {"quality": 95, "subsampling": 0}, 6),
        (".webp", {"lossless": True}, 0),
        (".tif", {}, 0),
        (".bmp", {}, 0),
        (".avif", {"quality": 95}, 8),
        (".heic", {"quality": 95}, 8),
    ],
)
def test_formats(tmp_path: Path, suffix: str, options: dict[str, int], tolerance: int) -> None:
    if suffix == ".heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / f"edit{suffix}"
    Image.fromarray(gradient()).save(path, **options)  # pyright: ignore[reportArgumentType] - options of the format
    read = read_image(path)
    assert np.abs(read.pixels.astype(int) - gradient()).max() <= tolerance
    assert read.notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_tag_is_applied(tmp_path: Path, orientation: int) -> None:
    upright = gradient()
    stored = {
        1: upright,
        2: np.fliplr(upright),
        3: np.rot90(upright, 2),
        4: np.flipud(upright),
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright.transpose(1, 0, 2), 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    read = read_image(path)
    assert np.array_equal(read.pixels, upright)
    assert any("orientation" in note for note in read.notes) == (orientation != 1)


def test_palette_grey_and_bilevel(tmp_path: Path) -> None:
    picture = Image.fromarray(gradient())
    for mode in ("P", "L", "1"):
        path = tmp_path / f"{mode}.png"
        converted = picture.convert(mode)
        converted.save(path)
        assert np.array_equal(read_image(path).pixels, np.array(converted.convert("RGB")))


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    levels = np.linspace(0, 65535, 96 * 80).reshape(80, 96).astype(np.uint16)
    Image.fromarray(levels).save(path)
    read = read_image(path)
    assert np.array_equal(read.pixels[..., 0], np.rint(levels / 257).astype(np.uint8))
    assert "16 bits" in read.notes[0]


def test_sixteen_bit_colour_png(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    path.write_bytes(deep_png(gradient(), 2))
    read = read_image(path)
    assert np.array_equal(read.pixels, gradient())
    assert read.notes == ("The edited frame has 16 bits a channel: brought to 8.",)


@pytest.mark.parametrize(("colour", "channels"), [(4, "LA"), (6, "RGBA")])
def test_sixteen_bit_png_with_transparency(tmp_path: Path, colour: int, channels: str) -> None:
    path = tmp_path / "deep.png"
    straight = Image.fromarray(np.dstack([gradient(), clear_parts()])).convert(channels)
    path.write_bytes(deep_png(np.asarray(straight), colour))
    read = read_image(path)
    assert np.array_equal(read.pixels, np.asarray(straight.convert("RGB")))
    assert read.opacity is not None
    assert np.array_equal(read.opacity, clear_parts())
    assert read.notes == ("The edited frame has 16 bits a channel: brought to 8.",)


def deep_png(pixels: NDArray[np.uint8], colour: int) -> bytes:
    """A PNG of 16 bits a channel of this kind of colours (IHDR), written by hand, as Pillow does not write it."""
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def clear_parts() -> NDArray[np.uint8]:
    """An opacity of the gradient: clear above, half clear below that, then opaque."""
    alpha = np.full((80, 96), 255, np.uint8)
    alpha[:40] = 0
    alpha[40:50] = 128
    return alpha


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".avif", ".heic"])
def test_transparency_is_kept_beside_the_colours(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"alpha{suffix}"
    options = {} if suffix in (".png", ".tif") else {"quality": 95} if suffix != ".webp" else {"lossless": True}
    Image.fromarray(np.dstack([gradient(), clear_parts()])).save(path, **options)  # pyright: ignore[reportArgumentType]
    read = read_image(path)
    assert read.opacity is not None
    assert np.abs(read.opacity.astype(int) - clear_parts()).max() <= (8 if suffix in (".avif", ".heic") else 0)
    assert np.abs(read.pixels[50:].astype(int) - gradient()[50:]).max() <= (8 if suffix in (".avif", ".heic") else 0)
    assert read.notes == ()


@pytest.mark.parametrize("orientation", [3, 6, 7])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_turned_upright_is_turned_with_its_transparency(tmp_path: Path, mode: str, orientation: int) -> None:
    upright = np.dstack([gradient(), np.where(clear_parts() > 200, 255, 0).astype(np.uint8)])
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE}[orientation]
    stored = Image.fromarray(upright).transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    if mode == "P":
        indices = Image.fromarray(np.asarray(stored)[..., 3] // 255, "P")
        indices.putpalette([90, 80, 70, 10, 20, 30])
        indices.save(tmp_path / "turned.png", transparency=0, exif=exif)
    else:
        stored.convert(mode).save(tmp_path / "turned.png", exif=exif)
    read = read_image(tmp_path / "turned.png")
    assert read.opacity is not None
    assert np.array_equal(read.opacity, upright[..., 3])
    assert read.pixels.shape == gradient().shape


@pytest.mark.parametrize("kind", ["1", "L", "RGB", "P", "I;16"])
def test_one_colour_of_a_picture_may_be_transparent(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clear.png"
    values = np.zeros((80, 96), np.uint8)
    values[:, 48:] = 1 if kind in ("1", "P") else 200
    clear: int | tuple[int, int, int] = 0
    if kind == "I;16":
        picture, clear = Image.fromarray(values.astype(np.uint16) * 257), 200 * 257
    elif kind == "1":
        picture = Image.fromarray(values * 255).convert("1")
    elif kind == "P":
        picture = Image.fromarray(values, "P")
        picture.putpalette([10, 20, 30, 200, 210, 220])
    else:
        picture = Image.fromarray(values).convert(kind)
        clear = (0, 0, 0) if kind == "RGB" else 0
    picture.save(path, transparency=clear)
    read = read_image(path)
    opaque = np.s_[:, :48] if kind == "I;16" else np.s_[:, 48:]
    assert read.opacity is not None
    assert (read.opacity == 255)[opaque].all()
    assert (read.opacity == 255).sum() == 80 * 48
    assert read.pixels[0, 0, 0] == (10 if kind == "P" else 0)
    assert read.pixels[0, -1, 0] == (255 if kind == "1" else 200)


@pytest.mark.parametrize("kind", ["LA", "PA", "premultiplied"])
def test_grey_palette_and_premultiplied_alpha(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "alpha.tif"
    straight = Image.fromarray(np.dstack([gradient(), clear_parts()]))
    if kind == "LA":
        straight.convert("LA").save(path)
    elif kind == "PA":
        picture = straight.convert("RGB").quantize(256).convert("PA")
        picture.putalpha(straight.getchannel("A"))
        picture.save(path)
    else:
        picture = np.asarray(straight).astype(np.uint16)
        picture[..., :3] = picture[..., :3] * picture[..., 3:] // 255
        Image.fromarray(picture.astype(np.uint8)).save(path)
        # ExtraSamples (tag 338, a SHORT) is 1 where the colours are multiplied by their opacity.
        data = path.read_bytes()
        path.write_bytes(data.replace(struct.pack("<HHIH", 338, 3, 1, 2), struct.pack("<HHIH", 338, 3, 1, 1)))
    read = read_image(path)
    assert read.opacity is not None
    assert np.array_equal(read.opacity, clear_parts())
    expected = straight.convert("LA" if kind == "LA" else "RGBA").convert("RGB")
    difference = np.abs(read.pixels.astype(int) - np.asarray(expected))
    assert difference[40:].mean() < 8
    assert difference[40:50].mean() < 8


def test_a_picture_transparent_everywhere_is_opaque(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.fromarray(np.dstack([gradient(), np.zeros((80, 96), np.uint8)])).save(path)
    read = read_image(path)
    assert np.array_equal(read.pixels, gradient())
    assert read.opacity is None
    assert "transparent everywhere" in read.notes[0]


def test_an_opaque_alpha_channel_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "opaque.png"
    Image.fromarray(np.dstack([gradient(), np.full((80, 96), 255, np.uint8)])).save(path)
    read = read_image(path)
    assert np.array_equal(read.pixels, gradient())
    assert read.opacity is None
    assert read.notes == ()


def test_transparent_palette_colour(tmp_path: Path) -> None:
    path = tmp_path / "clear.gif"
    indexed = Image.fromarray(np.repeat(np.array([[0, 1]], np.uint8), 80, 0).repeat(48, 1), "P")
    indexed.putpalette([200, 10, 10, 10, 200, 10])
    indexed.save(path, transparency=0)
    read = read_image(path)
    assert read.opacity is not None
    assert not read.opacity[:, :48].any()
    assert (read.opacity[:, 48:] == 255).all()
    assert (read.pixels[:, 48:] == (10, 200, 10)).all()


def test_embedded_profile_is_converted(tmp_path: Path) -> None:
    # A linear-light grey profile: 50 % linear is level 188 in sRGB.
    path = tmp_path / "profile.tif"
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - untyped in Pillow
    Image.new("RGB", (96, 80), (128, 128, 128)).save(path, icc_profile=lab.tobytes())
    read = read_image(path)
    assert "cannot be used" in read.notes[0]  # A profile of another kind of picture is left out, and that is said.
    assert (read.pixels == 128).all()


def test_srgb_profile_leaves_pixels_alone(tmp_path: Path) -> None:
    path = tmp_path / "srgb.png"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - untyped in Pillow
    Image.fromarray(gradient()).save(path, icc_profile=srgb.tobytes())
    read = read_image(path)
    assert np.array_equal(read.pixels, gradient())
    assert read.notes == ()


def linear_profile(title: str) -> bytes:
    """A minimal matrix profile with sRGB's primaries and a linear curve."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    text = title.encode() + b"\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        **{name: b"curv\0\0\0\0" + struct.pack(">I", 0) for name in (b"rTRC", b"gTRC", b"bTRC")},
    }
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = bytearray(128)
    header[0:4] = struct.pack(">I", offset + len(body))
    header[8:24] = struct.pack(">I", 0x02100000) + b"mntrRGB XYZ "
    header[36:40] = b"acsp"
    header[68:80] = b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return bytes(header) + table + body


@pytest.mark.parametrize("name", ["Linear light", "sRGB-elle-V2-g10"])
def test_another_colour_space_is_converted_to_srgb(tmp_path: Path, name: str) -> None:
    path = tmp_path / "linear.png"
    Image.new("RGB", (96, 80), (55, 128, 255)).save(path, icc_profile=linear_profile(name))
    read = read_image(path)
    # The sRGB curve of 55/255, 128/255 and 1.
    assert np.abs(read.pixels[0, 0].astype(int) - (128, 188, 255)).max() <= 2
    assert name in read.notes[0]


def test_what_is_no_image_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "clip.png"
    with path.open("wb") as file:
        file.truncate(500_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(EditedFrameError, match="not an image"):
            read_image(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_cmyk(tmp_path: Path) -> None:
    path = tmp_path / "print.jpg"
    Image.fromarray(gradient()).convert("CMYK").save(path, quality=95)
    read = read_image(path)
    assert np.abs(read.pixels.astype(int) - gradient()).mean() < 4
    assert "CMYK" in read.notes[0]


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".tif"])
def test_first_of_several_pictures(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"many{suffix}"
    pictures = [Image.new("RGB", (96, 80), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    read = read_image(path)
    assert np.abs(read.pixels.astype(int) - (200, 0, 0)).max() <= 4
    assert read.notes == ("The edited frame holds 3 pictures: the first is used.",)


def refusal(path: Path) -> str:
    with pytest.raises(EditedFrameError) as caught:
        read_image(path)
    return str(caught.value)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(path: Path, *chunks: tuple[bytes, bytes]) -> None:
    """Put chunks behind the header of a PNG."""
    data = path.read_bytes()
    path.write_bytes(data[:33] + b"".join(png_chunk(*chunk) for chunk in chunks) + data[33:])


@pytest.mark.parametrize("kind", ["iCCP", "tEXt", "zTXt", "iTXt"])
def test_a_png_with_a_large_profile_or_text_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "workflow.png"
    Image.fromarray(gradient()).save(path)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    text = b'{"nodes": []}' * 250_000
    data = {
        "iCCP": b"large\0\0" + zlib.compress(srgb + bytes(3_000_000)),
        "tEXt": b"workflow\0" + text,
        "zTXt": b"workflow\0\0" + zlib.compress(text),
        "iTXt": b"workflow\0\1\0\0\0" + zlib.compress(text),
    }[kind]
    with_chunks(path, (kind.encode(), data))
    assert np.array_equal(read_image(path).pixels, gradient())


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".heic", ".avif"])
@pytest.mark.parametrize("kind", ["nonsense", "no header"])
def test_a_broken_exif_block_costs_the_orientation_and_not_the_picture(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"broken{suffix}"
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "What an AVIF keeps beside the orientation."
    Image.fromarray(gradient()).save(path, exif=exif.tobytes(), quality=95)
    data = path.read_bytes()
    place = max(data.rfind(b"II*\0"), data.rfind(b"MM\0*"))
    assert place > 0
    path.write_bytes(data[:place] + (b"XXXX" if kind == "nonsense" else bytes(4)) + data[place + 4 :])
    if suffix == ".png":
        whole = path.read_bytes()
        start = whole.index(b"eXIf")
        length = int.from_bytes(whole[start - 4 : start], "big")
        path.write_bytes(
            whole[: start - 4] + png_chunk(b"eXIf", whole[start + 4 : start + 4 + length]) + whole[start + 8 + length :]
        )
    read = read_image(path)
    # HEIF and AVIF turn the picture themselves, as the container says.
    turned = gradient() if suffix not in (".heic", ".avif") else np.rot90(gradient(), -1)
    assert read.pixels.shape == turned.shape
    assert np.abs(read.pixels.astype(int) - turned).mean() < 4
    # Pillow's reader of JPEG passes over such a block by itself.
    assert any("Exif block" in note for note in read.notes) == (suffix in (".png", ".webp", ".heic"))


def bmp(bits: int, compression: int, *, masks: tuple[int, ...] = (), header: int = 40) -> bytes:
    """A BMP of 96x80 without a picture worth the name."""
    head = struct.pack("<IiiHHIIiiII", header, 96, 80, 1, bits, compression, 0, 0, 0, 0, 0)
    head = (head + struct.pack(f"<{len(masks)}I", *masks)).ljust(max(header, len(head)), b"\0")
    body = bytes(96 * 80 * bits // 8)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(body), 0, 0, 14 + len(head)) + head + body


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (bmp(16, 3, masks=(0xF00, 0xF0, 0xF)), "bitfields layout"),
        (bmp(32, 3, masks=(0x3FF, 0xFFC00, 0x3FF00000)), "bitfields layout"),
        (bmp(64, 0), "pixel depth"),
        (bmp(24, 4), "compression"),
        (bmp(1, 0, header=77), "header type"),
    ],
)
def test_a_bmp_of_a_layout_that_is_not_read_is_not_called_damaged(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "odd.bmp"
    path.write_bytes(data)
    message = refusal(path)
    assert "stored in a way that cannot be read" in message
    assert says in message
    assert "Save it as PNG or JPEG" in message


def test_a_tiff_of_a_kind_that_is_not_read_is_not_called_no_image(tmp_path: Path) -> None:
    path = tmp_path / "odd.tif"
    Image.fromarray(gradient()).save(path)
    data = path.read_bytes()
    # PhotometricInterpretation 34892: raw sensor data, linear.
    path.write_bytes(data.replace(struct.pack("<HHIH", 262, 3, 1, 2), struct.pack("<HHIH", 262, 3, 1, 34892)))
    assert "is a TIFF file that cannot be read" in refusal(path)


def test_an_avif_whose_transparency_does_not_say_its_size_is_read(tmp_path: Path) -> None:
    """As encoders wrote them until 2021; libavif refuses them."""
    path = tmp_path / "old.avif"
    Image.fromarray(np.dstack([gradient(), clear_parts()])).save(path, quality=95)
    as_new = read_image(path)
    data = bytearray(path.read_bytes())
    associations = data.index(b"ipma")
    # Of item 2, the transparency, four properties, the first of them the size: let it be another one twice.
    second = data.index(struct.pack(">HBB", 2, 4, 1), associations)
    data[second + 3] = data[second + 4]
    path.write_bytes(data)
    read = read_image(path)
    assert np.abs(read.pixels.astype(int) - as_new.pixels).max() <= 8
    assert np.abs(read.pixels.astype(int) - as_new.pixels).mean() < 1.5
    assert read.opacity is not None
    assert as_new.opacity is not None
    assert np.abs(read.opacity.astype(int) - as_new.opacity).max() <= 2


def test_no_image_at_all(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("not a picture")
    assert "empty" in refusal(tmp_path / "empty.png")
    assert "not an image" in refusal(tmp_path / "text.png")
    assert "No such file" in refusal(tmp_path / "missing.png")
    assert "cannot be read" in refusal(tmp_path)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    for side in (9_000, 12_000, 60_000):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        ihdr = b"IHDR" + header
        path = tmp_path / f"{side}.png"
        # No picture data at all: an attempt to decode would be called damage.
        data = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr)) + data
        )
        assert "far too large" in refusal(path)


def test_a_tiny_picture_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (1000, 63)).save(tmp_path / "thin.png")
    assert "too small (1000×63)" in refusal(tmp_path / "thin.png")


def test_an_unusual_kind_of_colours_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((80, 96), np.float32)).save(tmp_path / "float.tif")
    assert "unusual kind of colours (F)" in refusal(tmp_path / "float.tif")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".gif"])
def test_a_picture_cut_off_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (80, 96, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = refusal(path)
    assert "damaged" in message or "not an image" in message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    kind=st.sampled_from([".png", ".jpg", ".webp", ".tif", ".gif"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_files_are_read_or_refused_but_never_crash(
    tmp_path: Path, kind: str, changes: list[tuple[float, int]]
) -> None:
    path = tmp_path / f"damaged{kind}"
    Image.fromarray(gradient()).save(path)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    path.write_bytes(data)
    try:
        read = read_image(path)
    except EditedFrameError as error:
        assert path.name in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert read.pixels.ndim == 3


def test_a_png_is_exactly_the_frame(tmp_path: Path) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    write_png(frame, tmp_path / "frame.png")
    assert (np.asarray(Image.open(tmp_path / "frame.png")) == frame).all()
