"""The hash of frames."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from syncedit_demo.edits.frame_digest import FrameDigest


def test_it_is_the_hash_of_all_bytes_in_order() -> None:
    frames = np.random.default_rng(1).integers(0, 256, (5, 8, 6, 3), np.uint8)
    with FrameDigest() as digest:
        for frame in frames:
            digest.add(frame)
        digest.add(frames[0][:, ::-1])
        told = digest.hex()
    assert told == hashlib.sha256(frames.tobytes() + frames[0][:, ::-1].tobytes()).hexdigest()


def test_a_frame_that_cannot_be_added_is_never_left_out() -> None:
    good = np.zeros((8, 6, 3), np.uint8)
    # numpy gives nobody the bytes of times.
    bad = good.astype("M8[s]")
    with FrameDigest() as digest:
        for frame in (good, bad, good):
            digest.add(frame)
        with pytest.raises(ValueError, match="cannot include dtype"):
            digest.hex()
