"""From what a clip is to what will be made of it: pure arithmetic, every change said in words.

Times are frames and Fractions. The numbers of the model (sizes in multiples of 64, frame counts of 8k + 1,
trained at 81 frames and a stage-1 area of 512x512) are those of the LTX-2.3 Sync-LoRA model card.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Self

from syncedit_demo.errors import PlanError
from syncedit_demo.settings import MAX_FRAMES
from syncedit_demo.wording import are, describe_rate, describe_size, frames_in_words, ordinal

if TYPE_CHECKING:
    from syncedit_demo.media.probe import ClipInfo

SIZE_MULTIPLE = 64
MIN_SIDE = 256
MAX_SIDE = 2048
TARGET_AREA = 1024 * 1024
"""Full-size area whose half-size first stage has the area the model was trained at."""

ASPECT_WEIGHT = 16
"""How much worse a lost per cent of the picture is than a per cent less area, when a size is chosen."""

TRAINED_FRAMES = 81
TEMPORAL_MULTIPLE = 8
"""One latent frame holds 8 frames, the first latent frame one: a frame count is 8k + 1."""

MAX_RATE = 30
RATE_TOLERANCE = Fraction(51, 50)
"""A rate up to 2 % above the limit (a 30 measured a trace fast) goes to the limit instead of to half."""

LEAST_RATE = 1
"""Frames per second from which pictures that are evenly spaced are motion: with fewer it is a slide show."""

MAX_TERM = 1_000_000
"""Largest numerator and denominator of a frame rate that every mp4 player's 32-bit arithmetic survives."""

LARGEST_NUMBER = 999_999_999
"""No number of frames or pixels that is taken from outside is larger, in either direction."""

LONGEST_QUOTE = 40
"""Characters of what was written that are said back."""

_RATE = re.compile(r"\+?[0-9]{1,9}(?:\.[0-9]{0,9})?|\+?[0-9]{1,9}/[0-9]{1,9}")
_SIZE = re.compile(r"([0-9]{1,6}) *[xX×] *([0-9]{1,6})")

