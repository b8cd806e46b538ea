"""The published files, known by their SHA-256: which is which, and which of them are not what is needed.

Sizes and hashes are those that several public manifests of the repository Lightricks/LTX-2.3 agree on. The Sync-LoRA's
own are not known here: whatever is put in its place is judged by its contents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncedit_demo.engines.sync_lora.weights.files import FETCH, FILE_NAMES, Slot
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncedit_demo.engines.sync_lora.weights.prepared import FileIdentity


PUBLISHED_REPO = "Lightricks/LTX-2.3"
PUBLISHED_REVISION = "7caa482d5cd10a2eae6b34cb48f093ebc45a263e"
"""A commit of it that holds all of the files below."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One published file.

    Attributes:
        name: What it is published as.
        nbytes: Its size.
        slot: What it is for; None for what is no part of the recipe.
    """

    name: str
    nbytes: int
    slot: Slot | None


KNOWN: Mapping[str, KnownFile] = {
    "7ab7225325bc403448ea84b6db2269811a880e5118cd2ee2b6282a93d585016f": KnownFile(
        "ltx-2.3-22b-dev.safetensors", 46_149_344_974, Slot.BASE
    ),
    "f5d4953f3386197a4b4f5abdb17616ff256171e8075c111d6e7d2dfa6e823b3a": KnownFile(
        "ltx-2.3-22b-distilled-lora-384-1.1.safetensors", 7_605_507_256, Slot.DISTILLED_LORA
    ),
    "5f416311fa8172b65af67530758964708d29a317b830d689a51143b7f91913ed": KnownFile(
        "ltx-2.3-spatial-upscaler-x2-1.1.safetensors", 995_743_560, Slot.UPSCALER
    ),
    "b33b7fe4bbfe084f484be4aaf90b0f1d95dca20d403ac4c0e037eb8c4f0af7cc": KnownFile(
        "ltx-2.3-22b-distilled-1.1.safetensors", 46_149_345_334, None
    ),
}
"""By SHA-256."""


def check_identity(slot: Slot, file: FileIdentity, known: Mapping[str, KnownFile] = KNOWN) -> str | None:
    """Whether a file that was read through can be what it is used as.

    Args:
        slot: What it is used as.
        file: What it is.
        known: The published files by SHA-256.

    Returns:
        A sentence where it is not one of the published files, and so only its header vouches for it.

    Raises:
        EngineError: It is a published file of another part, or a published file that is damaged.
    """
    wanted = f"{FILE_NAMES[slot]} is needed. Fetch it with: {FETCH}"
    found = known.get(file.sha256)
    if found is not None:
        if found.slot is slot:
            return None
        message = f"{file.name} is the published file {found.name}, whatever its name. {wanted}"
        raise EngineError(message)
    published = next((each for each in known.values() if each.slot is slot), None)
    if published is None:
        return None
    if file.nbytes == published.nbytes:
        message = (
            f"{file.name} has the size of the published file and other contents: it is damaged. Delete it. {wanted}"
        )
        raise EngineError(message)
    return f"{file.name} is not the published {published.name}: what is made with it was seen nowhere else."
