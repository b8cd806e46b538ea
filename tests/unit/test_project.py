"""The files around the code say the same as the code."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import cast

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from PIL import Image

from syncedit_demo import __version__
from syncedit_demo.cli import build_parser
from syncedit_demo.engines.options import Option
from syncedit_demo.engines.registry import engine_options
from syncedit_demo.engines.sync_lora.weights.prepared import CHECKPOINT, MANIFEST, PROMPT, UPSCALER
from syncedit_demo.option_flags import flag
from syncedit_demo.settings import Settings
from syncedit_demo.space import SET_FILES, THUMBNAIL, ZEROGPU

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CPU_FILE = ROOT / "requirements-cpu.txt"
PINNING_FILES = sorted(set(ROOT.glob("requirements*.txt")) - {CPU_FILE})
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAPERS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("README.md", "*.md", "*/*.md", ".github/*/*.md")
    for path in sorted(ROOT.glob(pattern))
}
LINKS = [
    (paper, target)
    for paper, text in PAPERS.items()
    for target in re.findall(r"(?:\]\(|src=\")([^)\"]+)", text)
    if not target.startswith("http")
]


def found_in_papers(pattern: str) -> list[str]:
    """What a pattern finds in any paper, each once."""
    return sorted({found for text in PAPERS.values() for found in re.findall(pattern, text, re.MULTILINE)})


def requirements(path: Path) -> list[Requirement]:
    """The requirements a file states itself, without those of the files it includes."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def front_matter() -> dict[str, object]:
    return yaml.safe_load(README.split("---")[1])


def pin(name: str, python: str = "3.12") -> Version:
    every = [found for path in PINNING_FILES for found in requirements(path) if found.name == name]
    (found,) = [each for each in every if each.marker is None or each.marker.evaluate({"python_version": python})]
    (specifier,) = found.specifier
    assert specifier.operator == "=="
    return Version(specifier.version)


def test_the_space_runs_the_gradio_that_is_required() -> None:
    assert Version(str(front_matter()["sdk_version"])) == pin("gradio")


def test_the_space_names_an_app_and_a_licence_that_are_here() -> None:
    assert (ROOT / str(front_matter()["app_file"])).is_file()
    assert front_matter()["license"] == "apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert len(str(front_matter()["short_description"])) <= 60


def test_the_space_says_all_that_the_hub_asks_of_it() -> None:
    matter = front_matter()
    assert {"title", "emoji", "colorFrom", "colorTo", "sdk", "tags", "models", "license"} <= matter.keys()
    assert matter["sdk"] == "gradio"
    assert matter["suggested_hardware"] == ZEROGPU
    assert matter["startup_duration_timeout"] == "1h"
    models = Settings.model_fields["ltx_repo"].default, Settings.model_fields["sync_lora_repo"].default
    assert set(models) <= set(cast("list[str]", matter["models"]))
    assert (ROOT / THUMBNAIL).is_file()
    assert set(SET_FILES) == {MANIFEST, CHECKPOINT, UPSCALER, PROMPT}


def test_the_space_runs_a_python_whose_torch_zerogpu_runs() -> None:
    python = Version(str(front_matter()["python_version"]))
    assert pin("torch", f"{python.major}.{python.minor}") == Version("2.11.0")


def test_everything_is_pinned_in_one_place() -> None:
    stated: dict[tuple[str, str], Path] = {}
    for path in PINNING_FILES:
        for found in requirements(path):
            assert len(found.specifier) >= 1, f"{found} in {path.name} is not pinned"
            key = (found.name, str(found.marker))
            assert key not in stated, f"{found.name} stands in {path.name} and in {stated[key].name}"
            stated[key] = path


def test_a_space_is_built_from_one_file_alone() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("-")] == []


def test_the_draft_engine_needs_a_part_of_it_without_torch() -> None:
    assert "-c requirements.txt" in CPU_FILE.read_text(encoding="utf-8")
    part, whole = requirements(CPU_FILE), requirements(ROOT / "requirements.txt")
    names = {found.name for found in part}
    assert names < {found.name for found in whole}
    assert "torch" not in names
    assert [str(found) for found in part if found.specifier] == [], "they are pinned there"


def test_the_package_asks_for_what_the_requirements_pin_in_ranges_that_hold_the_pins() -> None:
    extras: dict[str, list[str]] = PROJECT["optional-dependencies"]
    groups = {
        "requirements-cpu.txt": PROJECT["dependencies"],
        "requirements.txt": [*PROJECT["dependencies"], *extras["gpu"]],
        "requirements-faces.txt": extras["faces"],
        "requirements-c2pa.txt": extras["c2pa"],
    }
    for name, asked in groups.items():
        ranges = {found.name: found.specifier for found in map(Requirement, asked)}
        pinned = requirements(ROOT / name)
        assert ranges.keys() == {found.name for found in pinned}, name
        assert len(ranges) == len(asked)
        for found in pinned:
            versions = [each.version for each in found.specifier]
            assert all(version in ranges[found.name] for version in versions), found


