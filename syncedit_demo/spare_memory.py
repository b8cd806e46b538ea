"""Memory that is free and kept: what Python and the C library hold back for the next time."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Give the system back what is free, where the C library can do so (glibc); elsewhere nothing happens.

    Each thread that ever worked keeps some tens of megabytes otherwise: a server that made a few edits at once held
    364 MB, of which 106 MB were free.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
