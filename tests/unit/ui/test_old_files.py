"""Old files are deleted, young ones kept, whatever else happens in the folder at the same time."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from syncedit_demo.ui.visits.old_files import delete_old

if TYPE_CHECKING:
    from pathlib import Path

OLD, OLDEST, YOUNG = 1_000, 2_000, 3_000


def make(path: Path, when: float) -> Path:
    """A file of that age, in a folder of that age."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    for each in (path, path.parent):
        os.utime(each, (when, when))
    return path


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_files_and_folders_are_deleted_once_they_are_old(tmp_path: Path) -> None:
    place = tmp_path / "place"
    make(place / "old" / "clip.mp4", OLD)
    make(place / "young" / "clip.mp4", YOUNG)
    make(place / "old.tmp", OLD)
    make(place / "young.tmp", YOUNG)
    delete_old(place, OLDEST)
    assert left(place) == {"young", "young.tmp"}


def test_a_folder_is_as_old_as_the_youngest_in_it(tmp_path: Path) -> None:
    used_again = make(tmp_path / "used" / "deep" / "clip.mp4", OLD)
    added = make(tmp_path / "added" / "clip.mp4", OLD)
    for each in tmp_path.iterdir():
        os.utime(each, (OLD, OLD))
    os.utime(used_again, (YOUNG, YOUNG))
    # A copy keeps the time of what it was copied from; that it was made is seen by the folder.
    os.utime(added.parent, (YOUNG, YOUNG))
    delete_old(tmp_path, OLDEST)
    assert left(tmp_path) == {"used", "added"}


def test_a_folder_that_is_not_there_has_nothing_old(tmp_path: Path) -> None:
    delete_old(tmp_path / "none", OLDEST)
    assert left(tmp_path) == set()


def test_others_may_delete_at_the_same_time(tmp_path: Path) -> None:
    """Both clean the same folders until all are gone, and neither minds."""
    for number in range(300):
        make(tmp_path / str(number) / "clip.mp4", OLD)
    failures: list[BaseException] = []
    together = threading.Barrier(4)

    def clean() -> None:
        together.wait()
        try:
            delete_old(tmp_path, OLDEST)
        except OSError as error:
            failures.append(error)

    cleaners = [threading.Thread(target=clean) for _ in range(4)]
    for cleaner in cleaners:
        cleaner.start()
    for cleaner in cleaners:
        cleaner.join(60)
    assert failures == []
    delete_old(tmp_path, OLDEST)
    assert left(tmp_path) == set()
