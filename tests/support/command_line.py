"""Commands of the program, in this process or in one of their own."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping


ROOT = Path(__file__).parents[2]


SMALL = ("--size", "320x256")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def run(*arguments: object, cwd: Path = ROOT, variables: Mapping[str, str] = MappingProxyType({})) -> Done:
    """One command in this process, which saves the start of an interpreter each time."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        for name, value in variables.items():
            patch.setenv(name, value)
        try:
            code = main([str(each) for each in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def start(*arguments: object) -> subprocess.Popen[str]:
    """One command in a process of its own, to be stopped."""
    command = [sys.executable, "-m", "syncedit_demo", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def succeed(*arguments: object, cwd: Path = ROOT, variables: Mapping[str, str] = MappingProxyType({})) -> str:
    done = run(*arguments, cwd=cwd, variables=variables)
    assert done.code == 0, done.err
    return done.out


def fail(*arguments: object, variables: Mapping[str, str] = MappingProxyType({})) -> str:
    """The one sentence with which a command refuses."""
    done = run(*arguments, variables=variables)
    assert done.code == 2, done
    assert not done.out
    lines = done.err.strip().splitlines()
    assert len(lines) == 1, done.err
    return lines[0]
