"""The package as somebody installs it who has no checkout: built, in an environment of its own, outside the tree."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncedit_demo import __version__
from syncedit_demo.edits.record import load_record
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.probe import probe
from syncedit_demo.ui.visits.examples import load_examples
from tests.support.clips import edited_scene, write_scene
from tests.support.running import ROOT, running_app

PACKAGE = ROOT / "syncedit_demo"


def pip(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *map(str, arguments)], check=True, cwd=ROOT, timeout=240)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel alone and sees what the tests' own one has installed."""
    home = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(home, with_pip=False)
    programs = home / "bin"
    pip("--python", programs / "python", "install", "--no-deps", "--no-index", wheel)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return programs


def test_the_wheel_carries_the_version_and_every_file_of_the_package(wheel: Path) -> None:
    assert wheel.name == f"syncedit_demo-{__version__}-py3-none-any.whl"
    inside = set(zipfile.ZipFile(wheel).namelist())
    own = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.*") if path.suffix != ".pyc"}
    assert {Path(name).suffix for name in own} >= {".py", ".html", ".css", ".js"}
    assert own <= inside
    rest = {name for name in inside - own if ".dist-info/" not in name}
    shown = [path for each in load_examples().values() for path in (each.reference, each.edited, each.output)]
    assert rest == {f"syncedit_demo/examples/{path.parent.name}/{path.name}" for path in shown}


def test_an_installed_package_makes_an_edit(programs: Path, tmp_path: Path) -> None:
    write_png(edited_scene(write_scene(tmp_path / "clip.mp4")), tmp_path / "edited.png")
    command = [programs / "syncedit", "edit", "clip.mp4", "edited.png", "out.mp4", "--engine", "draft"]
    subprocess.run([*command, "--size", "320x256"], check=True, cwd=tmp_path, capture_output=True, timeout=240)
    assert probe(tmp_path / "out.mp4").frames == 12
    assert load_record(tmp_path / "out.mp4").program == __version__


def test_a_command_that_fails_ends_the_process_with_its_code(programs: Path, tmp_path: Path) -> None:
    command = [programs / "syncedit", "inspect", "nowhere.mp4"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done
    assert len(done.stderr.splitlines()) == 1


def test_an_installed_package_serves_the_page_with_its_examples(programs: Path, tmp_path: Path) -> None:
    syncedit = (str(programs / "syncedit"), "serve")
    with running_app(tmp_path, python=str(programs / "python"), program=syncedit, cwd=tmp_path) as address:
        assert "SyncEdit Demo" in httpx.get(address).text
        components: list[dict[str, Any]] = httpx.get(f"{address}config").json()["components"]
        shelf = next(each for each in components if each["props"].get("elem_id") == "examples")
        pictures = [tile["picture"] for tile in shelf["props"]["value"]["tiles"]]
        assert len(pictures) == len(load_examples()) > 0
        for picture in pictures:
            # Where they are installed nobody is told; that they are there shows by their coming.
            assert picture["path"].startswith("/examples/")
            assert httpx.get(picture["url"]).headers["Content-Type"] == "image/png"
