"""What to do about a job that failed: whether it is tried again by itself, when, and what its owner can do.

Temporary is what the surroundings did: a GPU or memory that was short, a network, a store or a database that
was away, a process that died. What follows from the recordings, the options, the budget or the consent would
only happen again, so it is never tried again by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.errors import AppError, ErrorKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.training.models import TrainingJob

RETRY_BASE_S: Final = 5
"""The delays are its powers: 5 s, 25 s, 125 s."""
LONGEST_DELAY_S: Final = 3600

_SURROUNDINGS: Final = frozenset({ErrorKind.UNAVAILABLE, ErrorKind.NO_SPACE, ErrorKind.RATE_LIMITED})
_HOUR_MS: Final = 3_600_000
_LONGEST_MS: Final = 7 * 24 * _HOUR_MS


def is_temporary(error: BaseException) -> bool:
    """Whether the same job may succeed later without anybody changing it."""
    if isinstance(error, AppError):
        return error.retryable or error.kind in _SURROUNDINGS
    # the system's own: disk full, connection reset, timed out; a missing file or permission stays so
    lasting = isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError | IsADirectoryError)
    return isinstance(error, OSError | MemoryError) and not lasting


def retry_delay_s(retry_count: int, max_retries: int = 3) -> float | None:
    """How long a job waits before it is tried again by itself; None: it is not.

    Args:
        retry_count: automatic retries so far.
        max_retries: `TRAINING_RETRY_ATTEMPTS`.
    """
    if retry_count >= max_retries:
        return None
    return float(min(RETRY_BASE_S ** (retry_count + 1), LONGEST_DELAY_S))


def suggested_actions(code: str, job: TrainingJob | None = None) -> list[str]:
    """What the owner of a job that failed can do about it, the most helpful first.

    Args:
        code: of the error.
        job: what the advice is about, where it is known.
    """
    advise = _ADVICE.get(code)
    if advise is not None:
        return advise(job)
    return [
        "Read the last lines of the job's log: GET /training/{jobId}/logs.",
        "Try again: POST /training/{jobId}/retry.",
        "If it fails in the same way, tell whoever runs this server.",
    ]


def _sample_gone(_: TrainingJob | None) -> list[str]:
    return [
        "Check the ids in voiceSampleIds: a deleted sample, or one of somebody else's, is not found.",
        "Upload the recording again and start a new job with its id, or without it.",
    ]


def _poor_audio(_: TrainingJob | None) -> list[str]:
    return [
        "Look at the verdict and the reasons of each sample, and leave the rejected ones out.",
        "Record again in a quiet room, a hand's width from the microphone, at an even loudness.",
        "Upload the original files rather than copies that a messenger or a video call has compressed.",
    ]


def _too_little(job: TrainingJob | None) -> list[str]:
    return [
        "Add recordings of the same speaker until there is as much clear speech as the message asks for.",
        "Or choose a provider that needs less: GET /engines says how much each of them needs.",
        *_poor_audio(job),
    ]


def _out_of_time(job: TrainingJob | None) -> list[str]:
    limit_ms = _HOUR_MS if job is None else job.max_training_ms
    longer_ms = min(2 * limit_ms, _LONGEST_MS)
    now = "" if job is None else f" (it was {limit_ms} ms)"
    return [
        "Try again: POST /training/{jobId}/retry. It goes on from its last checkpoint, with the same time.",
        f"Start a new job with a higher options.maxTrainingTimeMs{now}, for example {longer_ms}.",
        "Lower options.epochs, or give fewer samples.",
    ]


def _no_gpu(job: TrainingJob | None) -> list[str]:
    engine = "this engine" if job is None else job.provider
    return [
        "Try again later: POST /training/{jobId}/retry. The job goes on where it stopped.",
        f"Start a worker on a machine with a GPU that serves {engine}: voicewright worker.",
        "Choose a provider that needs no GPU, such as builtin.",
    ]


def _bad_voice(job: TrainingJob | None) -> list[str]:
    least = "" if job is None else f" (now {job.quality_threshold:g})"
    return [
        "Listen to the voice that was made: it is kept with the job, and the evaluation names what is weak.",
        "Add clean recordings of the same speaker; three minutes with transcripts make a good voice.",
        "Leave out the samples with background noise, echo or a second speaker.",
        f"Lower options.qualityThreshold{least} if the voice is good enough for you.",
    ]


def _no_memory(_: TrainingJob | None) -> list[str]:
    return [
        "Lower options.batchSize, or give fewer samples.",
        "Free memory on the machine of the worker, then try again: POST /training/{jobId}/retry.",
    ]


def _process_lost(_: TrainingJob | None) -> list[str]:
    return [
        "Try again: POST /training/{jobId}/retry. The training goes on from its last checkpoint.",
        "If it happens again, the machine of the worker may be short of memory: lower options.batchSize.",
    ]


def _no_disk(_: TrainingJob | None) -> list[str]:
    return [
        "Free disk space on the machine of the worker, or delete voices and jobs that nobody needs.",
        "Then try again: POST /training/{jobId}/retry. The training goes on from its last checkpoint.",
    ]


def _away(_: TrainingJob | None) -> list[str]:
    return [
        "Check that the database and the storage of this installation can be reached.",
        "Then try again: POST /training/{jobId}/retry. The training goes on from its last checkpoint.",
    ]


def _too_expensive(_: TrainingJob | None) -> list[str]:
    return [
        "Ask what it would cost: POST /training/estimate names the parts and what makes it cheaper.",
        "Give fewer samples or a lower options.maxTrainingTimeMs, or choose a cheaper provider.",
        "Whoever runs this server can raise MAX_TRAINING_COST.",
    ]


def _budget_used(_: TrainingJob | None) -> list[str]:
    return [
        "Try again tomorrow (UTC), when the budget of the day begins anew.",
        "Choose a provider that costs less, such as builtin.",
        "Whoever runs this server can raise DAILY_TRAINING_BUDGET.",
    ]


def _no_transcripts(_: TrainingJob | None) -> list[str]:
    return [
        "Write down what is said in each sample, and start a new job.",
        "Choose a provider that needs no transcripts.",
    ]


def _bad_options(_: TrainingJob | None) -> list[str]:
    return ["Start a new job with the options that the message names corrected."]


def _no_consent(_: TrainingJob | None) -> list[str]:
    return ["Record the speaker's consent: POST /consents. Then start a new job, or try this one again."]


def _bad_language(_: TrainingJob | None) -> list[str]:
    return [
        "Start a new job with the language of the samples, by one of the codes that the message names.",
        "Or choose a provider that speaks it: GET /engines lists the languages of each.",
    ]


def _no_weights(job: TrainingJob | None) -> list[str]:
    engine = "ID" if job is None else job.provider
    return [
        f"Run `voicewright engines install {engine}` on the worker's machine: it fetches what is missing.",
        "Where there is no internet, add `--weights DIR`, a folder with the files.",
        "Then try again: POST /training/{jobId}/retry. Or choose another provider.",
    ]


def _no_key(job: TrainingJob | None) -> list[str]:
    engine = "the provider" if job is None else job.provider
    return [
        f"Whoever runs this server sets what the message names, or checks the key of {engine} that is there.",
        "Then try again: POST /training/{jobId}/retry. Or choose another provider.",
    ]


def _quota_used(_: TrainingJob | None) -> list[str]:
    return [
        "Raise the limit or the plan of the account at the provider, or delete voices that nobody needs.",
        "Then try again: POST /training/{jobId}/retry. It goes on with what was made there, where it can.",
        "Or choose another provider, such as builtin.",
    ]


def _provider_away(_: TrainingJob | None) -> list[str]:
    return [
        "Try again later: POST /training/{jobId}/retry. It goes on with what was made there, where it can.",
        "Look at the provider's status page; it was asked several times already.",
        "Or choose another provider, such as builtin.",
    ]


def _provider_refuses(_: TrainingJob | None) -> list[str]:
    return [
        "Read the provider's reason in the message, and change the samples or the options that it names.",
        "Or choose another provider: the same samples will do.",
    ]


def _voice_gone(_: TrainingJob | None) -> list[str]:
    return [
        "Start a new job with the same samples: the provider does not have this voice any more.",
        "Or choose another provider.",
    ]


def _maybe_made(_: TrainingJob | None) -> list[str]:
    return [
        "Ask whoever runs this server to delete at the provider what has the name in the message.",
        "Then try again: POST /training/{jobId}/retry. That has another voice made.",
        "Or choose another provider.",
    ]


def _no_recorded_consent(_: TrainingJob | None) -> list[str]:
    return [
        "Record the speaker saying what the message asks for, and upload that as a sample of theirs.",
        "Give it: POST /consents with recording_sample_id, language, and the scope that the message names.",
        "Then try again: POST /training/{jobId}/retry. Nothing was uploaded so far.",
        "Or choose a provider that runs on this machine, such as builtin.",
    ]


def _not_installed(_: TrainingJob | None) -> list[str]:
    return [
        "Run `voicewright doctor` on the machine of the worker: it names what is missing, and its remedy.",
        "Or choose another provider.",
    ]


_ADVICE: Final[dict[str, Callable[[TrainingJob | None], list[str]]]] = {
    "VOICE_SAMPLE_NOT_FOUND": _sample_gone,
    "INSUFFICIENT_AUDIO_QUALITY": _poor_audio,
    "NO_USABLE_SPEECH": _poor_audio,
    "TOO_LITTLE_SPEECH": _too_little,
    "TRAINING_TIMEOUT": _out_of_time,
    "GPU_UNAVAILABLE": _no_gpu,
    "MODEL_VALIDATION_FAILED": _bad_voice,
    "NO_MEMORY": _no_memory,
    "ENGINE_OUT_OF_MEMORY": _no_memory,
    "HOST_DIED": _process_lost,
    "HOST_HUNG": _process_lost,
    "HOST_TIMED_OUT": _process_lost,
    "DISK_FULL": _no_disk,
    "ENGINE_DISK_FULL": _no_disk,
    "STORAGE_FULL": _no_disk,
    "HOME_FULL": _no_disk,
    "DATABASE_FULL": _no_disk,
    "STORAGE_UNAVAILABLE": _away,
    "DATABASE_UNAVAILABLE": _away,
    "TRAINING_COST_EXCEEDED": _too_expensive,
    "DAILY_BUDGET_EXCEEDED": _budget_used,
    "TRANSCRIPTS_NEEDED": _no_transcripts,
    "OPTIONS_INVALID": _bad_options,
    "OPTION_NOT_SUPPORTED": _bad_options,
    "LANGUAGE_UNSUPPORTED": _bad_language,
    "CONSENT_REQUIRED": _no_consent,
    "WEIGHTS_MISSING": _no_weights,
    "WEIGHTS_DAMAGED": _no_weights,
    "PROVIDER_KEY_MISSING": _no_key,
    "PROVIDER_KEY_REFUSED": _no_key,
    "PROVIDER_QUOTA_EXCEEDED": _quota_used,
    "PROVIDER_RATE_LIMITED": _provider_away,
    "PROVIDER_UNAVAILABLE": _provider_away,
    "PROVIDER_ANSWER_INVALID": _provider_away,
    "PROVIDER_OUTCOME_UNKNOWN": _maybe_made,
    "PROVIDER_REFUSED": _provider_refuses,
    "PROVIDER_ERROR": _provider_refuses,
    "PROVIDER_VOICE_GONE": _voice_gone,
    "PROVIDER_CONSENT_REQUIRED": _no_recorded_consent,
    "ENGINE_NOT_INSTALLED": _not_installed,
    "QUALITY_JUDGE_MISSING": _not_installed,
}
