"""What the commands need from the composition root, and the frame that every command runs in."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol

import typer

from voicewright.cli.failures import describe, show
from voicewright.cli.owners import advise
from voicewright.cli.signals import Interruption, interruptible
from voicewright.cli.terminal import CLOSED_PIPE_STATUS, is_unread

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.accounts.service import AccountService
    from voicewright.api.services import Services
    from voicewright.cli.standing import Standing
    from voicewright.db.server import Database
    from voicewright.engines.client import EngineClient
    from voicewright.engines.installed import Engines
    from voicewright.erasure.service import ErasureService
    from voicewright.privacy.service import ConsentService
    from voicewright.provenance.service import ProvenanceService
    from voicewright.quality.measurer import Measurer
    from voicewright.settings import Settings
    from voicewright.speech.history import HistoryService
    from voicewright.speech.long.reading import Reader
    from voicewright.speech.service import SpeechService
    from voicewright.storage.user_keys import KeyRing
    from voicewright.training.forgetting import Forgetting
    from voicewright.voices.cleanup.service import CleanupService
    from voicewright.voices.copies.service import Copies
    from voicewright.voices.service import VoiceService
    from voicewright.voices.sharing.service import SharingService
    from voicewright.worker.service import Worker

P = ParamSpec("P")


class Application(Protocol):
    """The wired program; everything in it is made when it is first asked for."""

    interruption: Interruption
    """Set while a command runs."""
    status: int
    """What a command that ended well wants the exit status to be."""
    standing: Standing
    """What the command has done for good so far."""
    log_path: Path | None
    """Where this command logs to."""
    data_dir: Path | None
    """Where everything lies, once the settings are read."""

    @property
    def settings(self) -> Settings:
        """The settings of this process."""

    @property
    def work_dir(self) -> Path:
        """Where unfinished work lies."""

    @property
    def database(self) -> Database:
        """Started where it is the embedded one."""

    @property
    def accounts(self) -> AccountService:
        """Who may sign in; starts the database."""

    @property
    def services(self) -> Services:
        """What the HTTP application works with; starts the database."""

    @property
    def speech(self) -> SpeechService:
        """What speaks; starts the database, and engines with the first speech."""

    @property
    def reader(self) -> Reader:
        """What reads long texts; starts the database, and engines with the first text."""

    @property
    def worker(self) -> Worker:
        """What trains on this machine; starts the database."""

    @property
    def forgetting(self) -> Forgetting:
        """What deletes voices at providers; starts the database, and an engine where there is work."""

    @property
    def provenance(self) -> ProvenanceService:
        """What marks speech and tells where a file comes from; starts the database."""

    @property
    def history(self) -> HistoryService:
        """What was spoken; starts the database."""

    @property
    def consents(self) -> ConsentService:
        """What speakers agreed to; starts the database."""

    @property
    def voices(self) -> VoiceService:
        """The registry of voices; starts the database."""

    @property
    def erasures(self) -> ErasureService:
        """What deletes accounts; starts the database."""

    @property
    def keys(self) -> KeyRing:
        """The keys of the stored files, also where some can't be opened; starts the database."""

    @property
    def cleanup(self) -> CleanupService:
        """What deletes old, poor, unused voices; starts the database."""

    @property
    def copies(self) -> Copies:
        """What exports, imports, backs up and restores voices; starts the database."""

    @property
    def sharing(self) -> SharingService:
        """Who may see or use whose voice; starts the database."""

    @property
    def measurer(self) -> Measurer:
        """The judges; started with the first question."""

    @property
    def engines(self) -> Engines:
        """The engines of this machine."""

    def engine(self, engine_id: str) -> EngineClient:
        """The client of an engine; started with the first request."""

    def open(self, command: str) -> None:
        """Begin a command: find the settings, start the log."""

    def close(self) -> None:
        """End every process that was started."""


def voices_of(application: Application, owner: str | None) -> VoiceService:
    """The voices of an account of the service, by its e-mail address; None: those of the command line.

    Raises:
        UserNotFound: there is no such account.
    """
    if owner is None:
        return application.voices
    return application.voices.of(application.accounts.users.by_email(owner).id)


def command(function: Callable[P, dict[str, Any] | None]) -> Callable[P, None]:
    """Run a command's function so that every end of it is a clean one.

    The function takes the Typer context as `ctx` and whether to answer in JSON as `as_json`. It returns what
    `--json` prints. Whatever it raises becomes one message and an exit status; everything that was started
    is closed before that.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        ctx: Any = kwargs["ctx"]
        application: Application = ctx.obj
        as_json = bool(kwargs.get("as_json"))
        with interruptible() as interruption:
            application.interruption = interruption
            try:
                try:
                    application.open(ctx.command_path.replace(" ", "-"))
                    answer = function(*args, **kwargs)
                finally:
                    application.close()
            except (typer.Exit, typer.BadParameter):
                raise
            except BaseException as error:  # noqa: BLE001 - this is where every error ends
                if isinstance(error, BrokenPipeError) and is_unread():
                    raise typer.Exit(CLOSED_PIPE_STATUS) from None
                stopped = isinstance(error, KeyboardInterrupt) or interruption.cancel.is_set()
                failure = describe(
                    KeyboardInterrupt() if stopped else error,
                    log_path=application.log_path,
                    data_dir=application.data_dir,
                )
                failure = advise(failure, kwargs.get("owner"))
                status = show(application.standing.tell(failure, stopped=stopped), as_json=as_json)
                raise typer.Exit(interruption.status if stopped else status) from None
        if as_json and answer is not None:
            typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        if application.status:
            raise typer.Exit(application.status)

    return run
