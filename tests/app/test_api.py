"""The endpoints, called by a real client over the running app."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from syncedit_demo.edits.record import load_record
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from tests.support.clips import edited_scene, write_scene
from tests.support.running import running_app

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAMES = 12
RESULTS, MAKING = "work/jobs/*/*/*-edited.mp4", "work/jobs/*/*/.syncedit-*"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    clip = write_scene(folder / "scene.mp4", FRAMES, sound=True)
    Image.fromarray(edited_scene(clip)).save(folder / "edited.png")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[Client]:
    with running_app(home) as address:
        client = Client(address, verbose=False, download_files=str(home / "downloads"))
        yield client
        client.close()


def test_what_programs_can_call_is_named_and_documented(client: Client) -> None:
    told: dict[str, Any] = client.view_api(return_format="dict", print_info=False)  # type: ignore[assignment]
    assert not told["unnamed_endpoints"]
    assert set(told["named_endpoints"]) == {"/inspect_clip", "/first_frame", "/edit"}
    edit = told["named_endpoints"]["/edit"]
    assert edit["description"].startswith("Carry the edit of the first frame through the clip.")
    parameters = {each["parameter_name"]: each for each in edit["parameters"]}
    assert list(parameters) == [
        "clip",
        "edited_frame",
        "size",
        "frames",
        "start",
        "rate",
        "seed",
        "audio",
        "engine",
        "label",
    ]
    required = [name for name, each in parameters.items() if not each["parameter_has_default"]]
    assert required == ["clip", "edited_frame"]
    assert parameters["seed"]["python_type"]["type"] == "int"


def test_a_clip_is_inspected(client: Client, media: Path) -> None:
    told = client.predict(handle_file(media / "scene.mp4"), frames=9, rate="25", api_name="/inspect_clip")
    assert told["clip"]["frames"] == FRAMES
    assert told["plan"]["frames"] == 9
    assert told["plan"]["frame_rate"] == "25"
    assert any("left out" in note for note in told["plan"]["notes"])


def test_frame_0_is_what_the_engine_sees(client: Client, media: Path, tmp_path: Path) -> None:
    frame = client.predict(handle_file(media / "scene.mp4"), size="320x256", start=3, api_name="/first_frame")
    service = EditService(Settings(work_dir=tmp_path))
    clip, plan = service.inspect(media / "scene.mp4", PlanOptions(size=(320, 256), start=3))
    assert np.array_equal(np.asarray(Image.open(frame)), service.first_frame(media / "scene.mp4", clip, plan))


def test_a_clip_is_edited(client: Client, media: Path, home: Path) -> None:
    before = set(home.glob("work/jobs/*/*/*"))
    result, record = client.predict(
        clip=handle_file(media / "scene.mp4"),
        edited_frame=handle_file(media / "edited.png"),
        size="320x256",
        seed=5,
        audio=False,
        api_name="/edit",
    )
    told = load_record(Path(result))
    assert (told.plan.frames, told.seed, told.audio, told.engine.name) == (FRAMES, 5, False, "draft")
    assert record["seed"] == 5
    assert record["clip_file"]["name"] == "scene.mp4"
    assert told.clip_file.path == Path("scene.mp4")
    there = {file.name for file in set(home.glob("work/jobs/*/*/*")) - before}
    kept = {"scene.mp4", "edited-frame.png", "scene-edited.mp4", "scene-edited.record.json"}
    assert there == kept, "nothing is made that no caller gets"
    service = EditService(Settings())
    made, _ = service.inspect(Path(result), PlanOptions())
    assert (made.frames, made.display_size, made.audio) == (FRAMES, (320, 256), None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": "300x256"}, "300×256 is not a size the model can make"),
        ({"size": "large"}, "A size is written like 1024x768"),
        ({"frames": 500}, "ask for 1 to 12, not 500"),
        ({"rate": "quick"}, "A frame rate is a number"),
        ({"rate": "1e10000000"}, "A frame rate is a number"),
        ({"start": None}, "The start is missing"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    client: Client, media: Path, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(handle_file(media / "scene.mp4"), **options, api_name="/first_frame")


def test_files_of_the_machine_cannot_be_named(client: Client, home: Path) -> None:
    secret = write_scene(home / "secret.mp4")
    call = f"{client.src}gradio_api/call/inspect_clip"
    forged: dict[str, Any] = {"path": "", "meta": {"_type": "gradio.FileData"}}
    for path in (str(secret), "/kept/../secret.mp4", "http://127.0.0.1/secret.mp4"):
        forged["path"] = path
        answer = httpx.post(call, json={"data": [forged, "", 0, 0, ""]})
        assert (answer.status_code, answer.json()) == (422, {"detail": "clip is a file that was uploaded here."})
    forged["path"] = "/kept/jobs/secret.mp4"
    event = httpx.post(call, json={"data": [forged, "", 0, 0, ""]}).json()["event_id"]
    answer = httpx.get(f"{call}/{event}").text
    assert "event: error" in answer
    assert "frames" not in answer


def test_a_cancelled_call_leaves_nothing_and_frees_the_device(client: Client, media: Path, home: Path) -> None:
    before = len(list(home.glob(RESULTS)))
    long = client.submit(
        handle_file(media / "scene.mp4"), handle_file(media / "edited.png"), size="1280x1024", api_name="/edit"
    )
    while not list(home.glob(MAKING)):
        assert not long.done()
        time.sleep(0.05)
    long.cancel()
    client.predict(
        handle_file(media / "scene.mp4"), handle_file(media / "edited.png"), size="320x256", api_name="/edit"
    )
    assert len(list(home.glob(RESULTS))) == before + 1
    assert not list(home.glob(MAKING))
