"""Step 2, the edited frame: given back or painted here, registered, and shown against frame 0."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.data_classes import FileData

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.errors import DeletedError
from syncedit_demo.media.image_file import read_image, write_png
from syncedit_demo.ui.components.first_frame import FirstFrame, first_frame
from syncedit_demo.ui.components.notice import Notice, bad, busy, notice
from syncedit_demo.ui.components.painter import Painter
from syncedit_demo.ui.components.step_head import State, StepHead, step_head
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.steps.presence import Presence
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, UNCHANGED, Outputs, Updates
from syncedit_demo.ui.visits.jobs import CancelFlags
from syncedit_demo.ui.visits.visit import ClipRange, Visit

if TYPE_CHECKING:
    from syncedit_demo.service import EditService
    from syncedit_demo.settings import Settings
    from syncedit_demo.ui.steps.visitor import Visitor


CHECKING = "Checking the edited frame …"


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


@dataclass(frozen=True, slots=True)
class Painting:
    """How far a painting of the page is.

    Attributes:
        cut: The folder of the cut whose frame 0 it is painted on.
        picture: The picture as it was when the editor was put away, None before that.
        in_editor: Whether the editor is there.
    """

    cut: Path
    picture: Path | None = None
    in_editor: bool = True


class FrameStep:
    """The components of the step, where it is made, and what they do.

    Attributes:
        image: State with the path of the edited frame as it was given, None while there is none.
        edited: State with the `Edited`, None while there is none that fits.
        painting: State with the `Painting`, None while nothing was painted on this frame 0.
        pictures: The components that show files of the visit.
        outputs: The components that what it does gives values for.
    """

    def __init__(self, service: EditService) -> None:
        self._service = service
        self._fitting = CancelFlags()
        self._present = Presence[Path]()
        self.image = gr.State(None)
        self.edited = gr.State(None)
        self.painting = gr.State(None)
        self.head = step_head(_head("waiting", "The first frame of your clip comes here"), elem_id="frame-head")
        self.message = notice(elem_id="frame-message")
        with gr.Column(elem_id="frame-body", elem_classes=["plain", "step-body"]):
            self.picture = first_frame(elem_id="first-frame")
            with gr.Row(elem_id="take-frame"):
                self.download = gr.DownloadButton("Download first frame", elem_id="download-frame", size="sm")
                # What it does is a matter of the browser alone: page.js.
                gr.Button("Copy", elem_id="copy-frame", size="sm", min_width=90, scale=0)
            with gr.Tabs(selected="upload", elem_id="ways") as self.ways:
                with gr.Tab("Edit it anywhere", id="upload") as self.upload_tab:
                    self.file = gr.File(label="Edited frame", elem_id="edited-file", show_label=False, height=116)
                with gr.Tab("Paint here", id="paint", elem_id="paint") as self.paint_tab:
                    # Not there but while it is painted in: Gradio has an editor upload its pictures with every piece
                    # of news that the page gets, which a run has some of each second.
                    self.editor = Painter(
                        visible=False,
                        type="filepath",
                        format="png",
                        image_mode="RGB",
                        sources=[],
                        layers=False,
                        transforms=(),
                        brush=gr.Brush(default_size=24),
                        show_label=False,
                        label="First frame",
                        elem_id="editor",
                        height=420,
                    )
                    self.use = gr.Button("Use this painting", elem_id="use-painting", size="sm")
            gr.HTML(f'<p class="hint" id="frame-limits">{_limits(service.settings)}</p>')
            self.slider = gr.ImageSlider(
                type="filepath",
                format="png",
                interactive=False,
                visible=False,
                show_label=False,
                label="First frame and edited frame",
                buttons=["fullscreen"],
                max_height=360,
                elem_id="frame-slider",
            )
        self._of_editor: Outputs = (self.editor, self.painting, self.message, self.ways)
        given = (self.file, self.image, self.edited)
        self.pictures: Outputs = (self.head, self.picture, self.download, self.slider)
        self.outputs: Outputs = (*self._of_editor, *given, *self.pictures)

    def listen(self, visitor: Visitor, cut: gr.State, generate: gr.Button) -> None:
        """Let the editor be put out and away.

        Args:
            visitor: Who is visiting.
            cut: State with the `ClipRange`.
            generate: The button that starts a run, during which no editor may be out.
        """
        self.paint_tab.select(self.to_paint, [cut, self.painting], self._of_editor, **HIDDEN_PROGRESS)
        # Gradio clears the canvas of frame 0 too.
        self.editor.clear(self.paint_anew, cut, self._of_editor, **HIDDEN_PROGRESS)
        gr.on(
            [self.upload_tab.select, generate.click],
            self.put_away,
            [visitor.visit, self.painting, self.editor],
            self._of_editor,
            **HIDDEN_PROGRESS,
        )

    def begin(self, cut: ClipRange | None, session: str) -> Updates:
        """Start anew for another clip."""
        self._present.put(session, None)
        return {**self.offer(cut, None, session), self.file: None, self.image: None}

    def give(self, cut: ClipRange | None, image: Path, session: str) -> Updates:
        """An edited frame is there besides a new clip, and is to be checked."""
        return self._await_check(cut, image, session)

    def offer(self, cut: ClipRange | None, image: Path | None, session: str) -> Updates:
        """Offer the first frame of a cut for editing; what was edited, if anything, has to be registered again."""
        self._fitting.stop(session)
        picture = cut and FirstFrame(
            picture=FileData(path=str(cut.frame)), width=cut.plan.width, height=cut.plan.height
        )
        return {
            self.head: _asking(cut, image),
            self.picture: picture,
            self.download: str(cut.frame) if cut else None,
            self.ways: gr.update(selected="upload"),
            self.edited: None,
            self.slider: gr.update(value=None, visible=False),
            self.message: None,
            self.editor: gr.update(value=None, visible=False),
            self.painting: None,
        }

    def to_paint(self, cut: ClipRange | None, painting: Painting | None) -> Updates:
        """Put the editor out, with what was painted on this frame 0 so far."""
        if cut is None:
            return UNCHANGED
        if not cut.frame.exists():
            return {self.message: bad(explain(DeletedError(cut.path)))}
        painting = (
            replace(painting, in_editor=True) if painting and painting.cut == cut.folder else Painting(cut.folder)
        )
        begun = painting.picture if painting.picture and painting.picture.exists() else cut.frame
        return {
            self.editor: gr.update(
                value={"background": str(begun), "layers": [], "composite": str(begun)}, visible=True
            ),
            self.painting: painting,
        }

    def paint_anew(self, cut: ClipRange | None) -> Updates:
        """Begin with frame 0 again."""
        return self.to_paint(cut, None)

    def put_away(self, visit: Visit, painting: Painting | None, drawn: dict[str, Any] | None) -> Updates:
        """Keep what was painted for the next time, and take the editor away."""
        if not painting or not painting.in_editor:
            return UNCHANGED
        picture, trouble = self._kept(visit, drawn)
        return {**self._away(painting, picture), **trouble}

    def take_upload(self, visit: Visit, cut: ClipRange | None, upload: str | None, session: str) -> Updates:
        """Keep the picture that was given back, or none; nothing is said any more about the one before."""
        return self._await_check(cut, visit.keep(Path(upload)) if upload else None, session)

    def take_painting(
        self,
        visit: Visit,
        cut: ClipRange | None,
        painting: Painting | None,
        drawn: dict[str, Any] | None,
        session: str,
    ) -> Updates:
        """The picture that was painted here is the edited frame."""
        picture, trouble = self._kept(visit, drawn)
        return {
            **self._await_check(cut, picture, session),
            self.file: None,
            **self._away(painting, picture),
            **trouble,
        }

    def leave(self, session: str) -> None:
        """Stop what is done for a visitor who left."""
        self._fitting.stop(session)
        self._present.leave(session)

    def fit(self, cut: ClipRange | None, image: Path | None, edited: Edited | None, session: str) -> Updates:
        """Bring the edited frame to frame 0 and report, unless that is done; another one, or leaving, ends that.

        Returns:
            Nothing where it is done, or where the page has another edited frame by now.
        """
        if cut and edited and (edited.cut, edited.path) == (cut.folder, image):
            return {}
        if not self._present.holds(session, image):
            return {}
        cancel = self._fitting.start(session)
        updates = self._checked(cut, image, cancel)
        return updates if self._present.holds(session, image) and not cancel.is_set else {}

    def _checked(self, cut: ClipRange | None, image: Path | None, cancel: CancelFlag) -> Updates:
        nothing: Updates = {
            self.edited: None,
            self.slider: gr.update(value=None, visible=False),
            self.head: _asking(cut, None),
        }
        if cut is None or image is None:
            return {**nothing, self.message: None}
        try:
            registered = self._service.register_edited_frame(cut.path, cut.clip, cut.plan, image, cancel)
            aligned = cut.folder / f"{uuid.uuid4().hex}.png"
            write_png(registered.frame, aligned)
            first = read_image(cut.frame).pixels
            doubt = self._service.doubt(self._service.settings.engine, first, registered.frame)
        except Exception as error:
            return {**nothing, self.message: bad(explain(error))}
        changed = registered.edited_share > 0
        return {
            self.edited: Edited(image, cut.folder, changed),
            self.head: _head("done", image.name, aligned) if changed else _asking(cut, None),
            self.slider: gr.update(value=(str(cut.frame), str(aligned)), visible=True),
            self.message: Notice(
                tone="good" if changed and not doubt else "warn",
                lines=[*registered.notes, *([doubt] if doubt else [])],
            ),
        }

    def _kept(self, visit: Visit, drawn: dict[str, Any] | None) -> tuple[Path | None, Updates]:
        """The picture that the editor's value shows, read apart, written anew and kept by the visit.

        Returns:
            It, None where there is none, and what there is to say where it cannot be kept.
        """
        composite = drawn["composite"] if drawn else None
        if not composite:
            return None, {}
        try:
            return visit.keep_painting(self._service.reader.picture(Path(composite), CancelFlag())), {}
        except Exception as error:
            return None, {self.message: bad(explain(error))}

    def _await_check(self, cut: ClipRange | None, image: Path | None, session: str) -> Updates:
        self._fitting.stop(session)
        self._present.put(session, image)
        return {
            self.image: image,
            self.edited: None,
            self.head: _asking(cut, image),
            self.slider: gr.update(value=None, visible=False),
            self.message: busy(CHECKING) if image and cut else None,
        }

    def _away(self, painting: Painting | None, picture: Path | None) -> Updates:
        return {
            self.painting: painting and replace(painting, picture=picture, in_editor=False),
            self.editor: gr.update(value=None, visible=False),
            self.ways: gr.update(selected="upload"),
        }


def _head(state: State, summary: str, picture: Path | None = None) -> StepHead:
    shown = FileData(path=str(picture)) if picture else None
    return StepHead(number=2, title="Edited frame", state=state, summary=summary, picture=shown)


def _asking(cut: ClipRange | None, image: Path | None) -> StepHead:
    """The step before an edited frame fits: it may be looked at already."""
    if cut is None:
        return _head("waiting", "The first frame of your clip comes here")
    return _head("busy", CHECKING) if image else _head("open", "Edit the first frame, and give it back")


def _limits(settings: Settings) -> str:
    """What is taken, before it is brought."""
    return (
        f"PNG, JPEG, WebP, TIFF or AVIF, at most {settings.max_image_mb} MB. It is fitted back onto your clip where "
        "size or place changed."
    )
