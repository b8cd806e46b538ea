"""The log cannot be forged and names nothing of visitors."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from pathlib import Path

import pytest

from syncedit_demo.ui.door import log_lines
from syncedit_demo.ui.door.connections import Once
from syncedit_demo.ui.door.log_lines import IndentedStream, LineFormatter

WORK = Path("/srv/work")
NAME = "me and\nERROR root: all is lost\r\x1b[2J.mp4"


def record(message: str, *arguments: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("room", logging.ERROR, __file__, 1, message, arguments, info)
    return LineFormatter([WORK]).format(made)


def failure() -> Exception:
    try:
        try:
            raise FileNotFoundError(2, f"gone\nERROR root: {WORK}/jobs/{NAME}", f"{WORK}/jobs/{NAME}")
        except FileNotFoundError as error:
            raise ValueError(f"no\nERROR root: forged {WORK}/uploads/{NAME}") from error
    except ValueError as error:
        return error


def test_a_record_is_one_line() -> None:
    assert record("a %s is odd", "b\nERROR root: c") == "ERROR room: a b\\x0aERROR root: c is odd"
    assert len(record("%s", "x" * 100_000)) < 3000


def test_a_record_names_no_file_of_a_visitor() -> None:
    assert record("old: %s", WORK / "jobs" / NAME) == "ERROR room: old: (a visitor's file)"
    assert record("the folder %s", WORK) == f"ERROR room: the folder {WORK}"


def test_an_error_is_told_whole_below_its_record() -> None:
    first, *rest = record("defect %s", "1f", error=failure()).split("\n")
    assert first == "ERROR room: defect 1f"
    assert all(line.startswith("    ") for line in rest)
    told = "\n".join(rest)
    assert "ValueError: no\\x0aERROR root: forged (a visitor's file)" in told
    assert "FileNotFoundError: " in told
    assert f"{Path(__file__).name}:" in told
    assert "me and" not in told


def test_what_libraries_print_is_no_record() -> None:
    written = io.StringIO()
    stream = IndentedStream(written, LineFormatter([WORK]))
    error = failure()
    traceback.print_exception(error, file=stream)
    print("half", end="", file=stream)
    print(" a line", file=stream)
    lines = written.getvalue().splitlines()
    assert lines[-1] == "    half a line"
    assert all(line.startswith("    ") for line in lines)
    assert "me and" not in written.getvalue()
    assert sys.stderr is not stream


def test_what_libraries_print_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    stream = IndentedStream(written, LineFormatter([WORK]))
    monkeypatch.setattr(log_lines, "PRINTED_SECONDS", 3600)
    for number in range(5000):
        print(number, file=stream)
    lines = written.getvalue().splitlines()
    assert lines[-2:] == ["    999", "    (more is printed than is written here)"]
    monkeypatch.setattr(log_lines, "PRINTED_SECONDS", 0)
    print("later", file=stream)
    assert written.getvalue().splitlines()[-1] == "    later"


def test_an_error_that_comes_up_again_and_again_is_told_once() -> None:
    once = Once()

    def passes(error: Exception) -> bool:
        info = (type(error), error, error.__traceback__)
        return once.filter(logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, "Exception", (), info))

    assert [passes(failure()) for _ in range(3)] == [True, False, False]
    assert passes(KeyError("another"))
