"""Remembers the fingerprints of what was spoken, and finds the speeches that are in a sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.provenance.matching import LEAST_PRINTS
from voicewright.provenance.models import SpeechFingerprint

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session

    from voicewright.provenance.claims import Claim
    from voicewright.provenance.fingerprints import Fingerprinter
    from voicewright.provenance.matching import Match, Sought

EARLIER_TAKES: Final = 1_000_000
"""From here on the numbers of parts are those of what was made before: of the part 3, 1,000,003 and so on."""
_CANDIDATES: Final = 20
"""Speeches with the most prints in common, which are compared bit by bit."""
_CANDIDATES_QUERY: Final = text(
    """
    SELECT synthesis_id, part FROM (
        SELECT speech.synthesis_id, speech.part, speech.made_at, count(*) AS common
        FROM unnest(CAST(:keys AS integer[])) AS key
        JOIN speech_fingerprints AS speech ON speech.prints @> ARRAY[key]
        GROUP BY speech.synthesis_id, speech.part
    ) AS candidates
    ORDER BY common DESC, made_at DESC, synthesis_id, part LIMIT :most
    """
)
"""One look into the index for each print."""
_OTHER_SCANS: Final = ("enable_seqscan", "enable_indexscan")


class Found(NamedTuple):
    """A speech that is in a sound."""

    speech: SpeechFingerprint
    match: Match


def remember(session: Session, claim: Claim, fingerprinter: Fingerprinter) -> bool:
    """Enter the fingerprint of a whole speech; False: it is too short to be told from others.

    What was entered under the same id before is replaced.
    """
    prints = fingerprinter.prints()
    if np.count_nonzero(prints) < LEAST_PRINTS:
        return False
    row = {
        "synthesis_id": claim.synthesis_id,
        "part": claim.part,
        "user_id": claim.user_id,
        "owner_id": claim.owner_id,
        "model_id": claim.model_id,
        "model_version": claim.model_version,
        "engine": claim.engine,
        "made_at": claim.made_at,
        "duration_s": fingerprinter.duration_s,
        "prints": prints.tolist(),
    }
    entered = insert(SpeechFingerprint).values(row)
    session.execute(entered.on_conflict_do_update(index_elements=["synthesis_id", "part"], set_=row))
    return True


def forget_parts(session: Session, synthesis_id: uuid.UUID) -> None:
    """Delete the fingerprints of the parts of a speech, whose whole is remembered."""
    speech = SpeechFingerprint
    in_it = speech.part.between(1, EARLIER_TAKES - 1)
    session.execute(delete(speech).where(speech.synthesis_id == synthesis_id, in_it))


def set_aside(session: Session, synthesis_id: uuid.UUID, parts: Collection[int]) -> None:
    """Keep the fingerprints of parts that are about to be made otherwise, and have left already."""
    speech = SpeechFingerprint
    theirs = speech.synthesis_id == synthesis_id
    takes = (session.scalar(select(func.max(speech.part)).where(theirs)) or 0) // EARLIER_TAKES
    moved = speech.part + (takes + 1) * EARLIER_TAKES
    session.execute(update(speech).where(theirs, speech.part.in_(parts)).values(part=moved))


def forget(session: Session, before: datetime) -> int:
    """Delete the fingerprints of what was spoken before a moment; answers how many there were."""
    ids, made_at = SpeechFingerprint.synthesis_id, SpeechFingerprint.made_at
    return len(session.scalars(delete(SpeechFingerprint).where(made_at < before).returning(ids)).all())


def identify(session: Session, sought: Sought, *, with_doubts: bool = False) -> list[Found]:
    """The speeches that are in a sound, the surest first.

    Args:
        session: of the caller.
        sought: the sound.
        with_doubts: look a second time where nothing was found, for what was changed a lot.
    """
    found = _matches(session, sought, with_doubts=False)
    if not found and with_doubts:
        found = _matches(session, sought, with_doubts=True)
    return sorted(found, key=lambda one: (-one.match.worth, one.speech.synthesis_id, one.speech.part))


def _matches(session: Session, sought: Sought, *, with_doubts: bool) -> list[Found]:
    if not sought.is_enough:
        return []
    keys = sought.keys(with_doubts=with_doubts).tolist()
    # the planner expects each print in every two-hundredth speech, and would read them all
    for scan in _OTHER_SCANS:
        session.execute(text(f"SET LOCAL {scan} TO off"))
    found = session.execute(_CANDIDATES_QUERY, {"keys": keys, "most": _CANDIDATES})
    candidates = [(synthesis_id, part) for synthesis_id, part in found]
    for scan in _OTHER_SCANS:
        session.execute(text(f"SET LOCAL {scan} TO DEFAULT"))
    key = tuple_(SpeechFingerprint.synthesis_id, SpeechFingerprint.part)
    rows = session.scalars(select(SpeechFingerprint).where(key.in_(candidates)))
    compared = ((row, sought.compare(np.array(row.prints, dtype=np.int32))) for row in rows)
    return [Found(row, match) for row, match in compared if match is not None]
