"""Where files lie, under which key, and how much may."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from voicewright.settings.values import pairs, without_slash


class StoringSettings(BaseModel):
    """Where files lie, under which key, and how much may."""

    store_url: Annotated[str | None, BeforeValidator(without_slash)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_STORE_URL",
        description="Where the files of voices and recordings are kept: `s3://bucket/folder`, `gs://...` or "
        "`az://...`, with the provider's own variables for credentials; empty: the data directory.",
    )
    store_options: Annotated[dict[str, str] | None, NoDecode, BeforeValidator(pairs)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_STORE_OPTIONS",
        description="Options of that store, `endpoint=http://host:9000,region=us-east-1,allow_http=true`.",
    )
    backup_url: Annotated[str | None, BeforeValidator(without_slash)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_BACKUP_URL",
        description="Where backups of voices are kept, if not beside them: an address as that of the store, "
        "or a directory, `file:///mnt/backups`.",
    )
    backup_options: Annotated[dict[str, str] | None, NoDecode, BeforeValidator(pairs)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_BACKUP_OPTIONS",
        description="Options of that store, as `VOICEWRIGHT_STORE_OPTIONS`.",
    )
    master_key: SecretStr | None = Field(
        default=None,
        validation_alias="VOICEWRIGHT_MASTER_KEY",
        description="Seals the keys of all stored files: base64 of 32 bytes (`openssl rand -base64 32`); "
        "several with commas, the first one seals. Empty: `keys/master.key` in the data directory.",
    )
    storage_quota_mb: int | None = Field(
        default=None,
        ge=1,
        validation_alias="VOICEWRIGHT_STORAGE_QUOTA_MB",
        description="MiB that the voices of all users may take together; from 80 % on there is an alert. "
        "Nothing is refused.",
    )
    user_storage_quota_mb: int | None = Field(
        default=None,
        ge=1,
        validation_alias="VOICEWRIGHT_USER_STORAGE_QUOTA_MB",
        description="MiB that the voices of one user may take; from 80 % on there is an alert.",
    )
