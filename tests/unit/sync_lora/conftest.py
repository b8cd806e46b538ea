"""These tests need torch and ltx-core, which a machine that only runs the draft engine does not have."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = ["test_*.py"] if find_spec("torch") is None or find_spec("ltx_core") is None else []
