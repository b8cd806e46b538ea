"""The published files are known by their contents, whatever they are called."""

from __future__ import annotations

import pytest

from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, Slot
from syncedit_demo.engines.sync_lora.weights.known import KNOWN, check_identity
from syncedit_demo.engines.sync_lora.weights.prepared import FileIdentity
from syncedit_demo.errors import EngineError


@pytest.mark.parametrize("sha256", KNOWN)
def test_a_published_file_passes_in_its_own_place_alone(sha256: str) -> None:
    known = KNOWN[sha256]
    for slot in Slot:
        file = FileIdentity("weights.safetensors", known.nbytes, sha256)
        if slot is known.slot:
            assert check_identity(slot, file) is None
            assert known.name == FILE_NAMES[slot]
        else:
            with pytest.raises(EngineError, match=f"is the published file {known.name}"):
                check_identity(slot, file)


@pytest.mark.parametrize("slot", [Slot.BASE, Slot.DISTILLED_LORA, Slot.UPSCALER])
def test_a_damaged_copy_is_told_from_another_version(slot: Slot) -> None:
    (published,) = [known for known in KNOWN.values() if known.slot is slot]
    with pytest.raises(EngineError, match="it is damaged"):
        check_identity(slot, FileIdentity(published.name, published.nbytes, "0" * 64))
    note = check_identity(slot, FileIdentity("mine.safetensors", published.nbytes + 1, "0" * 64))
    assert note is not None
    assert published.name in note


def test_the_sync_lora_is_judged_by_its_contents() -> None:
    assert check_identity(Slot.SYNC_LORA, FileIdentity("any.safetensors", 1, "0" * 64)) is None
