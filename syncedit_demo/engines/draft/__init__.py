"""The draft engine."""

from syncedit_demo.engines.draft.engine import DraftEngine

__all__ = ["DraftEngine"]
