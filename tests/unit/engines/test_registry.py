"""An option that an engine gains reaches the command line, the record and the page by being named in the engine."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import gradio as gr
import pytest

from syncedit_demo.cli import build_parser
from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.engines.options import Option
from syncedit_demo.engines.registry import engine_options
from syncedit_demo.engines.sync_lora import SyncLoraEngine
from syncedit_demo.media.image_file import write_png
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.steps.engine_options import EngineOptions
from tests.support.clips import edited_scene, write_scene
from tests.support.command_line import SMALL, fail, run, succeed

if TYPE_CHECKING:
    from pathlib import Path

GRAIN = Option("film_grain", "Grain", "Grain of the result, in % of a level.", default=2, minimum=0, maximum=9)


@pytest.fixture
def grain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DraftEngine, "options", (*DraftEngine.options, GRAIN))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    clip = write_scene(tmp_path / "clip.mp4", frames=2)
    write_png(edited_scene(clip), tmp_path / "edited.png")
    return clip, tmp_path / "edited.png", tmp_path / "out.mp4"


@pytest.mark.usefixtures("grain")
def test_an_option_is_a_flag_that_the_engine_gets_and_the_record_keeps(files: tuple[Path, Path, Path]) -> None:
    asked = ("edit", *files, *SMALL, "--engine", "draft", "--film-grain")
    assert "Grain: 12 is not possible; choose a number from 0 to 9." in fail(*asked, 12)
    succeed(*asked, 5)
    record = json.loads(files[-1].with_suffix(".record.json").read_text(encoding="utf-8"))
    defaults = {option.name: option.default for option in DraftEngine.options}
    assert record["engine"]["options"] == {**defaults, "film_grain": 5}
    again = files[-1].with_name("again.mp4")
    assert "everything is in the record" in fail("edit", "--from-record", files[-1], again, "--film-grain", 5)


@pytest.mark.usefixtures("grain")
def test_each_engine_with_options_has_a_group_of_flags() -> None:
    told = run("edit", "--help").out
    groups = ("draft and of sync-lora", "draft", "sync-lora")
    of_both, of_draft, of_sync_lora = (told.index(f"options of the engine {name}:") for name in groups)
    described = told.rindex("--film-grain N")
    assert of_both < told.rindex("--quality") < of_draft < described < of_sync_lora
    assert "[--film-grain N]" in told.partition("positional arguments:")[0]
    assert "in % of a level. Default: 2." in " ".join(told.split())


@pytest.mark.usefixtures("grain")
def test_an_option_is_shown_on_the_page_of_its_engine(tmp_path: Path) -> None:
    async def build() -> EngineOptions:
        with gr.Blocks():
            return EngineOptions(EditService(Settings(engine="draft", work_dir=tmp_path)))

    # Where no event loop runs, Gradio makes some and leaves them open.
    shown = asyncio.run(build())
    values = {f"option-{option.name}": option.default for option in DraftEngine.options}
    assert {each.elem_id: each.value for each in shown.components} == values
    assert values["option-film_grain"] == 2
    assert shown.chosen("draft", (*list(values.values())[:-1], 5))["film_grain"] == 5


def test_an_option_of_another_engine_is_refused_by_the_name_of_its_own(files: tuple[Path, Path, Path]) -> None:
    said = fail("edit", *files, *SMALL, "--engine", "draft", "--reference-strength", "0.5")
    assert said == (
        "The engine draft, which would make this edit, has no option reference_strength: leave it out, or ask "
        "for the engine sync-lora."
    )
    assert not files[-1].exists()


@pytest.mark.usefixtures("grain")
def test_an_option_of_two_engines_is_one_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SyncLoraEngine, "options", (*SyncLoraEngine.options, GRAIN))
    told = build_parser().parse_args(["edit", "a.mp4", "b.png", "c.mp4", "--film-grain", "3", "--quality", "full"])
    assert (told.film_grain, told.quality) == (3, "full")
    assert "options of the engine draft and of sync-lora:" in run("edit", "--help").out


def test_options_of_one_name_are_one_option_of_which_one_engine_may_have_more_choices() -> None:
    every = [option for options in engine_options().values() for option in options]
    for name in {option.name for option in every}:
        same = sorted((each for each in every if each.name == name), key=lambda each: len(each.choices))
        assert len({(each.label, each.default, each.minimum, each.maximum) for each in same}) == 1
        assert all(set(each.choices) <= set(same[-1].choices) for each in same)


def test_a_choice_of_another_engine_is_refused_with_those_there_are(files: tuple[Path, Path, Path]) -> None:
    assert "{full,preview,single-stage}" in run("edit", "--help").out
    said = fail("edit", *files, *SMALL, "--engine", "draft", "--quality", "single-stage")
    assert said == "Quality: 'single-stage' is not possible; choose one of full, preview."


def test_the_options_are_known_without_torch() -> None:
    program = (
        "import sys\n"
        "from syncedit_demo.engines.registry import engine_options\n"
        "assert engine_options()['sync-lora']\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
