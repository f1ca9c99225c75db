"""`voicewright users delete`: an account goes, with all that it has."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.users import Email, Json, app


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
    receipt = Receipt.of(application.erasures.erase(user.id, requested_by=None))
    if not as_json:
        what = ", ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in receipt.deleted.items())
        print(f"Deleted {user.label}: {what}; {receipt.bytes} bytes in {receipt.objects or 0} objects.")
        print(f"The key of the files was destroyed. Receipt {receipt.id}, SHA-256 {receipt.sha256}.")
        if receipt.state != "complete":
            print("A store is away: what nobody can read any more is removed there within the hour.")
    return receipt.model_dump(mode="json")
