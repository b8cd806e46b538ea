"""A frame rate as the scripts of the components get it."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import PlainSerializer


def _parts(rate: Fraction) -> tuple[int, int]:
    return rate.numerator, rate.denominator


ExactRate = Annotated[Fraction, PlainSerializer(_parts)]
"""Frames per second, exact: numerator and denominator in the page, where numbers are rounded."""
