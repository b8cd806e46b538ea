"""Which engine carries out an edit on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.engines.sync_lora import SyncLoraEngine
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.settings import EngineChoice, EngineName, SyncLoraSettings


class Engines:
    """The engines of one process, each made when it is first asked for and kept, its weights with it.

    Args:
        settings: Where the Sync-LoRA engine finds its weights and what it runs on.
    """

    def __init__(self, settings: SyncLoraSettings) -> None:
        self._settings = settings
        self._sync_lora: SyncLoraEngine | None = None

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
                self._sync_lora = SyncLoraEngine(self._settings)
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
