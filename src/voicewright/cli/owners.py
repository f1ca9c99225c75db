"""What commands say to those who work with the voices of an account, by `--owner`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicewright.cli.failures import Failure


def how_to_get_one(owner: str | None) -> str:
    """How somebody who has no voice comes by one.

    Args:
        owner: the e-mail address of an account; None: whoever uses the command line.
    """
    if owner is None:
        return 'Make one: voicewright clone FOLDER --name "My voice"'
    return (
        f"A training over HTTP makes one for {owner}. Those that others share with this account: "
        f"`voicewright voices shared --owner {owner}`."
    )


def advise(failure: Failure, owner: object) -> Failure:
    """Tell, where an account lacks a voice, which command lists those that it has or may use."""
    from voicewright.voices.errors import VoiceNotFound

    if not isinstance(owner, str) or failure.code != VoiceNotFound.code:
        return failure
    own, shared = (f"`voicewright voices {what} --owner {owner}`" for what in ("list", "shared"))
    lists = f"{own} lists the account's own, {shared} those that others share with it."
    return replace(failure, message=f"{failure.message} {lists}")