NTSC_RATES = tuple(Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60))
STANDARD_RATES = (
    *(Fraction(rate) for rate in (1, 2, 4, 5, 6, 8, 10, 12, 15, 20, 24, 25, 30)),
    *(rate for rate in NTSC_RATES if rate <= MAX_RATE),
)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the user decides; None leaves the choice to the plan.

    Attributes:
        size: (width, height) of the result in pixels, each a multiple of 64.
        frames: Number of frames of the result.
        start: First frame, counted from 0 at the plan's frame rate.
        rate: Frame rate of the result, in frames per second.
        max_frames: The longest result this machine makes.
    """

    size: tuple[int, int] | None = None
    frames: int | None = None
    start: int = 0
    rate: Fraction | None = None
    max_frames: int = MAX_FRAMES

    @classmethod
    def parse(
        cls, *, size: str | None, frames: float | None, start: float | None, rate: str | None, max_frames: int
    ) -> Self:
        """The options as a person writes them; an empty text leaves the choice to the plan.

        Raises:
            PlanError: The size, a number or the rate is none.
        """
        return cls(
            size=parse_size(size) if size and size.strip() else None,
            frames=None if frames is None else whole_number(frames, "number of frames"),
            start=whole_number(start, "start"),
            rate=parse_rate(rate) if rate and rate.strip() else None,
            max_frames=max_frames,
        )


@dataclass(frozen=True, slots=True)
class EditPlan:
    """The edit in numbers.

    Attributes:
        width: Width of the result in pixels, a multiple of 64.
        height: Height of the result in pixels, a multiple of 64.
        frames: Frames of the result; always exactly the frames of the reference interval.
        padded_frames: The next 8k + 1 from `frames` up: what the model generates, the rest held and cut off again.
        start: First frame, counted from 0 at `frame_rate`.
        frame_rate: Frames per second, exact.
        crop: (x, y, width, height) of the part that is used, in display pixels of the clip.
        notes: What was changed, trimmed, padded or chosen, as sentences for the user.
        better_start: The start at which the first picture comes, where frame 0 of the plan is black, blank, or in the
            middle of being faded in; None where it is a picture.
    """

    width: int
    height: int
    frames: int
    padded_frames: int
    start: int
    frame_rate: Fraction
    crop: tuple[int, int, int, int]
    notes: tuple[str, ...]
    better_start: int | None = None


def plan_edit(clip: ClipInfo, options: PlanOptions) -> EditPlan:
    """Decide geometry, rate and frame counts for a clip.

    Args:
        clip: What the file holds.
        options: What the user decided.

    Returns:
        The plan. Every valid clip of `LEAST_RATE` and more has one when no option is set.

    Raises:
        PlanError: An option does not fit the model or this clip, or the clip is a slide show.
    """
    _check_motion(clip)
    frame_rate, rate_notes = _frame_rate(clip, options.rate)
    available = conformed_frames(clip, frame_rate)
    frames, frame_notes = _frame_counts(available, options, frame_rate)
    (width, height), crop, size_notes = _geometry(clip.display_size, options.size)
    better_start = _better_start(clip, options.start, available, frame_rate)
    start_notes = [] if better_start is None else [_start_note(better_start)]
    return EditPlan(
        width=width,
        height=height,
        frames=frames,
        padded_frames=pad_frame_count(frames),
        start=options.start,
        frame_rate=frame_rate,
        crop=crop,
        notes=(*clip.notes, *_picture_notes(clip), *rate_notes, *start_notes, *frame_notes, *size_notes),
        better_start=better_start,
    )


def pad_frame_count(frames: int) -> int:
    """The smallest 8k + 1 that is at least `frames`."""
    return frames + (1 - frames) % TEMPORAL_MULTIPLE


def conformed_frames(clip: ClipInfo, frame_rate: Fraction) -> int:
    """How many frames the whole clip has at another frame rate and the same duration; at least 1."""
    return max(1, math.floor(clip.duration * frame_rate + Fraction(1, 2)))


def frames_from_start(clip: ClipInfo, plan: EditPlan, max_frames: int) -> int:
    """How many frames could be made from a plan's start on, on a machine that makes so many at once."""
    return min(conformed_frames(clip, plan.frame_rate) - plan.start, max_frames)


def whole_number(value: float | None, what: str) -> int:
    """A whole number as it comes from outside, from `-LARGEST_NUMBER` to `LARGEST_NUMBER`.

    Args:
        value: Anything that a number field can hold.
        what: What it is the number of, for the sentence.

    Raises:
        PlanError: There is none, or it is none.
    """
    if value is None:
        message = f"The {what} is missing: give a whole number."
        raise PlanError(message)
    # Compared before it is computed with: a number from outside may have thousands of digits, or be none.
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER or value != int(value):
        message = f"The {what} is a whole number of at most nine digits."
        raise PlanError(message)
    return int(value)


def parse_rate(text: str) -> Fraction:
    """A frame rate as a person writes it: "25", "30000/1001", or "29.97", which is taken as 30000/1001.

    Raises:
        PlanError: The text is no positive number of few digits.
    """
    # Matched before it is computed with: an exponent alone makes an integer that takes all memory to write down.
    written = _RATE.fullmatch(text.strip())
    rate = Fraction(0)
    if written is not None:
        with suppress(ZeroDivisionError):
            rate = Fraction(written.group())
    if rate <= 0:
        message = f"A frame rate is a number such as 25, 29.97 or 30000/1001, not {_quoted(text)}."
        raise PlanError(message)
    return next((exact for exact in NTSC_RATES if abs(exact - rate) < Fraction(1, 200)), rate)


def parse_size(text: str) -> tuple[int, int]:
    """A size as a person writes it: "1024x768" or "1024×768".

    Raises:
        PlanError: The text is no size.
    """
    written = _SIZE.fullmatch(text.strip())
    if written is None:
        message = f"A size is written like 1024x768, not {_quoted(text)}."
        raise PlanError(message)
    return int(written[1]), int(written[2])


