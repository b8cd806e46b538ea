"""How closely a module's tests hold it: it is changed in one small place at a time, and what no test notices is shown.

    python -m benchmarks.mutants plan sync_report [--at-once N]

Which modules there are, and which quick tests each is held against, stands in pyproject.toml under
`tool.syncedit.mutants`. The changes are mutmut's (`make mutants` installs it); what was tried before is not tried again
unless the module or its tests have changed. Everything goes on in a copy, under renders/mutants.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parents[1]
COPIED = ("syncedit_demo", "tests", "benchmarks", "examples", "docs")


def main() -> None:
    modules = configured()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help=f"of {', '.join(modules)}; all where none is named"
    )
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="how many changes are tried at a time")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.modules if name not in modules]:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(modules)}")
    for name in arguments.modules or modules:
        try_out(name, modules[name], arguments.at_once)


def configured() -> dict[str, dict[str, list[str]]]:
    """Files and tests of each module, by its name."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return cast("dict[str, dict[str, list[str]]]", project["tool"]["syncedit"]["mutants"])


def mutmut_section(module: dict[str, list[str]]) -> str:
    """What mutmut reads of pyproject.toml for a module."""
    values = {
        "source_paths": ["syncedit_demo"],
        "only_mutate": module["files"],
        "also_copy": [name for name in COPIED if name not in ("syncedit_demo", "tests")],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "benchmarks.quickest_first"],
        "pytest_add_cli_args_test_selection": module["tests"],
        "track_dependencies": False,
        # One process imports everything once and is forked for each change; a change that never ends is given up.
        "process_isolation": "forkserver",
        "timeout_multiplier": 4.0,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def try_out(name: str, module: dict[str, list[str]], at_once: int) -> None:
    """Try every change of a module and print those that no test noticed."""
    folder = ROOT / "renders" / "mutants" / name
    for part in COPIED:
        shutil.rmtree(folder / part, ignore_errors=True)
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(text + mutmut_section(module), encoding="utf-8")
    mutmut = [sys.executable, "-m", "mutmut"]
    subprocess.run([*mutmut, "run", "--max-children", str(at_once)], cwd=folder, check=True)
    listed = subprocess.run([*mutmut, "results"], cwd=folder, check=True, capture_output=True, text=True).stdout
    alive = [line.strip().partition(":")[0] for line in listed.splitlines() if not line.endswith(": not checked")]
    for mutant in alive:
        subprocess.run([*mutmut, "show", mutant], cwd=folder, check=True)
    print(f"{name}: {len(alive)} changes that no test noticed")


if __name__ == "__main__":
    main()
