"""The tables of blind tests: what is compared, the sounds, and what was heard and chosen."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from voicewright.db.base import Base

_DIGEST = "~ '^[0-9a-f]{64}$'"


def _now() -> datetime:
    return datetime.now(UTC)


def _of_test() -> Mapped[uuid.UUID]:
    return mapped_column(ForeignKey("listening_tests.id", ondelete="CASCADE"), primary_key=True)


class ListeningTest(Base):
    """A blind test of somebody."""

    __tablename__ = "listening_tests"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_present"),
        CheckConstraint("jsonb_typeof(sentences) = 'array'", name="sentences_is_array"),
        Index("ix_listening_tests_user", "user_id", text("created_at DESC"), "id"),
        Index("ix_listening_tests_created", "created_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID]
    """Who made it, and listens."""
    name: Mapped[str]
    language: Mapped[str]
    """BCP 47 tag, of the first voice."""
    sentences: Mapped[list[str]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(default=_now)
    finished_at: Mapped[datetime | None]
    """When it was told who is who."""

    sides: Mapped[list[ListeningSide]] = relationship(
        order_by="ListeningSide.number", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    sounds: Mapped[list[ListeningSound]] = relationship(
        order_by="(ListeningSound.sentence, ListeningSound.side)",
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True,
    )  # fmt: skip
    trials: Mapped[list[ListeningTrial]] = relationship(
        order_by="ListeningTrial.number", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def ready_sentences(self) -> int:
        """How many are spoken by everybody."""
        missing = {sound.sentence for sound in self.sounds if sound.file_id is None}
        return len(self.sentences) - len(missing)

    @property
    def is_ready(self) -> bool:
        """Whether it can be listened to."""
        return self.ready_sentences == len(self.sentences)

    @property
    def voted(self) -> int:
        """How many trials were decided."""
        return sum(trial.choice is not None for trial in self.trials)


class ListeningSide(Base):
    """One of those who are compared: a voice, or the recordings of a person."""

    __tablename__ = "listening_sides"
    __table_args__ = (
        CheckConstraint("kind IN ('voice', 'recording')", name="kind_known"),
        CheckConstraint("number >= 0", name="number_not_negative"),
        Index("ix_listening_sides_owner", "owner_id"),
    )

    test_id: Mapped[uuid.UUID] = _of_test()
    number: Mapped[int] = mapped_column(primary_key=True)
    """0, 1, 2 in the order in which they were chosen."""
    kind: Mapped[str]
    """`recording`: what the person of the voice said themselves."""
    model_id: Mapped[uuid.UUID]
    """The voice; of recordings, the one whose person they are of."""
    owner_id: Mapped[uuid.UUID]
    """Of the voice: another one's, where it is shared."""
    label: Mapped[str]
    """As it was called then."""


class ListeningSound(Base):
    """A sentence by one side; all of a sentence are equally loud. Its file is `listening.sounds`'s."""

    __tablename__ = "listening_sounds"
    __table_args__ = (
        CheckConstraint(f"clip_digest {_DIGEST}", name="clip_digest_form"),
        CheckConstraint("sentence >= 0 AND side >= 0", name="numbers_not_negative"),
    )

    test_id: Mapped[uuid.UUID] = _of_test()
    sentence: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[int] = mapped_column(primary_key=True)
    clip_digest: Mapped[str | None]
    """The clip, where it is a recording."""
    file_id: Mapped[uuid.UUID | None]
    """None: not spoken yet."""


class ListeningTrial(Base):
    """One sentence by two sides, and which of them was better."""

    __tablename__ = "listening_trials"
    __table_args__ = (
        CheckConstraint("choice IN ('a', 'b', 'none')", name="choice_known"),
        CheckConstraint("(choice IS NULL) = (voted_at IS NULL)", name="choice_has_time"),
        CheckConstraint("side_a <> side_b", name="sides_differ"),
        CheckConstraint(
            "naturalness_a BETWEEN 1 AND 5 AND naturalness_b BETWEEN 1 AND 5", name="naturalness_range"
        ),
    )

    test_id: Mapped[uuid.UUID] = _of_test()
    number: Mapped[int] = mapped_column(primary_key=True)
    """1, 2, 3 in the order of listening."""
    sentence: Mapped[int] = mapped_column(Integer)
    side_a: Mapped[int]
    """Who is A: told to nobody before the end."""
    side_b: Mapped[int]
    heard_a_at: Mapped[datetime | None]
    heard_b_at: Mapped[datetime | None]
    choice: Mapped[str | None]
    naturalness_a: Mapped[int | None]
    """1 to 5, where somebody said it."""
    naturalness_b: Mapped[int | None]
    voted_at: Mapped[datetime | None]
