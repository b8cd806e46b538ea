"""What of paintings waits in memory is bounded."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from syncedit_demo.ui.components import painter
from syncedit_demo.ui.components.painter import PER_VISITOR, Paintings


def png(size: tuple[int, int] = (4, 3), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind)
    return buffer.getvalue()


def test_a_painting_waits_until_it_is_used() -> None:
    paintings = Paintings()
    assert paintings.add("me", "one", "background", png())
    assert paintings.add("me", "one", "composite", png((8, 8)))
    assert paintings.add("me", "one", "layer", png((7, 7)))
    drawn = paintings.get("one")
    assert drawn
    assert (drawn.background, drawn.composite, drawn.layers) == (png(), png((8, 8)), [png((7, 7))])
    paintings.pop("one")
    assert paintings.get("one") is None
    assert "one" not in paintings


@pytest.mark.parametrize(
    "picture", [b"", b"GIF89a", png(kind="JPEG"), png()[:20], png((2049, 1)), png((1, 2049))], ids=len
)
def test_only_a_png_of_the_size_of_a_frame_is_kept(picture: bytes) -> None:
    paintings = Paintings()
    assert not paintings.add("me", "one", "composite", picture)
    assert len(paintings) == 0


def test_a_visitor_has_few_and_no_other_visitors() -> None:
    paintings = Paintings()
    assert paintings.add("you", "yours", "composite", png())
    for name in "abcdef":
        assert paintings.add("me", name, "composite", png())
    assert len(paintings) == PER_VISITOR + 1
    assert "f" in paintings
    assert not paintings.add("me", "yours", "composite", png((9, 9)))
    drawn = paintings.get("yours")
    assert drawn
    assert drawn.composite == png()


def test_all_of_them_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "WAITING_BYTES", 3 * len(png()))
    paintings = Paintings()
    for visitor in range(20):
        assert paintings.add(str(visitor), str(visitor), "composite", png())
    assert [str(each) in paintings for each in (16, 17, 18, 19)] == [False, True, True, True]
