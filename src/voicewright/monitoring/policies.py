"""When an operator is told: pure rules over the figures.

What is already told of is over a little later than it began, so that a figure that wavers about its limit
does not ring again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import uuid

    from voicewright.monitoring.figures import CleanupFigures, Figures
    from voicewright.settings import Settings

STORAGE_SHARE: Final = 0.8
"""Of the quota; from here on somebody should know."""
STORAGE_SHARE_OVER: Final = 0.75
LEAST_QUALITY: Final = 0.7
LEAST_QUALITY_OVER: Final = 0.72
FEWEST_OPERATIONS: Final = 20
"""Of fewer, a share says nothing."""
LONGEST_CLEANUP: Final = timedelta(hours=6)
LONGEST_DELETION: Final = timedelta(days=1)
"""Of a voice at its provider."""

KINDS: Final = {
    "storage_high": "the voices of all users take more than 80 % of their quota",
    "user_storage_high": "those of one user do",
    "quality_low": "the average quality of the voices is under 0.7",
    "operations_failing": "too large a share of the operations on voices fails",
    "cleanup_failed": "the last cleanup ended early, could not do all, or does not end",
    "cleanup_backlog": "the last cleanup found too many voices eligible",
    "provider_deletions": "voices that were deleted here have been at their providers for a day",
}

_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on there is an alert."""

    quota_bytes: int | None
    user_quota_bytes: int | None
    error_rate: float
    eligible: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those of the settings."""
        return cls(
            quota_bytes=_bytes(settings.storage_quota_mb),
            user_quota_bytes=_bytes(settings.user_storage_quota_mb),
            error_rate=settings.alert_error_rate,
            eligible=settings.alert_cleanup_eligible,
        )


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is so now, and that an operator has to know."""

    kind: str
    message: str
    subject: str = ""
    severity: str = "warning"
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """There is one alert of each at a time."""
        return self.kind, self.subject


def find_alarms(
    figures: Figures,
    large_users: Sequence[tuple[uuid.UUID, int]],
    limits: Limits,
    told: Collection[tuple[str, str]],
) -> list[Alarm]:
    """Everything that is so now.

    Args:
        figures: at this moment.
        large_users: the users whose voices take more than `STORAGE_SHARE_OVER` of their quota, in bytes.
        limits: from where on.
        told: the keys of the alerts that are open.
    """
    return [
        *_storage(figures, limits, told),
        *_user_storage(large_users, limits, told),
        *_quality(figures, told),
        *_operations(figures, limits, told),
        *_cleanup(figures, limits),
        *_provider_deletions(figures),
    ]


def _storage(figures: Figures, limits: Limits, told: Collection[tuple[str, str]]) -> Iterator[Alarm]:
    quota, used = limits.quota_bytes, figures.stored_bytes
    if quota is not None and used > quota * _share(("storage_high", "") in told):
        yield Alarm(
            "storage_high",
            f"The voices of all users take {used / quota:.0%} of their quota "
            f"({used // _MIB} of {quota // _MIB} MiB). Raise VOICEWRIGHT_STORAGE_QUOTA_MB, or clean up.",
            severity="critical" if used >= quota else "warning",
            details={"used_bytes": used, "quota_bytes": quota},
        )


def _user_storage(
    users: Sequence[tuple[uuid.UUID, int]], limits: Limits, told: Collection[tuple[str, str]]
) -> Iterator[Alarm]:
    quota = limits.user_quota_bytes
    for user_id, used in users:
        if quota is not None and used > quota * _share(("user_storage_high", str(user_id)) in told):
            yield Alarm(
                "user_storage_high",
                f"The voices of the user {user_id} take {used / quota:.0%} of their quota "
                f"({used // _MIB} of {quota // _MIB} MiB).",
                subject=str(user_id),
                details={"used_bytes": used, "quota_bytes": quota},
            )


def _quality(figures: Figures, told: Collection[tuple[str, str]]) -> Iterator[Alarm]:
    average = figures.average_quality
    least = LEAST_QUALITY_OVER if ("quality_low", "") in told else LEAST_QUALITY
    if average is not None and average < least:
        yield Alarm(
            "quality_low",
            f"The average quality of the voices is {average:.2f}, under {LEAST_QUALITY}. Look at the newest "
            "trainings and the recordings that they were made of.",
            details={"average_quality": round(average, 4)},
        )


def _operations(figures: Figures, limits: Limits, told: Collection[tuple[str, str]]) -> Iterator[Alarm]:
    total, failed = sum(figures.operations.values()), figures.operations.get("failed", 0)
    if total < FEWEST_OPERATIONS:
        return
    limit = limits.error_rate / 2 if ("operations_failing", "") in told else limits.error_rate
    if failed / total > limit:
        yield Alarm(
            "operations_failing",
            f"{failed} of {total} operations on voices failed in the last 15 minutes. The log names them by "
            "their request ids.",
            severity="critical",
            details={"failed": failed, "total": total},
        )


def _cleanup(figures: Figures, limits: Limits) -> Iterator[Alarm]:
    run = figures.cleanup
    if run is None:
        return
    trouble = _trouble_of(run, figures)
    if trouble is not None:
        yield Alarm("cleanup_failed", trouble, details={"failed": run.last_failed})
    if run.last_eligible > limits.eligible:
        yield Alarm(
            "cleanup_backlog",
            f"The last cleanup found {run.last_eligible} voices eligible, more than {limits.eligible}.",
            details={"eligible": run.last_eligible},
        )


def _provider_deletions(figures: Figures) -> Iterator[Alarm]:
    since = figures.provider_deletions_since
    if since is None or figures.now - since < LONGEST_DELETION:
        return
    counts = sorted(figures.provider_deletions.items())
    waiting = ", ".join(f"{count} of {engine}" for engine, count in counts)
    yield Alarm(
        "provider_deletions",
        f"Voices that were deleted here are still at their providers ({waiting}), the oldest since "
        f"{since:%Y-%m-%d %H:%M} UTC. `voicewright doctor` says why.",
        details={"waiting": figures.provider_deletions},
    )


def _trouble_of(run: CleanupFigures, figures: Figures) -> str | None:
    began = f"The cleanup that began at {run.last_started_at:%Y-%m-%d %H:%M} UTC"
    if run.last_error is not None:
        return f"{began} ended early: {run.last_error}"
    if run.last_failed:
        return f"{began} could not clean up {run.last_failed} voices; its report names them."
    if run.last_finished_at is None and figures.now - run.last_started_at > LONGEST_CLEANUP:
        return f"{began} has not ended."
    return None


def _share(is_told: bool) -> float:  # noqa: FBT001 - private
    return STORAGE_SHARE_OVER if is_told else STORAGE_SHARE


def _bytes(mib: int | None) -> int | None:
    return None if mib is None else mib * _MIB
