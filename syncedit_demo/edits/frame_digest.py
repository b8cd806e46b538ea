"""The hash by which two results are known to have the same frames."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from syncedit_demo.frames import Frame


class FrameDigest:
    """The SHA-256 of frames one after the other, made in a thread beside the work that makes them."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._worker = ThreadPoolExecutor(1, "digest")
        self._updates: list[Future[None]] = []

    def add(self, frame: Frame) -> None:
        """Append a frame, not to be changed afterwards."""
        self._updates.append(self._worker.submit(self._update, frame))

    def hex(self) -> str:
        """Of all frames so far, in hex.

        Raises:
            Exception: What kept a frame from being added; a hash without it would be that of another result.
        """
        for update in self._updates:
            update.result()
        return self._digest.hexdigest()

    def _update(self, frame: Frame) -> None:
        self._digest.update(np.ascontiguousarray(frame).data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._worker.shutdown(cancel_futures=True)
