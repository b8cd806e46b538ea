"""The app as it is on a machine that is busy at first: its page takes seconds to answer."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

from gradio import routes

import app

SECONDS = 4
"""How late an answer is; Gradio itself gives up on a page after 3 s."""

LATE_ANSWERS = 3
"""How many answers are late."""

if __name__ == "__main__":
    in_time, number = routes.templates.TemplateResponse, count()

    def answer(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        if next(number) < LATE_ANSWERS:
            time.sleep(SECONDS)
        return in_time(*arguments, **options)

    routes.templates.TemplateResponse = answer
    app.main()
