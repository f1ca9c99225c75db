"""`voicewright serve` and `voicewright worker`: the service, and another machine that works for it."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command

if TYPE_CHECKING:
    from voicewright.worker.service import Worker


@command
def serve(
    *,
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; VOICEWRIGHT_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 for any; PORT.")
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only answer requests; jobs wait for workers elsewhere.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say in one JSON object when it is ready.")] = False,
) -> None:
    """Answer HTTP requests, and train what is asked for in a worker beside."""
    from voicewright.api.app import create_app
    from voicewright.api.server import Server, listen
    from voicewright.cli.offspring import ChildWorker
    from voicewright.web.panel import add_panel

    application: Application = ctx.obj
    settings = application.settings
    listener = listen(host or settings.host, settings.port if port is None else port)
    try:
        services = application.services
    except BaseException:
        listener.close()
        raise
    url = settings.public_url or _url_of(*listener.getsockname()[:2])

    def tell() -> None:
        services.speech.warm()
        link = services.accounts.first_run_link(url)
        if as_json:
            print(json.dumps({"url": url, "first_run_link": link}), flush=True)
            return
        print(f"Voicewright answers at {url} (its endpoints: {url}/docs). Ctrl-C ends it.", flush=True)
        if link is not None:
            print(f"Nobody can sign in yet. Make the first administrator here, once:\n  {link}", flush=True)

    app = create_app(services)
    add_panel(app)
    server = Server(app, listener, on_ready=tell)
    try:
        with nullcontext() if no_worker else ChildWorker():
            server.serve_until_stopped()
    except KeyboardInterrupt:
        pass  # the signal that ended the server; everything is closed in good order from here
    if not as_json:
        print("Stopped.", file=sys.stderr)


@command
def worker(
    *,
    ctx: typer.Context,
    until_eof: Annotated[
        bool, typer.Option("--until-eof", help="End when standard input does, as a child of another program.")
    ] = False,
) -> None:
    """Train what was asked for in the database that DATABASE_URL names; any number of machines may."""
    application: Application = ctx.obj
    working = application.worker
    print(
        f"Working as {working.node.name} for: {', '.join(working.node.engines) or 'no engine'}.", flush=True
    )
    if until_eof:
        threading.Thread(target=_stop_at_eof, args=(working,), name="eof", daemon=True).start()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            working.run()
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            failures.append(error)

    # in a thread of its own: a signal in the main thread must not hit the loop of the queue
    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        working.stop()
        thread.join()
    if failures:
        raise failures[0]
    print("Stopped; what ran goes on elsewhere, or with the next start.", file=sys.stderr)


def _stop_at_eof(working: Worker) -> None:
    # not through `sys.stdin`: its lock, held by a thread that waits, is fatal when the interpreter ends
    while os.read(0, 1 << 10):
        pass
    working.stop()


def _url_of(host: str, port: Any) -> str:
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - not bound, only shown
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
