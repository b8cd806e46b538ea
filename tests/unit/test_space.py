"""A Space pushed to a local Hub, and what somebody gets who clones it."""

# huggingface_hub leaves some of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from huggingface_hub import snapshot_download
from packaging.requirements import Requirement

from syncedit_demo.cli import build_parser
from syncedit_demo.engines.sync_lora.lent.seconds import MOVED_BYTES_PER_SECOND
from syncedit_demo.errors import SpaceError
from syncedit_demo.space import ROOT, SET_FILES, Space, push
from syncedit_demo.wording import GB
from tests.support.hub_server import Hub, serve

if TYPE_CHECKING:
    from collections.abc import Generator

# The Hub's client sends objects in a way that its own HTTP library is to give up.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

REPO, SET = "somebody/syncedit", "somebody/prepared"
BUILD = """
from syncedit_demo.settings import load_settings
from syncedit_demo.service import EditService
from syncedit_demo.ui.page import build_page
from syncedit_demo.ui.visits.examples import EXAMPLES
import app, syncedit_demo
build_page(EditService(load_settings()))
print(syncedit_demo.__file__, len(list(EXAMPLES.glob("*/output.mp4"))))
"""


@pytest.fixture(scope="module")
def hub() -> Generator[Hub]:
    def no_pause(_seconds: float) -> None:
        pass

    with serve(Hub({})) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        patch.setattr("huggingface_hub.utils._http.time.sleep", no_pause)
        yield hub


def clone(hub: Hub, folder: Path) -> Path:
    return Path(snapshot_download(REPO, repo_type="space", endpoint=hub.endpoint, local_dir=folder))


def front_matter(folder: Path) -> dict[str, object]:
    return yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---")[1])


def names(folder: Path) -> set[str]:
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {Requirement(line).name for line in lines if line[:1].isalpha()}


def test_a_clone_of_what_was_pushed_has_everything_that_a_build_needs(hub: Hub, tmp_path: Path) -> None:
    address = push(Space(REPO), hub.endpoint)
    assert address.endswith(f"/spaces/{REPO}")
    assert hub.uploads.created[f"spaces/{REPO}"]["sdk"] == "gradio"
    folder = clone(hub, tmp_path / "clone")
    matter = front_matter(folder)
    assert (folder / str(matter["app_file"])).is_file()
    assert matter["suggested_hardware"] == "cpu-basic"
    assert "preload_from_hub" not in matter
    assert "torch" not in names(folder)
    assert {"gradio", "av", "numpy"} < names(folder)
    assert not list(folder.rglob("*.pyc"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"SYNCEDIT_ENGINE": "draft", "SYNCEDIT_WORK_DIR": str(tmp_path / "work")}
    done = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    place, examples = done.stdout.split()[-2:]
    assert Path(place).is_relative_to(folder)
    assert int(examples) == len(list((ROOT / "examples").glob("*/output.mp4")))


def test_another_push_gives_it_a_gpu_and_the_prepared_set(hub: Hub, tmp_path: Path) -> None:
    push(Space(REPO), hub.endpoint)
    hub.files[f"spaces/{REPO}/syncedit_demo/of_an_older_version.py"] = b"old"
    push(Space(REPO, "zero-a10g", SET), hub.endpoint)
    asked = hub.uploads.created[f"spaces/{REPO}"]
    assert asked["variables"][-1]["key"] == "SYNCEDIT_PREPARED_REPO"
    assert asked["variables"][-1]["value"] == SET
    assert asked["hardware"][-1]["flavor"] == "zero-a10g"
    folder = clone(hub, tmp_path / "clone")
    matter = front_matter(folder)
    assert matter["preload_from_hub"] == [f"{SET} {','.join(SET_FILES)}"]
    assert matter["suggested_hardware"] == "zero-a10g"
    assert SET in str(matter["models"])
    assert "torch" in names(folder)
    assert not (folder / "syncedit_demo" / "of_an_older_version.py").exists()


def test_what_cannot_be_a_space_is_refused_in_a_sentence(hub: Hub) -> None:
    with pytest.raises(SpaceError, match="OWNER/NAME"):
        push(Space("nobody"), hub.endpoint)
    with pytest.raises(SpaceError, match=r"starts from a prepared set.*--prepared-repo"):
        push(Space(REPO, "zero-a10g"), hub.endpoint)
    hub.uploads.readers_only.add("spaces/somebody/elses")
    with pytest.raises(SpaceError, match=r"refuses the Space somebody/elses \(403\)"):
        push(Space("somebody/elses"), hub.endpoint)
    with pytest.raises(SpaceError, match="connection to the Hub failed"):
        push(Space(REPO), "http://127.0.0.1:9")


def test_every_command_of_the_way_to_a_space_is_one() -> None:
    steps = (ROOT / "docs/spaces.md").read_text(encoding="utf-8")
    commands = re.findall(r"`syncedit ([^`]+)`", steps)
    said = [command for command in commands if "/" in command or "--" in command]
    parsed = [build_parser().parse_args(shlex.split(command)) for command in said]
    assert [command.split()[0] for command in said] == ["prepare", "prepare", "space"]
    download, upload, space = parsed
    assert download.storage == upload.storage == "fp8"
    assert upload.upload == space.prepared_repo, "what is uploaded is what the Space starts from"


def test_the_seconds_of_a_new_worker_are_those_that_are_asked_for() -> None:
    text = (ROOT / "docs/spaces.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| `--storage \w+` \| (\d+) GB \| (\d+) s \|", text)
    assert len(rows) == 2
    assert [round(int(size) * GB / MOVED_BYTES_PER_SECOND) for size, _ in rows] == [int(seconds) for _, seconds in rows]
