"""The settings of the page as text: in a link, in a preset of the browser, and beside what a visit was given.

Numbers and the values of options alone, never a file. Whoever reads one believes nothing of it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlencode

from syncedit_demo.errors import EngineError, PlanError, RecordError, SyncEditError
from syncedit_demo.plan import LARGEST_NUMBER, LONGEST_QUOTE, checked_size, parse_rate, parse_size
from syncedit_demo.settings import DEFAULT_SEED, LARGEST_SEED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.engines.options import Option, OptionValue
    from syncedit_demo.settings import EngineChoice

LONGEST_LINK = 1000
"""Characters of settings as text; those of every option that there is take a third of it."""

MOST_SETTINGS = 40
"""How many settings are read of one text."""

LONGEST_RECORD = 300_000
"""Characters of a record; that of 121 frames with faces has a tenth of it."""

ON_OFF = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What can be decided on the page, as the plan, the run and the engine's options have it.

    Attributes:
        size: (width, height) in pixels, None for the one that fits the clip.
        frames: Number of frames, None for the whole clip.
        start: First frame, from 0.
        rate: Frame rate as it is written, empty for the clip's.
        seed: The seed.
        audio: Whether the clip's sound is kept.
        label: Whether the picture says that it is AI-edited.
        variants: Results from as many seeds.
        engine: The engine, None for the one that the page chooses.
        options: The engine's options by name.
    """

    size: tuple[int, int] | None = None
    frames: int | None = None
    start: int = 0
    rate: str = ""
    seed: int = DEFAULT_SEED
    audio: bool = True
    label: bool = False
    variants: int = 1
    engine: EngineChoice | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict[str, "OptionValue"])

    @classmethod
    def of_record(cls, record: RunRecord) -> PageSettings:
        """Those that a run of this program was made with; its plan is said in full."""
        plan = record.plan
        return cls(
            size=(plan.width, plan.height),
            frames=plan.frames,
            start=plan.start,
            rate=str(plan.frame_rate),
            seed=record.seed,
            audio=record.audio,
            label=record.label,
            engine=record.engine.name,
            options=record.engine.options,
        )

    def to_text(self) -> str:
        """What differs from the settings of a page on which nothing was decided, as `name=value&name=value`."""
        usual = PageSettings()
        given = {
            "size": self.size and f"{self.size[0]}x{self.size[1]}",
            "frames": self.frames,
            "start": self.start or None,
            "rate": self.rate or None,
            "seed": self.seed if self.seed != usual.seed else None,
            "audio": None if self.audio else "off",
            "label": "on" if self.label else None,
            "variants": self.variants if self.variants != usual.variants else None,
            "engine": self.engine,
            **{name: written(value) for name, value in self.options.items()},
        }
        return urlencode({name: value for name, value in given.items() if value is not None})


