"""A stand-in for torchaudio where the installed one cannot be loaded.

transformers and ltx-core's text encoder import torchaudio when they are imported, but nothing here ever calls it:
the model is video-only. PyPI's torchaudio is built for CUDA and fails to load beside a CPU build of torch, which
would take the whole engine down with it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Unloadable(ModuleType):
    """A module that can be imported and raises as soon as something of it is used."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        message = f"torchaudio.{name} is needed, but the torchaudio installed here cannot be loaded."
        raise RuntimeError(message)


def make_torchaudio_importable() -> None:
    """Leave a torchaudio that loads as it is; put the stand-in where one does not."""
    try:
        import_module("torchaudio")
    except (ImportError, OSError):
        module = _Unloadable("torchaudio", "Stand-in: see syncedit_demo.engines.sync_lora.weights.torchaudio_stand_in.")
        module.__spec__ = ModuleSpec("torchaudio", None)
        sys.modules["torchaudio"] = module
