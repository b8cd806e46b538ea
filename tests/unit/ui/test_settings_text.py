"""Settings as text, as anybody may have written them."""

from __future__ import annotations

import json

import pytest

from syncedit_demo.engines.options import QUALITY, Option
from syncedit_demo.errors import PlanError, RecordError
from syncedit_demo.ui.steps.settings_text import LONGEST_RECORD, PageSettings, SettingsReader

STRENGTH = Option("strength", "Strength", "", default=1.0, minimum=0.0, maximum=2.0)
STEPS = Option("steps", "Steps", "", default=8, minimum=1, maximum=40)
READER = SettingsReader(["auto", "draft"], [QUALITY, STRENGTH, STEPS], max_frames=121, max_variants=16)

ALL = PageSettings(
    size=(1024, 768),
    frames=81,
    start=5,
    rate="30000/1001",
    seed=2**31 - 1,
    audio=False,
    label=True,
    variants=3,
    engine="draft",
    options={"quality": "preview", "strength": 0.5, "steps": 12},
)


@pytest.mark.parametrize("settings", [ALL, PageSettings()], ids=["all", "none"])
def test_what_is_written_is_read_again(settings: PageSettings) -> None:
    assert READER.read(settings.to_text()) == (settings, [])


def test_a_link_says_what_differs_and_no_more() -> None:
    assert PageSettings().to_text() == ""
    assert PageSettings(size=(640, 384), rate="29.97").to_text() == "size=640x384&rate=29.97"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("size=1000x700", "multiples of 64"),
        ("size=999999x64", "multiples of 64"),
        ("size=big", "A size is written like 1024x768"),
        ("frames=0", "from 1 to 121, not 0"),
        ("frames=122", "from 1 to 121"),
        ("frames=1e9", "not 1e9"),
        ("frames=" + "9" * 500, "from 1 to 121"),
        ("start=-1", "not -1"),
        ("seed=2147483648", "from 0 to 2147483647"),
        ("seed=²", "not ²"),
        ("rate=1e99", "A frame rate is a number"),
        ("rate=1/0", "A frame rate is a number"),
        ("audio=maybe", "on or off"),
        ("variants=17", "from 1 to 16"),
        ("engine=sync-lora", "There is no engine sync-lora here"),
        ("quality=best", "choose one of full, preview"),
        ("strength=nan", "Strength: 'nan' is not possible"),
        ("strength=inf", "Strength: 'inf' is not possible"),
        ("strength=3", "from 0.0 to 2.0"),
        ("steps=1.5", "Steps: 1.5 is not possible"),
        ("clip=/etc/passwd", "“clip” is no setting of this page"),
        ("x" * 90 + "=1", "…” is no setting of this page"),
        ("%00%1b=1", "“  ” is no setting of this page"),
    ],
)
def test_what_cannot_be_is_left_out_and_said(text: str, said: str) -> None:
    settings, notes = READER.read(f"seed=7&{text}" if not text.startswith("seed") else text)
    assert settings == (PageSettings(seed=7) if not text.startswith("seed") else PageSettings())
    (note,) = notes
    assert said in note
    assert len(note) < 300


@pytest.mark.parametrize("text", ["a=1&" * 41, "seed=" + "7" * 1000], ids=["many", "long"])
def test_what_is_too_much_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(PlanError, match=r"^These settings are too long"):
        READER.read(text)


def record(**changes: object) -> str:
    plan = {"width": 640, "height": 384, "frames": 9, "start": 2, "frame_rate": "25"}
    engine = {"name": "draft", "options": {"quality": "preview"}}
    whole = {"plan": plan, "engine": engine, "seed": 3, "audio": False, "label": False, "frames_sha256": "abc"}
    return json.dumps(whole | changes)


def test_a_record_is_read_for_its_settings_alone() -> None:
    settings, notes, digest = READER.of_record(record())
    assert (notes, digest) == ([], "abc")
    options = {"quality": "preview"}
    assert settings == PageSettings((640, 384), 9, 2, "25", 3, audio=False, engine="draft", options=options)


def test_a_record_of_somebody_else_costs_nothing_and_breaks_nothing() -> None:
    # A fraction with such an exponent takes all memory where it is computed.
    huge = {"width": 10**300, "height": -1, "frames": "1e999999999", "start": None, "frame_rate": "1e999999999"}
    options = {f"o{number}": number for number in range(5000)}
    settings, notes, _ = READER.of_record(record(plan=huge, engine={"name": [], "options": options}, seed={"a": 1}))
    assert settings == PageSettings(audio=False)
    assert len(notes) < 60
    with pytest.raises(RecordError):
        READER.of_record(record(padding="x" * LONGEST_RECORD))
