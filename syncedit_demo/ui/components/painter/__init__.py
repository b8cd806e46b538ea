"""The painter: Gradio's image editor, whose pictures come one by one and wait here until they are asked for."""

from __future__ import annotations

import struct
import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

import gradio as gr
from gradio.components.image_editor import EditorDataBlobs
from gradio.utils import get_upload_folder

from syncedit_demo.plan import MAX_SIDE
from syncedit_demo.ui.gradio_internals import derived

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradio.components.image_editor import EditorData, EditorValue

Kind = Literal["background", "composite", "layer"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PER_VISITOR = 2
"""Paintings of one visitor that wait; a newer one takes the place of the oldest."""

WAITING_BYTES = 128_000_000
"""Bytes of all paintings that wait; those that came first make room."""

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@dataclass(slots=True)
class _Painting:
    visitor: str
    pictures: dict[Kind, bytes] = field(default_factory=dict[Kind, bytes])

    @property
    def size(self) -> int:
        return sum(map(len, self.pictures.values()))


class Paintings:
    """The pictures of paintings that a page has sent and not used yet, by the name that it gave each painting."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, _Painting] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, visitor: str, name: str, kind: Kind, picture: bytes) -> bool:
        """Keep a picture of a painting until it is asked for.

        Args:
            visitor: Whose it is.
            name: The painting.
            kind: What of it the picture is.
            picture: A PNG.

        Returns:
            Whether it was kept: it is a PNG of at most the size of the largest frame 0, and the name is not another's.
        """
        if not _is_png(picture):
            return False
        with self._lock:
            painting = self._waiting.setdefault(name, _Painting(visitor))
            if painting.visitor != visitor:
                return False
            painting.pictures[kind] = picture
            self._waiting.move_to_end(name)
            own = [name for name, each in self._waiting.items() if each.visitor == visitor]
            self._forget(own[:-PER_VISITOR])
            total = sum(each.size for each in self._waiting.values())
            for oldest, each in list(self._waiting.items())[:-1]:
                if total <= WAITING_BYTES:
                    break
                total -= each.size
                self._forget([oldest])
        return True

    def get(self, name: str) -> EditorDataBlobs | None:
        """The pictures of a painting as Gradio wants them, None where there are none."""
        with self._lock:
            painting = self._waiting.get(name)
            if painting is None:
                return None
            pictures = painting.pictures
            layers = cast("list[bytes | None]", [pictures[kind] for kind in ("layer",) if kind in pictures])
            return EditorDataBlobs(
                background=pictures.get("background"), layers=layers, composite=pictures.get("composite")
            )

    def pop(self, name: str) -> None:
        """Forget a painting that was used."""
        with self._lock:
            self._forget([name])

    def __contains__(self, name: str) -> bool:
        """Whether there are pictures of a painting."""
        return name in self._waiting

    def __len__(self) -> int:
        """How many paintings wait."""
        return len(self._waiting)

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._waiting.pop(name, None)


PAINTINGS = Paintings()
"""Those of this process: Gradio makes an editor of its own for each open page, but keeps no order among them."""


def _folder(_painter: gr.ImageEditor) -> str:
    """What a painter shows is uploaded again under the same name: that must not go over what is being served."""
    return str(Path(get_upload_folder()) / "painter")


def _ignore(_painter: gr.ImageEditor, _default: object) -> None:
    # Every editor begins with places of its own, of which nothing bounds the one and anybody else fills the other.
    pass


def _as_it_came(painter: gr.ImageEditor, payload: EditorData | None) -> EditorValue | None:
    """The whole picture of a painting as a file, as it was sent: what a visitor sends is decoded elsewhere."""
    if payload is None:
        return None
    composite = payload.composite.path if payload.composite else None
    if payload.id is not None:
        blobs = PAINTINGS.get(payload.id)
        PAINTINGS.pop(payload.id)
        composite = _written(blobs.composite, Path(painter.GRADIO_CACHE)) if blobs and blobs.composite else None
    return {"background": None, "layers": [], "composite": composite}


def _written(picture: bytes, folder: Path) -> str:
    path = folder / uuid.uuid4().hex / "painting.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(picture)
    return str(path)


Painter = derived(
    gr.ImageEditor,
    "Painter",
    preprocess=_as_it_came,
    blob_storage=property(lambda _painter: PAINTINGS, _ignore),
    GRADIO_CACHE=property(_folder, _ignore),
)
"""Gradio's editor, with bounded memory and a folder of its own among the uploads; it decodes nothing that comes."""


def _is_png(picture: bytes) -> bool:
    if len(picture) < len(_PNG) + 8 or not picture.startswith(_PNG):
        return False
    width, height = struct.unpack_from(">II", picture, len(_PNG))
    return 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE
