"""What a visit was given last, kept so that the page has it again when it is loaded anew."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from syncedit_demo.errors import OutputError
from syncedit_demo.media.atomic import output_errors, write_whole

if TYPE_CHECKING:
    from syncedit_demo.ui.visits.visit import Visit

logger = logging.getLogger(__name__)

PLACE = Path("given") / "inputs.json"


@dataclass(frozen=True, slots=True)
class Inputs:
    """A clip, its edited frame if there is one, and the settings.

    Attributes:
        clip: Where it lies; relative to the visit where that keeps it.
        edited: The same of the edited frame, None while there is none.
        settings: The settings as text.
    """

    clip: Path
    edited: Path | None
    settings: str


_ADAPTER = TypeAdapter(Inputs)


def keep_inputs(visit: Visit, inputs: Inputs | None) -> None:
    """Write down what a visit has now; what cannot be written is not found again, and nothing else comes of it."""
    target = visit.folder / PLACE
    if inputs is None:
        target.unlink(missing_ok=True)
        return
    if not visit.folder.is_dir():
        return
    own = Inputs(_within(visit, inputs.clip), inputs.edited and _within(visit, inputs.edited), inputs.settings)
    try:
        with output_errors(target):
            target.parent.mkdir(exist_ok=True)
        write_whole(_ADAPTER.dump_json(own), target)
    except OutputError as error:
        logger.warning("what a visit was given is not kept: %s", error.reason)


def kept_inputs(visit: Visit) -> Inputs | None:
    """What a visit was given last, None where that is nothing, or is not there any more."""
    try:
        inputs = _ADAPTER.validate_json((visit.folder / PLACE).read_bytes())
    except (OSError, ValidationError):
        return None
    clip = visit.folder / inputs.clip
    edited = visit.folder / inputs.edited if inputs.edited else None
    return Inputs(clip, edited if edited and edited.is_file() else None, inputs.settings) if clip.is_file() else None


def _within(visit: Visit, path: Path) -> Path:
    return path.relative_to(visit.folder) if path.is_relative_to(visit.folder) else path
