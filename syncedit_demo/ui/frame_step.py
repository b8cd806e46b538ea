"""Step 2, the edited frame: given back or painted here, registered, and shown against frame 0."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from syncedit_demo.errors import DeletedError
from syncedit_demo.render import write_png
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.parts import UNCHANGED, Notice, Updates, bad, notice
from syncedit_demo.ui.visit import Cut, Visit

if TYPE_CHECKING:
    from syncedit_demo.service import EditService


@dataclass(frozen=True, slots=True)
class Edited:
    """An edited frame that fits a cut.

    Attributes:
        path: The image as it was given.
        cut: The folder of the cut it was registered to.
        changed: Whether anything in it is edited.
    """

    path: Path
    cut: Path
    changed: bool


class FrameStep:
    """The components of the step, where it is made, and what they do.

    Attributes:
        image: State with the path of the edited frame as it was given, None while there is none.
        edited: State with the `Edited`, None while there is none that fits.
        on_easel: State with the folder of the cut whose frame 0 is painted on, None while there is none.
    """

    def __init__(self, service: EditService) -> None:
        self._service = service
        self.image = gr.State(None)
        self.edited = gr.State(None)
        self.on_easel = gr.State(None)
        self.hint = gr.HTML('<p class="hint">Frame 0 of your clip comes here to be edited.</p>', elem_id="frame-hint")
        with gr.Column(elem_id="frame-body", elem_classes="plain"):
            self.download = gr.DownloadButton("Download frame 0", elem_id="download-frame", size="sm")
            with gr.Tabs(selected="upload", elem_id="ways") as self.ways:
                with gr.Tab("Edit it anywhere", id="upload"):
                    self.file = gr.File(label="Edited frame", elem_id="edited-file", show_label=False, height=116)
                with gr.Tab("Paint here", id="paint") as self.paint_tab:
                    self.editor = gr.ImageEditor(
                        type="filepath",
                        format="png",
                        image_mode="RGB",
                        sources=[],
                        layers=False,
                        transforms=(),
                        brush=gr.Brush(default_size=24),
                        show_label=False,
                        label="Frame 0",
                        elem_id="editor",
                        height=420,
                    )
                    self.use = gr.Button("Use this painting", elem_id="use-painting", size="sm")
            self.message = notice(elem_id="frame-message")
            self.slider = gr.ImageSlider(
                type="filepath",
                format="png",
                interactive=False,
                visible=False,
                show_label=False,
                label="Frame 0 and the edited frame",
                buttons=["fullscreen"],
                max_height=360,
                elem_id="frame-slider",
            )

    def begin(self, cut: Cut | None) -> Updates:
        """Start anew for another clip."""
        return {**self.offer(cut), self.file: None, self.image: None}

    def offer(self, cut: Cut | None) -> Updates:
        """Offer frame 0 of a cut for editing; what was edited has to be registered again."""
        return {
            self.hint: gr.update(visible=cut is None),
            self.download: str(cut.frame) if cut else None,
            self.ways: gr.update(selected="upload"),
            self.edited: None,
            self.slider: gr.update(value=None, visible=False),
            self.message: None,
        }

    def to_paint(self, cut: Cut | None, on_easel: Path | None) -> Updates:
        """Put frame 0 into the editor, unless it is what is being painted on."""
        return UNCHANGED if cut and cut.folder == on_easel else self.paint_anew(cut)

    def paint_anew(self, cut: Cut | None) -> Updates:
        """Put frame 0 into the editor."""
        if cut is None:
            return {self.editor: None, self.on_easel: None}
        if not cut.frame.exists():
            return {self.message: bad(explain(DeletedError(cut.path)))}
        frame = str(cut.frame)
        return {
            self.editor: {"background": frame, "layers": [], "composite": frame},
            self.on_easel: cut.folder,
        }

    def take_upload(self, visit: Visit, upload: str | None) -> Updates:
        """Keep the picture that was given back."""
        return {self.image: visit.keep(Path(upload)) if upload else None}

    def take_painting(self, visit: Visit, painting: dict[str, Any] | None) -> Updates:
        """Keep the picture that was painted here."""
        composite = painting["composite"] if painting else None
        return {self.image: visit.keep(Path(composite)) if composite else None, self.file: None}

    def register(self, cut: Cut | None, image: Path | None) -> Updates:
        """Bring the edited frame to frame 0 and report."""
        nothing: Updates = {self.edited: None, self.slider: gr.update(value=None, visible=False)}
        if cut is None or image is None:
            return {**nothing, self.message: None}
        try:
            registered = self._service.register(cut.path, cut.clip, cut.plan, image)
            aligned = cut.folder / f"{uuid.uuid4().hex}.png"
            write_png(registered.frame, aligned)
        except Exception as error:
            return {**nothing, self.message: bad(explain(error))}
        changed = registered.edited_share > 0
        return {
            self.edited: Edited(image, cut.folder, changed),
            self.slider: gr.update(value=(str(cut.frame), str(aligned)), visible=True),
            self.message: Notice(tone="good" if changed else "warn", lines=list(registered.notes)),
        }
