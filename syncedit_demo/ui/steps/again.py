"""What the page had before and gets once more: the inputs of a run, or those that a visit was given last."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from syncedit_demo.errors import PlanError
from syncedit_demo.ui.steps.settings_text import PageSettings
from syncedit_demo.ui.visits.inputs import Inputs, keep_inputs, kept_inputs
from syncedit_demo.ui.visits.visit import link

if TYPE_CHECKING:
    from syncedit_demo.settings import Settings
    from syncedit_demo.ui.steps.options import OptionsPanel
    from syncedit_demo.ui.visits.visit import ClipRange, Run, Visit


@dataclass(frozen=True, slots=True)
class Again:
    """Inputs that the page is to have.

    Attributes:
        clip: The clip.
        edited: The edited frame, None where there is none.
        name: What the edited frame was called.
        settings: The settings.
        token: Tells one time from the next: Gradio looks only at whether a state has changed.
    """

    clip: Path
    edited: Path | None
    name: str
    settings: PageSettings = field(compare=False)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)


def inputs_of(run: Run, options: OptionsPanel) -> Again:
    """Those that a run was made from."""
    clip, edited = run.inputs
    name = Path(run.facts.edited or edited.name).name
    return Again(clip, edited if edited.is_file() else None, name, options.settings_of(run.record))


def last_inputs(visit: Visit, options: OptionsPanel) -> Again | None:
    """Those that a visit was given last, None where they are not there any more."""
    inputs = kept_inputs(visit)
    if inputs is None:
        return None
    try:
        settings, _ = options.reader.read(inputs.settings)
    except PlanError:
        settings = PageSettings()
    return Again(inputs.clip, inputs.edited, inputs.edited.name if inputs.edited else "", settings)


def remember_inputs(visit: Visit, cut: ClipRange | None, edited: Path | None, settings: PageSettings | None) -> None:
    """Keep what the page has now for when it is loaded anew; nothing where it has no clip."""
    keep_inputs(visit, Inputs(cut.path, edited, settings.to_text()) if cut and settings else None)


def as_upload(settings: Settings, path: Path) -> str:
    """A file of a visit under a second name among the uploads, where Gradio's boxes show files from."""
    folder = settings.uploads_dir.absolute() / uuid.uuid4().hex
    folder.mkdir(parents=True)
    link(path, folder / path.name)
    return str(folder / path.name)
