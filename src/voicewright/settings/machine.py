"""Where this machine keeps things, and what of it may be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, BeforeValidator, Field, SecretStr

from voicewright.settings.values import absolute, as_mib, lower


def _default_home() -> Path:
    """The data directory that the operating system's conventions give this user."""
    return platformdirs.user_data_path("voicewright", appauthor=False)


class MachineSettings(BaseModel):
    """Where this machine keeps things, and what of it may be used."""

    home: Annotated[Path, BeforeValidator(absolute)] = Field(
        default_factory=_default_home,
        validation_alias="VOICEWRIGHT_HOME",
        description="Data directory: database, voices, caches, unfinished trainings.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL server, `postgresql://user:password@host/name`; empty: the embedded one.",
    )
    database_start_timeout_s: float = Field(
        default=60.0,
        gt=0,
        validation_alias="VOICEWRIGHT_DATABASE_START_TIMEOUT_S",
        description="Seconds that the embedded server may take to start, crash recovery included.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)] = Field(
        default="warning",
        validation_alias="VOICEWRIGHT_LOG_LEVEL",
        description="How much is logged to stderr: `debug`, `info`, `warning` or `error`.",
    )
    gpu_node_id: str | None = Field(
        default=None,
        max_length=200,
        validation_alias="GPU_NODE_ID",
        description="What this machine is called among the nodes; empty: its host name.",
    )
    gpu_memory_limit_mb: Annotated[int | None, BeforeValidator(as_mib)] = Field(
        default=None,
        ge=1,
        validation_alias="GPU_MEMORY_LIMIT",
        description="Memory of the GPU that trainings may use together (`16GB`, `800MB`); empty: all of it.",
    )
    voice_cache_mb: int = Field(
        default=2048,
        ge=1,
        validation_alias="VOICEWRIGHT_VOICE_CACHE_MB",
        description="MiB of unpacked voices kept ready for speaking; the least recently used go first.",
    )
    whisper_dir: Annotated[Path | None, BeforeValidator(absolute)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_WHISPER_DIR",
        description="Directory with Whisper weights in CTranslate2 form, for faster-whisper to hear with.",
    )
    min_free_disk_mb: int = Field(
        default=200,
        ge=0,
        validation_alias="VOICEWRIGHT_MIN_FREE_DISK_MB",
        description="MiB that must stay free on the disk of the data directory before long work starts.",
    )
    torch_index: str | None = Field(
        default=None,
        pattern=r"^(https?|file)://\S+$",
        validation_alias="VOICEWRIGHT_TORCH_INDEX",
        description="Index where `engines install` finds torch; empty: those of pip, and PyTorch's own.",
    )
    environment: Annotated[Literal["development", "production"], BeforeValidator(lower)] = Field(
        default="development",
        validation_alias="ENVIRONMENT",
        description="`development` trusts whoever uploads; `production` asks for recorded consent.",
    )
