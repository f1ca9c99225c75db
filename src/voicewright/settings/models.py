"""The registry of voices: how often it may be called, and what is cleaned up."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ModelSettings(BaseModel):
    """The registry of voices: how often it may be called, and what is cleaned up."""

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
