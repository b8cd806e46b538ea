"""What the handlers of the page give back, and how its events are listened to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import gradio as gr

Updates = dict[Any, Any]
"""New values by component; components that are not in it stay as they are."""

Outputs = Sequence[Any]
"""Components that handlers give values for. Gradio's types leave out its rows and tabs, which can be among them."""

Values = Any
"""What a component of the page holds."""

UNCHANGED = cast("Updates", gr.skip())
"""For an event that changes nothing."""

HIDDEN_PROGRESS: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""How the events of the page are listened to: it shows progress itself, and programs have endpoints of their own."""
