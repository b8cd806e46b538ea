"""Image files: any that a person comes back with, as plain sRGB pixels, and the PNG that they are given."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageCms, ImageOps, UnidentifiedImageError

from syncedit_demo.errors import EditedFrameError, LimitError
from syncedit_demo.media.atomic import output_errors, publish, staging
from syncedit_demo.media.limits import check_image, is_out_of_room
from syncedit_demo.wording import describe_size

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from syncedit_demo.frames import Frame, Size

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded: 8000 x 8000, 200 MB as RGB."""

MIN_SIDE = 64
"""Shortest side in pixels from which a picture can be an edited frame."""

SAME_SPACE_LEVELS = 2
"""By how many levels at most sRGB profiles of different makers differ."""

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")
MODES_16_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """A picture read from a file.

    Attributes:
        pixels: sRGB uint8 `(height, width, 3)`, upright.
        notes: What was changed or left out on the way, as sentences for the user.
    """

    pixels: Frame
    notes: tuple[str, ...]


def read_image(path: Path, enough: Size | None = None) -> ImageFile:
    """Read an edited frame: PNG, JPEG, WebP, TIFF, GIF, BMP, AVIF, and HEIC where pillow_heif is installed.

    The orientation tag is applied, an embedded colour profile converted to sRGB, transparency laid over black, and
    every bit depth and palette brought to 8-bit RGB. Of several pictures the first is read. Nothing is decoded before
    its size is known to be bounded.

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
            message = (
                f"The edited frame {path.name} is far too large ({width}×{height}). It should be as large as frame 0."
            )
            raise EditedFrameError(message)
        if min(width, height) < MIN_SIDE:
            message = f"The edited frame {path.name} is too small ({width}×{height}). It should be as large as frame 0."
            raise EditedFrameError(message)
        _check_cost(path, file, opened, enough)
        picture, notes = _decoded(path, opened)
    if opened.size != (width, height):
        size, read = describe_size((width, height)), describe_size(opened.size)
        notes.append(f"The edited frame is far larger than frame 0 ({size}): it was read at {read}.")
    return ImageFile(*_to_srgb(path, picture, notes))


def _check_cost(path: Path, file: BinaryIO, opened: Image.Image, enough: Size | None) -> None:
    try:
        check_image(path, file, opened, enough)
    except LimitError:
        raise
    except Exception as error:  # See _decoded.
        if is_out_of_room(error):
            raise
        raise _damaged(path) from error


def _opened(path: Path, file: BinaryIO) -> Image.Image:
    """The image in a file, of which no more than its head is read."""
    if not file.seek(0, io.SEEK_END):
        message = f"The edited frame {path.name} is an empty file."
        raise EditedFrameError(message)
    file.seek(0)
    try:
        return Image.open(file, formats=_formats())
    except UnidentifiedImageError as error:
        message = f"The edited frame {path.name} is not an image that can be read. Save it as PNG or JPEG."
        raise EditedFrameError(message) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = f"The edited frame {path.name} is far too large. It should be as large as frame 0."
        raise EditedFrameError(message) from error
    except Exception as error:  # See _decoded.
        if is_out_of_room(error):
            raise
        raise _damaged(path) from error


def _decoded(path: Path, opened: Image.Image) -> tuple[Image.Image, list[str]]:
    """The first picture, upright; notes on what was left out and turned."""
    notes: list[str] = []
    try:
        # A phone's JPEG in MPO form holds previews of the same picture beside it, not more pictures.
        count = 1 if opened.format == "MPO" else getattr(opened, "n_frames", 1)
        opened.load()
        turned = opened.getexif().get(ORIENTATION_TAG, 1) in range(2, 9)
        picture = ImageOps.exif_transpose(opened)
    except Exception as error:  # A decoder fed with damaged data may raise anything; the reason is chained.
        if is_out_of_room(error):
            raise
        raise _damaged(path) from error
    if count > 1:
        notes.append(f"The edited frame holds {count} pictures: the first is used.")
    if turned:
        notes.append("The edited frame was turned upright, as its orientation tag says.")
    return picture, notes


def _to_srgb(path: Path, picture: Image.Image, notes: list[str]) -> tuple[Frame, tuple[str, ...]]:
    profile = picture.info.get("icc_profile")
    if picture.mode in MODES_16_BIT:
        # Pillow would clip, not scale, a 16-bit grey picture.
        levels = np.asarray(picture).astype(np.uint32)
        picture = Image.fromarray(((levels * 255 + 32767) // 65535).astype(np.uint8))
        notes.append("The edited frame has 16 bits a channel: brought to 8.")
    if picture.mode in ("1", "P", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    if alpha is not None:
        picture = picture.convert(picture.mode[:-1])
    if picture.mode not in ("L", "RGB", "CMYK", "YCbCr"):
        message = (
            f"The edited frame {path.name} has an unusual kind of colours ({picture.mode}). Save it as PNG or JPEG."
        )
        raise EditedFrameError(message)
    if profile:
        picture = _through_profile(picture, profile, notes)
    elif picture.mode == "CMYK":
        notes.append("The edited frame is in CMYK without a colour profile: its colours are approximate.")
    pixels = np.array(picture.convert("RGB"))
    if alpha is not None and (opacity := np.asarray(alpha)).min() < 255:
        pixels = ((pixels.astype(np.uint16) * opacity[..., None] + 127) // 255).astype(np.uint8)
        notes.append("Transparent parts of the edited frame are shown over black.")
    return pixels, tuple(notes)


def _through_profile(picture: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    """The picture in sRGB; as it is where its profile is sRGB already, or cannot be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        srgb = ImageCms.createProfile("sRGB")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        converted = ImageCms.profileToProfile(
            picture,
            source,
            ImageCms.ImageCmsProfile(srgb),  # pyright: ignore[reportUnknownArgumentType] - Pillow leaves it untyped
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError) as error:
        notes.append(f"The edited frame's colour profile cannot be used and is left out ({error}).")
        return picture
    assert converted is not None  # It is None only for a conversion in place.
    # What a profile does is asked of its numbers: a linear one may be named sRGB as well.
    if picture.mode == "RGB" and np.asarray(ImageChops.difference(picture, converted)).max() <= SAME_SPACE_LEVELS:
        return picture
    notes.append(f"The edited frame's colours were converted from {name or 'its colour profile'} to sRGB.")
    return converted


def _damaged(path: Path) -> EditedFrameError:
    return EditedFrameError(f"The edited frame {path.name} is damaged or cut off. Save it again, as PNG or JPEG.")


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
