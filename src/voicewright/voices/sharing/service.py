"""Sharing: an owner lets others see a voice, or speak with it, and takes that back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.accounts.emails import email_key
from voicewright.accounts.errors import NotAllowed
from voicewright.accounts.models import User
from voicewright.accounts.policies import may_see, require_own_id
from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.errors import FieldFault
from voicewright.voices.models import VoiceModel
from voicewright.voices.sharing.access import find_model, find_named, not_found
from voicewright.voices.sharing.errors import ShareTargetsInvalid, VoiceShareNotFound
from voicewright.voices.sharing.models import SharePermission, VoiceShare
from voicewright.voices.sharing.rules import granted, holds_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database

__all__ = ["SharedVoice", "SharingService"]


@dataclass(frozen=True, slots=True)
class SharedVoice:
    """Somebody else's voice, as it looks to those it is shared with."""

    voice: VoiceModel
    owner_name: str | None
    """What its owner is called, or how their e-mail address begins; None where they have no account."""
    share: VoiceShare


class SharingService:
    """Who may see or use whose voice.

    Every method raises the errors of `db.errors` when the database is away.

    Args:
        database: open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def share(
        self,
        caller: Caller,
        model_id: uuid.UUID,
        *,
        owner_id: uuid.UUID | None = None,
        targets: Sequence[uuid.UUID] = (),
        email: str | None = None,
        permission: SharePermission,
    ) -> list[VoiceShare]:
        """Share a voice with some accounts: with all of them, or with none.

        Who has it already gets this permission instead of the one they had.

        Args:
            caller: who asks.
            model_id: the voice.
            owner_id: whose it is; None: the caller's own, or, where an administrator asks, anybody's.
            targets: the accounts that get it.
            email: the address of the one that gets it, instead of `targets`.
            permission: what they may do with it.

        Raises:
            NotAllowed: the owner is another than the caller.
            VoiceNotFound: the owner has no such voice.
            ShareTargetsInvalid: names those who have no account here, or are the owner; nothing was shared.
        """
        with self._database.session() as session:
            voice = find_named(session, caller, model_id, user_id=owner_id, need="own")
            _hold(session, voice)
            named = [(f"targetUserIds[{place}]", f"id {each}") for place, each in enumerate(targets)]
            if email is not None:
                targets, named = [_account_at(session, email)], [("email", f"address {email}")]
            _check(session, targets, named, voice.owner_id)
            made = _enter(session, voice, sorted(set(targets)), permission)
            told = {"with": [str(each.target_user_id) for each in made], "permission": permission.value}
            note(session, _act(caller, "share", voice.owner_id, model_id=model_id, details=told))
        return made

    def shares_of(
        self, caller: Caller, model_id: uuid.UUID, *, limit: int, offset: int
    ) -> tuple[list[VoiceShare], int]:
        """With whom a voice is shared, the newest first, and how many they are.

        Raises:
            VoiceNotFound, NotAllowed: it is not the caller's own.
        """
        with self._database.session() as session:
            voice = find_model(session, caller, model_id, need="own")
            held = (VoiceShare.model_id == model_id) & VoiceShare.revoked_at.is_(None)
            total = session.scalar(select(func.count()).select_from(VoiceShare).where(held)) or 0
            newest_first = (VoiceShare.created_at.desc(), VoiceShare.id)
            page = select(VoiceShare).where(held).order_by(*newest_first).limit(limit).offset(offset)
            found = list(session.scalars(page))
            told = {"what": "shares"}
            note(session, _act(caller, "list", voice.owner_id, model_id=model_id, details=told))
        return found, total

    def shared_with(
        self, caller: Caller, user_id: uuid.UUID, *, limit: int, offset: int
    ) -> tuple[list[SharedVoice], int]:
        """The voices that others share with somebody, the last shared first, and how many there are.

        Raises:
            NotAllowed: the caller is somebody else.
        """
        require_own_id(caller, user_id)
        with self._database.session() as session:
            matches = (VoiceModel.id == VoiceShare.model_id) & VoiceModel.deleted_at.is_(None)
            shown = select(VoiceShare).join(VoiceModel, matches).where(holds_for(user_id))
            total = session.scalar(select(func.count()).select_from(shown.subquery())) or 0
            page = (
                _with_owner(shown)
                .order_by(VoiceShare.created_at.desc(), VoiceShare.id)
                .limit(limit)
                .offset(offset)
            )
            found = [
                SharedVoice(voice, _called(owner), share) for share, voice, owner in session.execute(page)
            ]
            note(session, _act(caller, "list", user_id, details={"what": "shared with them"}))
        return found, total

    def shared_one(self, user_id: uuid.UUID, model_id: uuid.UUID) -> SharedVoice:
        """A voice as it is shared with somebody.

        Raises:
            VoiceNotFound: nobody shares it with them.
        """
        matches = (VoiceModel.id == VoiceShare.model_id) & VoiceModel.deleted_at.is_(None)
        held = holds_for(user_id) & (VoiceShare.model_id == model_id)
        with self._database.session() as session:
            shown = _with_owner(select(VoiceShare).join(VoiceModel, matches).where(held))
            for share, voice, owner in session.execute(shown):
                return SharedVoice(voice, _called(owner), share)
        raise not_found(model_id)

    def unshare(self, caller: Caller, model_id: uuid.UUID, target_id: uuid.UUID) -> None:
        """End a share, at once: the owner takes it back, or who has it gives it back.

        Raises:
            VoiceNotFound: there is no such voice, or nothing of it is the caller's.
            NotAllowed: it is shared with the caller, who would end the share of somebody else.
            VoiceShareNotFound: it is not shared with this account.
        """
        with self._database.session() as session:
            found = select(VoiceModel).where(VoiceModel.id == model_id, VoiceModel.deleted_at.is_(None))
            voice = session.scalar(found)
            if voice is None:
                raise not_found(model_id)
            owns = may_see(caller, voice.owner_id)
            if not owns and caller.user_id != target_id:
                if granted(session, model_id, caller.user_id) is None:
                    raise not_found(model_id)
                raise NotAllowed("Only the owner of a voice takes it back from somebody else.")
            held = (VoiceShare.model_id == model_id) & VoiceShare.revoked_at.is_(None)
            ended = session.scalar(
                update(VoiceShare)
                .where(held, VoiceShare.target_user_id == target_id)
                .values(revoked_at=datetime.now(UTC))
                .returning(VoiceShare.id)
            )
            if ended is None and not owns:
                raise not_found(model_id)
            if ended is None:
                raise VoiceShareNotFound(f"This voice is not shared with {target_id}.")
            told = {"with": str(target_id)}
            note(session, _act(caller, "unshare", voice.owner_id, model_id=model_id, details=told))


def _act(caller: Caller, verb: str, owner_id: uuid.UUID, **about: Any) -> Act:
    return Act(f"voice_model.{verb}", owner_id, caller.user_id, api_key_id=caller.api_key_id, **about)


def _with_owner(shares: Select[VoiceShare]) -> Select[VoiceShare, VoiceModel, User]:
    """The same, each with its voice and the account of its owner, where that is still there."""
    return shares.join(User, User.id == VoiceShare.owner_id, isouter=True).add_columns(VoiceModel, User)


def _called(owner: User | None) -> str | None:
    """The name, or else what is before the @: enough to know them by, while nobody can write to it."""
    return None if owner is None else owner.name or (owner.email or "").rpartition("@")[0] or None


def _hold(session: Session, voice: VoiceModel) -> None:
    """Keep the voice from being deleted, and from being shared by others, until the transaction ends.

    Raises:
        VoiceNotFound: it was deleted a moment ago.
    """
    there = select(VoiceModel.id).where(VoiceModel.id == voice.id, VoiceModel.deleted_at.is_(None))
    if session.scalar(there.with_for_update(key_share=True)) is None:
        raise not_found(voice.id)


def _account_at(session: Session, email: str) -> uuid.UUID:
    """The account with an address; for one without, an id that nobody has, looked up as any other."""
    return session.scalar(select(User.id).where(User.email_key == email_key(email))) or uuid.uuid4()


def _check(
    session: Session, targets: Sequence[uuid.UUID], named: Sequence[tuple[str, str]], owner_id: uuid.UUID
) -> None:
    """Every target has an account, which stays until the transaction ends, and is not the owner.

    Whoever may share a voice can thereby ask whether an account has some id or address. Ids are random, so
    that none can be guessed; with addresses the edge limits how often. A disabled one is answered as none.

    Args:
        session: the transaction.
        targets: the accounts.
        named: for each of them, the field and what it was called there.
        owner_id: whose voice it is.
    """
    there = select(User.id).where(User.id.in_(targets), User.disabled_at.is_(None))
    known = set(session.scalars(there.with_for_update(read=True, key_share=True)))
    faults = []
    for target, (where, called) in zip(targets, named, strict=True):
        if target == owner_id:
            message = "this is the owner, who has the voice already"
        elif target not in known:
            message = f"there is no account with the {called}"
        else:
            continue
        faults.append(FieldFault(where, message))
    if faults:
        told = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
        raise ShareTargetsInvalid(f"The voice was shared with nobody. {told}.", fields=faults)


def _enter(
    session: Session, voice: VoiceModel, targets: Sequence[uuid.UUID], permission: SharePermission
) -> list[VoiceShare]:
    rows = [
        {
            "id": uuid.uuid4(),
            "model_id": voice.id,
            "owner_id": voice.owner_id,
            "target_user_id": target,
            "permission": permission,
            "created_at": datetime.now(UTC),
        }
        for target in targets
    ]
    new = insert(VoiceShare).values(rows)
    changed = new.on_conflict_do_update(
        index_elements=[VoiceShare.model_id, VoiceShare.target_user_id],
        index_where=VoiceShare.revoked_at.is_(None),
        set_={"permission": new.excluded.permission},
    )
    return list(session.scalars(changed.returning(VoiceShare)))
