"""Image files: any that a person comes back with, as plain sRGB pixels, and the PNG that they are given."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from syncedit_demo.errors import EditedFrameError, LimitError
from syncedit_demo.media.atomic import output_errors, publish, staging
from syncedit_demo.media.avif import decode_avif, is_avif, read_nclx
from syncedit_demo.media.image_color import SaidColor, said_color, to_srgb
from syncedit_demo.media.limits import check_image, is_out_of_room
from syncedit_demo.wording import describe_size

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame, Size

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded: 8000 x 8000, 200 MB as RGB."""

MIN_SIDE = 64
"""Shortest side in pixels from which a picture can be an edited frame."""

AS_LARGE = "It should be as large as the first frame."

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")
MODES_16_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
DEEP = re.compile(r";16[BLN]")
"""In Pillow's names of how samples are stored: 16 bits a channel, of which it keeps 8."""

MAX_TEXT_BYTES = 1 << 25
"""Largest colour profile or text chunk of a PNG, unpacked: image generators write their whole workflow into one."""

# Pillow's own limit, 1 MB, refuses the picture with the text.
PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT_BYTES

UNSUPPORTED = re.compile(r"unsupported|not supported|not available|cannot handle", re.IGNORECASE)
"""How Pillow says that a file is none of those it can read, damaged or not."""

SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WebP",
}
"""How the files of each format begin."""

ORIENTATION_TAG = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by its orientation tag (Exif 2.32, section 4.6.4)."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """A picture read from a file.

    Attributes:
        pixels: sRGB uint8 `(height, width, 3)`, upright.
        opacity: How opaque each pixel is, uint8 `(height, width)`, 0 for not at all; None where all are opaque.
        notes: What was changed or left out on the way, as sentences for the user.
    """

    pixels: Frame
    opacity: NDArray[np.uint8] | None
    notes: tuple[str, ...]


def read_image(path: Path, enough: Size | None = None) -> ImageFile:
    """Read an edited frame: PNG, JPEG, WebP, TIFF, GIF, BMP, AVIF, and HEIC where pillow_heif is installed.

    The orientation tag is applied, colours are converted to sRGB from what the file says they are in, and every bit
    depth and palette is brought to 8-bit RGB. Of several pictures the first is read. Nothing is decoded before its size
    is known to be bounded.

    Args:
        path: The file.
        enough: (width, height) from which more pixels are of no use. A JPEG with more than this process is held to is
            decoded smaller, no smaller than this.

    Raises:
        EditedFrameError: The file is no readable image, is damaged, or its picture is too large or too small.
        LimitError: It is more than this process is held to.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        message = f"The edited frame {path.name} cannot be read: {error.strerror or error}."
        raise EditedFrameError(message) from error
    with file, _opened(path, file) as opened:
        width, height = opened.size
        if width * height > MAX_PIXELS:
            message = f"The edited frame {path.name} is far too large ({width}×{height}). {AS_LARGE}"
            raise EditedFrameError(message)
        if min(width, height) < MIN_SIDE:
            message = f"The edited frame {path.name} is too small ({width}×{height}). {AS_LARGE}"
            raise EditedFrameError(message)
        _check_cost(path, file, opened, enough)
        picture, notes = _decoded(path, opened)
        try:
            said = said_color(opened, file)
        except ValueError as error:
            said = SaidColor()
            notes.append(f"What the edited frame says of its colours is left out: {error}.")
    if opened.size != (width, height):
        size, read = describe_size((width, height)), describe_size(opened.size)
        notes.append(f"The edited frame is far larger than the first frame ({size}): it was read at {read}.")
    picture, opacity = _parted(path, picture, notes)
    pixels, color_notes = to_srgb(picture, said)
    return ImageFile(pixels, opacity, (*notes, *color_notes))


def _check_cost(path: Path, file: BinaryIO, opened: Image.Image, enough: Size | None) -> None:
    try:
        check_image(path, file, opened, enough)
    except LimitError:
        raise
    except Exception as error:  # See _decoded.
        if is_out_of_room(error):
            raise
        raise _unreadable(path, error) from error


def _opened(path: Path, file: BinaryIO) -> Image.Image:
    """The image in a file, of which no more than its head is read."""
    if not file.seek(0, io.SEEK_END):
        message = f"The edited frame {path.name} is an empty file."
        raise EditedFrameError(message)
    file.seek(0)
    try:
        return Image.open(file, formats=_formats())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = f"The edited frame {path.name} is far too large. {AS_LARGE}"
        raise EditedFrameError(message) from error
    except Exception as error:  # See _decoded.
        if is_out_of_room(error):
            raise
        return _opened_otherwise(path, file, error)


