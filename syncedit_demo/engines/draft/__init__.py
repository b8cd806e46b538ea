"""The draft engine.

Unless its sentence says otherwise, a number named in its modules was set on edits of known truth over real clips of
about 512x512 pixels, those of benchmarks/RESULTS.md; `python -m benchmarks.draft --check` tells what a change loses,
`python -m benchmarks.constants` what each of them is worth. One that moves no edit there by 0.1 dB has a name only
where it chooses between ways, is used in several places, or is a size or a unit; elsewhere it stands, with its reason,
where it is used.
"""

from syncedit_demo.engines.draft.engine import DraftEngine

__all__ = ["DraftEngine"]
