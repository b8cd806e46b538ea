"""What a user may decide about an engine, described well enough to be shown and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

OptionValue = str | int | float | bool
"""What an option can be set to; as JSON has it, so that a run record holds it unchanged."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing the user may decide about an engine, described well enough for a page and a command line to show it.

    Attributes:
        name: Its key in `EditJob.options`; the command line's flag is the same with hyphens.
        label: What the page writes beside it.
        help: What it changes, in a sentence or two.
        default: Its value where the user decides nothing; every value is of this type.
        choices: The values allowed, none where any within the bounds is.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
    """

    name: str
    label: str
    help: str
    default: OptionValue
    choices: tuple[OptionValue, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def check(self, value: OptionValue) -> OptionValue:
        """The value as this option's type.

        Raises:
            EngineError: The value is not allowed; the sentence says which are.
        """
        if isinstance(self.default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(self.default) or not self._allows(value):
            message = f"{self.label}: {value!r} is not possible; {self._allowed()}."
            raise EngineError(message)
        return value

    def _allows(self, value: OptionValue) -> bool:
        if self.choices:
            return value in self.choices
        if isinstance(value, str):
            return True
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def _allowed(self) -> str:
        if self.choices:
            return "choose one of " + ", ".join(map(str, self.choices))
        if isinstance(self.default, bool):
            return "it is on or off"
        return f"choose a number from {self.minimum} to {self.maximum}"


QUALITY = Option(
    "quality",
    "Quality",
    "preview is sooner: the same crop of the same clip at half the width and height.",
    default="full",
    choices=("full", "preview"),
)
"""What every engine can do: as the plan says, or a look at that before."""


def resolve_options(options: tuple[Option, ...], given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Every option of an engine with the value the user gave it or its default.

    Raises:
        EngineError: A name the engine does not have, or a value it does not allow.
    """
    if unknown := given.keys() - {option.name for option in options}:
        known = ", ".join(option.name for option in options) or "none"
        message = f"This engine has no option {', '.join(sorted(unknown))}. Its options: {known}."
        raise EngineError(message)
    return {option.name: option.check(given.get(option.name, option.default)) for option in options}
