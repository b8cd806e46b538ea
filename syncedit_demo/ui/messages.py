"""What goes wrong, in words for the page."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

from syncedit_demo.errors import Cancelled, OutputError, SyncEditError
from syncedit_demo.media.atomic import WRITE_FAILURES

logger = logging.getLogger(__name__)


def explain(error: Exception) -> str:
    """The sentence for a visitor; a defect of the program is logged whole under an id that the sentence names."""
    if isinstance(error, OutputError):
        # Where a visit's files are is nobody's business, and the visitor did not choose it.
        return str(OutputError(Path(error.target.name), error.reason))
    if isinstance(error, SyncEditError):
        return str(error)
    if isinstance(error, Cancelled):
        return "Stopped."
    if isinstance(error, OSError) and error.errno in WRITE_FAILURES:
        # Of the working folder, which is nothing that a visitor could mend; whoever runs this reads the log.
        logger.error("the working folder cannot be written to: %s", error.strerror)
        return "This server cannot keep files now. What it made for you before is still there: try again later."
    incident = uuid.uuid4().hex[:8]
    logger.error("defect %s", incident, exc_info=error)
    return f"Something went wrong that is not your fault. Try again; if it stays, report the number {incident}."


def facts(*each: str) -> str:
    """Facts in a row, which breaks only between them."""
    return " · ".join(fact.replace(" ", "\N{NO-BREAK SPACE}") for fact in each)
