"""What the users of an application are called within its account.

An application may call its users what it likes, and "Ann" and "ann" are two of them. The names of speakers,
voices and datasets are for people, to whom these are one (`voicewright.naming`): so whoever is not called by
small letters and digits alone is known by a part of their name and a digest of the whole.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from voicewright.errors import FieldFault
from voicewright.naming import composed, unusable_character
from voicewright.onboarding.errors import EndUserInvalid
from voicewright.privacy.speakers import OWN_VOICE
from voicewright.voices.names import MAX_NAME_CHARACTERS

MAX_END_USER_CHARACTERS: Final = 200

_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,39}")
_SHOWN: Final = re.compile(r"[^a-z0-9._@+-]")
_SHOWN_CHARACTERS: Final = 20
_DIGEST_CHARACTERS: Final = 16
_DATASET_DIGEST_CHARACTERS: Final = 32


def clean_end_user(name: str, *, field: str) -> str:
    """What an application calls its user, as it is kept.

    Args:
        name: as it came.
        field: where, for the message.

    Raises:
        EndUserInvalid: with the reason.
    """
    cleaned, message = composed(name), ""
    if not cleaned:
        message = "Say who the voice is of: the id that your application has for them."
    elif len(cleaned) > MAX_END_USER_CHARACTERS:
        message = f"The id of a user has at most {MAX_END_USER_CHARACTERS} characters."
    elif odd := unusable_character(cleaned):
        message = f"The id of a user can't hold the character {odd}."
    if message:
        raise EndUserInvalid(message, fields=[FieldFault(field, message)])
    return cleaned


def speaker_of(end_user: str) -> str:
    """The speaker whom consents and recordings of this user name; no two users are one."""
    if _PLAIN.fullmatch(end_user) and end_user != OWN_VOICE:
        return end_user
    shown = _SHOWN.sub("", end_user.lower())[:_SHOWN_CHARACTERS]
    return f"{shown} [{_digest(end_user, _DIGEST_CHARACTERS)}]".lstrip()


def registered_name(voice_name: str, end_user: str) -> str:
    """What a user's voice is called in the account, where others may have given theirs the same name."""
    ending = f" ({speaker_of(end_user)})"
    return voice_name[: MAX_NAME_CHARACTERS - len(ending)].rstrip() + ending


def dataset_of(end_user: str) -> str:
    """The dataset with all recordings of this user."""
    return f"onboarding-{_digest(end_user, _DATASET_DIGEST_CHARACTERS)}"


def _digest(end_user: str, characters: int) -> str:
    return hashlib.sha256(end_user.encode()).hexdigest()[:characters]
