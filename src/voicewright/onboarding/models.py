"""The table of the voices that applications' users have made: what a training job does not know of them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class OnboardingJob(Base):
    """For whom a training job makes its voice. The state, the worker and the error are the job's own."""

    __tablename__ = "onboarding_jobs"
    __table_args__ = (
        Index(
            "ix_onboarding_jobs_end_user",
            "owner_id",
            "end_user",
            text("created_at DESC"),
            text("job_id DESC"),
        ),
    )

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    owner_id: Mapped[uuid.UUID]
    """The account of the application."""
    end_user: Mapped[str]
    """As the application calls them."""
    voice_name: Mapped[str]
    """As they call their voice; in the registry it has a name of its own (`onboarding.labels`)."""
    sample_id: Mapped[uuid.UUID]
    recording_digest: Mapped[str]
    """SHA-256 of what they sent."""
    sample_text: Mapped[str]
    """What the voice says first."""
    environment: Mapped[str]
    """`development` or `production`, as the service was when it took the job."""
    synthesis_id: Mapped[uuid.UUID | None]
    """That, spoken, in the history of the account."""
    created_at: Mapped[datetime]
