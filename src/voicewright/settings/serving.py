"""The HTTP service: its address, its limits on what comes, and whom it tells of trouble."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from voicewright.settings.values import comma_separated, mail_server, without_slash


class ServingSettings(BaseModel):
    """The HTTP service: its address, its limits on what comes, and whom it tells of trouble."""

    max_upload_mb: int = Field(
        default=4096,
        ge=1,
        validation_alias="VOICEWRIGHT_MAX_UPLOAD_MB",
        description="MiB that one upload may have, its archives also when they are unpacked.",
    )
    max_upload_file_mb: int = Field(
        default=2048,
        ge=1,
        validation_alias="VOICEWRIGHT_MAX_UPLOAD_FILE_MB",
        description="MiB that one file of an upload may have.",
    )
    max_upload_files: int = Field(
        default=1000,
        ge=1,
        le=10_000,
        validation_alias="VOICEWRIGHT_MAX_UPLOAD_FILES",
        description="Files that one upload may have, those in its archives included.",
    )
    host: str = Field(
        default="127.0.0.1",
        validation_alias="VOICEWRIGHT_HOST",
        description="Address that the service listens on; `0.0.0.0` for all of the machine's.",
    )
    port: int = Field(
        default=3005,
        ge=0,
        le=65535,
        validation_alias="PORT",
        description="Port that the service listens on; 0: one that is free.",
    )
    public_url: Annotated[str | None, BeforeValidator(without_slash)] = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        validation_alias="VOICEWRIGHT_PUBLIC_URL",
        description="Address under which people reach the service, for links; empty: the one it is asked at.",
    )
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...] | None, NoDecode, BeforeValidator(comma_separated)
    ] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_TRUSTED_PROXIES",
        description="Proxies whose `X-Forwarded-*` headers are believed: addresses and networks, by commas.",
    )
    json_limit_bytes: int = Field(
        default=1 << 20,
        ge=1024,
        validation_alias="VOICEWRIGHT_JSON_LIMIT_BYTES",
        description="Bytes that the body of a request may have; uploads have limits of their own.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        validation_alias="VOICEWRIGHT_METRICS_TOKEN",
        description="Bearer token with which Prometheus reads `/metrics`; empty: administrators alone do.",
    )
    alert_error_rate: float = Field(
        default=0.05,
        gt=0,
        le=1,
        validation_alias="VOICEWRIGHT_ALERT_ERROR_RATE",
        description="Share of failed operations on voices in 15 minutes, 0 to 1, over which there is an "
        "alert.",
    )
    alert_cleanup_eligible: int = Field(
        default=100,
        ge=1,
        validation_alias="VOICEWRIGHT_ALERT_CLEANUP_ELIGIBLE",
        description="Voices that a cleanup finds eligible, over which there is an alert.",
    )
    smtp_url: Annotated[SecretStr | None, AfterValidator(mail_server)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_SMTP_URL",
        description="Mail server for alerts, `smtp://user:password@host:587` or `smtps://...`; empty: no "
        "mail is sent.",
    )
    mail_from: str | None = Field(
        default=None,
        pattern=r"^[^\s@<>]+@[^\s@<>]+$",
        max_length=254,
        validation_alias="VOICEWRIGHT_MAIL_FROM",
        description="Address that mails come from; needed for sending any.",
    )

    @model_validator(mode="after")
    def _mail_has_a_sender(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("set VOICEWRIGHT_MAIL_FROM as well, or no VOICEWRIGHT_SMTP_URL")
        return self
