"""The sound that goes with a plan's frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo.media.audio import AudioInterval

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.plan import EditPlan


def audio_interval(path: Path, clip: ClipInfo, plan: EditPlan) -> AudioInterval | None:
    """The audio that belongs to the plan's frames; None where the clip has none."""
    if clip.audio is None:
        return None
    return AudioInterval(
        path=path,
        stream_index=clip.audio.index,
        start=clip.start_time + plan.start / plan.frame_rate,
        duration=plan.frames / plan.frame_rate,
        from_first_frame=plan.start == 0,
    )
