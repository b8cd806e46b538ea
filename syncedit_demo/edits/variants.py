"""One edit made several times, from one seed after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from syncedit_demo.cancel import CancelFlag

Event = TypeVar("Event")

MAX_VARIANTS = 16


@dataclass(frozen=True, slots=True)
class VariantStarted:
    """The events that follow are those of variant `number` of `count`, counted from 1."""

    number: int
    count: int
    seed: int


def make_variants(
    make: Callable[[int], Iterable[Event]], seed: int, count: int, cancel: CancelFlag
) -> Iterator[Event | VariantStarted]:
    """Make `count` variants; each that is whole stays, whatever comes after it.

    Args:
        make: Makes the variant of a seed.
        seed: The first one; those that follow it are the others'.
        count: How many.
        cancel: Looked at after each.

    Yields:
        For each variant one `VariantStarted`, if there are several, and what is told while it is made.

    Raises:
        Cancelled: The cancel flag was set.
    """
    for number in range(count):
        if count > 1:
            yield VariantStarted(number + 1, count, seed + number)
        yield from make(seed + number)
        cancel.raise_if_set()
