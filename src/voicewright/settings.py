"""Every setting of the program, read once from the environment and passed on as one frozen object.

`bootstrap` calls `load_settings()`; nothing else reads the environment. The names are those of the operator's
world (`DATABASE_URL`, `TRAINING_CONCURRENCY`) where such a name exists, and `VOICEWRIGHT_*` otherwise.
`docs/settings.md` has one row for each field below; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from voicewright.errors import AppError, ErrorKind


class SettingsInvalid(AppError):
    """An environment variable has a value that the program can't use."""

    code = "SETTINGS_INVALID"
    kind = ErrorKind.INVALID


def _default_home() -> Path:
    """The data directory that the operating system's conventions give this user."""
    return platformdirs.user_data_path("voicewright", appauthor=False)


def _absolute(value: object) -> object:
    """Make a path independent of the directory that the program happens to start in."""
    if isinstance(value, str | Path):
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError as error:  # `~nobody-here/voices`
            raise ValueError(str(error)) from error
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Settings(BaseSettings):
    """The settings of one process; build it with `load_settings()`, or by field name in tests.

    An empty variable counts as one that is not set.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        frozen=True, populate_by_name=True, env_ignore_empty=True, extra="ignore"
    )

    home: Annotated[Path, BeforeValidator(_absolute)] = Field(
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
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="warning",
        validation_alias="VOICEWRIGHT_LOG_LEVEL",
        description="How much is logged to stderr: `debug`, `info`, `warning` or `error`.",
    )
    training_concurrency: int = Field(
        default=1,
        ge=1,
        le=64,
        validation_alias="TRAINING_CONCURRENCY",
        description="Trainings that may run at once on this data directory; further ones wait.",
    )
    voice_cache_mb: int = Field(
        default=2048,
        ge=1,
        validation_alias="VOICEWRIGHT_VOICE_CACHE_MB",
        description="MiB of unpacked voices kept ready for speaking; the least recently used go first.",
    )
    whisper_dir: Annotated[Path | None, BeforeValidator(_absolute)] = Field(
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


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsInvalid: names each variable that can't be used, and why; values are not repeated, they may be
            secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsInvalid(f"Some settings can't be used. {problems}. See docs/settings.md.") from None