def _quoted(text: str) -> str:
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")


def nearest_size(display: tuple[int, int], area: int = TARGET_AREA) -> tuple[int, int]:
    """The size of at most this area that loses least of a picture: of its content first, of the area second."""
    sides = range(MIN_SIDE, MAX_SIDE + 1, SIZE_MULTIPLE)
    aspect = math.log(display[0] / display[1])

    def loss(size: tuple[int, int]) -> float:
        width, height = size
        return ASPECT_WEIGHT * abs(math.log(width / height) - aspect) + math.log(area / (width * height))

    return min(((w, h) for w in sides for h in sides if w * h <= area), key=loss)


def centre_crop(display: tuple[int, int], aspect: Fraction) -> tuple[int, int, int, int]:
    """The largest centred box of this aspect; sides and offsets are even, so that chroma samples stay whole."""
    width = min(display[0], _even(display[1] * aspect))
    height = min(display[1], _even(display[0] / aspect))
    x, y = ((display[0] - width) // 4 * 2, (display[1] - height) // 4 * 2)
    return x, y, width, height


def _check_motion(clip: ClipInfo) -> None:
    if not clip.variable_rate and clip.average_rate * RATE_TOLERANCE < LEAST_RATE:
        message = (
            f"The clip shows a picture every {float(1 / clip.average_rate):.3g} seconds: that is a slide show, with no "
            f"motion to keep time with. Give a clip of {LEAST_RATE} frame per second or more."
        )
        raise PlanError(message)


def _frame_rate(clip: ClipInfo, wanted: Fraction | None) -> tuple[Fraction, list[str]]:
    source = _bounded_rate(clip.average_rate)
    if wanted is not None:
        if not 1 <= wanted <= 2 * MAX_RATE or wanted != _bounded_rate(wanted):
            message = f"A frame rate of {wanted} is not possible; choose one from 1 to {2 * MAX_RATE} fps."
            raise PlanError(message)
        if wanted == source and not clip.variable_rate:
            return wanted, []
        how = "frames are repeated" if wanted > source else "frames are left out"
        return wanted, [
            f"Frame rate {describe_rate(source)} → {describe_rate(wanted)}: {how}, speed and duration stay."
        ]
    rate = source
    halvings = 0
    while rate > MAX_RATE * RATE_TOLERANCE:
        rate /= 2
        halvings += 1
    rate = min(rate, Fraction(MAX_RATE))
    if clip.variable_rate:
        standard = min(STANDARD_RATES, key=lambda candidate: (max(candidate / rate, rate / candidate), candidate))
        return standard, [
            f"Variable frame rate ({describe_rate(source)} on average) → constant {describe_rate(standard)}: "
            "speed and duration stay."
        ]
    if rate == source:
        return rate, []
    if not halvings:
        return rate, [f"Frame rate {describe_rate(source)} → {describe_rate(rate)}: speed and duration stay."]
    kept = "the clip is a single picture" if clip.frames == 1 else f"every {ordinal(2**halvings)} frame is used"
    return _bounded_rate(rate), [f"Frame rate {describe_rate(source)} → {describe_rate(rate)}: {kept}."]


def _bounded_rate(rate: Fraction) -> Fraction:
    if max(rate.numerator, rate.denominator) <= MAX_TERM:
        return rate
    return max(rate.limit_denominator(1001), Fraction(1, MAX_TERM))


def _frame_counts(available: int, options: PlanOptions, rate: Fraction) -> tuple[int, list[str]]:
    if not 0 <= options.start < available:
        message = (
            f"The clip has {frames_in_words(available)} at {describe_rate(rate)}: start at 0 to {available - 1}, "
            f"not {options.start}."
        )
        raise PlanError(message)
    rest = available - options.start
    if options.frames is not None and not 1 <= options.frames <= rest:
        message = (
            f"From frame {options.start + 1} the clip has {frames_in_words(rest)} at {describe_rate(rate)}: "
            f"ask for 1 to {rest}, not {options.frames}."
        )
        raise PlanError(message)
    if options.frames is not None and options.frames > options.max_frames:
        message = (
            f"{options.frames} frames are more than this machine is set to make at once ({options.max_frames}): "
            "ask for fewer, or raise SYNCEDIT_MAX_FRAMES."
        )
        raise PlanError(message)
    frames = min(rest, options.max_frames) if options.frames is None else options.frames
    notes: list[str] = []
    if options.start:
        notes.append(
            f"The first {frames_in_words(options.start)} of the clip {are(options.start)} left out: "
            f"it starts at frame {options.start + 1}."
        )
    if frames < rest:
        reason = "choose another start to use them"
        if options.frames is None:
            reason = f"at most {options.max_frames} are made at once; {reason}"
        notes.append(f"The last {frames_in_words(rest - frames)} of the clip {are(rest - frames)} left out: {reason}.")
    padded = pad_frame_count(frames)
    if padded != frames:
        notes.append(
            f"The model works in steps of 8 frames plus 1: {padded} are generated by holding the last frame, "
            f"and {frames} are given back."
        )
    if frames > TRAINED_FRAMES:
        notes.append(f"The model was trained at {TRAINED_FRAMES} frames: later frames may drift.")
    return frames, notes


def _better_start(clip: ClipInfo, start: int, available: int, rate: Fraction) -> int | None:
    first = math.ceil(clip.picture_start * rate)
    return first if start < first < available else None


def _start_note(start: int) -> str:
    return (
        f"The clip begins black, blank or in a fade, where there is nothing to edit: its first picture is frame "
        f"{start + 1} (--start {start})."
    )


def _geometry(
    display: tuple[int, int], wanted: tuple[int, int] | None
) -> tuple[tuple[int, int], tuple[int, int, int, int], list[str]]:
    width, height = checked_size(wanted) if wanted else nearest_size(display)
    crop = centre_crop(display, Fraction(width, height))
    notes: list[str] = []
    kept = (crop[2], crop[3])
    if kept != display:
        axis = "width" if kept[0] != display[0] else "height"
        share = 1 - (kept[0] * kept[1]) / (display[0] * display[1])
        notes.append(
            f"Cropped from {describe_size(display)} to {describe_size(kept)}, {share * 100:.1f} % of the {axis}, "
            f"to fit the aspect of {describe_size((width, height))}."
        )
    if width > 1.5 * kept[0]:
        enlarged = f"Enlarged from {describe_size(kept)} to {describe_size((width, height))}"
        notes.append(f"{enlarged}: it cannot get sharper than the clip.")
    return (width, height), crop, notes


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """A size that the model can make.

    Raises:
        PlanError: It cannot make this one; the sentence names the nearest.
    """
    nearest = (_nearest_side(size[0]), _nearest_side(size[1]))
    if size != nearest:
        message = (
            f"{describe_size(size)} is not a size the model can make: width and height are multiples of "
            f"{SIZE_MULTIPLE} from {MIN_SIDE} to {MAX_SIDE}. The nearest is {describe_size(nearest)}."
        )
        raise PlanError(message)
    return size


def _nearest_side(side: int) -> int:
    snapped = SIZE_MULTIPLE * math.floor(Fraction(side, SIZE_MULTIPLE) + Fraction(1, 2))
    return min(max(snapped, MIN_SIDE), MAX_SIDE)


def _even(length: Fraction) -> int:
    return max(2, 2 * math.floor(length / 2 + Fraction(1, 2)))


def _picture_notes(clip: ClipInfo) -> list[str]:
    notes: list[str] = []
    if (hdr := clip.color.hdr) is not None:
        notes.append(f"HDR ({hdr}) is tone-mapped to standard range: bright parts look different from the original.")
    if clip.interlaced:
        notes.append("Interlaced video is deinterlaced.")
    if clip.alpha:
        notes.append("Transparent parts are shown over black.")
    return notes
