"""Which engine carries out an edit on this machine, and what may be decided about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.engines.options import resolve_options
from syncedit_demo.engines.sync_lora import Start, SyncLoraEngine, make_engine, start_engine
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.engines.options import Option, OptionValue
    from syncedit_demo.settings import EngineChoice, EngineName, SyncLoraSettings


def engine_options() -> dict[EngineName, tuple[Option, ...]]:
    """What the user may decide about each engine, whether it is ready here or not; torch is not imported for this.

    Options of two engines that have one name are the same option; one of the engines may have more choices for it.
    """
    return {engine.name: engine.options for engine in (DraftEngine, SyncLoraEngine)}


def resolve_for(engine: Engine, given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Every option of an engine with the value the user gave it or its default.

    Raises:
        EngineError: A name the engine does not have, with the engine that has it, or a value it does not allow.
    """
    own = {option.name for option in engine.options}
    for other, options in engine_options().items():
        if foreign := sorted(given.keys() & {option.name for option in options} - own):
            message = (
                f"The engine {engine.name}, which would make this edit, has no option {', '.join(foreign)}: leave it "
                f"out, or ask for the engine {other}."
            )
            raise EngineError(message)
    return resolve_options(engine.options, given)


class Engines:
    """The engines of one process, each made when it is first asked for and kept, its weights with it.

    Args:
        settings: Where the Sync-LoRA engine finds its weights and what it runs on.
    """

    def __init__(self, settings: SyncLoraSettings) -> None:
        self._settings = settings
        self._sync_lora: Engine | None = None
        self._start: Start | None = None

    def begin(self, begin_anew: Callable[[], None]) -> None:
        """Have the Sync-LoRA engine made ready in the background of a server; until it is, it says how far it is.

        Args:
            begin_anew: Has the program begin anew, where it cannot use what was fetched before that.
        """
        started = start_engine(self._settings, begin_anew)
        if isinstance(started, Start):
            self._start = started
        else:
            self._sync_lora = started

    @property
    def coming(self) -> str | None:
        """How far an engine is that is being made ready, in a sentence; None where none is."""
        return self._start.coming if self._start else None

    @property
    def failed(self) -> str | None:
        """That an engine could not be made ready, in a sentence; None where none failed."""
        return self._start.failed if self._start else None

    def choose(self, choice: EngineChoice) -> tuple[Engine, str]:
        """The engine that a choice means here, and a sentence that says which and why.

        Raises:
            EngineError: The engine asked for by name is not ready; the sentence says what is missing.
        """
        draft = DraftEngine()
        if choice == "draft":
            return draft, f"Made by: {draft.title}, as asked for."
        try:
            if self._sync_lora is None:
                self._sync_lora = self._start.engine() if self._start else make_engine(self._settings)
        except EngineError as error:
            if choice == "sync-lora":
                raise
            return draft, f"Made by: {draft.title}, because Sync-LoRA is not ready here. {error}"
        return self._sync_lora, f"Made by: {self._sync_lora.title}."

    def states(self) -> dict[EngineName, str]:
        """Every engine by name: "ready", or what it lacks."""
        try:
            self.choose("sync-lora")
        except EngineError as error:
            return {"draft": "ready", "sync-lora": str(error)}
        return {"draft": "ready", "sync-lora": "ready"}
