"""The endpoints for programs: inspect a clip, get its first frame, edit it."""

from __future__ import annotations

import json
import shutil
import threading
from collections import deque
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
from pydantic import TypeAdapter

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest, EditResult
from syncedit_demo.errors import ClipError, PlanError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.probe import ClipInfo
from syncedit_demo.plan import EditPlan, PlanOptions, whole_number
from syncedit_demo.settings import DEFAULT_SEED, ENGINE_CHOICES, LARGEST_SEED, EngineChoice
from syncedit_demo.standing_back import called_behind
from syncedit_demo.ui.gradio_internals import Listener, serve_from
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.visits.jobs import POLL_SECONDS, edits_at_once, noting_turns
from syncedit_demo.ui.visits.visit import RunFiles, link, name_beside, open_visit

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.service import EditService
    from syncedit_demo.ui.visits.visit import ClipRange

LONGEST_TEXT = 24
"""Characters in which every size and frame rate can be written."""


class Endpoints:
    """What programs can call; all of it is `EditService`'s. What is done for a caller that is gone is stopped."""

    def __init__(self, service: EditService) -> None:
        self._service = service

    def inspect_clip(
        self, clip: str, request: gr.Request, size: str = "", frames: int = 0, start: int = 0, rate: str = ""
    ) -> dict[str, Any]:
        """Say what a clip holds and what will be made of it.

        Args:
            clip: A video file.
            request: Where the call comes from.
            size: Size of the result such as "1024x768", multiples of 64; empty for the best for this clip.
            frames: Number of frames of the result; 0 for the whole clip up to this machine's limit.
            start: Frames of the clip that are left out before the part that is used.
            rate: Frame rate of the result such as "25" or "30000/1001"; empty for the clip's, at most 30.

        Returns:
            {"clip": what the file holds, "plan": size, frames, start, rate, crop and every change in words}
        """
        with _told(), _heard(request) as cancel:
            options = self._options(size, frames, start, rate)
            info, plan = self._service.inspect(_given(clip, "clip"), options, cancel)
        return {
            "clip": TypeAdapter(ClipInfo).dump_python(info, mode="json"),
            "plan": TypeAdapter(EditPlan).dump_python(plan, mode="json"),
        }

    def write_first_frame(
        self, clip: str, request: gr.Request, size: str = "", frames: int = 0, start: int = 0, rate: str = ""
    ) -> str:
        """Give the frame to edit, as a PNG at the size and crop of the result.

        Args:
            clip: A video file.
            request: Where the call comes from.
            size: As for /inspect_clip; use the same options for all three endpoints.
            frames: As for /inspect_clip.
            start: As for /inspect_clip.
            rate: As for /inspect_clip.

        Returns:
            The path of the PNG.
        """
        with (
            _told(),
            _heard(request) as cancel,
            self._cut(clip, self._options(size, frames, start, rate), cancel) as cut,
        ):
            write_png(self._service.first_frame(cut.path, cut.clip, cut.plan, cancel), cut.frame)
            return str(cut.frame)

    def edit(  # noqa: PLR0913, PLR0917 - every option has its name
        self,
        clip: str,
        edited_frame: str,
        request: gr.Request,
        size: str = "",
        frames: int = 0,
        start: int = 0,
        rate: str = "",
        seed: int = DEFAULT_SEED,
        audio: bool = True,
        engine: EngineChoice = "auto",
        label: bool = False,
    ) -> tuple[str, dict[str, Any]]:
        """Carry the edit of the first frame through the clip. Calls are served one at a time, in the order of arrival.

        A call whose answer nobody listens to is stopped.

        Args:
            clip: A video file.
            edited_frame: Its edited first frame, an image file.
            request: Where the call comes from.
            size: As for /inspect_clip.
            frames: As for /inspect_clip.
            start: As for /inspect_clip.
            rate: As for /inspect_clip.
            seed: Seed of whatever is random in the engine.
            audio: Whether the result gets the clip's sound.
            engine: "auto", "draft" or "sync-lora".
            label: Whether the picture says that it is AI-edited; the file says so in any case.

        Returns:
            The path of the mp4, and the run record, which the mp4 holds too, but for the sync report; here its files
            have a "name" for a "path".
        """
        with (
            _told(),
            _heard(request) as cancel,
            self._cut(clip, self._options(size, frames, start, rate), cancel) as cut,
        ):
            # The inputs lie beside the result, so that its record names them without saying where on this machine.
            edited = _given(edited_frame, "edited frame")
            image = name_beside(cut.path, edited)
            link(edited, image)
            wanted = EditRequest(
                clip=cut.path,
                edited_frame=image,
                target=RunFiles.of(cut.path.parent, cut.path).result,
                options=cut.options,
                engine=engine,
                seed=_seed(seed),
                audio=audio,
                label=label,
            )
            result = self._made(wanted, _caller(request), cancel)
            return str(result.target), _as_answer(result.record)

    def _made(self, wanted: EditRequest, caller: str, cancel: CancelFlag) -> EditResult:
        with (
            self._service.taken_on(caller, wanted.engine, cancel) as job,
            closing(self._service.edit(wanted, cancel)) as events,
        ):
            last = called_behind(lambda: deque(noting_turns(events, job), 1).pop())
        assert isinstance(last, EditResult)
        return last

    @contextmanager
    def _cut(self, clip: str | None, options: PlanOptions, cancel: CancelFlag) -> Generator[ClipRange]:
        """A cut of a clip, in a folder that is gone afterwards where nothing came of it."""
        visit = open_visit(self._service.settings, None)
        try:
            path = visit.keep(_given(clip, "clip"))
            info, plan = self._service.inspect(path, options, cancel)
            yield visit.new_range(path, info, options, plan)
        except BaseException:
            shutil.rmtree(visit.folder, ignore_errors=True)
            raise

    def _options(self, size: str, frames: int, start: int, rate: str) -> PlanOptions:
        limit = self._service.settings.max_frames
        return PlanOptions.parse(size=size, frames=frames or None, start=start, rate=rate, max_frames=limit)


