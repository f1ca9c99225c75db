"""What an e-mail address may be, and when two of them are the same.

Nothing is ever sent to prove an address, so the rules are loose: something, an @, something, no white space.
Two addresses are the same account whatever their capitals, full-width letters or composed accents.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from voicewright.accounts.errors import EmailInvalid, of_field

if TYPE_CHECKING:
    from voicewright.errors import AppError

MAX_EMAIL_CHARACTERS: Final = 254
_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def clean_email(email: str) -> str:
    """The address as it is kept.

    Raises:
        EmailInvalid: with the reason.
    """
    cleaned = unicodedata.normalize("NFC", email.strip())
    name, at, domain = cleaned.rpartition("@")
    if not (name and at and domain) or "@" in name:
        raise _refused("An e-mail address has the form name@example.com.")
    if len(cleaned) > MAX_EMAIL_CHARACTERS:
        raise of_field(
            EmailInvalid, "email", f"An e-mail address has at most {MAX_EMAIL_CHARACTERS} characters."
        )
    if any(unicodedata.category(character) in _FORBIDDEN for character in cleaned):
        raise _refused("An e-mail address has no spaces and no invisible characters.")
    return cleaned


def email_key(email: str) -> str:
    """What all spellings of one address have in common."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())


def _refused(message: str) -> AppError:
    return of_field(EmailInvalid, "email", message)
