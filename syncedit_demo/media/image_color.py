"""The colours of an image file: what the file says of them, and from there to sRGB.

A file says it by an ICC profile, by code points of ITU-T H.273 (cICP of PNG, nclx of AVIF and HEIF), or as old PNGs do
by a gamma and chromaticities. What is of high dynamic range is tone-mapped as the clip is; everything else goes through
a profile, which is made where the file has none.
"""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image, ImageChops, ImageCms

from syncedit_demo.media.display import HDR_NAMES, PRIMARIES, TRANSFERS, ColorInfo
from syncedit_demo.media.hdr import CHROMATICITIES, WHITE_D65, ColorMapper
from syncedit_demo.media.icc_profile import SRGB_CURVE, make_profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from syncedit_demo.frames import Frame

SAME_SPACE_LEVELS = 2
"""By how many levels at most sRGB profiles of different makers differ."""

USUAL_GAMMA = 0.45455
"""What a PNG says whose maker meant sRGB."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 10_000
"""Chunks of a PNG before its picture; who writes more does so to keep others busy."""

PRIMARY_NAMES = {"bt709": "BT.709", "bt2020": "BT.2020", "smpte432": "Display P3", "smpte431": "DCI-P3"}
DCI_WHITE = (0.314, 0.351)
CURVES: dict[str, tuple[str, Sequence[float]]] = {
    "linear": ("linear", (1.0,)),
    "bt470m": ("gamma 2.2", (2.2,)),
    "bt470bg": ("gamma 2.8", (2.8,)),
    "smpte428": ("gamma 2.6", (2.6,)),
}
"""Transfers of H.273 that are seen through a curve of their own, and what they are called."""

AS_SRGB = (
    *("unknown", "iec61966-2-1"),
    *("bt709", "smpte170m", "smpte240m", "iec61966-2-4", "bt1361e", "bt2020-10", "bt2020-12"),
)
"""Transfers that viewers show as sRGB: a camera's is meant to be seen through a display's, which is what sRGB is."""

AS_BT709 = ("unknown", "bt709", "bt470bg", "smpte170m", "smpte240m")
"""Primaries that are left as they are, as the clip's are."""


@dataclass(frozen=True, slots=True)
class CodePoints:
    """What H.273 calls the colours of a picture.

    Attributes:
        primaries: Code point of the primaries.
        transfer: Code point of the transfer.
        full_range: Whether 0 is black and 255 is white, and not 16 and 235.
    """

    primaries: int
    transfer: int
    full_range: bool = True


@dataclass(frozen=True, slots=True)
class SaidColor:
    """What a file says of its colours, one of the two or neither.

    Attributes:
        profile: An ICC profile.
        points: Code points.
    """

    profile: bytes | None = None
    points: CodePoints | None = None


def said_color(opened: Image.Image, file: BinaryIO) -> SaidColor:
    """What a file says of its colours, by the strongest of its words where it has several.

    Args:
        opened: The image, with what HEIF and AVIF say in its `info` as pillow_heif has it.
        file: The file behind it; its place is kept.

    Raises:
        ValueError: It says nonsense.
    """
    info = cast("dict[str, object]", opened.info)
    profile = info.get("icc_profile")
    if opened.format == "PNG":
        if (chunk := _png_chunk(file, b"cICP")) and len(chunk) == 4:
            return SaidColor(points=CodePoints(chunk[0], chunk[1], full_range=bool(chunk[3])))
        if not profile and "srgb" not in info:
            profile = _old_png_profile(info)
    if isinstance(profile, bytes) and profile:
        return SaidColor(profile)
    if isinstance(nclx := info.get("nclx_profile"), dict):
        said = cast("dict[str, int]", nclx)
        return SaidColor(points=CodePoints(said["color_primaries"], said["transfer_characteristics"]))
    return SaidColor()