def _given(file: str | None, what: str) -> Path:
    if file is None:
        message = f"The {what} is missing: give a file."
        raise ClipError(message)
    return Path(file)


def _seed(seed: float | None) -> int:
    number = whole_number(seed, "seed")
    if not 0 <= number <= LARGEST_SEED:
        message = f"The seed is a whole number from 0 to {LARGEST_SEED}."
        raise PlanError(message)
    return number


def add_endpoints(service: EditService) -> None:
    """Add the endpoints to the Blocks that is being built."""
    endpoints = Endpoints(service)
    clip = gr.File(label="clip", visible=False)
    edited_frame = gr.File(label="edited_frame", visible=False)
    size = gr.Textbox("", label="size", visible=False, max_length=LONGEST_TEXT)
    frames = gr.Number(0, label="frames", precision=0, visible=False)
    start = gr.Number(0, label="start", precision=0, visible=False)
    rate = gr.Textbox("", label="rate", visible=False, max_length=LONGEST_TEXT)
    seed = gr.Number(DEFAULT_SEED, label="seed", precision=0, visible=False)
    audio = gr.Checkbox(True, label="audio", visible=False)
    engine = gr.Dropdown(list(ENGINE_CHOICES), value="auto", label="engine", visible=False)
    label = gr.Checkbox(False, label="label", visible=False)
    answer = gr.JSON(label="answer", visible=False)
    file = gr.File(label="file", visible=False)
    serve_from(file, service.settings.jobs_dir)
    plan = [size, frames, start, rate]
    gr.on([], endpoints.inspect_clip, [clip, *plan], answer, api_name="inspect_clip", concurrency_limit=4)
    gr.on([], endpoints.write_first_frame, [clip, *plan], file, api_name="first_frame", concurrency_limit=4)
    gr.on(
        [],
        endpoints.edit,
        [clip, edited_frame, *plan, seed, audio, engine, label],
        [file, answer],
        api_name="edit",
        concurrency_id="edits",
        concurrency_limit=edits_at_once(service),
    )


def _caller(request: gr.Request) -> str:
    """Whom a call is counted to: a program has no visit, but comes from somewhere."""
    client = cast("Any", request).client
    return f"calls from {client.host}" if client else "calls"


@contextmanager
def _heard(request: gr.Request) -> Generator[CancelFlag]:
    """A flag for what is done for a caller, which is set as soon as that is gone."""
    cancel, over, caller = CancelFlag(), threading.Event(), Listener(request, few=0)

    def listen() -> None:
        while not over.wait(POLL_SECONDS):
            if caller.is_gone():
                cancel.set()
                return

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield cancel
    finally:
        over.set()


def _as_answer(record: RunRecord) -> dict[str, Any]:
    # The client takes everything with a "path" for a file that it has to fetch.
    answer = json.loads(record.to_json())
    for file in (answer["clip_file"], answer["edited_file"]):
        file["name"] = file.pop("path")
    return answer


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except Exception as error:
        raise gr.Error(explain(error), print_exception=False) from None
