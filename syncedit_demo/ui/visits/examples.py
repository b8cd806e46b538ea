"""The examples: clips with an edited frame and the finished result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from syncedit_demo.edits.record import RunRecord, load_record


def _find_examples() -> Path:
    """Their folder: inside the package where that was built and installed, beside it in the repository."""
    package = Path(__file__).parents[2]
    built_in = package / "examples"
    return built_in if built_in.is_dir() else package.parent / "examples"


EXAMPLES = _find_examples()


TITLES = {
    "balloon": "A new sky at dusk",
    "new-colours": "New skin and hair",
    "toy-train": "Red train turned blue",
    "windmill": "Windmill at sunset",
}
"""What was edited in each example."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        name: The name of its folder.
        reference: The clip.
        edited: The edited frame.
        output: The result.
        record: How the result was made, as the result itself says.
    """

    name: str
    reference: Path
    edited: Path
    output: Path
    record: RunRecord

    @property
    def title(self) -> str:
        """What it is called in the page."""
        return TITLES.get(self.name, self.name.replace("-", " ").capitalize())


def load_examples() -> dict[str, Example]:
    """Every folder with a finished result, by name."""
    return {
        output.parent.name: Example(
            output.parent.name,
            output.with_name("reference.mp4"),
            output.with_name("edited.png"),
            output,
            load_record(output),
        )
        for output in sorted(EXAMPLES.glob("*/output.mp4"))
    }
