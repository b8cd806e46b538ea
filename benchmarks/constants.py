"""What each tuned number of the draft engine is worth: how far the edits of `benchmarks.draft --check` move with it.

    python -m benchmarks.constants [--edits NAME …] [--modules NAME …] [--jobs N] [--out FILE.json]
    python -m benchmarks.constants --list

Each constant that a module of `syncedit_demo.engines.draft` names is changed by 20 % up and down, a whole number by at
least 1, a tuple in all its members at once; numbers that other names are computed from take those along. Each edit
whose run reads the constant is made again, and what its PSNR moves by is printed, in dB: gains as well as losses. A
dash means that the edit does not read it. A constant that moves no edit by 0.1 dB is a candidate for going, unless it
chooses between ways that these edits do not leave. An error counts as an infinite move.

Every run has one thread, and as many run at once as there are processors or `--jobs` says. The result is the same
whatever their number.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import math
import multiprocessing
import numbers
import os
import pkgutil
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import cast

import cv2
import numpy as np

from benchmarks.draft import CHECKED_FRAMES, CHECKED_SIDE, Case, checked_cases, draft, quality
from syncedit_demo.engines import draft as engine

CHANGE = 0.2
"""How far a constant is moved, as a share of itself."""

MOVES = 0.1
"""Difference of PSNR in dB from which a constant counts as moving an edit."""

_edits: dict[str, Case] = {}
"""What a worker makes again and again; filled when it begins."""


@dataclass(frozen=True, slots=True, order=True)
class Constant:
    """A number, or a tuple of numbers, that a module of the draft engine names.

    Attributes:
        module: The module's last name.
        name: Its name there.
        dependants: Names in that module that are computed from it when the module is imported.
    """

    module: str
    name: str
    dependants: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def value(self) -> object:
        return getattr(_module(self.module), self.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--edits", nargs="+", metavar="NAME", help="default: all that --check has")
    parser.add_argument("--modules", nargs="+", metavar="NAME", help="modules whose constants are moved; default: all")
    parser.add_argument("--frames", type=int, default=CHECKED_FRAMES, help="of each edit; default: %(default)s")
    parser.add_argument("--side", type=int, default=CHECKED_SIDE, help="longer side, pixels; default: %(default)s")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at once; default: %(default)s")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write what was found, too")
    parser.add_argument("--list", action="store_true", help="print the constants and their values, and run nothing")
    arguments = parser.parse_args()
    constants = [each for each in find_constants() if not arguments.modules or each.module in arguments.modules]
    if arguments.list:
        for constant in constants:
            print(f"{constant!s:32} {constant.value}")
        return
    known = list(_cases(arguments.frames, arguments.side))
    edits: list[str] = arguments.edits or known
    if unknown := sorted(set(edits) - set(known)):
        parser.error(f"no edit is called {', '.join(unknown)}; they are {', '.join(known)}")
    started = time.perf_counter()
    found, seconds = sweep(constants, edits, frames=arguments.frames, side=arguments.side, jobs=arguments.jobs)
    print(table(found, edits))
    print(f"{seconds:.0f} s of processors in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def find_constants() -> list[Constant]:
    """The constants of the draft engine, in the order of their modules and of the lines there."""
    found: list[Constant] = []
    for module in _modules():
        read_by: dict[str, set[str]] = {}
        for name, expression in _assignments(module):
            read_by[name] = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
        for name, names in read_by.items():
            if not names & read_by.keys() and moved_value(getattr(_module(module), name), 1) is not None:
                dependants = tuple(other for other, others in read_by.items() if name in others)
                found.append(Constant(module, name, dependants))
    return found


def moved_value(value: object, direction: int) -> object:
    """The value 20 % up (1) or down (-1), of the same type; None where it is no number or numbers."""
    if isinstance(value, tuple):
        members = [moved_value(each, direction) for each in cast("tuple[object, ...]", value)]
        return None if None in members else tuple(members)
    if isinstance(value, int) and not isinstance(value, bool):
        return value + direction * max(1, round(abs(value) * CHANGE))
    if isinstance(value, float):
        return value * (1 + direction * CHANGE)
    return np.float32(float(value) * (1 + direction * CHANGE)) if isinstance(value, numbers.Real) else None


@contextmanager
def moved(constant: Constant, direction: int) -> Generator[None]:
    """The engine with one constant moved, wherever it is imported to."""
    home, before = _module(constant.module), constant.value
    changes: list[tuple[ModuleType, str, object]] = []

    def put(name: str, value: object) -> None:
        for module in map(_module, _holders(constant.module, name)):
            changes.append((module, name, getattr(module, name)))
            setattr(module, name, value)

    put(constant.name, moved_value(before, direction))
    expressions = dict(_assignments(constant.module))
    for name in constant.dependants:
        code = compile(ast.Expression(expressions[name]), home.__name__, "eval")
        put(name, eval(code, vars(home)))
    try:
        yield
    finally:
        for module, name, old in changes:
            setattr(module, name, old)


def sweep(
    constants: Sequence[Constant], edits: Sequence[str], *, frames: int, side: int, jobs: int
) -> tuple[dict[str, dict[str, float]], float]:
    """By how many dB each constant moves each edit that reads it, the larger of both ways, and the seconds it took.

    Args:
        constants: What is moved, one at a time.
        edits: Names of edits of `benchmarks.draft.checked_cases`.
        frames: Frames of each edit.
        side: Longer side of them in pixels.
        jobs: Runs at once, each in a process with one thread.
    """
    # A forked process waits for ever on the threads that OpenCV had in this one.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _begin, (frames, side)) as workers:
        baselines = list(workers.map(_baseline, edits))
        psnr = {edit: each.psnr for edit, each in zip(edits, baselines, strict=True)}
        runs = [
            (constant, direction, edit)
            for edit, each in sorted(zip(edits, baselines, strict=True), key=lambda pair: -pair[1].seconds)
            for constant in constants
            if each.reads(constant)
            for direction in (1, -1)
        ]
        results = list(workers.map(_run, *zip(*runs, strict=True))) if runs else []
    found: dict[str, dict[str, float]] = {str(constant): {} for constant in constants}
    for (constant, _, edit), (decibels, _) in zip(runs, results, strict=True):
        move = round(decibels - psnr[edit], 3)
        before = found[str(constant)].get(edit, 0.0)
        found[str(constant)][edit] = max(before, move, key=abs)
    return found, sum(each.seconds for each in baselines) + sum(seconds for _, seconds in results)


def table(found: Mapping[str, Mapping[str, float]], edits: Sequence[str]) -> str:
    """A row for each constant, the one that moves most first, and a line that names those that move nothing."""
    order = sorted(found, key=lambda name: (-_most(found[name]), name))
    head = f"{'constant':32}{'most':>8}  " + "".join(f"{edit[:12]:>14}" for edit in edits)
    rows = [
        f"{name:32}{_most(found[name]):8.2f}  "
        + "".join(f"{found[name][edit]:+14.2f}" if edit in found[name] else f"{'–':>14}" for edit in edits)
        for name in order
    ]
    still = [name for name in order if _most(found[name]) < MOVES]
    return "\n".join([head, *rows, f"{len(still)} of {len(found)} move no edit by {MOVES} dB: {', '.join(still)}"])


def _most(moves: Mapping[str, float]) -> float:
    return max(map(abs, moves.values()), default=0.0)


@dataclass(frozen=True, slots=True)
class _Baseline:
    """An edit by the engine as it is: its PSNR in dB, what its functions read, by module, and the seconds it took."""

    psnr: float
    read: dict[str, set[str]]
    seconds: float

    def reads(self, constant: Constant) -> bool:
        names = (constant.name, *constant.dependants)
        return any(name in self.read[holder] for name in names for holder in _holders(constant.module, name))


def _begin(frames: int, side: int) -> None:
    cv2.setNumThreads(1)
    _edits.update(_cases(frames, side))


def _baseline(edit: str) -> _Baseline:
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    started = time.process_time()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        psnr = _psnr(edit)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # pyright: ignore[reportArgumentType] - it takes away what was set
    read = {
        name: {each for code in called if code.co_filename == _module(name).__file__ for each in _names(code)}
        for name in _modules()
    }
    return _Baseline(psnr, read, time.process_time() - started)


def _run(constant: Constant, direction: int, edit: str) -> tuple[float, float]:
    started = time.process_time()
    try:
        with moved(constant, direction):
            return _psnr(edit), time.process_time() - started
    except (ArithmeticError, IndexError, ValueError, cv2.error):
        return math.inf, time.process_time() - started


def _psnr(edit: str) -> float:
    reference, truth = _edits[edit]
    return quality(reference, truth, list(draft(reference, truth[0])))[0]


def _cases(frames: int, side: int) -> dict[str, Case]:
    return dict(checked_cases(frames, side))


def _names(code: CodeType) -> set[str]:
    """The names that a function reads, with those of the functions within it."""
    inner = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inner)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{engine.__name__}.{name}")


@lru_cache(1)
def _modules() -> list[str]:
    return sorted(each.name for each in pkgutil.iter_modules(engine.__path__))


@lru_cache
def _holders(home: str, name: str) -> list[str]:
    """The module that names a constant, and those that import it from there."""
    return [home, *(module for module in _modules() if (f"{engine.__name__}.{home}", name) in _imports(module))]


@lru_cache
def _imports(module: str) -> set[tuple[str, str]]:
    nodes = (node for node in ast.walk(_parsed(module)) if isinstance(node, ast.ImportFrom))
    return {(node.module or "", alias.name) for node in nodes for alias in node.names}


@lru_cache
def _parsed(module: str) -> ast.Module:
    return ast.parse(Path(_module(module).__file__ or "").read_text(encoding="utf-8"))


def _assignments(module: str) -> list[tuple[str, ast.expr]]:
    """The names in capitals that a module gives values to, in order."""
    found: list[tuple[str, ast.expr]] = []
    for node in _parsed(module).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.append((name, value))
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                pairs = zip(targets, values, strict=True)
                found += [(target.id, value) for target, value in pairs if isinstance(target, ast.Name)]
            case _:
                pass
    return [(name, value) for name, value in found if name.isupper()]


if __name__ == "__main__":
    main()
