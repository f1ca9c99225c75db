"""Every setting of the program, read once from the environment and passed on as one frozen object.

`bootstrap` calls `load_settings()`; nothing else reads the environment. The names are those of the operator's
world (`DATABASE_URL`, `TRAINING_CONCURRENCY`) where such a name exists, and `VOICEWRIGHT_*` otherwise.
`docs/settings.md` has one row for each field below; a test compares the two.
"""

from __future__ import annotations

import re
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from voicewright.errors import AppError, ErrorKind

Dollars = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=6)]


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


def _known_time_zone(value: str) -> str:
    if value != "UTC":  # known without the system's tables
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not a time zone that is known here; write one such as Europe/Berlin") from None
    return value


def _as_mib(value: object) -> object:
    """Read an amount of memory as people write it: `16GB`, `16 GiB`, `800MB`; without a unit it is MiB."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:(T|G|M)i?B?)?\s*", value, re.IGNORECASE)
        if found is None:
            raise ValueError("write it as 16GB or 800MB")
        return round(float(found[1]) * {"T": 1 << 20, "G": 1 << 10, "M": 1}[(found[2] or "M").upper()])
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _comma_separated(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if any(not name.strip() or not is_ for name, is_, _ in pairs):
        raise ValueError("write it as name=value,name=value")
    return {name.strip(): text.strip() for name, _, text in pairs}


def _mail_server(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        try:
            url = urlsplit(value.get_secret_value())
            fits = url.scheme in {"smtp", "smtps"} and bool(url.hostname) and url.port != 0
        except ValueError:
            fits = False
        if not fits or url.path.strip("/") or url.query or url.fragment:
            raise ValueError("write it as smtp://user:password@host:587, with %40 for an @ in the password")
    return value


def _without_slash(value: object) -> object:
    return value.rstrip("/") if isinstance(value, str) else value


class Settings(BaseSettings):
    """The settings of one process; build it with `load_settings()`, or by field name in tests.

    An empty variable counts as one that is not set.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        frozen=True,
        populate_by_name=True,
        # tests build settings by field name; the environment is to know the aliases alone, or `HOME` would be
        # taken for `home`. No variable can have a name with this prefix.
        env_prefix="=",
        env_ignore_empty=True,
        extra="ignore",
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
        default=2,
        ge=1,
        le=64,
        validation_alias="TRAINING_CONCURRENCY",
        description="Trainings that a worker process runs at once; `voicewright clone` counts its own, for "
        "each data directory. Further ones wait.",
    )
    gpu_node_id: str | None = Field(
        default=None,
        max_length=200,
        validation_alias="GPU_NODE_ID",
        description="What this machine is called among the nodes; empty: its host name.",
    )
    gpu_memory_limit_mb: Annotated[int | None, BeforeValidator(_as_mib)] = Field(
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
    whisper_dir: Annotated[Path | None, BeforeValidator(_absolute)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_WHISPER_DIR",
        description="Directory with Whisper weights in CTranslate2 form, for faster-whisper to hear with.",
    )
    store_url: Annotated[str | None, BeforeValidator(_without_slash)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_STORE_URL",
        description="Where the files of voices and recordings are kept: `s3://bucket/folder`, `gs://...` or "
        "`az://...`, with the provider's own variables for credentials; empty: the data directory.",
    )
    store_options: Annotated[dict[str, str] | None, NoDecode, BeforeValidator(_pairs)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_STORE_OPTIONS",
        description="Options of that store, `endpoint=http://host:9000,region=us-east-1,allow_http=true`.",
    )
    backup_url: Annotated[str | None, BeforeValidator(_without_slash)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_BACKUP_URL",
        description="Where backups of voices are kept, if not beside them: an address as that of the store, "
        "or a directory, `file:///mnt/backups`.",
    )
    backup_options: Annotated[dict[str, str] | None, NoDecode, BeforeValidator(_pairs)] = Field(
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
    min_free_disk_mb: int = Field(
        default=200,
        ge=0,
        validation_alias="VOICEWRIGHT_MIN_FREE_DISK_MB",
        description="MiB that must stay free on the disk of the data directory before long work starts.",
    )
    max_voice_file_bytes: int = Field(
        default=10_485_760,
        ge=1024,
        validation_alias="MAX_VOICE_FILE_SIZE",
        description="Bytes that a single sample may have (`/api/voice/upload`).",
    )
    min_voice_s: float = Field(
        default=10.0,
        ge=0,
        validation_alias="MIN_VOICE_DURATION",
        description="Seconds that a single sample must have.",
    )
    max_voice_s: float = Field(
        default=300.0,
        gt=0,
        validation_alias="MAX_VOICE_DURATION",
        description="Seconds that a single sample may have.",
    )
    voice_requests_per_hour: int = Field(
        default=20,
        ge=1,
        validation_alias="VOICEWRIGHT_VOICE_REQUESTS_PER_HOUR",
        description="Requests that an account may make in an hour under `/api/voice`: uploads, clones and "
        "syntheses together.",
    )
    clone_wait_s: float = Field(
        default=300.0,
        ge=0,
        le=3600,
        validation_alias="VOICEWRIGHT_CLONE_WAIT_S",
        description="Seconds that `/api/voice/clone` waits for its voice in development, before it answers "
        "202.",
    )
    history_days: int = Field(
        default=365,
        ge=0,
        le=36_500,
        validation_alias="VOICEWRIGHT_HISTORY_DAYS",
        description="Days that what was spoken stays in the history, with its file; 0: until it is deleted.",
    )
    history_user_mb: int = Field(
        default=1024,
        ge=1,
        validation_alias="VOICEWRIGHT_HISTORY_USER_MB",
        description="MiB of spoken files that one user's history keeps; the oldest files go first.",
    )
    speech_cache_mb: int = Field(
        default=100,
        ge=0,
        validation_alias="VOICEWRIGHT_SPEECH_CACHE_MB",
        description="MiB of spoken sentences kept for one user, so that the same is not computed twice; the "
        "least recently used go first. 0: none.",
    )
    max_synthesis_text_length: int = Field(
        default=5000,
        ge=1,
        validation_alias="MAX_SYNTHESIS_TEXT_LENGTH",
        description="Characters that may be spoken at once; longer texts are jobs.",
    )
    speech_requests_per_minute: int = Field(
        default=500,
        ge=1,
        validation_alias="VOICEWRIGHT_SPEECH_REQUESTS_PER_MINUTE",
        description="Texts that an account may have spoken in a minute by OpenAI's clients "
        "(`/v1/audio/speech`).",
    )
    stock_voices: Annotated[dict[str, str] | None, NoDecode, BeforeValidator(_pairs)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_STOCK_VOICES",
        description="Who speaks where an OpenAI client names one of OpenAI's voices, "
        "`alloy=Anna,nova=Bea,*=active`; the active voice where nothing is said.",
    )
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
    model_creations_per_hour: int = Field(
        default=5,
        ge=1,
        validation_alias="VOICEWRIGHT_MODEL_CREATIONS_PER_HOUR",
        description="Voice models that an account may register in an hour; so many artefacts it may upload.",
    )
    model_updates_per_hour: int = Field(
        default=20,
        ge=1,
        validation_alias="VOICEWRIGHT_MODEL_UPDATES_PER_HOUR",
        description="Changes of voice models (update, rollback) that an account may make in an hour.",
    )
    model_analytics_per_hour: int = Field(
        default=60,
        ge=1,
        validation_alias="VOICEWRIGHT_MODEL_ANALYTICS_PER_HOUR",
        description="Questions for the analytics of voice models that an account may ask in an hour.",
    )
    model_backups_per_day: int = Field(
        default=2,
        ge=1,
        validation_alias="VOICEWRIGHT_MODEL_BACKUPS_PER_DAY",
        description="Backups of an account's voices over HTTP in a day, and as many restores.",
    )
    deleted_retention_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        validation_alias="VOICEWRIGHT_DELETED_RETENTION_DAYS",
        description="Days for which a deleted voice can be brought back; then its files go. 0: at once.",
    )
    cleanup_every_hours: int = Field(
        default=24,
        ge=0,
        le=8760,
        validation_alias="VOICEWRIGHT_CLEANUP_EVERY_HOURS",
        description="Hours between two cleanups of old, poor, unused voices, by one worker of all; 0: none.",
    )
    cleanup_min_age_days: int = Field(
        default=184,
        ge=1,
        le=36_500,
        validation_alias="VOICEWRIGHT_CLEANUP_MIN_AGE_DAYS",
        description="Days that a voice must be old to be cleaned up; 184: the longest six months.",
    )
    cleanup_below_quality: float = Field(
        default=0.5,
        ge=0,
        le=1,
        validation_alias="VOICEWRIGHT_CLEANUP_BELOW_QUALITY",
        description="Quality score, 0 to 1, under which a voice may be cleaned up.",
    )
    cleanup_unused_days: int = Field(
        default=30,
        ge=1,
        le=36_500,
        validation_alias="VOICEWRIGHT_CLEANUP_UNUSED_DAYS",
        description="Days without use after which a voice may be cleaned up.",
    )
    cleanup_notice_days: int = Field(
        default=7,
        ge=0,
        le=365,
        validation_alias="VOICEWRIGHT_CLEANUP_NOTICE_DAYS",
        description="Days before the scheduled cleanup takes a voice that its owner is told; 0: not at all.",
    )
    training_timeout_ms: int = Field(
        default=7_200_000,
        ge=1000,
        le=7 * 86_400_000,
        validation_alias="TRAINING_TIMEOUT_MS",
        description="Milliseconds that a training may run, unless its request says another limit.",
    )
    training_retry_attempts: int = Field(
        default=3,
        ge=0,
        le=10,
        validation_alias="TRAINING_RETRY_ATTEMPTS",
        description="Automatic retries of a job after temporary failures: after 5 s, 25 s, 125 s.",
    )
    min_quality_score: float = Field(
        default=0.7,
        ge=0,
        le=1,
        validation_alias="MIN_QUALITY_SCORE",
        description="Overall quality, 0 to 1, under which a training fails, unless its request says another.",
    )
    target_quality_score: float = Field(
        default=0.85,
        ge=0,
        le=1,
        validation_alias="TARGET_QUALITY_SCORE",
        description="Overall quality, 0 to 1, that an estimate says how to reach.",
    )
    max_training_cost: Dollars = Field(
        default=Decimal("100.00"),
        validation_alias="MAX_TRAINING_COST",
        description="Dollars that one training job may cost.",
    )
    daily_training_budget: Dollars = Field(
        default=Decimal("1000.00"),
        validation_alias="DAILY_TRAINING_BUDGET",
        description="Dollars that all training jobs of one day (UTC) may cost together.",
    )
    max_training_samples: int = Field(
        default=500,
        ge=1,
        le=10_000,
        validation_alias="VOICEWRIGHT_MAX_TRAINING_SAMPLES",
        description="Samples that one request may name one by one; a dataset may have more.",
    )
    off_peak: str = Field(
        default="22:00-06:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        validation_alias="VOICEWRIGHT_OFF_PEAK",
        description="Hours of the day in which jobs with `schedule: off-peak` start, such as `22:00-06:00`.",
    )
    off_peak_time_zone: Annotated[str, AfterValidator(_known_time_zone)] = Field(
        default="UTC",
        validation_alias="VOICEWRIGHT_OFF_PEAK_TIME_ZONE",
        description="Time zone of these hours, such as `Europe/Berlin`.",
    )
    price_gpu_hour: Dollars = Field(
        default=Decimal("2.50"),
        validation_alias="VOICEWRIGHT_PRICE_GPU_HOUR",
        description="Dollars for an hour of training on a GPU.",
    )
    price_cpu_hour: Dollars = Field(
        default=Decimal(0),
        validation_alias="VOICEWRIGHT_PRICE_CPU_HOUR",
        description="Dollars for an hour of training without a GPU.",
    )
    price_storage_gb: Dollars = Field(
        default=Decimal("0.02"),
        validation_alias="VOICEWRIGHT_PRICE_STORAGE_GB",
        description="Dollars for a gigabyte of samples and voice stored.",
    )
    price_transfer_gb: Dollars = Field(
        default=Decimal("0.09"),
        validation_alias="VOICEWRIGHT_PRICE_TRANSFER_GB",
        description="Dollars for a gigabyte moved to and from the machine that trains.",
    )
    price_google_training: Dollars = Field(
        default=Decimal(300),
        validation_alias="VOICEWRIGHT_PRICE_GOOGLE_TRAINING",
        description="Dollars for a custom voice of Google Cloud, with half an hour of speech.",
    )
    price_google_minute: Dollars = Field(
        default=Decimal("0.10"),
        validation_alias="VOICEWRIGHT_PRICE_GOOGLE_MINUTE",
        description="Dollars for each further minute of speech there.",
    )
    price_google_calls: Dollars = Field(
        default=Decimal(50),
        validation_alias="VOICEWRIGHT_PRICE_GOOGLE_CALLS",
        description="Dollars for the calls that a training there takes.",
    )
    price_openai_thousand_tokens: Dollars = Field(
        default=Decimal("0.008"),
        validation_alias="VOICEWRIGHT_PRICE_OPENAI_THOUSAND_TOKENS",
        description="Dollars for a thousand tokens of a fine-tuning at OpenAI.",
    )
    price_openai_calls: Dollars = Field(
        default=Decimal(25),
        validation_alias="VOICEWRIGHT_PRICE_OPENAI_CALLS",
        description="Dollars for the calls that a training there takes.",
    )
    environment: Annotated[Literal["development", "production"], BeforeValidator(_lower)] = Field(
        default="development",
        validation_alias="ENVIRONMENT",
        description="`development` trusts whoever uploads; `production` asks for recorded consent.",
    )
    watermark: Annotated[Literal["auto", "required", "off"], BeforeValidator(_lower)] = Field(
        default="auto",
        validation_alias="VOICEWRIGHT_WATERMARK",
        description="`auto` marks speech where the packages for it are installed, `required` refuses to "
        "speak unmarked, `off` marks nothing.",
    )
    verifications_per_hour: int = Field(
        default=60,
        ge=1,
        validation_alias="VOICEWRIGHT_VERIFICATIONS_PER_HOUR",
        description="Files that an account may have verified in an hour (`/provenance/verify`).",
    )
    max_verify_mb: int = Field(
        default=200,
        ge=1,
        validation_alias="VOICEWRIGHT_MAX_VERIFY_MB",
        description="MiB that a file to verify may have.",
    )
    max_verify_s: int = Field(
        default=5400,
        ge=1,
        validation_alias="VOICEWRIGHT_MAX_VERIFY_S",
        description="Seconds of sound that a file to verify may have.",
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
    public_url: Annotated[str | None, BeforeValidator(_without_slash)] = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        validation_alias="VOICEWRIGHT_PUBLIC_URL",
        description="Address under which people reach the service, for links; empty: the one it is asked at.",
    )
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...] | None, NoDecode, BeforeValidator(_comma_separated)
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
    smtp_url: Annotated[SecretStr | None, AfterValidator(_mail_server)] = Field(
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
    token_issuer: str = Field(
        default="voicewright",
        min_length=1,
        validation_alias="VOICEWRIGHT_TOKEN_ISSUER",
        description="Who signs the access tokens (`iss`).",
    )
    token_audience: str = Field(
        default="voicewright-api",
        min_length=1,
        validation_alias="VOICEWRIGHT_TOKEN_AUDIENCE",
        description="Whom the access tokens are for (`aud`).",
    )
    access_token_s: int = Field(
        default=900,
        ge=30,
        le=86_400,
        validation_alias="VOICEWRIGHT_ACCESS_TOKEN_S",
        description="Seconds that an access token lives.",
    )
    refresh_token_s: int = Field(
        default=30 * 86_400,
        ge=60,
        validation_alias="VOICEWRIGHT_REFRESH_TOKEN_S",
        description="Seconds without a refresh after which somebody has to sign in again.",
    )
    sign_in_link_s: int = Field(
        default=86_400,
        ge=60,
        validation_alias="VOICEWRIGHT_SIGN_IN_LINK_S",
        description="Seconds that a one-time sign-in link can be used.",
    )
    signing_key_days: int = Field(
        default=90,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGNING_KEY_DAYS",
        description="Days after which access tokens are signed with a new key.",
    )
    clock_leeway_s: int = Field(
        default=30,
        ge=0,
        le=600,
        validation_alias="VOICEWRIGHT_CLOCK_LEEWAY_S",
        description="Seconds by which the clocks of two machines may differ when a token is checked.",
    )
    sign_in_per_account: int = Field(
        default=10,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGN_IN_PER_ACCOUNT",
        description="Wrong passwords for one account in one window, before it has to wait.",
    )
    sign_in_per_address: int = Field(
        default=100,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGN_IN_PER_ADDRESS",
        description="Attempts to sign in from one address in one window, before it has to wait.",
    )
    sign_in_window_s: int = Field(
        default=900,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGN_IN_WINDOW_S",
        description="Seconds of the window in which attempts to sign in are counted.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        validation_alias="OIDC_ISSUER",
        description="Identity provider whose tokens are accepted (`iss`); needs the next two.",
    )
    oidc_audience: str | None = Field(
        default=None,
        validation_alias="OIDC_AUDIENCE",
        description="What its tokens name as their audience (`aud`): usually the client id.",
    )
    oidc_jwks_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        validation_alias="OIDC_JWKS_URL",
        description="Where its public keys are (JWKS); use `https` unless the network is yours alone.",
    )
    oidc_role_claim: str | None = Field(
        default=None,
        validation_alias="OIDC_ROLE_CLAIM",
        description="Claim with somebody's roles, such as `realm_access.roles`; empty: roles are given here.",
    )
    oidc_admin_role: str = Field(
        default="admin",
        min_length=1,
        validation_alias="OIDC_ADMIN_ROLE",
        description="Value of that claim that makes an administrator.",
    )

    speech_engines: int | None = Field(
        default=None,
        ge=1,
        le=64,
        validation_alias="VOICEWRIGHT_SPEECH_ENGINES",
        description="Processes of one engine that speak in one process of the service; empty: as many as "
        "there are processors, at most 2. Of an engine that needs a GPU there is one.",
    )
    speech_at_once: int = Field(
        default=32,
        ge=1,
        le=1000,
        validation_alias="VOICEWRIGHT_SPEECH_AT_ONCE",
        description="Speeches that go on at once in one process of the service; they share the engines.",
    )
    speech_per_user: int = Field(
        default=8,
        ge=1,
        le=1000,
        validation_alias="VOICEWRIGHT_SPEECH_PER_USER",
        description="Of these, one user's.",
    )
    speech_waiting: int = Field(
        default=16,
        ge=0,
        le=1000,
        validation_alias="VOICEWRIGHT_SPEECH_WAITING",
        description="Speeches that may wait for a place; further ones are refused at once with 503.",
    )
    speech_wait_s: float = Field(
        default=5.0,
        ge=0,
        le=300,
        validation_alias="VOICEWRIGHT_SPEECH_WAIT_S",
        description="Seconds that one waits at most, and what `Retry-After` says.",
    )
    speech_ahead_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        validation_alias="VOICEWRIGHT_SPEECH_AHEAD_S",
        description="Seconds of sound that may wait for a listener before the next sentence is spoken.",
    )
    speech_attempts: int = Field(
        default=3,
        ge=1,
        le=10,
        validation_alias="VOICEWRIGHT_SPEECH_ATTEMPTS",
        description="How often a sentence is spoken at most where the listener finds words missing or "
        "repeated.",
    )
    speech_check: bool = Field(
        default=True,
        validation_alias="VOICEWRIGHT_SPEECH_CHECK",
        description="Whether what is spoken is listened to, where a recogniser knows the language.",
    )

    long_characters: int = Field(
        default=50_000,
        ge=1000,
        le=1_000_000,
        validation_alias="VOICEWRIGHT_LONG_CHARACTERS",
        description="Characters that a long text may have, and all texts of a batch together.",
    )
    long_parts: int = Field(
        default=1000,
        ge=1,
        le=10_000,
        validation_alias="VOICEWRIGHT_LONG_PARTS",
        description="Paragraphs of a long text that may get files of their own.",
    )
    batch_items: int = Field(
        default=100,
        ge=1,
        le=10_000,
        validation_alias="VOICEWRIGHT_BATCH_ITEMS",
        description="Texts that one batch may have.",
    )
    long_open: int = Field(
        default=10,
        ge=1,
        le=1000,
        validation_alias="VOICEWRIGHT_LONG_OPEN",
        description="Long texts and batches of one user that may wait or be spoken at once.",
    )
    long_concurrency: int = Field(
        default=1,
        ge=0,
        le=64,
        validation_alias="VOICEWRIGHT_LONG_CONCURRENCY",
        description="Long texts and batches that one worker speaks at once; 0: none.",
    )
    long_chunk_attempts: int = Field(
        default=3,
        ge=1,
        le=10,
        validation_alias="VOICEWRIGHT_LONG_CHUNK_ATTEMPTS",
        description="How often a chunk of a long text is spoken before it has failed.",
    )

    @model_validator(mode="after")
    def _mail_has_a_sender(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("set VOICEWRIGHT_MAIL_FROM as well, or no VOICEWRIGHT_SMTP_URL")
        return self

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        parts = {
            "OIDC_ISSUER": self.oidc_issuer,
            "OIDC_AUDIENCE": self.oidc_audience,
            "OIDC_JWKS_URL": self.oidc_jwks_url,
        }
        missing = [name for name, value in parts.items() if value is None]
        if missing and len(missing) < len(parts):
            raise ValueError(f"set {' and '.join(missing)} as well, or none of {', '.join(parts)}")
        if self.oidc_issuer == self.token_issuer:
            raise ValueError("OIDC_ISSUER and VOICEWRIGHT_TOKEN_ISSUER are two issuers with one name")
        return self


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
            ": ".join(filter(None, (".".join(map(str, problem["loc"])), problem["msg"])))
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsInvalid(f"Some settings can't be used. {problems}. See docs/settings.md.") from None
