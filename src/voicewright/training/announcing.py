"""Tells the owner of a job by mail how it ended, where they want that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.notifications.telling import Tell, tell_nobody
from voicewright.training.advice import in_plain_words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.training.models import TrainingJob

_MINUTE_MS: Final = 60_000
_NAME_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Announcer:
    """Writes a mail in the transaction that ends a job.

    Attributes:
        tell: writes a mail to an account.
        panel_url: where the panel is; None: nobody said under which address people reach it.
    """

    tell: Tell = tell_nobody
    panel_url: str | None = None

    def ended(self, session: Session, job: TrainingJob) -> None:
        """A job is completed, or has failed for good."""
        name = job.name[:_NAME_CHARACTERS]
        subject, lines = (
            (f"{name} is trained", _good_news(job))
            if job.status == "completed"
            else (f"The training of {name} failed", _bad_news(job))
        )
        found = "You find its job in the panel, under Jobs."
        where = found if self.panel_url is None else f"Its job: {self.panel_url}/jobs/{job.id}"
        why = "You get this because you asked for it: Account, Notifications."
        self.tell(session, job.owner_id, subject, "\n".join([*lines, "", where, "", why]) + "\n")


def _good_news(job: TrainingJob) -> list[str]:
    lines = [f"Your voice {job.name} is ready to speak."]
    if job.quality_score is not None:
        lines.append(f"Its overall quality is {job.quality_score:.2f} of 1.")
    if job.actual_time_ms is not None:
        lines.append(f"It took {max(1, round(job.actual_time_ms / _MINUTE_MS))} min.")
    return lines


def _bad_news(job: TrainingJob) -> list[str]:
    lines = [f"The training of {job.name} failed.", job.last_error or ""]
    if job.suggested_actions:
        advice = (in_plain_words(action, retry=" on its page") for action in job.suggested_actions)
        lines += ["", "What to do:", *(f"- {action}" for action in advice)]
    return lines