def test_the_package_runs_on_the_pythons_that_it_names() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    major, minor = sys.version_info[:2]
    assert f"Programming Language :: Python :: {major}.{minor}" in PROJECT["classifiers"]


@pytest.mark.parametrize("command", found_in_papers(r"^(?:\w+=\S+ )?make ([a-z-]+)"))
def test_the_commands_of_the_papers_are_targets_of_the_makefile(command: str) -> None:
    assert re.search(rf"^{command}:", MAKEFILE, re.MULTILINE)


def test_every_target_for_people_is_in_the_makefile_s_help() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    told = re.findall(r'^\t@echo "make ([a-z-]+) ', MAKEFILE, re.MULTILINE)
    assert sorted(told) == sorted({*phony.split()} - {"help", "chromium"})


@pytest.mark.parametrize("command", found_in_papers(r"^ *python -m syncedit_demo (.+)$"))
def test_the_command_lines_of_the_papers_are_understood(command: str) -> None:
    assert build_parser().parse_args(command.split()).command


def test_every_command_is_in_the_papers() -> None:
    shown = {command.split()[0] for command in found_in_papers(r"^ *python -m syncedit_demo (.+)$")}
    assert set(re.findall(r"^    ([a-z-]+)(?= |$)", build_parser().format_help(), re.MULTILINE)) == shown


@pytest.mark.parametrize("module", found_in_papers(r"`python -m ((?:benchmarks|examples)[\w.]*)"))
def test_the_programs_of_the_papers_are_there(module: str) -> None:
    assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file()


@pytest.mark.parametrize(("paper", "target"), LINKS, ids=str)
def test_a_link_leads_to_a_file_that_is_here(paper: str, target: str) -> None:
    path, _, heading = target.partition("#")
    linked = (ROOT / paper).parent / path if path else ROOT / paper
    assert linked.resolve().is_relative_to(ROOT)
    assert linked.exists()
    if heading:
        titles = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_every_paper_is_linked_from_the_readme_or_is_found_by_its_name() -> None:
    linked = {target for paper, target in LINKS if paper == "README.md"}
    assert {paper for paper in PAPERS if paper.startswith("docs/")} <= linked


def test_the_settings_of_the_papers_are_those_of_the_program() -> None:
    table = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`SYNCEDIT_.+?) \| (.+?) \|", table, re.MULTILINE)
    shown = {name.lower(): default for names, default in rows for name in re.findall(r"`SYNCEDIT_(\w+)`", names)}
    shown |= {name.replace("_repo", "_revision"): default for name, default in shown.items() if name.endswith("_repo")}
    assert shown.keys() == Settings.model_fields.keys()
    quoted = {name: default.strip("`") for name, default in shown.items() if re.fullmatch(r"`[^`]+`", default)}
    assert len(quoted) > 5
    assert quoted == {name: str(Settings.model_fields[name].default) for name in quoted}
    named = {name.lower() for name in found_in_papers(r"\bSYNCEDIT_([A-Z_]+[A-Z])\b")}
    assert named <= Settings.model_fields.keys()


def test_the_architecture_names_the_layers_that_the_contract_holds() -> None:
    drawn = re.findall(
        r"^```\n(.+?)^```$", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    contract = PYPROJECT["tool"]["importlinter"]["contracts"][0]
    assert [block.splitlines() for block in drawn] == [contract["layers"]]


def test_the_version_is_the_same_wherever_it_stands() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert changes[0] == __version__
    assert sorted(changes, key=Version, reverse=True) == changes


def test_what_runs_before_a_commit_is_what_make_check_runs() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    programs = [hook["entry"].split()[0] for hook in local["hooks"]]
    assert programs
    assert all(f"$(BIN)/{program.removeprefix('.venv/bin/')}" in MAKEFILE for program in programs)


def test_the_picture_on_top_of_the_readme_moves_and_is_soon_there() -> None:
    with Image.open(ROOT / "docs/moving.webp") as picture:
        assert getattr(picture, "n_frames", 1) > 10
    assert (ROOT / "docs/moving.webp").stat().st_size < 1_500_000
    assert LINKS[0] == ("README.md", "docs/moving.webp")


def test_ci_runs_the_readme_s_test_command() -> None:
    assert "\nmake test\n" in README
    assert "\nmake test\n" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def row(option: Option, engine: str) -> str:
    if isinstance(option.default, bool):
        values, default = "on, off", "on" if option.default else "off"
    else:
        values, default = ", ".join(map(str, option.choices)), str(option.default)
    if option.minimum is not None:
        values = f"{option.minimum} to {option.maximum}"
    return f"| `{flag(option)}` | {engine} | {values} | {default} | {option.help} |"


def test_every_option_of_an_engine_stands_in_the_paper_on_the_command_line() -> None:
    written = [line for line in PAPERS["docs/command-line.md"].splitlines() if line.startswith("| `--")]
    assert written == [row(option, engine) for engine, options in engine_options().items() for option in options]
