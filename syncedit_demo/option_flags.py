"""The engines' options as flags of the command line, made from what each engine says of its own."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from typing import TYPE_CHECKING

from syncedit_demo.engines.registry import engine_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from syncedit_demo.engines.options import Option, OptionValue
    from syncedit_demo.settings import EngineName


def add_option_flags(parser: ArgumentParser) -> None:
    """Add a group of flags for each engine that has options; what several engines have in common is a group too."""
    groups: dict[tuple[EngineName, ...], list[Option]] = {}
    for option, engines in _options().items():
        groups.setdefault(tuple(engines), []).append(option)
    for engines, options in groups.items():
        group = parser.add_argument_group(f"options of the engine {' and of '.join(engines)}")
        for option in options:
            said = f"{option.help} Default: {_written(option.default)}.".replace("%", "%%")
            if isinstance(option.default, bool):
                group.add_argument(flag(option), action=BooleanOptionalAction, default=None, help=said)
                continue
            group.add_argument(
                flag(option),
                type=type(option.default),
                choices=option.choices or None,
                metavar=None if option.choices else "TEXT" if isinstance(option.default, str) else "N",
                help=said,
            )


def given_options(wanted: Namespace) -> dict[str, OptionValue]:
    """The options that the command line gives a value, by name."""
    values = {option.name: getattr(wanted, option.name) for option in _options()}
    return {name: value for name, value in values.items() if value is not None}


def flag(option: Option) -> str:
    """What the command line calls an option."""
    return "--" + option.name.replace("_", "-")


def _options() -> dict[Option, list[EngineName]]:
    """Each option, once and with all choices that any engine has for it, and the engines that have it."""
    widest: dict[str, Option] = {}
    engines: dict[str, list[EngineName]] = {}
    for engine, options in engine_options().items():
        for option in options:
            widest[option.name] = max(widest.get(option.name, option), option, key=lambda each: len(each.choices))
            engines.setdefault(option.name, []).append(engine)
    return {option: engines[name] for name, option in widest.items()}


def _written(value: OptionValue) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
