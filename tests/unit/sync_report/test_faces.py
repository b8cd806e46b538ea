"""Faces in the sync report: the arithmetic, the model's file, and the library as far as it runs without a model."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.edits.record import load_record, record_path
from syncedit_demo.errors import FaceModelError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.settings import FaceModel, load_settings
from syncedit_demo.sync_report.faces import CURVES, FaceTrack, compare_faces, describe_face
from syncedit_demo.sync_report.landmarks import PUBLISHED, describe_face_model, fetch, follow_face, locate_face_model
from syncedit_demo.ui.components.sync_view import SyncView
from tests.support.clips import edited_scene, write_scene
from tests.support.command_line import SMALL, fail, run, succeed
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FRAMES = 81
AT_REST = dict.fromkeys(
    [
        "jawOpen",
        *(
            f"eye{what}{side}"
            for what in ("Blink", "LookIn", "LookOut", "LookUp", "LookDown")
            for side in ("Left", "Right")
        ),
    ],
    0.0,
)
ANGLES = st.floats(-85, 85)


def rotation(yaw: float, pitch: float, roll: float, scale: float) -> Floats:
    """A head turned, nodding and tilted by degrees, somewhere before the camera."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = scale * turn @ nod @ tilt
    matrix[:3, 3] = (3, -2, -40)
    return matrix


def wandering(seed: int, frames: int = FRAMES) -> Floats:
    """Curves that wander as a face does, without repeating themselves; shape (frames, 7)."""
    steps = np.random.default_rng(seed).normal(0, 1, (frames + 8, len(CURVES)))
    smooth = np.stack([np.convolve(column, np.hanning(9), "valid") for column in steps.T], axis=1)
    return smooth * np.array([5, 5, 5, 0.1, 0.1, 0.1, 0.1])


@given(yaw=ANGLES, pitch=ANGLES, roll=ANGLES, scale=st.floats(0.2, 5))
def test_the_pose_is_that_of_the_matrix(yaw: float, pitch: float, roll: float, scale: float) -> None:
    assert describe_face(rotation(yaw, pitch, roll, scale), AT_REST)[:3] == pytest.approx([yaw, pitch, roll], abs=1e-6)


def test_a_head_that_looks_to_the_right_and_down_has_its_nose_there() -> None:
    nose = rotation(30, 20, 0, 1)[:3, :3] @ (0, 0, 1)
    assert nose[0] > 0.4
    assert nose[1] < -0.3


def test_scores_become_mouth_blink_and_gaze() -> None:
    scores = AT_REST | {"jawOpen": 0.4, "eyeBlinkLeft": 0.2, "eyeBlinkRight": 0.6}
    assert describe_face(np.eye(4), scores)[3:] == pytest.approx([0.4, 0.4, 0, 0])
    # The person's left is the picture's right.
    left = AT_REST | {"eyeLookOutLeft": 0.8, "eyeLookInRight": 0.6, "eyeLookDownLeft": 0.5, "eyeLookDownRight": 0.3}
    assert describe_face(np.eye(4), left)[3:] == pytest.approx([0, 0, 0.7, -0.4])


@given(seed=st.integers(0, 10_000), lag=st.integers(-8, 8))
def test_a_late_face_is_found_to_be_as_late_as_it_is(seed: int, lag: int) -> None:
    both = wandering(seed, FRAMES + 16)
    reference, result = both[8 : 8 + FRAMES], 0.6 * both[8 - lag : 8 - lag + FRAMES] + 0.1
    curves = compare_faces(FaceTrack(reference), FaceTrack(result))
    assert list(curves) == list(CURVES)
    for curve in curves.values():
        assert curve.lag_frames == lag
        assert curve.correlation == pytest.approx(1)


def test_faces_that_have_nothing_to_do_with_each_other_do_not_correlate() -> None:
    curves = compare_faces(FaceTrack(wandering(1, 400)), FaceTrack(wandering(2, 400)))
    assert all(curve.correlation is not None and curve.correlation < 0.4 for curve in curves.values())
    assert all("does not follow" in curve.in_words for curve in curves.values())


@pytest.mark.parametrize("still", ["reference", "result"])
def test_nothing_is_said_of_a_curve_that_hardly_moves(still: str) -> None:
    noise = wandering(3) / 100
    tracks = {"reference": FaceTrack(wandering(4)), "result": FaceTrack(wandering(4)), still: FaceTrack(noise)}
    for curve in compare_faces(**tracks).values():
        assert (curve.correlation, curve.lag_frames) == (None, None)
        assert curve.in_words == "too little of it to tell"