def _opened_otherwise(path: Path, file: BinaryIO, error: Exception) -> Image.Image:
    """What Pillow refuses: an AVIF of an older encoder is an image all the same."""
    file.seek(0)
    head = file.read(64)
    if is_avif(head) and (image := decode_avif(path, MAX_PIXELS)) is not None:
        return image
    if not isinstance(error, UnidentifiedImageError):
        raise _unreadable(path, error) from error
    kind = next((name for start, name in SIGNATURES.items() if head.startswith(start)), None)
    message = (
        f"The edited frame {path.name} is a {kind} file that cannot be read: it is damaged, or of an unusual kind. "
        "Save it again, as PNG or JPEG."
        if kind
        else f"The edited frame {path.name} is not an image that can be read. Save it as PNG or JPEG."
    )
    raise EditedFrameError(message) from error


def _decoded(path: Path, opened: Image.Image) -> tuple[Image.Image, list[str]]:
    """The first picture, upright; notes on what was left out and turned."""
    notes: list[str] = []
    try:
        # A phone's JPEG in MPO form holds previews of the same picture beside it, not more pictures.
        count = 1 if opened.format == "MPO" else getattr(opened, "n_frames", 1)
        # What a tile says of itself is gone once it is decoded.
        is_deep = any(DEEP.search(str(tile.args)) for tile in getattr(opened, "tile", ()))
        opened.load()
        turn = TURNS.get(_orientation(opened, notes))
        picture = opened if turn is None else opened.transpose(turn)
    except Exception as error:  # A decoder fed with damaged data may raise anything; the reason is chained.
        if is_out_of_room(error):
            raise
        raise _unreadable(path, error) from error
    if count > 1:
        notes.append(f"The edited frame holds {count} pictures: the first is used.")
    if turn is not None:
        notes.append("The edited frame was turned upright, as its orientation tag says.")
    if is_deep:
        notes.append("The edited frame has 16 bits a channel: brought to 8.")
    if opened.format == "AVIF" and (nclx := read_nclx(path)):
        picture.info["nclx_profile"] = opened.info["nclx_profile"] = nclx
    return picture, notes


def _orientation(opened: Image.Image, notes: list[str]) -> int:
    """The orientation tag; 1, upright, where there is none or the Exif block cannot be read."""
    try:
        return int(opened.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # Of what is no part of the picture; see _decoded.
        notes.append("The edited frame's Exif block is damaged and left out: the picture is used as it lies.")
        return 1


def _parted(path: Path, picture: Image.Image, notes: list[str]) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    """The colours of a picture, 8 bits a channel, and its opacity; None where all of it is opaque."""
    opacity = None
    if picture.mode in MODES_16_BIT:
        # Pillow would clip, not scale, a 16-bit grey picture.
        levels = np.asarray(picture).astype(np.uint32)
        if isinstance(clear := picture.info.get("transparency"), int):
            opacity = np.where(levels == clear, 0, 255).astype(np.uint8)
        picture = Image.fromarray(((levels * 255 + 32767) // 65535).astype(np.uint8))
    elif picture.mode in ("1", "P", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode in ("LA", "RGBA"):
        opacity = np.asarray(picture.getchannel("A"))
        picture = picture.convert(picture.mode[:-1])
    if picture.mode not in ("L", "RGB", "CMYK", "YCbCr"):
        message = (
            f"The edited frame {path.name} has an unusual kind of colours ({picture.mode}). Save it as PNG or JPEG."
        )
        raise EditedFrameError(message)
    if opacity is not None and not opacity.any():
        notes.append("The edited frame is transparent everywhere, which no edit is: it is taken as opaque.")
        opacity = None
    return picture, None if opacity is None or opacity.min() == 255 else opacity


def _unreadable(path: Path, error: Exception) -> EditedFrameError:
    if UNSUPPORTED.search(str(error)):
        what = f"is stored in a way that cannot be read ({error}). Save it as PNG or JPEG."
    else:
        what = "is damaged or cut off. Save it again, as PNG or JPEG."
    return EditedFrameError(f"The edited frame {path.name} {what}")


@cache
def _formats() -> tuple[str, ...]:
    """Pillow's names of the formats that may be opened; the many others it knows are nobody's edited frame."""
    if find_spec("pillow_heif") is None:
        return FORMATS
    import pillow_heif  # noqa: PLC0415 - optional

    pillow_heif.register_heif_opener()  # pyright: ignore[reportUnknownMemberType] - no stubs
    return (*FORMATS, "HEIF")


def write_png(frame: Frame, target: Path) -> None:
    """Write one frame, RGB uint8 (height, width, 3), as a PNG, whole or not at all.

    Raises:
        OutputError: The disk is full, or the folder is missing or not writable.
    """
    with staging(target) as folder, output_errors(target):
        # The fastest compression: a visitor waits for frame 0, and it is still lossless.
        Image.fromarray(frame).save(folder / "frame.png", compress_level=1)
        publish(folder / "frame.png", target)
