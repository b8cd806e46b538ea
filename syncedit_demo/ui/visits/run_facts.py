"""What a run has beside its record: what it is called, and what its visitor says of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from syncedit_demo.errors import PlanError
from syncedit_demo.media.atomic import write_whole

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

LONGEST_NOTE = 300
"""Characters of a note, and of the sentence that goes with a rating."""

BEST = 5
"""Ratings are whole numbers from 1 to this."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is not how the run was made.

    Attributes:
        number: What it is counted as in its visit, from 1, also when others before it are deleted; None for a run of an
            earlier version, which is counted by its place.
        edited: The name of the edited frame as it was given, empty where it is not known.
        note: What the visitor wrote down about it.
        kept: Whether it stays when the visitor deletes the others.
        rating: From 1 to `BEST`, None while it was not rated.
        sentence: Why.
        blind: Whether it was rated without knowing which one it is.
    """

    number: int | None = None
    edited: str = ""
    note: str = ""
    kept: bool = False
    rating: int | None = None
    sentence: str = ""
    blind: bool = False


_ADAPTER = TypeAdapter(RunFacts)


def load_facts(path: Path) -> RunFacts:
    """Read the facts; those of a run that has none are empty."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except FileNotFoundError:
        return RunFacts()
    except (OSError, ValidationError):
        logger.warning("what is known of a run beside its record cannot be read: %s", path)
        return RunFacts()


def write_facts(facts: RunFacts, path: Path) -> None:
    """Write the facts, whole or not at all.

    Raises:
        OutputError: The disk is full, or the folder is gone.
    """
    write_whole(_ADAPTER.dump_json(facts), path)


def line_of(text: str, what: str) -> str:
    """A text of a visitor as one line.

    Args:
        text: Anything.
        what: What it is, for the sentence.

    Raises:
        PlanError: It is too long.
    """
    if len(text) > LONGEST_NOTE:
        message = f"{what} has at most {LONGEST_NOTE} characters: shorten it."
        raise PlanError(message)
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def rating_of(text: str) -> int | None:
    """A rating as the page sends it, None where it is taken back.

    Raises:
        PlanError: It is none.
    """
    if not text:
        return None
    if text not in map(str, range(1, BEST + 1)):
        message = f"A rating is a whole number from 1 to {BEST}."
        raise PlanError(message)
    return int(text)
