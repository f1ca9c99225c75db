from __future__ import annotations

import errno

import pytest

from voicewright.db.errors import DatabaseUnavailable
from voicewright.engines.errors import (
    EngineNotInstalled,
    EngineOutOfMemory,
    GpuUnavailable,
    HostDied,
    HostHung,
    LanguageUnsupported,
    OptionsInvalid,
    ProviderAnswerInvalid,
    ProviderConsentRequired,
    ProviderError,
    ProviderKeyMissing,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    ProviderVoiceGone,
    TooLittleSpeech,
    WeightsDamaged,
    WeightsMissing,
)
from voicewright.privacy.errors import ConsentRequired
from voicewright.storage.errors import StorageFull, StorageUnavailable
from voicewright.training.errors import (
    DailyBudgetExceeded,
    InsufficientAudioQuality,
    ModelValidationFailed,
    TrainingCostExceeded,
    TrainingTimeout,
    VoiceSampleNotFound,
)
from voicewright.training.models import TrainingJob
from voicewright.training.recovery import is_temporary, retry_delay_s, suggested_actions

TEMPORARY = (
    GpuUnavailable,
    EngineOutOfMemory,
    HostDied,
    HostHung,
    DatabaseUnavailable,
    StorageFull,
    StorageUnavailable,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderAnswerInvalid,
)
PERMANENT = (
    VoiceSampleNotFound,
    InsufficientAudioQuality,
    TrainingTimeout,
    ModelValidationFailed,
    TrainingCostExceeded,
    DailyBudgetExceeded,
    OptionsInvalid,
    TooLittleSpeech,
    ConsentRequired,
    EngineNotInstalled,
    LanguageUnsupported,
    WeightsMissing,
    WeightsDamaged,
    ProviderError,
    ProviderKeyMissing,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRefused,
    ProviderVoiceGone,
    ProviderConsentRequired,
)
COMMON = {
    "WEIGHTS_MISSING": "voicewright engines install tone",
    "PROVIDER_KEY_MISSING": "checks the key of tone",
    "PROVIDER_QUOTA_EXCEEDED": "the plan of the account at the provider",
    "PROVIDER_UNAVAILABLE": "goes on with what was made there",
    "PROVIDER_REFUSED": "the provider's reason",
    "PROVIDER_VOICE_GONE": "a new job with the same samples",
    "PROVIDER_CONSENT_REQUIRED": "recording_sample_id",
    "TOO_LITTLE_SPEECH": "GET /engines",
    "LANGUAGE_UNSUPPORTED": "GET /engines",
    "VOICE_SAMPLE_NOT_FOUND": "voiceSampleIds",
    "INSUFFICIENT_AUDIO_QUALITY": "Record again",
    "TRAINING_TIMEOUT": "maxTrainingTimeMs (it was 7200000 ms), for example 14400000",
    "GPU_UNAVAILABLE": "serves tone: voicewright worker",
    "MODEL_VALIDATION_FAILED": "options.qualityThreshold (now 0.8)",
}


@pytest.fixture
def job() -> TrainingJob:
    return TrainingJob(provider="tone", max_training_ms=7_200_000, quality_threshold=0.8)


@pytest.mark.parametrize("error", TEMPORARY)
def test_what_the_surroundings_did_is_tried_again(error: type) -> None:
    assert is_temporary(error("x"))


@pytest.mark.parametrize("error", PERMANENT)
def test_what_would_only_happen_again_is_not(error: type) -> None:
    assert not is_temporary(error("x"))


def test_an_error_may_say_itself_that_it_will_pass() -> None:
    assert is_temporary(OptionsInvalid("the price list could not be fetched", retryable=True))


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (OSError(errno.ENOSPC, "full"), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (MemoryError(), True),
        (FileNotFoundError(), False),
        (PermissionError(), False),
        (ValueError(), False),
    ],
)
def test_the_systems_own_errors_are_sorted_as_well(error: Exception, temporary: object) -> None:
    assert is_temporary(error) is temporary


def test_a_job_is_tried_again_after_5_25_and_125_seconds() -> None:
    assert [retry_delay_s(count) for count in range(5)] == [5.0, 25.0, 125.0, None, None]
    assert retry_delay_s(0, max_retries=0) is None
    assert [retry_delay_s(count, max_retries=9) for count in (3, 4, 5, 8)] == [625.0, 3125.0, 3600.0, 3600.0]


@pytest.mark.parametrize("code", COMMON)
def test_each_of_the_common_errors_comes_with_advice_about_this_job(code: str, job: TrainingJob) -> None:
    told = suggested_actions(code, job)

    assert COMMON[code] in " ".join(told)
    assert all(action.endswith(".") for action in told)
    assert suggested_actions(code)  # also where nothing is known of the job


@pytest.mark.parametrize("error", [*TEMPORARY, *PERMANENT])
def test_every_foreseen_error_has_advice_of_its_own(error: type, job: TrainingJob) -> None:
    unforeseen = suggested_actions("ENGINE_FAILED", job)

    assert "GET /training/{jobId}/logs" in unforeseen[0]
    assert suggested_actions(error.code, job) != unforeseen