def test_frames_without_a_face_are_left_out() -> None:
    reference, result = wandering(5), wandering(5)
    reference[10:30], result[40:50] = np.nan, np.nan
    curve = compare_faces(FaceTrack(reference), FaceTrack(result))["mouth"]
    assert (curve.correlation, curve.lag_frames) == (pytest.approx(1), 0)
    assert curve.reference[10:30] == (None,) * 20
    assert curve.result[40:50] == (None,) * 10
    result[12:] = np.nan
    assert compare_faces(FaceTrack(reference), FaceTrack(result))["mouth"].correlation is None
    assert not FaceTrack(np.full((5, 7), np.nan)).has_face


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_scene(tmp_path / "clip.mp4", frames=9)


@pytest.fixture
def edited(clip: Path, tmp_path: Path) -> Path:
    write_png(edited_scene(clip), tmp_path / "edited.png")
    return tmp_path / "edited.png"


def test_records_keep_faces_and_those_from_before_load(clip: Path, edited: Path, tmp_path: Path) -> None:
    succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL)
    path = record_path(tmp_path / "out.mp4")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["report"]["faces"] is None
    gone = wandering(6)
    gone[3] = np.nan
    faces = compare_faces(FaceTrack(wandering(6)), FaceTrack(gone))
    record["report"]["faces"] = {
        name: {
            "reference": curve.reference,
            "result": curve.result,
            "correlation": curve.correlation,
            "lag_frames": curve.lag_frames,
        }
        for name, curve in faces.items()
    }
    path.write_text(json.dumps(record), encoding="utf-8")
    report = load_record(path).report
    assert report is not None
    assert report.faces == faces
    assert json.loads(report.to_json())["faces"] == json.loads(path.read_text(encoding="utf-8"))["report"]["faces"]
    assert "Mouth opening: in time (correlation 1.00)." in report.faces_in_words
    shown = SyncView.of(report).report
    assert shown is not None
    mouth = next(view for view in shown.faces if view.title == "Mouth opening")
    assert mouth.result[3] is None
    assert min(value for value in mouth.reference if value is not None) == 0
    assert max(value for value in mouth.reference if value is not None) == 1
    del record["report"]["faces"]
    path.write_text(json.dumps(record), encoding="utf-8")
    report = load_record(path).report
    assert report is not None
    assert report.faces is None


def test_a_model_that_is_missing_stops_the_report_but_not_the_edit(clip: Path, edited: Path, tmp_path: Path) -> None:
    missing = {"SYNCEDIT_FACE_MODEL": str(tmp_path / "none.task")}
    sentence = fail("report", clip, clip, variables=missing)
    assert "none.task" in sentence
    assert "SYNCEDIT_FACE_MODEL" in sentence
    done = run("edit", clip, edited, tmp_path / "out.mp4", *SMALL, variables=missing)
    assert done.code == 0, done
    report = load_record(tmp_path / "out.mp4").report
    assert report is not None
    assert report.faces is None
    assert "none.task" in report.sentences[-1]


def test_addresses_that_are_not_known_are_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(FaceModelError, match="not known"):
        locate_face_model(FaceModel("https://example.org/face_landmarker.task", tmp_path))


def test_what_was_fetched_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "face_landmarker.task").write_bytes(b"there")
    assert locate_face_model(FaceModel(PUBLISHED, tmp_path)) == tmp_path / "face_landmarker.task"


def test_faces_are_not_followed_unless_asked_for(tmp_path: Path) -> None:
    assert load_settings().faces is None
    assert "is not set" in describe_face_model(None)
    assert "followed" in describe_face_model(FaceModel(str(tmp_path / "none.task"), tmp_path))


MODEL = b"a model" * 1000
SHA256 = hashlib.sha256(MODEL).hexdigest()


