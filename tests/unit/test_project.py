"""The files around the code say the same as the code."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from syncedit_demo.cli import build_parser

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CPU_FILE = ROOT / "requirements-cpu.txt"
PINNING_FILES = sorted(set(ROOT.glob("requirements*.txt")) - {CPU_FILE})
README = (ROOT / "README.md").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)$", README, re.MULTILINE))
def test_the_commands_of_the_readme_are_targets_of_the_makefile(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", re.findall(r"^python -m syncedit_demo (.+)$", README, re.MULTILINE))
def test_the_command_lines_of_the_readme_are_understood(command: str) -> None:
    assert build_parser().parse_args(command.split()).command


def test_ci_runs_the_readme_s_test_command() -> None:
    assert "make test" in README
    assert "\nmake test\n" in (ROOT / ".ci/run").read_text(encoding="utf-8")
