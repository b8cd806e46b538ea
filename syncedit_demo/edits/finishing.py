"""What turns the frames of a result into what is given out: its sound, its record, and a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo.edits.ai_mark import described
from syncedit_demo.media.atomic import output_errors

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.edits.ai_mark import Signer
    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.media.audio import AudioInterval
    from syncedit_demo.reading.media_reader import MediaReader


def finish_result(
    reader: MediaReader,
    frames: Path,
    target: Path,
    record: RunRecord,
    *,
    audio: AudioInterval | None,
    signer: Signer | None,
    cancel: CancelFlag,
) -> Path:
    """Give a result its sound and its record, and sign it, beside its frames.

    Args:
        reader: Reads the sound.
        frames: The file with the frames alone.
        target: Where the result will be, for its name and for what is said when writing fails.
        record: How it was made.
        audio: What is heard, None for silence.
        signer: What it is signed with, if anything.
        cancel: Set it from anywhere to stop.

    Returns:
        The file that is to be published.

    Raises:
        OutputError: The disk is full, or the folder is not writable.
        LimitError: Reading the sound takes more than is allowed here.
        Cancelled: The flag was set.
    """
    whole = frames.with_name(f"result{frames.suffix}")
    tags = {"comment": record.to_json(), **described(record)}
    reader.finish(frames, whole, target, audio=audio, tags=tags, cancel=cancel)
    if signer is None:
        return whole
    # Under the name that the signature will tell, in a folder where nothing else can have it.
    signed = frames.with_name("signed") / target.name
    with output_errors(target):
        signed.parent.mkdir()
        signer.sign(whole, signed, record)
    return signed
