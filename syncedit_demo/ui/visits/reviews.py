"""What a visitor says of the runs of a visit, to take away; and the pairs that they are compared in."""

from __future__ import annotations

import csv
import io
import itertools
import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncedit_demo.ui.visits.visit import Run

Pair = tuple[str, str]
"""The ids of two runs, A and B."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def pairs_of(runs: Sequence[Run]) -> list[Pair]:
    """All pairs of runs that can run in step, in an order and with sides that nobody can foresee."""
    chance = secrets.SystemRandom()
    pairs = [
        (one.id, other.id) if chance.random() < 0.5 else (other.id, one.id)
        for one, other in itertools.combinations(runs, 2)
        if one.keeps_step_with(other)
    ]
    chance.shuffle(pairs)
    return pairs


def in_step(runs: Sequence[Run], with_run: Run, most: int) -> list[Run]:
    """The latest runs that can run in step with one of them, which is among them, in the order that they have."""
    alike = [run for run in runs if run.keeps_step_with(with_run)]
    latest = {run.id for run in [run for run in alike if run.id != with_run.id][1 - most :]}
    return [run for run in alike if run.id == with_run.id or run.id in latest]


def rows_of(runs: Sequence[Run]) -> list[dict[str, str | int | float | bool | None]]:
    """What is said of each run, and by what its record is known: the hash of its frames, which the record has too."""
    return [
        {
            "run": run.title,
            "record": run.record.frames_sha256,
            "edited_frame": run.edited,
            "clip": run.record.clip_file.path.name,
            "engine": run.record.engine.name,
            "size": f"{run.record.plan.width}x{run.record.plan.height}",
            "seed": run.record.seed,
            "created": run.record.created.isoformat(),
            "sync_score": run.record.report and round(run.record.report.score, 3),
            "rating": run.facts.rating,
            "blind": run.facts.blind,
            "sentence": run.facts.sentence,
            "note": run.facts.note,
        }
        for run in runs
    ]


def as_csv(runs: Sequence[Run]) -> str:
    """The rows as a table; a text that a spreadsheet would compute has an apostrophe before it."""
    rows, text = rows_of(runs), io.StringIO()
    if rows:
        table = csv.DictWriter(text, list(rows[0]))
        table.writeheader()
        table.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def as_json(runs: Sequence[Run]) -> str:
    """The rows as JSON."""
    return json.dumps(rows_of(runs), indent=2, ensure_ascii=False)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
