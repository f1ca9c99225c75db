"""`voicewright users delete`, `erasures`: an account goes, with all that it has; the receipts of those."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.report import megabytes
from voicewright.cli.terminal import print_table, utc
from voicewright.cli.users import ALL, Email, Json, app
from voicewright.errors import AppError

if TYPE_CHECKING:
    from uuid import UUID

    from voicewright.erasure.receipts import Receipt

_KINDS = {
    "voice_models": "voices",
    "samples": "recordings",
    "datasets": "datasets",
    "training_jobs": "trainings",
    "consents": "consents",
    "api_keys": "API keys",
}
"""Of the kinds that a receipt counts, those that people know."""


@app.command("delete")
@command
def delete(
    *,
    ctx: typer.Context,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> dict[str, Any]:
    """Delete an account with its recordings, voices and keys, for good, and print the receipt."""
    from voicewright.erasure.receipts import Receipt

    application: Application = ctx.obj
    user = application.accounts.users.by_email(email)
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("Nobody can be asked here; add --yes to delete without asking.")
        question = f"Delete {user.label} with all recordings and voices, so that nobody can bring them back?"
        if not typer.confirm(question, err=True):
            if not as_json:
                print("Nothing was deleted.")
            return {"deleted": None}
    backups = _count_backups(application, user.id)
    receipt = Receipt.of(application.erasures.erase(user.id, requested_by=None))
    if not as_json:
        print(f"Deleted {user.label}{_words(receipt, backups)}.")
        print(f"The key of the files was destroyed. Receipt {receipt.id}, SHA-256 {receipt.sha256}.")
        if receipt.state != "complete":
            print("A store is away: what nobody can read any more is removed there within the hour.")
    return receipt.model_dump(mode="json")


@app.command("erasures")
@command
def erasures(*, ctx: typer.Context, as_json: Json = False) -> dict[str, Any]:
    """List the receipts of deleted accounts, the newest first."""
    from voicewright.erasure.receipts import Receipt

    application: Application = ctx.obj
    found, _ = application.erasures.page(limit=ALL)
    receipts = [Receipt.of(erasure) for erasure in found]
    if not as_json:
        _print_table(receipts)
    return {"erasures": [receipt.model_dump(mode="json") for receipt in receipts]}


def _count_backups(application: Application, user_id: UUID) -> int:
    """Those that the store has now; it may be away, which keeps no account from being deleted."""
    try:
        return len(application.copies.backups.store.places(user_id))
    except AppError:
        return 0


def _words(receipt: Receipt, backups: int) -> str:
    """What was worth something to its owner; the receipt has all of it."""
    counts = {words: receipt.deleted.get(kind, 0) for kind, words in _KINDS.items()} | {"backups": backups}
    told = ", ".join(f"{words}: {count}" for words, count in counts.items() if count)
    return f" with {megabytes(receipt.bytes)} of recordings and voices ({told})" if told else ""


def _print_table(receipts: list[Receipt]) -> None:
    if not receipts:
        print("No account has been deleted yet.")
        return
    rows = [(utc(one.requested_at), str(one.user_id), one.state, str(one.id)) for one in receipts]
    print_table(("deleted (UTC)", "account", "state", "receipt"), rows)
