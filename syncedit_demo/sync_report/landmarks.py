"""Faces followed by MediaPipe's Face Landmarker, an extra: `make faces` installs it, the user brings its model."""

from __future__ import annotations

import hashlib
import tempfile
from http.client import HTTPException
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import numpy as np

from syncedit_demo.errors import FaceModelError
from syncedit_demo.sync_report.faces import CURVES, FaceTrack, describe_face

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from syncedit_demo.frames import Frame
    from syncedit_demo.settings import FaceModel

PUBLISHED = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
)
"""The one address that is fetched from."""

# As quoted in public for that address; it could not be held against the file itself here.
PUBLISHED_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
MOST_BYTES = 64 << 20
"""What is read of an answer at most; the published file has 3,758,596 bytes."""

TIMEOUT_SECONDS = 30


def locate_face_model(model: FaceModel) -> Path:
    """The landmark model's file, fetched first where it was given by its address and is not there yet.

    Raises:
        FaceModelError: There is no such file, or it cannot be fetched.
    """
    if model.source == PUBLISHED:
        target = model.folder / PUBLISHED.rpartition("/")[2]
        if not target.is_file():
            fetch(PUBLISHED, PUBLISHED_SHA256, target)
        return target
    if "://" in model.source:
        message = f"SYNCEDIT_FACE_MODEL is an address that is not known: set it to a file, or to {PUBLISHED}"
        raise FaceModelError(message)
    if not Path(model.source).is_file():
        message = f"There is no face landmark model at {model.source}: set SYNCEDIT_FACE_MODEL to a file that exists."
        raise FaceModelError(message)
    return Path(model.source)


def describe_face_model(model: FaceModel | None) -> str:
    """Whether faces can be followed, in words; nothing is fetched or loaded to find out."""
    if model is None:
        return "not followed: SYNCEDIT_FACE_MODEL is not set"
    if find_spec("mediapipe") is None:
        return "not followed: MediaPipe is not installed; run: make faces"
    if model.source == PUBLISHED:
        return "followed with the published model, fetched when it is first needed"
    return f"followed with {model.source}" if Path(model.source).is_file() else f"not followed: no file {model.source}"


def fetch(address: str, sha256: str, target: Path) -> None:
    """Fetch a file of a few megabytes; it appears at its target only when it is whole and the one that is wanted.

    Raises:
        FaceModelError: It does not arrive, is another file, or cannot be written.
    """
    try:
        with urlopen(address, timeout=TIMEOUT_SECONDS) as response:
            content = response.read(MOST_BYTES)
        if hashlib.sha256(content).hexdigest() != sha256:
            message = (
                f"What came from {address} is not the whole face landmark model, or another one, and was thrown away. "
                "Try again, or fetch the file yourself and set SYNCEDIT_FACE_MODEL to it."
            )
            raise FaceModelError(message)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            part = Path(folder) / target.name
            part.write_bytes(content)
            part.replace(target)
    except (OSError, HTTPException) as error:
        message = f"The face landmark model cannot be fetched from {address} into {target.parent}: {error}"
        raise FaceModelError(message) from error


def follow_face(frames: Iterable[Frame], frame_rate: Fraction, model: Path) -> FaceTrack:
    """Follow one face.

    Args:
        frames: RGB uint8 (height, width, 3), all of one size; one is held at a time.
        frame_rate: Frames per second.
        model: The landmark model, a `.task` file.

    Raises:
        FaceModelError: MediaPipe is not installed, or the file is no model of faces.
    """
    try:
        # Loaded by name: it is large, optional, and leaves most of its types open.
        library: Any = import_module("mediapipe")
        vision: Any = import_module("mediapipe.tasks.python.vision")
    except ModuleNotFoundError as error:
        message = (
            "Faces are followed by MediaPipe, which is not installed: run `make faces`, or unset SYNCEDIT_FACE_MODEL."
        )
        raise FaceModelError(message) from error
    options = vision.FaceLandmarkerOptions(
        base_options=library.tasks.BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    try:
        landmarker: Any = vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError, OSError) as error:
        message = (
            f"{model} is no face landmark model that MediaPipe can load ({error}): the published one is {PUBLISHED}"
        )
        raise FaceModelError(message) from error
    rows: list[list[float]] = []
    with landmarker:
        for index, frame in enumerate(frames):
            image = library.Image(image_format=library.ImageFormat.SRGB, data=np.ascontiguousarray(frame))
            found = landmarker.detect_for_video(image, round(1000 * index / frame_rate))
            if found.facial_transformation_matrixes and found.face_blendshapes:
                scores = {shape.category_name: shape.score for shape in found.face_blendshapes[0]}
                rows.append(describe_face(found.facial_transformation_matrixes[0], scores))
            else:
                rows.append([np.nan] * len(CURVES))
    return FaceTrack(np.array(rows))
