"""Every knob of the program, read once from the environment: plain data, which knows nobody that it is for."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from syncedit_demo.errors import SettingsError

EngineName = Literal["draft", "sync-lora"]
EngineChoice = Literal["auto"] | EngineName
ENGINE_CHOICES: tuple[EngineChoice, ...] = ("auto", *get_args(EngineName))
Precision = Literal["bf16", "fp8"]
PrecisionChoice = Literal["auto"] | Precision

DEFAULT_SEED = 42
"""Seed of an edit whose user names none."""

LARGEST_SEED = 2**31 - 1
"""Largest seed that the page and the API take."""

MAX_FRAMES = 161
"""Most frames of one edit where nothing else is set: 20 steps of 8 frames, twice what the model was trained at."""

MAX_CLIP_PIXELS = 7680 * 4320
"""Pixels of the largest picture that is decoded where nothing else is set, those of 8K: a decoder keeps up to 20."""

MAX_IMAGE_PIXELS = 4096 * 4096
"""Pixels of the largest edited frame that a visitor may bring where nothing else is set: 16 times an edit's area."""


class SyncLoraSettings(BaseModel):
    """Where the weights of the Sync-LoRA engine are and what it runs on."""

    model_config = ConfigDict(frozen=True)

    weights: Path = Field(
        default=Path("weights"),
        description=(
            "Folder with the four weight files of the Sync-LoRA engine and, in a folder of its own, Gemma. What is not "
            "in it is looked for in the Hub's cache; downloads go into it."
        ),
    )
    prepared: Path = Field(
        default=Path("weights/prepared"),
        description="Folder of the prepared set that the Sync-LoRA engine starts from.",
    )
    prepared_repo: str | None = Field(
        default=None,
        description="Hub repository of a prepared set, which is fetched into the Hub's cache and used instead.",
    )
    prepared_revision: str = Field(default="main", description="Its branch, tag or commit.")
    storage: Precision = Field(
        default="bf16", description="How a set that is made stores the large products of the transformer's blocks."
    )
    distilled_strength: float = Field(
        default=1.0, ge=0, le=2, description="Strength of the distilled LoRA in a set that is made."
    )
    device: str | None = Field(
        default=None,
        description='Device of the Sync-LoRA engine, such as "cuda:1"; every GPU of the first one\'s kind if unset.',
    )
    precision: PrecisionChoice = Field(
        default="auto", description="Precision of the Sync-LoRA engine's products; bf16 where it fits if auto."
    )
    offload: bool | None = Field(
        default=None,
        description="Whether its blocks wait in the host's memory; where they do not fit on the GPU if unset.",
    )
    ltx_repo: str = Field(
        default="Lightricks/LTX-2.3", description="Hub repository of base, distilled LoRA and upscaler."
    )
    ltx_revision: str = Field(default="main", description="Its branch, tag or commit.")
    sync_lora_repo: str = Field(
        default="SagiPolaczek/LTX-2.3-Sync-LoRA", description="Hub repository of the Sync-LoRA."
    )
    sync_lora_revision: str = Field(default="main", description="Its branch, tag or commit.")
    gemma_repo: str = Field(
        default="google/gemma-3-12b-it-qat-q4_0-unquantized",
        description="Hub repository of the text encoder, which only making the prompt's embedding needs.",
    )
    gemma_revision: str = Field(default="main", description="Its branch, tag or commit.")


@dataclass(frozen=True, slots=True)
class FaceModel:
    """The face landmark model that a user brings.

    Attributes:
        source: A file, or the address it is published at.
        folder: Where it is kept once it was fetched.
    """

    source: str
    folder: Path


