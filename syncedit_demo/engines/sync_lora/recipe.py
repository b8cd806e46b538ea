"""The numbers of the LTX-2.3 Sync-LoRA recipe, in one place.

From the model card of LTX-2.3-Sync-LoRA and, for the noise schedules, the two-stage distilled recipe of
ltx-pipelines 1.0.0 (`ltx_pipelines.utils.constants`); a test holds the two together.
"""

from __future__ import annotations

PROMPT = "3d1t"
"""The constant caption of the LoRA's training; the text branch carries nothing else."""

LORA_STRENGTH = 1.0
"""Strength of both LoRAs, at both stages."""

STAGE_1_SIGMAS = (1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0)
STAGE_2_SIGMAS = (0.909375, 0.725, 0.421875, 0.0)

FIRST_FRAME_CRF = 18
"""What Lightricks' own 2.3 IC-LoRA graphs compress the conditioning image with; 0 is none, 33 the stock pipeline's."""

REFERENCE_STRENGTH = 1.0

LATENT_SIDE = 32
"""Pixels on a side of one latent cell; along time it is `TEMPORAL_MULTIPLE` frames."""
