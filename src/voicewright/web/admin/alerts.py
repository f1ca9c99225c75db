"""`/panel/admin/alerts`: what needs attention, what did, from where on, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import Request, Response

from voicewright.api.paging import Offset
from voicewright.api.services import Wired
from voicewright.monitoring.alerts import list_alerts
from voicewright.monitoring.policies import (
    FEWEST_OPERATIONS,
    LEAST_QUALITY,
    LEAST_QUALITY_OVER,
    LONGEST_CLEANUP,
    LONGEST_DELETION,
    STORAGE_SHARE,
    STORAGE_SHARE_OVER,
)
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Administrating

if TYPE_CHECKING:
    from voicewright.settings import Settings

router = page_router()

PAGE: Final = 25
TITLES: Final = {
    "storage_high": "Storage is running full",
    "user_storage_high": "One account's storage is running full",
    "quality_low": "The voices are poor on average",
    "operations_failing": "Operations on voices fail",
    "cleanup_failed": "The cleanup is in trouble",
    "cleanup_backlog": "Many voices wait for the cleanup",
    "provider_deletions": "Deleted voices are still at a provider",
}
WHAT_TO_DO: Final = {
    "storage_high": (
        "See below Storage who keeps what, clean up old voices, or raise VOICEWRIGHT_STORAGE_QUOTA_MB. "
        "Nothing is refused meanwhile."
    ),
    "user_storage_high": (
        "Ask its owner to delete voices, or raise VOICEWRIGHT_USER_STORAGE_QUOTA_MB. Nothing is refused "
        "meanwhile."
    ),
    "quality_low": (
        "Look at the worst voices and their reasons below Storage and quality: mostly the recordings are "
        "noisy, or too few."
    ),
    "operations_failing": (
        "Filter the audit for what failed; each event has the request by which the service's log names the "
        "cause. A full disk and a database that is away are the usual ones."
    ),
    "cleanup_failed": "Read the report of the last run below Cleanup, mend what it names, and run it again.",
    "cleanup_backlog": "Run the cleanup dry, look at what would go, and then run it.",
    "provider_deletions": (
        "Run `voicewright doctor`: it says why the provider refuses. Mostly a key has expired or was taken "
        "away. They are tried again by themselves."
    ),
}
PAGES: Final = {
    "storage_high": ("/panel/admin/storage", "Storage"),
    "quality_low": ("/panel/admin/storage#quality", "Quality"),
    "operations_failing": ("/panel/admin/audit?result=failed", "What failed"),
    "cleanup_failed": ("/panel/admin/cleanup", "Cleanup"),
    "cleanup_backlog": ("/panel/admin/cleanup", "Cleanup"),
    "provider_deletions": ("/panel/admin/engines", "Engines"),
}


@router.get("/admin/alerts")
def alerts(request: Request, visitor: Administrating, services: Wired, offset: Offset = 0) -> Response:
    """Those that fire, with what to do; those that are over; and from where on each fires."""
    with services.database.session() as session:
        firing, firing_total = list_alerts(session, is_open=True, limit=100, offset=0)
        past, past_total = list_alerts(session, is_open=False, limit=PAGE, offset=offset)
    check_offset(offset, PAGE, past_total)
    settings = services.settings
    return render(
        request,
        "admin/alerts.html",
        visitor,
        block="alerts" if is_partial(request) else None,
        firing=firing,
        firing_total=firing_total,
        past=past,
        past_total=past_total,
        offset=offset,
        limit=PAGE,
        titles=TITLES,
        what_to_do=WHAT_TO_DO,
        pages_of=PAGES,
        thresholds=_thresholds(settings),
        sends_mail=settings.smtp_url is not None,
    )


def _thresholds(settings: Settings) -> list[tuple[str, str, str]]:
    """Of each kind: from where on it fires, and what ends it."""
    hours, days = round(LONGEST_CLEANUP.total_seconds() / 3600), LONGEST_DELETION.days
    return [
        ("storage_high", *_quota(settings.storage_quota_mb, "VOICEWRIGHT_STORAGE_QUOTA_MB")),
        ("user_storage_high", *_quota(settings.user_storage_quota_mb, "VOICEWRIGHT_USER_STORAGE_QUOTA_MB")),
        ("quality_low", f"an average under {LEAST_QUALITY}", f"an average of {LEAST_QUALITY_OVER}"),
        (
            "operations_failing",
            (
                f"more than {settings.alert_error_rate:.0%} of at least {FEWEST_OPERATIONS} operations in "
                "15 minutes (VOICEWRIGHT_ALERT_ERROR_RATE)"
            ),
            "half of that",
        ),
        (
            "cleanup_failed",
            f"a run that ended early, left voices behind, or takes longer than {hours} hours",
            "the next good run",
        ),
        (
            "cleanup_backlog",
            (
                f"more than {settings.alert_cleanup_eligible:,} eligible voices "
                "(VOICEWRIGHT_ALERT_CLEANUP_ELIGIBLE)"
            ),
            "a run that finds fewer",
        ),
        (
            "provider_deletions",
            f"a deleted voice that is still at its provider after {'a day' if days == 1 else f'{days} days'}",
            "the last of them is gone there",
        ),
    ]


def _quota(quota_mb: int | None, variable: str) -> tuple[str, str]:
    if quota_mb is None:
        return f"off: {variable} is not set", ""
    return f"{STORAGE_SHARE:.0%} of {quota_mb:,} MB ({variable})", f"{STORAGE_SHARE_OVER:.0%} of it"