class ReadingLimits(BaseModel):
    """What reading one file that a visitor brought may cost; past one of these it is given up, and said."""

    read_seconds: int = Field(default=60, ge=1, description="Longest time that reading a file may take, in seconds.")
    read_processor_seconds: int = Field(
        default=120, ge=1, description="Most processor time that it may take, of all cores together, in seconds."
    )
    read_memory_mb: int = Field(
        default=4000, ge=100, description="Most memory that it may take beside what the program takes, in megabytes."
    )
    max_upload_mb: int = Field(default=500, ge=1, description="Largest file the page takes, in megabytes.")
    max_clip_pixels: int = Field(
        default=MAX_CLIP_PIXELS, ge=1, description="Largest clip picture that is decoded, in pixels."
    )
    max_clip_frames: int = Field(default=36_000, ge=1, description="Most frames a visitor's clip may hold.")
    max_clip_packets: int = Field(
        default=150_000, ge=1, description="Most packets, of picture, sound and all else, that it may hold."
    )
    max_clip_minutes: int = Field(default=60, ge=1, description="Longest clip a visitor may bring, in minutes.")
    max_clip_streams: int = Field(default=32, ge=1, description="Most streams it may hold.")
    max_image_pixels: int = Field(
        default=MAX_IMAGE_PIXELS, ge=1, description="Largest edited frame a visitor may bring, in pixels."
    )
    max_image_mb: int = Field(default=64, ge=1, description="Largest file of an edited frame, in megabytes.")
    max_image_pages: int = Field(default=64, ge=1, description="Most pictures that it may hold.")
    max_image_scans: int = Field(
        default=100, ge=1, description="Most scans of a JPEG; a progressive one has about ten."
    )


class Settings(SyncLoraSettings, ReadingLimits, BaseSettings):  # pyright: ignore[reportIncompatibleVariableOverride]
    """Settings of one process, from environment variables with the prefix `SYNCEDIT_`."""

    model_config = SettingsConfigDict(env_prefix="SYNCEDIT_", frozen=True, extra="ignore")

    engine: EngineChoice = Field(default="auto", description="Engine used when none is asked for by name.")
    max_frames: int = Field(default=MAX_FRAMES, ge=1, description="Most frames made in one edit.")
    readers: int | None = Field(
        default=None,
        ge=0,
        description=(
            "Processes that read what users bring, each of which can be ended; with 0 the program reads by itself. "
            "2 for the page and 0 for the command line if unset."
        ),
    )
    work_dir: Path = Field(
        # A name of each user's own, where the temporary folder is everybody's: nobody else may read what lies there.
        default=Path(tempfile.gettempdir())
        / (f"syncedit-demo-{os.getuid()}" if sys.platform != "win32" else "syncedit-demo"),
        description="Where the page keeps uploads, results and whatever it makes on the way.",
    )
    job_max_age_hours: float = Field(
        default=24, gt=0, description="Age at which an upload or a visit's results are deleted, in hours."
    )
    face_model: str | None = Field(
        default=None,
        description="Face landmark model that the sync report follows faces with: a file, or its published address.",
    )
    max_visit_mb: int = Field(default=5_000, ge=1, description="Most that one visit keeps on disk, in megabytes.")
    max_work_mb: int = Field(default=50_000, ge=1, description="Most that all visits keep on disk, in megabytes.")
    max_waiting: int = Field(default=12, ge=0, le=24, description="Most edits of the page and the API that wait.")
    c2pa_certificate: Path | None = Field(
        default=None, description="Certificate chain, a PEM file, that results are signed with as AI-edited."
    )
    c2pa_key: Path | None = Field(default=None, description="Its private key, a PEM file without a password.")

    @property
    def reading_limits(self) -> ReadingLimits:
        """What reading one file may cost, by itself."""
        return ReadingLimits(**self.model_dump(include=set(ReadingLimits.model_fields)))

    auth: SecretStr | None = Field(
        default=None,
        description="Name and password, or its hash, that the page and its API ask for: NAME:PASSWORD. Open if unset.",
    )

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


def load_settings(**given: object) -> Settings:
    """Read the settings of this process from its environment.

    Args:
        given: What the command line says instead, by the settings' names; None says nothing.

    Raises:
        SettingsError: A variable, or what is said instead of it, holds something it cannot hold.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"SYNCEDIT_{first['loc'][0]}".upper()
        message = f"The environment variable {name} is {first['input']!r}: {first['msg'].lower()}."
        raise SettingsError(message) from error
