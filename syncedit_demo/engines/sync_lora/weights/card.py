"""The model card of a prepared set: what it is, how it was made, and what it stands under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo import __version__
from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncedit_demo.engines.sync_lora.weights.prepared import Manifest
    from syncedit_demo.settings import Precision, SyncLoraSettings

STORED: dict[Precision, str] = {
    "bf16": "bfloat16",
    "fp8": "8 bits (float8_e4m3fn, with a scale for each output) but for the outer blocks and what is small",
}

CARD = """---
license: other
license_name: ltx-2-community-license-agreement
license_link: {licence}
base_model:
  - {base}
  - {lora}
base_model_relation: merge
pipeline_tag: video-to-video
tags:
  - ltx-2.3
  - sync-lora
  - syncedit-demo
---

# LTX-2.3 with the Sync-LoRA, ready to run

These files are **modified**: they are the video half of {base} with two LoRAs added to its weights, its VAE and
spatial upscaler, and the embedding of the one prompt `{prompt}`. Nothing was trained. SyncEdit Demo {version} made them
for its own start, and runs from them with

```
SYNCEDIT_PREPARED_REPO={repo} python -m syncedit_demo serve
```

| file | size | SHA-256 |
| --- | --- | --- |
{files}

## How they were made

The Sync-LoRA at strength {strength:g}, the distilled LoRA at strength {distilled:g}, stored in {stored}.
Made with {made_with}. From:

| part | file | SHA-256 |
| --- | --- | --- |
{sources}
{remarks}
## Licences

They stand under the licences of what they were made of, copies of which lie beside them: {notices}. The embedding was
computed with Gemma ({gemma}), which is provided under and subject to the Gemma Terms of Use. Whoever passes them on
passes those licences on, and their restrictions of use.
"""


def describe(manifest: Manifest, settings: SyncLoraSettings, repo: str, notices: Sequence[str]) -> str:
    """The card of a set in a repository.

    Args:
        manifest: The set's.
        settings: Name the repositories that it was made from.
        repo: Where it goes, "OWNER/NAME".
        notices: The files with its licences, the base's first.
    """
    return CARD.format(
        licence=notices[0],
        base=settings.ltx_repo,
        lora=settings.sync_lora_repo,
        gemma=settings.gemma_repo,
        prompt=manifest.prompt,
        version=__version__,
        repo=repo,
        files="\n".join(f"| `{file.name}` | {gigabytes(file.nbytes)} | `{file.sha256}` |" for file in manifest.files),
        strength=recipe.LORA_STRENGTH,
        distilled=manifest.distilled_strength,
        stored=STORED[manifest.storage],
        made_with=", ".join(f"{name} {version}" for name, version in manifest.made_with.items()),
        sources="\n".join(f"| {slot} | `{file.name}` | `{file.sha256}` |" for slot, file in manifest.sources.items()),
        remarks="".join(f"\n- {note}" for note in manifest.notes) + "\n" * bool(manifest.notes),
        notices=", ".join(f"`{name}`" for name in notices),
    )
