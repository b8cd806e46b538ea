"""What a visitor may decide: the closed part of step 3."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from syncedit_demo.edits.variants import MAX_VARIANTS
from syncedit_demo.errors import EngineError
from syncedit_demo.plan import SIZE_MULTIPLE, PlanOptions, conformed_frames, nearest_size, whole_number
from syncedit_demo.settings import DEFAULT_SEED, LARGEST_SEED
from syncedit_demo.ui.steps.engine_options import EngineOptions
from syncedit_demo.ui.steps.settings_text import PageSettings, SettingsReader
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, Outputs, Updates, Values
from syncedit_demo.ui.visits.jobs import Choices

if TYPE_CHECKING:
    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.service import EditService
    from syncedit_demo.settings import EngineChoice

SizeChoice = Literal["trained", "own"]
LONGEST_RATE = 24
"""Characters in which every frame rate can be written."""


@dataclass(frozen=True, slots=True)
class Options:
    """The values of the option components that decide the plan, as they come from the page."""

    max_frames: int
    start: float | None
    size: SizeChoice
    width: float | None
    height: float | None
    frames: float | None
    rate: str

    def of_whole_clip(self) -> Options:
        """The same without what fits one clip only."""
        return replace(self, start=0, frames=None)

    def of_part(self, start: int, frames: int, total: int) -> Options:
        """The same for a part of a clip of `total` frames; one that is as long as it can be asks for no number."""
        is_longest = frames == min(total - start, self.max_frames)
        return replace(self, start=start, frames=None if is_longest else frames)

    def plan_options(self) -> PlanOptions:
        """The same for the plan.

        Raises:
            PlanError: A number or the rate is none.
        """
        written = PlanOptions.parse(
            size=None,
            frames=self.frames or None,
            start=self.start,
            rate=self.rate,
            max_frames=self.max_frames,
        )
        return replace(written, size=self._size())

    def _size(self) -> tuple[int, int] | None:
        if self.size == "own" and self.width and self.height:
            return whole_number(self.width, "width"), whole_number(self.height, "height")
        return None


class OptionsPanel:
    """The components, where it is made, and what they mean.

    Attributes:
        plan_inputs: The components whose values `read` takes, after that of the start.
        run_inputs: The components whose values `choices` takes.
        outputs: The components that `set_to` gives values for.
        offered: The components that `offer` gives values for.
        shown: Those that `show` gives values for besides.
        changed: The events of those that are typed into, whose every letter would be one otherwise.
    """

    def __init__(self, service: EditService, quality: gr.Radio) -> None:
        settings = self._settings = service.settings
        with gr.Row(equal_height=True):
            self.seed = gr.Number(
                DEFAULT_SEED,
                label="Seed",
                info="The same seed gives the same result.",
                precision=0,
                minimum=0,
                maximum=LARGEST_SEED,
                elem_id="seed",
                min_width=140,
            )
            self.dice = gr.Button("Roll the dice", visible=_uses_seed(service), elem_id="dice", min_width=120, scale=0)
        self.variants = gr.Slider(
            1,
            MAX_VARIANTS,
            1,
            step=1,
            label="Variants",
            info="Results from as many seeds, ranked by how well they keep time.",
            visible=_uses_seed(service),
            elem_id="variants",
        )
        self.size = gr.Radio(
            [("Fitted to the clip", "trained"), ("Custom size", "own")],
            value="trained",
            label="Size",
            elem_id="size",
        )
        with gr.Row(visible=False) as self.own_size:
            self.width = gr.Number(None, label="Width", precision=0, step=SIZE_MULTIPLE, elem_id="width", min_width=120)
            self.height = gr.Number(
                None, label="Height", precision=0, step=SIZE_MULTIPLE, elem_id="height", min_width=120
            )
        with gr.Row():
            self.frames = gr.Number(
                None,
                label="Frames",
                info=f"Empty: all, at most {settings.max_frames}.",
                precision=0,
                elem_id="frames",
                min_width=140,
            )
            self.rate = gr.Textbox(
                "",
                label="Frame rate",
                info="Empty: the clip's, at most 30.",
                elem_id="rate",
                min_width=140,
                max_lines=1,
                max_length=LONGEST_RATE,
            )
        self.audio = gr.Checkbox(True, label="Keep the clip's sound", elem_id="audio")
        self.label = gr.Checkbox(False, label="Write “AI-edited” on the picture", elem_id="label")
        self._service = service
        choices = self._engines()
        self.engine = gr.Radio(
            choices, value=settings.engine, label="Engine", visible=len(choices) > 2, elem_id="engine"
        )
        self._of_engine = EngineOptions(service, quality)
        self.plan_inputs: Outputs = (self.size, self.width, self.height, self.frames, self.rate)
        self.run_inputs: Outputs = (
            *(self.engine, self.seed, self.audio, self.label, self.variants),
            *self._of_engine.components,
        )
        self.offered: Outputs = (self.engine, self.dice, self.variants, *self._of_engine.components)
        self.outputs: Outputs = (*self.plan_inputs, self.own_size)
        self.shown: Outputs = self.run_inputs
        typed = (self.frames, self.rate, self.width, self.height)
        self.changed = [self.size.input, *(event for field in typed for event in (field.submit, field.blur))]
        self.dice.click(lambda: secrets.randbelow(LARGEST_SEED), outputs=self.seed, queue=False, **HIDDEN_PROGRESS)
        self.size.input(_own_size, self.size, self.own_size, queue=False, **HIDDEN_PROGRESS)

    def offer(self) -> Updates:
        """Offer what the engines that are ready by now can do."""
        choices, uses_seed = self._engines(), _uses_seed(self._service)
        return {
            self.engine: gr.update(choices=choices, visible=len(choices) > 2),
            self.dice: gr.update(visible=uses_seed),
            self.variants: gr.update(visible=uses_seed),
            **self._of_engine.offer(),
        }

    @property
    def reader(self) -> SettingsReader:
        """Reads settings that are written as text, of what the engines that are ready by now can do."""
        engines = [name for _, name in self._engines()]
        variants = MAX_VARIANTS if _uses_seed(self._service) else 1
        return SettingsReader(engines, self._of_engine.options, self._settings.max_frames, variants)

    def _engines(self) -> list[tuple[str, EngineChoice]]:
        states = self._service.engines.states()
        ready: list[EngineChoice] = ["auto", *(name for name, state in states.items() if state == "ready")]
        return [(name, name) for name in ready]

    def read(self, start: float, *values: Values) -> Options:
        """The options from the values of the start and of `plan_inputs`."""
        return Options(self._settings.max_frames, start, *values)

    def untouched(self) -> Options:
        """The options of a page on which nothing was decided yet."""
        return self.read(0, "trained", None, None, None, "")

    def as_made(self, record: RunRecord) -> Options:
        """The options that lead to the plan of a record."""
        clip, plan = record.clip, record.plan
        rest = conformed_frames(clip, plan.frame_rate) - plan.start
        return Options(
            max_frames=self._settings.max_frames,
            start=plan.start,
            size="trained" if nearest_size(clip.display_size) == (plan.width, plan.height) else "own",
            width=plan.width,
            height=plan.height,
            frames=plan.frames if plan.frames < rest else None,
            rate="" if plan.frame_rate == clip.average_rate else str(plan.frame_rate),
        )

    def set_to(self, options: Options) -> dict[Any, Any]:
        """Show these options."""
        return {
            self.size: options.size,
            self.own_size: gr.update(visible=options.size == "own"),
            self.width: options.width,
            self.height: options.height,
            self.frames: options.frames,
            self.rate: options.rate,
        }

    def of(self, settings: PageSettings) -> Options:
        """The options that settings ask for."""
        width, height = settings.size or (None, None)
        size: SizeChoice = "own" if settings.size else "trained"
        return self.read(settings.start, size, width, height, settings.frames, settings.rate)

    def show(self, settings: PageSettings) -> Updates:
        """Show settings, but for the start, which is shown with the clip."""
        values = settings.engine or self._settings.engine, settings.seed, settings.audio, settings.label
        return {
            **self.set_to(self.of(settings)),
            **dict(zip(self.run_inputs, (*values, settings.variants), strict=False)),
            **self._of_engine.show(settings.options),
        }

    def settings_of(self, record: RunRecord) -> PageSettings:
        """The settings that a run was made with, said as the page says them of its clip."""
        made, options = PageSettings.of_record(record), self.as_made(record)
        return replace(
            made,
            size=None if options.size == "trained" else made.size,
            frames=None if options.frames is None else int(options.frames),
            rate=options.rate,
        )

    def settings(self, options: PlanOptions, *values: Values) -> PageSettings:
        """The settings of what is planned and of the values of `run_inputs`."""
        chosen = self.choices(*values)
        return PageSettings(
            size=options.size,
            frames=options.frames,
            start=options.start,
            rate=str(options.rate or ""),
            seed=chosen.seed,
            audio=chosen.audio,
            label=chosen.label,
            variants=chosen.variants,
            engine=chosen.engine if chosen.engine != self._settings.engine else None,
            options=self._of_engine.changed(chosen.engine_options),
        )

    def choices(
        self, engine: EngineChoice, seed: float | None, audio: bool, label: bool, variants: float, *of_engine: Values
    ) -> Choices:
        """The choices for a run from the values of `run_inputs`."""
        number = DEFAULT_SEED if seed is None else int(seed)
        chosen = self._of_engine.chosen(engine, of_engine)
        return Choices(engine, number, audio, label, int(variants), chosen, previews=True)


def _uses_seed(service: EditService) -> bool:
    try:
        return service.engine()[0].uses_seed
    except EngineError:
        return False


def _own_size(size: SizeChoice) -> Updates:
    return gr.update(visible=size == "own")
