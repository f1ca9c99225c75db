"""`voicewright wyoming`: Home Assistant and others that speak its protocol get a voice."""

from __future__ import annotations

import ipaddress
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from voicewright.cli.application import Application, command, voices_of

if TYPE_CHECKING:
    import uuid


@command
def wyoming(
    *,
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on, 0 for any.")] = 10200,
    owner: Annotated[
        str | None, typer.Option(help="Who speaks: the e-mail address of an account of the service.")
    ] = None,
    voice: Annotated[
        str | None,
        typer.Option(help="Who speaks where a client names nobody; the active voice by default."),
    ] = None,
) -> None:
    """Speak for clients of the Wyoming protocol, such as Home Assistant.

    The protocol knows no passwords: whoever reaches the port may speak with all voices of the owner.
    """
    from voicewright.api.server import listen
    from voicewright.wyoming.door import Door
    from voicewright.wyoming.server import WyomingServer

    application: Application = ctx.obj
    listener = listen(host, port)
    try:
        voices = voices_of(application, owner)
        permit = partial(_require_enabled, application, owner, voices.owner_id)
        permit()
        if voice is not None:
            voices.find_to_speak(voice)
        most = application.settings.max_synthesis_text_length
        door = Door(application.speech, voices, voices.owner_id, most, voice, permit)
    except BaseException:
        listener.close()
        raise
    server = WyomingServer(door, listener)
    application.speech.warm()
    if not _is_loopback(host):
        print(
            f"warning: {host} can be reached from other machines, and the protocol knows no passwords: "
            "whoever reaches the port speaks with these voices. Keep it behind a firewall.",
            file=sys.stderr,
        )
    bound_host, bound_port = listener.getsockname()[:2]
    shown = f"[{bound_host}]" if ":" in bound_host else bound_host
    print(f"Wyoming at tcp://{shown}:{bound_port}. Ctrl-C ends it.", flush=True)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            server.run()
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            failures.append(error)

    # in a thread of its own: a signal in the main thread must not hit the event loop
    thread = threading.Thread(target=run, name="wyoming")
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        server.stop()
        thread.join()
    if failures:
        raise failures[0]
    print("Stopped.", file=sys.stderr)


def _require_enabled(application: Application, owner: str | None, owner_id: uuid.UUID) -> None:
    """Refuse where the account is disabled or deleted; the command line's own voices are no account's."""
    if owner is not None:
        application.accounts.users.require_enabled(owner_id)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
