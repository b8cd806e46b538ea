"""The runs of a visit as pictures to choose from: what each of them is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradio.data_classes import FileData

from syncedit_demo.ui.components.tiles import Tile, Tiles
from syncedit_demo.ui.visits.visit import ENGINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncedit_demo.ui.visits.visit import Run, Visit


def strip_of(visit: Visit, shown: str | None) -> Tiles:
    """The runs of a visit.

    Args:
        visit: The visit.
        shown: The id of the one on show.
    """
    runs = visit.runs()
    return Tiles(tiles=[_tile(run, runs, current=run.id == shown) for run in runs], against=True)


def _tile(run: Run, runs: Sequence[Run], *, current: bool) -> Tile:
    record, plan = run.record, run.record.plan
    return Tile(
        id=run.id,
        picture=FileData(path=str(run.files.picture)),
        title=run.edited,
        detail=f"{run.title} · {ENGINES[record.engine.name]}",
        time=record.created.isoformat(),
        more=" · ".join([f"{plan.width}×{plan.height}", _seed(run, runs), *(["kept"] if run.facts.kept else [])]),
        called=run.title,
        current=current,
    )


def _seed(run: Run, runs: Sequence[Run]) -> str:
    if (rank := run.rank(runs)) is None:
        return f"seed {run.record.seed}"
    place, count = rank
    return f"seed {run.record.seed} · {'best' if place == 1 else f'place {place}'} of {count}"
