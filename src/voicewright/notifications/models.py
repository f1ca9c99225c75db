"""The tables of mails that are to be sent, and of what people want to be told of."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class OutgoingMail(Base):
    """One mail to one address, kept until it is sent or given up, and a while longer."""

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index(
            "ix_outgoing_mails_due",
            "next_attempt_at",
            postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL"),
        ),
        Index(
            "ix_outgoing_mails_ended",
            text("coalesce(sent_at, given_up_at)"),
            postgresql_where=text("sent_at IS NOT NULL OR given_up_at IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    """Also the mail's own `Message-ID`, so that one that came twice can be told."""
    to_address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
    """Whoever sends it moves this on first: nobody else takes it meanwhile."""
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class NotificationChoice(Base):
    """Whether somebody wants to be told of something by mail; without a row the kind itself decides."""

    __tablename__ = "notification_choices"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    notice: Mapped[str] = mapped_column(primary_key=True)
    """A value of `notifications.notices.Notice`."""
    by_mail: Mapped[bool]
    changed_at: Mapped[datetime]