class SettingsReader:
    """Reads such texts as anybody may have written them.

    Args:
        engines: The engines that can be chosen.
        options: The options of the one that is used when none is named.
        max_frames: The longest result this machine makes.
        max_variants: How many results may be asked for at once.
    """

    def __init__(
        self, engines: Collection[str], options: Collection[Option], max_frames: int, max_variants: int
    ) -> None:
        self._engines = engines
        self._options = {option.name: option for option in options}
        self._readers: dict[str, Callable[[str], object]] = {
            "size": lambda text: checked_size(parse_size(text)),
            "frames": lambda text: _number(text, "number of frames", 1, max_frames),
            "start": lambda text: _number(text, "start", 0, LARGEST_NUMBER),
            "rate": _rate,
            "seed": lambda text: _number(text, "seed", 0, LARGEST_SEED),
            "audio": _on_off,
            "label": _on_off,
            "variants": lambda text: _number(text, "number of variants", 1, max_variants),
            "engine": self._engine,
        }

    def read(self, text: str) -> tuple[PageSettings, list[str]]:
        """The settings of a text, and a sentence for each part of it that is left out.

        Raises:
            PlanError: The text is too long, or names too much.
        """
        try:
            if len(text) > LONGEST_LINK:
                raise ValueError
            given = dict(parse_qsl(text, max_num_fields=MOST_SETTINGS))
        except ValueError:
            message = "These settings are too long to be some of this page: they were left alone."
            raise PlanError(message) from None
        return self.of(given)

    def of(self, given: Mapping[str, str]) -> tuple[PageSettings, list[str]]:
        """The settings by name, and a sentence for each that is left out."""
        read: dict[str, Any] = {}
        options: dict[str, OptionValue] = {}
        notes: list[str] = []
        for name, value in given.items():
            try:
                if (option := self._options.get(name)) is not None:
                    options[name] = option.check(_as_kind_of(option.default, value))
                elif (reader := self._readers.get(name)) is not None:
                    read[name] = reader(value)
                else:
                    notes.append(f"“{_quoted(name)}” is no setting of this page: left out.")
            except SyncEditError as error:
                notes.append(f"“{_quoted(name)}” is left out. {error}")
        return PageSettings(**read, options=options), notes

    def of_record(self, text: str) -> tuple[PageSettings, list[str], str]:
        """The settings of a record that somebody brings, what of it is left out, and the hash of its frames.

        Raises:
            RecordError: It is none.
        """
        found = _record(text)
        plan, engine = _part(found, "plan"), _part(found, "engine")
        given = {
            "size": f"{plan.get('width')}x{plan.get('height')}",
            "frames": plan.get("frames"),
            "start": plan.get("start"),
            "rate": plan.get("frame_rate"),
            "seed": found.get("seed"),
            "audio": found.get("audio"),
            "label": found.get("label", False),
            "engine": engine.get("name"),
            **dict(list(_part(engine, "options").items())[:MOST_SETTINGS]),
        }
        settings, notes = self.of({name: written(value) for name, value in given.items()})
        return settings, notes, str(found.get("frames_sha256"))

    def _engine(self, text: str) -> str:
        if text not in self._engines:
            message = f"There is no engine {_quoted(text)} here."
            raise EngineError(message)
        return text


def written(value: object) -> str:
    """A value as it stands in such a text."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)[:LONGEST_LINK]


def _record(text: str) -> dict[str, object]:
    try:
        found = json.loads(text) if len(text) <= LONGEST_RECORD else None
    except (ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, dict)
        or not {"plan", "engine", "frames_sha256"} <= cast("dict[str, object]", found).keys()
    ):
        message = "This holds no run record of this program: drop a result that it made, or the .record.json beside it."
        raise RecordError(message)
    return cast("dict[str, object]", found)


def _part(of: Mapping[str, object], name: str) -> dict[str, object]:
    part = of.get(name)
    return cast("dict[str, object]", part) if isinstance(part, dict) else {}


def _number(text: str, what: str, least: int, most: int) -> int:
    # Measured before it is computed with: a number from outside may have thousands of digits.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else -1
    if not least <= number <= most:
        message = f"The {what} is a whole number from {least} to {most}, not {_quoted(text)}."
        raise PlanError(message)
    return number


def _rate(text: str) -> str:
    parse_rate(text)
    return text.strip()


def _on_off(text: str) -> bool:
    if text not in ON_OFF:
        message = f"It is on or off, not {_quoted(text)}."
        raise PlanError(message)
    return ON_OFF[text]


def _as_kind_of(default: OptionValue, text: str) -> OptionValue:
    """A text as a value of the type of an option's default; as it is where it is none."""
    if isinstance(default, bool):
        return _on_off(text)
    if isinstance(default, str):
        return text
    try:
        number = float(text[:LONGEST_QUOTE])
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if isinstance(default, int) and number.is_integer() else number


def _quoted(text: str) -> str:
    shown = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return "".join(each if each.isprintable() else " " for each in shown)