@contextmanager
def giving(content: bytes, sent: int) -> Generator[str]:
    """A server that claims to give a file and sends so many bytes of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:sent])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield f"{address}/model.task"


def test_a_model_is_fetched_whole(tmp_path: Path) -> None:
    target = tmp_path / "weights" / "model.task"
    with giving(MODEL, len(MODEL)) as address:
        fetch(address, SHA256, target)
    assert target.read_bytes() == MODEL
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(("content", "sent"), [(b"another" * 1000, 7000), (MODEL, 6000), (MODEL, 0)])
def test_a_model_that_is_another_or_not_whole_leaves_nothing(tmp_path: Path, content: bytes, sent: int) -> None:
    target = tmp_path / "weights" / "model.task"
    with giving(content, sent) as address, pytest.raises(FaceModelError, match="thrown away"):
        fetch(address, SHA256, target)
    assert not target.parent.exists()


def test_a_server_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with giving(MODEL, 0) as address:
        pass
    with pytest.raises(FaceModelError, match=r"cannot be fetched from http://127\.0\.0\.1"):
        fetch(address, SHA256, tmp_path / "model.task")


def test_a_missing_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(FaceModelError, match="make faces"):
        follow_face([], Fraction(25), tmp_path / "model.task")


class Landmarker(AbstractContextManager["Landmarker"]):
    """What the library gives, for faces that are read off a picture's brightness; black shows none."""

    def __init__(self) -> None:
        self.times = [-1]

    def __exit__(self, *_error: object) -> None:
        del self.times

    def detect_for_video(self, image: Floats, milliseconds: int) -> SimpleNamespace:
        assert milliseconds > self.times[-1]
        self.times.append(milliseconds)
        level = float(image.mean())
        if level < 20:
            return SimpleNamespace(facial_transformation_matrixes=[], face_blendshapes=[])
        scores = AT_REST | {"jawOpen": level / 255}
        shapes = [SimpleNamespace(category_name=name, score=score) for name, score in scores.items()]
        matrix = rotation(level - 128, 0, 0, 1)
        return SimpleNamespace(facial_transformation_matrixes=[matrix], face_blendshapes=[shapes])


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mapping[str, str]:
    """A stand-in for MediaPipe, which needs a trained model to find a face; gives the variables that use it."""

    def image(image_format: str, data: Floats) -> Floats:
        assert image_format == "rgb"
        assert max(data.shape) <= 512
        return data

    vision = SimpleNamespace(
        FaceLandmarkerOptions=dict,
        RunningMode=SimpleNamespace(VIDEO="video"),
        FaceLandmarker=SimpleNamespace(create_from_options=lambda _options: Landmarker()),  # pyright: ignore[reportUnknownLambdaType]
    )
    library = SimpleNamespace(
        Image=image, ImageFormat=SimpleNamespace(SRGB="rgb"), tasks=SimpleNamespace(BaseOptions=dict)
    )
    monkeypatch.setitem(sys.modules, "mediapipe", library)
    monkeypatch.setitem(sys.modules, "mediapipe.tasks.python.vision", vision)
    (tmp_path / "model.task").touch()
    return {"SYNCEDIT_FACE_MODEL": str(tmp_path / "model.task")}


def write_levels(path: Path, levels: Floats) -> Path:
    """A clip of plain pictures of these brightnesses."""
    pictures = (np.full((448, 640, 3), level, np.uint8) for level in levels)
    write_clip(pictures, path, frame_rate=Fraction(24000, 1001), audio=None)
    return path


def test_faces_of_two_files_are_compared(stand_in: Mapping[str, str], tmp_path: Path) -> None:
    levels = 128 + 2 * wandering(7, 60)[:, 0]
    levels[20:24] = 0
    clip = write_levels(tmp_path / "bright.mp4", levels)
    late = write_levels(tmp_path / "late.mp4", levels[np.maximum(0, np.arange(60) - 2)])
    done = run("report", clip, late, "--json", variables=stand_in)
    faces = json.loads(done.out)["faces"]
    assert list(faces) == list(CURVES)
    assert (faces["yaw"]["lag_frames"], faces["mouth"]["lag_frames"], faces["blink"]["lag_frames"]) == (2, 2, None)
    assert faces["yaw"]["correlation"] > 0.99
    assert faces["yaw"]["reference"][20:24] == [None] * 4
    assert faces["mouth"]["reference"][0] == pytest.approx(levels[0] / 255, abs=0.02)
    assert "- Head turn: 2 frames late" in run("report", clip, late, variables=stand_in).out


def test_clips_without_a_face_are_named(stand_in: Mapping[str, str], tmp_path: Path) -> None:
    dark = write_levels(tmp_path / "dark.mp4", np.zeros(20))
    bright = write_levels(tmp_path / "bright.mp4", np.full(20, 200.0))
    report = json.loads(run("report", bright, dark, "--json", variables=stand_in).out)
    assert report["faces"] is None
    assert report["sentences"][-1] == "No face is found in the result."


def test_mediapipe_itself_refuses_what_is_no_model(clip: Path, tmp_path: Path) -> None:
    """The real library, as far as it goes without a trained model."""
    pytest.importorskip("mediapipe", reason="MediaPipe is an extra: make faces")
    (tmp_path / "no.task").write_bytes(b"no model" * 1000)
    sentence = fail("report", clip, clip, variables={"SYNCEDIT_FACE_MODEL": str(tmp_path / "no.task")})
    assert "no.task is no face landmark model that MediaPipe can load (Unable to open zip archive.)" in sentence
