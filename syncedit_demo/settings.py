"""Every knob of the program, read once from the environment."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from syncedit_demo.engines.sync_lora import SyncLoraSettings
from syncedit_demo.engines.sync_lora.weights import PrecisionChoice
from syncedit_demo.errors import SettingsError
from syncedit_demo.sync_report.landmarks import FaceModel

EngineName = Literal["draft", "sync-lora"]
EngineChoice = Literal["auto"] | EngineName


class Settings(BaseSettings):
    """Settings of one process, from environment variables with the prefix `SYNCEDIT_`."""

    model_config = SettingsConfigDict(env_prefix="SYNCEDIT_", frozen=True, extra="ignore")

    engine: EngineChoice = Field("auto", description="Engine used when none is asked for by name.")
    max_frames: int = Field(161, ge=1, description="Most frames made in one edit.")
    max_clip_pixels: int = Field(8192 * 8192, ge=1, description="Largest clip picture that is decoded, in pixels.")
    work_dir: Path = Field(
        # A name of each user's own, where the temporary folder is everybody's: nobody else may read what lies there.
        Path(tempfile.gettempdir()) / (f"syncedit-demo-{os.getuid()}" if sys.platform != "win32" else "syncedit-demo"),
        description="Where the page keeps uploads, results and whatever it makes on the way.",
    )
    job_max_age_hours: float = Field(
        24, gt=0, description="Age at which an upload or a visit's results are deleted, in hours."
    )
    weights: Path = Field(
        Path("weights"), description="Folder of the Sync-LoRA engine's weight files; downloads go into it."
    )
    prepared: Path = Field(
        Path("weights/prepared"), description="Folder of the prepared set that the Sync-LoRA engine starts from."
    )
    device: str | None = Field(
        None,
        description='Device of the Sync-LoRA engine, such as "cuda:1"; every GPU of the first one\'s kind if unset.',
    )
    precision: PrecisionChoice = Field(
        "auto", description="Precision of the Sync-LoRA engine's products; bf16 where it fits if auto."
    )
    offload: bool | None = Field(
        None, description="Whether its blocks wait in the host's memory; where they do not fit on the GPU if unset."
    )
    ltx_repo: str = Field("Lightricks/LTX-2.3", description="Hub repository of base, distilled LoRA and upscaler.")
    ltx_revision: str = Field("main", description="Its branch, tag or commit.")
    sync_lora_repo: str = Field("SagiPolaczek/LTX-2.3-Sync-LoRA", description="Hub repository of the Sync-LoRA.")
    sync_lora_revision: str = Field("main", description="Its branch, tag or commit.")
    gemma_repo: str = Field(
        "google/gemma-3-12b-it-qat-q4_0-unquantized", description="Hub repository of the text encoder."
    )
    gemma_revision: str = Field("main", description="Its branch, tag or commit.")
    face_model: str | None = Field(
        None,
        description="Face landmark model that the sync report follows faces with: a file, or its published address.",
    )
    max_upload_mb: int = Field(500, ge=1, description="Largest file the page takes, in megabytes.")

    @property
    def sync_lora(self) -> SyncLoraSettings:
        """The part that the Sync-LoRA engine reads."""
        return SyncLoraSettings(**self.model_dump(include={each.name for each in fields(SyncLoraSettings)}))

    @property
    def faces(self) -> FaceModel | None:
        """What faces are followed with, None where they are not."""
        return FaceModel(self.face_model, self.weights) if self.face_model else None

    @property
    def jobs_dir(self) -> Path:
        """Where the folders of visits and API calls are."""
        return self.work_dir / "jobs"

    @property
    def uploads_dir(self) -> Path:
        """Where uploads and the files that the page may serve are."""
        return self.work_dir / "uploads"


def load_settings() -> Settings:
    """Read the settings of this process from its environment.

    Raises:
        SettingsError: A variable holds something it cannot hold.
    """
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"SYNCEDIT_{first['loc'][0]}".upper()
        message = f"The environment variable {name} is {first['input']!r}: {first['msg'].lower()}."
        raise SettingsError(message) from error
