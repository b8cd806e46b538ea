"""The images: nobody in particular runs the page, what they keep is in volumes, what they are given is all there."""

from __future__ import annotations

import re
import shlex

import pytest

from syncedit_demo.settings import Settings
from syncedit_demo.space import FILES, FOLDERS
from tests.support.running import ROOT

IMAGES = sorted((ROOT / "docker").glob("Dockerfile.*"))


@pytest.fixture(params=IMAGES, ids=lambda path: path.name)
def image(request: pytest.FixtureRequest) -> str:
    """A Dockerfile, each instruction on a line of its own."""
    return request.param.read_text(encoding="utf-8").replace("\\\n", " ")


def instructions(image: str, name: str) -> list[str]:
    return [found.strip() for found in re.findall(rf"^{name}\s+(.*)$", image, re.MULTILINE)]


def test_it_runs_as_nobody_in_particular_and_says_whether_it_is_well(image: str) -> None:
    (user,) = instructions(image, "USER")
    assert int(user) >= 1000
    assert f"--uid {user}" in image
    assert len(instructions(image, "HEALTHCHECK")) == 1
    assert instructions(image, "CMD") == ['["/opt/syncedit/bin/python", "app.py"]']


def test_what_it_keeps_is_in_volumes(image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (volumes,), (environment,) = instructions(image, "VOLUME"), instructions(image, "ENV")
    for each in shlex.split(environment):
        monkeypatch.setenv(*each.split("=", 1))
    settings = Settings()
    kept = [settings.work_dir, *([settings.weights, settings.prepared] if "/weights" in volumes else [])]
    for folder in kept:
        assert f'"/{folder.parts[1]}"' in volumes
        assert f"/{folder.parts[1]}" in next(line for line in instructions(image, "RUN") if "install -d" in line)


def test_its_steps_are_the_script_that_is_tried(image: str) -> None:
    (steps,) = (line for line in instructions(image, "RUN") if "install.sh" in line)
    script, _, environment, requirements = steps.split()
    assert (ROOT / script).stat().st_mode & 0o111
    assert (ROOT / requirements).is_file()
    assert environment == "/opt/syncedit"


def test_it_is_given_what_a_space_is() -> None:
    given = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    for name in {*FILES, *FOLDERS, "examples", "docker/install.sh"} - {"CHANGELOG.md", "requirements.txt"}:
        assert f"!{name}\n" in given
    assert "!requirements*.txt\n" in given
