"""What serving the page does with the files of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.recording_proxy import recording_proxy
from tests.support.running import ROOT, START_SECONDS, running_app

if TYPE_CHECKING:
    from pathlib import Path


def pictures_of_examples(address: str) -> list[str]:
    """The addresses of the pictures on the shelf of examples, as a page that is opened now gets them."""
    components: list[dict[str, Any]] = httpx.get(f"{address}config").json()["components"]
    shelf = next(each for each in components if each["props"].get("elem_id") == "examples")
    return [tile["picture"]["url"] for tile in shelf["props"]["value"]["tiles"]]


def test_old_files_are_deleted_while_the_page_is_served_and_nobody_else_reads_new_ones(tmp_path: Path) -> None:
    work = tmp_path / "deep" / "work"
    upload = work / "uploads/copy/clip.mp4"
    upload.parent.mkdir(parents=True)
    upload.touch()
    with running_app(tmp_path, job_max_age_hours=1e-9, work_dir=work) as address:
        for folder in (work, work / "jobs", work / "uploads"):
            assert folder.stat().st_mode & 0o777 == 0o700
        end = time.monotonic() + START_SECONDS
        while upload.parent.exists():
            assert time.monotonic() < end, "old files are deleted from the start"
            time.sleep(0.05)
        pictures = pictures_of_examples(address)
        assert len(pictures) > 1
        assert {httpx.get(picture).headers["Content-Type"] for picture in pictures} == {"image/png"}


def test_a_working_folder_that_cannot_be_used_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "work").touch()
    with pytest.raises(RuntimeError) as refusal, running_app(tmp_path):
        pass
    said = str(refusal.value)
    assert f"The working folder {tmp_path}/work cannot be used: file exists. Name another" in said
    assert "Traceback" not in said


def test_a_page_that_is_slow_to_answer_is_served_and_said_to_be_slow(tmp_path: Path) -> None:
    with running_app(tmp_path, program=("-m", "tests.support.slow_app")) as address:
        assert httpx.get(address, timeout=START_SECONDS).status_code == 200
    log = (tmp_path / "app.log").read_text(encoding="utf-8")
    assert "the page does not answer yet, this machine is busy; it is served all the same" in log
    assert "localhost is not accessible" not in log


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param(False, id="this page"),
        # What it would look like if something were told.
        pytest.param(True, id="a plain page of Gradio", marks=pytest.mark.thorough),
    ],
)
def test_nothing_is_told_to_others_and_no_use_is_shown(tmp_path: Path, plain: bool) -> None:
    program = ("-m", "tests.support.plain_app") if plain else ("app.py",)
    with recording_proxy() as (variables, wanted):
        switches = {"GRADIO_ANALYTICS_ENABLED": "True", "HF_HUB_DISABLE_TELEMETRY": "", **variables}
        with running_app(tmp_path, program=program, variables=switches, end_with=signal.SIGINT) as address:
            shown = [httpx.get(f"{address}{path}").status_code for path in ("monitoring/summary", "gradio_api/runs")]
    assert shown == ([200, 200] if plain else [404, 404])
    assert [each for each in wanted if "gradio.app" in each] if plain else wanted == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_working_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    foreseen = tmp_path / "syncedit-demo-0"
    foreseen.mkdir()
    os.chown(foreseen, 12345, 12345)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "app.py"],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert done.returncode == 1
    assert "syncedit-demo-0 belongs to somebody else, who could read" in done.stderr
    assert len(done.stderr.splitlines()) == 1