def to_srgb(picture: Image.Image, said: SaidColor) -> tuple[Frame, list[str]]:
    """The colours of a picture in sRGB.

    Args:
        picture: In "L", "RGB", "CMYK" or "YCbCr".
        said: What its file says of its colours.

    Returns:
        sRGB uint8 `(height, width, 3)`, and notes on what was changed.
    """
    notes: list[str] = []
    profile = said.profile
    if said.points is not None:
        picture = picture.convert("RGB")
        if not said.points.full_range:
            levels = np.arange(256)
            table = np.clip(np.rint((levels - 16) * 255 / 219), 0, 255).astype(int).tolist()
            picture = picture.point(table * 3)
            notes.append("The edited frame's colours were widened from video's range of levels.")
        primaries = PRIMARIES.get(said.points.primaries, "unknown")
        transfer = TRANSFERS.get(said.points.transfer, "unknown")
        if transfer in HDR_NAMES:
            color = ColorInfo(primaries, transfer, "gbr", full_range=True)
            codes = np.asarray(picture).astype(np.uint16) * 257
            notes.append(f"The edited frame is HDR ({color.hdr}): tone-mapped to standard range, as an HDR clip is.")
            return ColorMapper(color).map(codes[..., 0], codes[..., 1], codes[..., 2]), notes
        try:
            profile = _profile_of(primaries, transfer)
        except ValueError as error:
            notes.append(f"What the edited frame says of its colours cannot be used and is left out ({error}).")
    if profile:
        picture = _through_profile(picture, profile, notes)
    elif picture.mode == "CMYK":
        notes.append("The edited frame is in CMYK without a colour profile: its colours are approximate.")
    return np.array(picture.convert("RGB")), notes


def _profile_of(primaries: str, transfer: str) -> bytes | None:
    """A profile of named colours; None where they are shown as sRGB is.

    Raises:
        ValueError: They are of a kind that is not known here.
    """
    if primaries in AS_BT709:
        primaries = "bt709"
    if primaries == "bt709" and transfer in AS_SRGB:
        return None
    if primaries not in PRIMARY_NAMES:
        message = f"primaries {primaries}"
        raise ValueError(message)
    if transfer not in AS_SRGB and transfer not in CURVES:
        message = f"transfer {transfer}"
        raise ValueError(message)
    kind, curve = CURVES.get(transfer, ("", SRGB_CURVE))
    is_dci = primaries == "smpte431"
    name = " ".join(filter(None, (PRIMARY_NAMES[primaries], kind)))
    chromaticities = CHROMATICITIES["smpte432" if is_dci else primaries]
    return make_profile(name, chromaticities, curve, DCI_WHITE if is_dci else WHITE_D65)


def _old_png_profile(info: dict[str, object]) -> bytes | None:
    """A profile of what a PNG says by gamma and chromaticities; None where it says nothing, or what is usual."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if not isinstance(gamma, float) or not 0.05 <= gamma <= 5:
        gamma = USUAL_GAMMA
    is_usual = abs(gamma - USUAL_GAMMA) < 0.005
    curve = SRGB_CURVE if is_usual else (1 / gamma,)
    name = f"gamma {1 / gamma:.2g}"
    if isinstance(points, tuple) and len(cast("tuple[float, ...]", points)) == 8:
        white, *primaries = zip(*[iter(cast("tuple[float, ...]", points))] * 2, strict=True)
        red, green, blue = primaries
        return make_profile(f"{name} and primaries of its own", (red, green, blue), curve, white)
    return None if is_usual else make_profile(name, CHROMATICITIES["bt709"], curve)


def _png_chunk(file: BinaryIO, wanted: bytes) -> bytes | None:
    """What a chunk before the picture holds; None where there is none."""
    place = file.tell()
    try:
        file.seek(len(PNG_SIGNATURE))
        for _ in range(MAX_CHUNKS):
            head = file.read(8)
            if len(head) < 8 or head[4:] == b"IDAT":
                return None
            (length,) = struct.unpack(">I", head[:4])
            if head[4:] == wanted:
                return file.read(min(length, 64))
            file.seek(length + 4, os.SEEK_CUR)
        return None
    finally:
        file.seek(place)


def _through_profile(picture: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    """The picture in sRGB; as it is where its profile is sRGB already, or cannot be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        if profile[16:20] == b"RGB ":
            # Grey pictures come with the profile of the space they were made in, and others in codes of their own.
            picture = picture.convert("RGB") if picture.mode in ("L", "YCbCr") else picture
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
