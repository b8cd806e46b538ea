"""What results say of themselves: in words, signed, and on the picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import av
import c2pa
import numpy as np
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.ai_mark import SOURCE_TYPE, signer_of
from syncedit_demo.edits.make import EditRequest
from syncedit_demo.edits.record import load_record
from syncedit_demo.errors import SettingsError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.label import labelled
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.plan import PlanOptions
from syncedit_demo.settings import Settings
from tests.support.clips import edited_scene, write_scene
from tests.support.credentials import write_credentials
from tests.support.flat import flat
from tests.support.quick_app import QuickService

if TYPE_CHECKING:
    from pathlib import Path


def request(folder: Path) -> EditRequest:
    clip, edited = folder / "scene.mp4", folder / "edited.png"
    write_scene(clip, 4)
    write_png(edited_scene(clip), edited)
    both = folder / "both.mp4"
    return EditRequest(clip, edited, folder / "out.mp4", PlanOptions(size=(320, 256)), "draft", side_by_side=both)


def tags(path: Path) -> dict[str, str]:
    with av.open(str(path)) as container:
        return dict(container.metadata)


def test_every_result_says_that_it_is_ai_edited_by_what_and_when(tmp_path: Path) -> None:
    wanted = request(tmp_path)
    list(QuickService(Settings(work_dir=tmp_path)).edit(wanted, CancelFlag()))
    record = load_record(wanted.target)
    for path in (wanted.target, tmp_path / "both.mp4"):
        said = tags(path)
        assert said["description"].startswith(
            f"AI-edited: made by {record.engine.title} in SyncEdit Demo {record.program}"
        )
        assert f"{record.created:%Y-%m-%d at %H:%M} UTC" in said["description"]
        assert said["description"].endswith(SOURCE_TYPE)
        assert datetime.fromisoformat(said["date"]) == record.created


def test_a_label_is_on_every_picture_and_in_the_record_and_the_frames_count_without(tmp_path: Path) -> None:
    service, wanted = QuickService(Settings(work_dir=tmp_path)), request(tmp_path)
    list(service.edit(wanted, CancelFlag()))
    plain, before = list(read_frames(wanted.target)), load_record(wanted.target)
    list(service.edit(replace(wanted, label=True), CancelFlag()))
    marked, record = list(read_frames(wanted.target)), load_record(wanted.target)
    assert (before.label, record.label) == (False, True)
    assert record.frames_sha256 == before.frames_sha256
    assert "The picture is labelled “AI-edited”." in record.notes
    for one, other in zip(plain, marked, strict=True):
        difference = np.abs(one.astype(int) - other).max(axis=2)
        assert difference[-20:, :60].max() > 100
        assert difference[:-40].max() < 40
    repeated = service.repeat(wanted.target, tmp_path / "again.mp4", None)
    assert repeated.label


@pytest.mark.parametrize("size", [(256, 256), (2048, 1024), (64, 16)])
@pytest.mark.parametrize("grey", [0, 255])
def test_the_label_can_be_read_on_any_picture(size: tuple[int, int], grey: int) -> None:
    frame = flat((grey, grey, grey), size)
    marked = labelled(frame)
    assert frame.min() == frame.max() == grey
    assert marked.shape == frame.shape
    place = marked[-size[1] // 8 :, : size[0] // 4].astype(int) if size != (64, 16) else marked.astype(int)
    assert place.max() - place.min() > 100
    if size != (64, 16):
        assert np.array_equal(marked[: -size[1] // 8], frame[: -size[1] // 8])


# The second is what the file that is signed is called, beside which it is made.
@pytest.mark.parametrize("name", ["out.mp4", "result.mp4"])
def test_a_result_is_signed_where_there_is_a_certificate_and_plays_as_before(tmp_path: Path, name: str) -> None:
    wanted = replace(request(tmp_path), target=tmp_path / name)
    list(QuickService(Settings(work_dir=tmp_path)).edit(wanted, CancelFlag()))
    plain = [frame.tobytes() for frame in read_frames(wanted.target)]
    chain, key = write_credentials(tmp_path)
    signing = Settings(work_dir=tmp_path, c2pa_certificate=chain, c2pa_key=key)
    list(QuickService(signing).edit(wanted, CancelFlag()))
    assert [frame.tobytes() for frame in read_frames(wanted.target)] == plain
    assert load_record(wanted.target).program
    assert tags(wanted.target)["description"].startswith("AI-edited")
    with c2pa.Reader(wanted.target) as reader:
        said: str = reader.json()
        # Whose certificate it is nobody vouches for; that nothing was changed since is certain.
        assert reader.get_validation_state() == "Valid", said
    for words in (SOURCE_TYPE, "SyncEdit Demo", "c2pa.edited"):
        assert words in said
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_what_cannot_sign_is_told_at_the_start(tmp_path: Path) -> None:
    chain, key = write_credentials(tmp_path)
    with pytest.raises(SettingsError, match="takes both SYNCEDIT_C2PA_CERTIFICATE and SYNCEDIT_C2PA_KEY"):
        signer_of(Settings(c2pa_key=key))
    (tmp_path / "broken.pem").write_text("no key", encoding="utf-8")
    for name in ("broken.pem", "none.pem"):
        with pytest.raises(SettingsError, match=r"^Results cannot be signed .* both PEM files"):
            signer_of(Settings(c2pa_certificate=chain, c2pa_key=tmp_path / name))
    with pytest.raises(SettingsError, match=r"^Results cannot be signed"):
        signer_of(Settings(c2pa_certificate=tmp_path / "broken.pem", c2pa_key=key))
    (tmp_path / "other").mkdir()
    other, _ = write_credentials(tmp_path / "other")
    with pytest.raises(SettingsError, match="the key is not the certificate's"):
        signer_of(Settings(c2pa_certificate=other, c2pa_key=key))
    assert signer_of(Settings()) is None
