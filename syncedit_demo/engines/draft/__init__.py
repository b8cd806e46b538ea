"""The draft engine.

Unless its sentence says otherwise, a number named in its modules was set on edits of known truth over real clips of
about 512x512 pixels, those of benchmarks/RESULTS.md; `python -m benchmarks.draft --check` tells what a change loses.
"""

from syncedit_demo.engines.draft.engine import DraftEngine

__all__ = ["DraftEngine"]
