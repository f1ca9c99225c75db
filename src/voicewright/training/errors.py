"""Why a voice can't be made of what was given, a job can't be started, or one failed."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class NoUsableSpeech(AppError):
    """After intake no clip is left to train on; the message names the reasons that were found."""

    code: ClassVar[str] = "NO_USABLE_SPEECH"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TranscriptsNeeded(AppError):
    """The engine needs to know what is said, nobody wrote it down, and nothing here can recognise it."""

    code: ClassVar[str] = "TRANSCRIPTS_NEEDED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class NothingHeldOut(AppError):
    """The voice has no recordings that were kept from its training, so it can't be judged."""

    code: ClassVar[str] = "NOTHING_HELD_OUT"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class EngineCannotLearn(AppError):
    """The engine speaks with voices of its own and can't make new ones."""

    code: ClassVar[str] = "ENGINE_CANNOT_LEARN"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class VoiceSampleNotFound(AppError):
    """Samples that the request names do not exist, or belong to somebody else; all of them are named."""

    code: ClassVar[str] = "VOICE_SAMPLE_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class InsufficientAudioQuality(AppError):
    """The samples are too poor to make a voice of; the message names what was found in them."""

    code: ClassVar[str] = "INSUFFICIENT_AUDIO_QUALITY"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TrainingTimeout(AppError):
    """The training took longer than its limit; it was stopped and its last checkpoint kept."""

    code: ClassVar[str] = "TRAINING_TIMEOUT"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ModelValidationFailed(AppError):
    """The voice was made and is worse than the threshold of the job; it is kept for listening."""

    code: ClassVar[str] = "MODEL_VALIDATION_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TrainingCostExceeded(AppError):
    """The job would cost more than one job may; the message names both amounts."""

    code: ClassVar[str] = "TRAINING_COST_EXCEEDED"
    kind: ClassVar[ErrorKind] = ErrorKind.OVER_BUDGET


class DailyBudgetExceeded(AppError):
    """The job would cost more than is left of today's budget; the message says how much is left."""

    code: ClassVar[str] = "DAILY_BUDGET_EXCEEDED"
    kind: ClassVar[ErrorKind] = ErrorKind.OVER_BUDGET


class TrainingRequestInvalid(AppError):
    """Something about the request itself can't be used; each field is named."""

    code: ClassVar[str] = "TRAINING_REQUEST_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class OptionNotSupported(AppError):
    """The option exists, but the chosen engine can't honour it; the message names what it can."""

    code: ClassVar[str] = "OPTION_NOT_SUPPORTED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TrainingJobNotFound(AppError):
    """There is no such training job, or it is somebody else's."""

    code: ClassVar[str] = "TRAINING_JOB_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class TrainingJobEnded(AppError):
    """The job has ended, so it can't be cancelled; the message names its state."""

    code: ClassVar[str] = "TRAINING_JOB_ENDED"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class TrainingJobNotRetriable(AppError):
    """Only a job that failed or was cancelled can be tried again; the message names its state."""

    code: ClassVar[str] = "TRAINING_JOB_NOT_RETRIABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class TrainingHasNoVoice(AppError):
    """The job has made no voice that could be registered; the message names its state."""

    code: ClassVar[str] = "TRAINING_HAS_NO_VOICE"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class IdempotencyKeyReused(AppError):
    """The key was used before, for another request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
