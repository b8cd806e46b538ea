"""Folders are called by names that tell nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.ui.door.names import FolderNames

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture(params=["work", 'with "quotes" and ümläuts', "a b'c"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = tmp_path / str(request.param)
    made.mkdir()
    return made


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_folder_is_hidden_and_found_again(folder: Path, ascii_only: bool) -> None:
    names = FolderNames({"/kept": folder, "/examples": Path("/somewhere/else")})
    told = {"path": f"{folder}/uploads/x.png", "url": f"http://h/gradio_api/file={folder}/x.png", "root": str(folder)}
    hidden = names.hide(json.dumps(told, ensure_ascii=ascii_only).encode())
    assert json.loads(hidden) == {
        "path": "/kept/uploads/x.png",
        "url": "http://h/gradio_api/file=/kept/x.png",
        "root": "/kept",
    }
    assert json.loads(names.find(hidden))["path"] == told["path"]


def test_a_folder_that_is_a_link_is_hidden_under_both_paths(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    names = FolderNames({"/kept": link})
    assert names.hide(f'"{real}/x" "{link}/y"'.encode()) == b'"/kept/x" "/kept/y"'


def test_only_a_whole_folder_is_hidden() -> None:
    names = FolderNames({"/kept": Path("/data")})
    text = b'"queue/data" "/database" "application/data" data:image/png /data;'
    assert names.hide(text) == text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/kept/uploads/a.png", "/work/uploads/a.png"),
        ("/kept/a..b.png", "/work/a..b.png"),
        ("/kept/../etc/passwd", None),
        ("/kept/a/../../x", None),
        ("/kept", None),
        ("/keptother/x", None),
        ("/work/uploads/a.png", None),
        ("/etc/passwd", None),
        ("http://elsewhere/x", None),
        ("/kept/\0", None),
        ("", None),
    ],
)
def test_only_what_lies_in_the_folders_can_be_asked_for(asked: str, found: str | None) -> None:
    assert FolderNames({"/kept": Path("/work")}).path(asked) == found


def test_a_value_that_only_mentions_a_name_stays() -> None:
    names = FolderNames({"/kept": Path("/work")})
    sent: Sequence[str] = ["see /kept/x", "/keptx", "kept/"]
    assert json.loads(names.find(json.dumps(sent).encode())) == sent
