"""A Space of one's own: what the repository holds, put where a Space is built from, for the hardware it will have.

A Space is built from its requirements.txt alone, before anybody knows on what it will run. So what is installed is
decided here: on a processor without a GPU only the draft engine's part of the pinned requirements is pushed.
"""

# huggingface_hub leaves some of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from syncedit_demo.errors import SpaceError

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[1]
FILES = ("app.py", "README.md", "LICENSE", "CHANGELOG.md", "requirements.txt")
FOLDERS = ("syncedit_demo", "docs")
EXAMPLES = ("reference.mp4", "edited.png", "output.mp4")
THUMBNAIL = "docs/result.png"
ZEROGPU = "zero-a10g"
"""What the Hub calls ZeroGPU, whatever the card."""

CPU = "cpu-basic"
SET_FILES = ("manifest.json", "checkpoint.safetensors", "upscaler.safetensors", "prompt.safetensors")
PREPARED_VARIABLE = "SYNCEDIT_PREPARED_REPO"


@dataclass(frozen=True, slots=True)
class Space:
    """A Space to be.

    Attributes:
        repo: "OWNER/NAME".
        hardware: What it runs on, by the Hub's name.
        prepared_repo: The repository of the prepared set that it starts from; None where it has none.
        private: Whether a Space that is made is seen by its owner alone.
    """

    repo: str
    hardware: str = CPU
    prepared_repo: str | None = None
    private: bool = False

    @property
    def has_gpu(self) -> bool:
        """Whether what needs a GPU is installed."""
        return not self.hardware.startswith("cpu")


def push(space: Space, endpoint: str | None = None) -> str:
    """Create a Space, or bring one up to date.

    Args:
        space: The Space.
        endpoint: The Hub's address; None takes the Hub's own, or that of `HF_ENDPOINT`.

    Returns:
        Its address.

    Raises:
        SpaceError: This is no copy of the repository, a name is none, or the Hub refuses.
    """
    # Gradio needs the Hub's library too, so that it is there wherever the page is.
    import httpx2  # noqa: PLC0415
    from huggingface_hub import HfApi, hf_hub_url  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled  # noqa: PLC0415

    for name in (space.repo, space.prepared_repo):
        if name is not None and not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            message = f"{name!r} is no name of a repository: give it as OWNER/NAME."
            raise SpaceError(message)
    if space.has_gpu and space.prepared_repo is None:
        message = (
            "A Space with a GPU starts from a prepared set, as the published files do not fit its disk: make one with "
            "python -m syncedit_demo prepare --upload OWNER/NAME, and name it with --prepared-repo."
        )
        raise SpaceError(message)
    api = HfApi(endpoint)
    with TemporaryDirectory(prefix="syncedit-space-") as folder:
        thumbnail = hf_hub_url(space.repo, THUMBNAIL, repo_type="space", endpoint=endpoint)
        lay_out(space, Path(folder), thumbnail)
        try:
            api.create_repo(space.repo, repo_type="space", space_sdk="gradio", private=space.private, exist_ok=True)
            api.upload_folder(
                repo_id=space.repo,
                folder_path=folder,
                repo_type="space",
                commit_message="SyncEdit Demo",
                # What this version has no longer.
                delete_patterns=[f"{name}/*" for name in (*FOLDERS, "examples")],
            )
            if space.prepared_repo is not None:
                api.add_space_variable(space.repo, PREPARED_VARIABLE, space.prepared_repo)
            api.request_space_hardware(space.repo, cast("Any", space.hardware))
        except HfHubHTTPError as error:
            message = (
                f"The Hub refuses the Space {space.repo} ({error.response.status_code}): run `hf auth login` with a "
                "token that may write, and see whether your account may have this hardware."
            )
            raise SpaceError(message) from error
        except (httpx2.HTTPError, OfflineModeIsEnabled, RuntimeError) as error:
            message = f"The connection to the Hub failed ({error}). Try again: what arrived is not sent again."
            raise SpaceError(message) from error
    return f"{api.endpoint}/spaces/{space.repo}"


def lay_out(space: Space, folder: Path, thumbnail: str) -> None:
    """Put together what is pushed.

    Raises:
        SpaceError: This is no copy of the repository.
    """
    if missing := [name for name in FILES if not (ROOT / name).is_file()]:
        message = f"A Space is made from a copy of the repository; {', '.join(missing)} is not beside this program."
        raise SpaceError(message)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for example in sorted(path.parent for path in (ROOT / "examples").glob(f"*/{EXAMPLES[-1]}")):
        (folder / "examples" / example.name).mkdir(parents=True)
        for name in EXAMPLES:
            shutil.copy(example / name, folder / "examples" / example.name)
    readme = folder / "README.md"
    readme.write_text(with_front_matter(readme.read_text(encoding="utf-8"), space, thumbnail), encoding="utf-8")
    if not space.has_gpu:
        pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        wanted = (ROOT / "requirements-cpu.txt").read_text(encoding="utf-8").splitlines()
        text = "\n".join(cpu_requirements(pinned, wanted))
        (folder / "requirements.txt").write_text(f"{text}\n", encoding="utf-8")


def cpu_requirements(pinned: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """The pinned requirements of the draft engine alone."""
    names = {line.strip() for line in wanted if line[:1].isalpha()}
    return [
        "# The draft engine alone. To have a GPU push again: python -m syncedit_demo space OWNER/NAME --hardware NAME",
        *(line for line in pinned if re.split(r"[=<>;\s]", line)[0] in names),
    ]


def with_front_matter(readme: str, space: Space, thumbnail: str) -> str:
    """The README with a front matter for this Space."""
    import yaml  # noqa: PLC0415 - it comes with Gradio

    _, front, text = readme.split("---\n", 2)
    matter = cast("dict[str, Any]", yaml.safe_load(front))
    matter |= {"suggested_hardware": space.hardware, "thumbnail": thumbnail}
    if space.prepared_repo is not None:
        matter["models"] = [*matter["models"], space.prepared_repo]
        matter["preload_from_hub"] = [f"{space.prepared_repo} {','.join(SET_FILES)}"]
    return f"---\n{yaml.safe_dump(matter, sort_keys=False, allow_unicode=True)}---\n{text}"
