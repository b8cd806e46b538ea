"""A server that begins anew: the same process, when no job is at work, and once."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.shutdown import BEGUN_ANEW, End
from tests.support.running import ROOT

PROGRAM = f"""
import os
begun = {BEGUN_ANEW!r} in os.environ
print(os.getpid(), begun, flush=True)
if not begun:
    from syncedit_demo.service import EditService
    from syncedit_demo.settings import Settings
    from syncedit_demo.ui.shutdown import End
    end = End(EditService(Settings(engine="draft")))
    end.begin_anew()
    end.wait()
    end.follow()
"""


def test_the_program_takes_its_own_place_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    first, second = said.stdout.splitlines()
    process, _ = first.split()
    assert (first, second) == (f"{process} False", f"{process} True")
    monkeypatch.setenv(BEGUN_ANEW, "1")
    with pytest.raises(RuntimeError, match="has begun anew already"):
        End(EditService(Settings(engine="draft"))).begin_anew()


def test_it_begins_anew_when_no_job_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BEGUN_ANEW, raising=False)
    service = EditService(Settings(engine="draft"))
    end, over = End(service), threading.Event()

    def begin() -> None:
        end.begin_anew()
        over.set()

    with service.admission.admitted("somebody", CancelFlag(), 1):
        threading.Thread(target=begin, daemon=True).start()
        assert not over.wait(0.2)
    end.wait()
    assert over.wait(10)
