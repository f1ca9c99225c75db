"""`voicewright consents`: what speakers agreed to, for voices that are made from the command line."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.terminal import print_table, utc
from voicewright.privacy.policies import ConsentScope

if TYPE_CHECKING:
    from voicewright.privacy.models import Consent

app = typer.Typer(no_args_is_help=True, help="Record, list and take back the consent of speakers.")

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]

_ALL = 1_000_000_000
_DAY = len("2027-01-31")


@app.command("add")
@command
def add(
    *,
    ctx: typer.Context,
    speaker: Annotated[str, typer.Argument(help="Who agrees that a voice is made of their recordings.")],
    statement: Annotated[str | None, typer.Option(help="What is asserted, in your words.")] = None,
    scope: Annotated[
        list[ConsentScope] | None,
        typer.Option(help="To what; may be repeated. voice-cloning where it is left out."),
    ] = None,
    recording: Annotated[
        Path | None, typer.Option(help="The speaker, heard agreeing; providers may demand it.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="What they speak in it: en-us, de.")] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="When it ends by itself (UTC)."),
    ] = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Record that a speaker agrees; you answer for it."""
    from voicewright.cli.agreements import record_agreement
    from voicewright.voices.schemas import LOCAL_USER_ID

    application: Application = ctx.obj
    terms: dict[str, Any] = {
        "scope": scope or [ConsentScope.VOICE_CLONING],
        "statement": statement,
        "expires_at": None if expires is None else expires.replace(tzinfo=UTC),
    }
    if recording is None:
        consent = application.consents.assert_consent(
            LOCAL_USER_ID, speaker, asserted_by=LOCAL_USER_ID, **terms
        )
    else:
        consent = record_agreement(application, speaker, recording, language=language, **terms)
    if not as_json:
        may = ", ".join(consent.scope)
        print(f"Recorded: {consent.statement} It covers: {may}. Its id is {consent.id}.")
    return _to_json(consent)


@app.command("list")
@command
def list_consents(*, ctx: typer.Context, as_json: Json = False) -> dict[str, Any]:
    """List the consents, the newest first, ended ones too."""
    from voicewright.voices.schemas import LOCAL_USER_ID

    application: Application = ctx.obj
    found, _ = application.consents.list_consents(LOCAL_USER_ID, limit=_ALL)
    if not as_json:
        _print_table(found)
    return {"consents": [_to_json(consent) for consent in found]}


@app.command("revoke")
@command
def revoke(
    *,
    ctx: typer.Context,
    consent_id: Annotated[uuid.UUID, typer.Argument(metavar="ID", help="Of the consent; `list` shows it.")],
    as_json: Json = False,
) -> dict[str, Any]:
    """Take a consent back, with all that the speaker gave before to the same."""
    from voicewright.voices.schemas import LOCAL_USER_ID

    application: Application = ctx.obj
    consent = application.consents.revoke(consent_id, LOCAL_USER_ID)
    if not as_json:
        print(f"No further voice is made of {consent.speaker} until a new consent is recorded.")
    return _to_json(consent)


def _to_json(consent: Consent) -> dict[str, Any]:
    return {
        "consent_id": str(consent.id),
        "speaker": consent.speaker,
        "scope": consent.scope,
        "statement": consent.statement,
        "source": consent.source,
        "recording_sample_id": (consent.evidence or {}).get("sample_id"),
        "language": (consent.evidence or {}).get("language"),
        "asserted_at": consent.asserted_at.isoformat(),
        "expires_at": _moment(consent.expires_at),
        "revoked_at": _moment(consent.revoked_at),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _print_table(consents: list[Consent]) -> None:
    if not consents:
        print('No consents yet. Record one: voicewright consents add "Ann"')
        return
    rows = [
        (
            consent.speaker,
            ", ".join(consent.scope),
            utc(consent.asserted_at)[:_DAY],
            "revoked" if consent.revoked_at is not None else utc(consent.expires_at)[:_DAY],
            str(consent.id),
        )
        for consent in consents
    ]
    titles = ("speaker", "to", "recorded", "until", "id")
    print_table(titles, rows, may_be_cut={"speaker", "to"})
