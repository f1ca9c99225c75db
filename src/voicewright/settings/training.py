"""Trainings: how many, how good, and for how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from voicewright.settings.values import Dollars, known_time_zone


class TrainingSettings(BaseModel):
    """Trainings: how many, how good, and for how much."""

    training_concurrency: int = Field(
        default=2,
        ge=1,
        le=64,
        validation_alias="TRAINING_CONCURRENCY",
        description="Trainings that a worker process runs at once; `voicewright clone` counts its own, for "
        "each data directory. Further ones wait.",
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
    off_peak_time_zone: Annotated[str, AfterValidator(known_time_zone)] = Field(
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
