"""The composition root: the only place that reads the settings and puts the parts together.

Nothing heavy is imported here before a command asks for it: `voicewright --help` answers at once. No engine
is named either; they are found through their entry points.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from voicewright.cli.app import run
from voicewright.cli.logs import log_to_file, log_to_terminal
from voicewright.cli.signals import Interruption
from voicewright.cli.standing import Standing

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.accounts.service import AccountService
    from voicewright.api.services import Services
    from voicewright.db.server import Database
    from voicewright.engines.client import EngineClient
    from voicewright.engines.installed import Engines
    from voicewright.erasure.service import ErasureService
    from voicewright.home.layout import Home
    from voicewright.privacy.service import ConsentService
    from voicewright.provenance.service import ProvenanceService
    from voicewright.quality.measurer import Measurer
    from voicewright.settings import Settings
    from voicewright.speech.history import HistoryService
    from voicewright.speech.long.reading import Reader
    from voicewright.speech.long.tools import LongTools
    from voicewright.speech.service import SpeechService
    from voicewright.storage.user_keys import KeyRing
    from voicewright.storage.vault import Vault
    from voicewright.training.announcing import Announcer
    from voicewright.training.forgetting import Forgetting
    from voicewright.voices.cleanup.service import CleanupService
    from voicewright.voices.copies.service import Copies
    from voicewright.voices.service import VoiceService
    from voicewright.voices.sharing.service import SharingService
    from voicewright.worker.chores import Chore
    from voicewright.worker.node import Abilities
    from voicewright.worker.service import Worker


class LocalApplication:
    """The program on one machine, for one command; see `cli.application.Application`."""

    def __init__(self) -> None:
        self.interruption = Interruption()
        self.status = 0
        self.standing = Standing()
        self.log_path: Path | None = None
        self.data_dir: Path | None = None
        self._open = ExitStack()

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process."""
        from voicewright.settings import load_settings

        return load_settings()

    @cached_property
    def home(self) -> Home:
        """The data directory, made where it is missing."""
        from voicewright.home.layout import Home

        return Home.open(self.settings.home)

    @property
    def work_dir(self) -> Path:
        """Where unfinished work lies."""
        return self.home.work_dir

    @cached_property
    def database(self) -> Database:
        """The database, started where it is the embedded one."""
        from voicewright.db.server import Database

        database = self._open.enter_context(Database.open(self.settings))
        if not self.home.is_current():
            from voicewright.voices.plain_homes import seal_plain_home

            seal_plain_home(self.settings, database)
        return database

    @cached_property
    def engines(self) -> Engines:
        """The engines of this machine."""
        from voicewright.engines.installed import Engines
        from voicewright.home.layout import Home

        # not opened: `doctor` shows them also where the data directory is of no use
        return Engines(Home(self.settings.home).engines_dir, self.settings.provider_values())

    @cached_property
    def voices(self) -> VoiceService:
        """The registry of voices; starts the database."""
        from voicewright.voices.service import VoiceService

        return VoiceService.open(self.settings, self.database, self._usable_keys)

    @cached_property
    def _usable_keys(self) -> KeyRing:
        """The keys of the stored files, all of which can be opened: one ring for all of a process."""
        from voicewright.storage.user_keys import KeyRing

        return KeyRing.open(self.settings, self.database)

    @cached_property
    def keys(self) -> KeyRing:
        """The keys of the stored files, also where some can't be opened; starts the database."""
        from voicewright.storage.user_keys import KeyRing

        return KeyRing.unchecked(self.settings, self.database)

    @cached_property
    def sharing(self) -> SharingService:
        """Who may see or use whose voice; starts the database."""
        from voicewright.voices.sharing.service import SharingService

        return SharingService(self.database)

    @cached_property
    def copies(self) -> Copies:
        """What exports, imports, backs up and restores voices; starts the database."""
        from voicewright.assembly.copies import make_copies

        return make_copies(self.settings, self.database, self.accounts, self.voices, self.engines)

    @cached_property
    def cleanup(self) -> CleanupService:
        """What deletes old, poor, unused voices; starts the database."""
        from voicewright.assembly.cleanup import make_cleanup

        return make_cleanup(self.settings, self.database, self.voices)

    @cached_property
    def accounts(self) -> AccountService:
        """Who may sign in; starts the database."""
        from voicewright.accounts.service import AccountService

        return AccountService(self.settings, self.database, keys=self._usable_keys)

    @cached_property
    def erasures(self) -> ErasureService:
        """What deletes accounts; starts the database."""
        from voicewright.assembly.erasures import make_erasures
        from voicewright.storage.vault import Vault

        samples = Vault.of_samples(self.settings, self.voices.vault.keys)
        return make_erasures(self.settings, self.database, self.accounts, self.voices, samples)

    @cached_property
    def forgetting(self) -> Forgetting:
        """What deletes voices at providers; starts the database, and an engine where there is work."""
        from voicewright.training.forgetting import Forgetting

        return Forgetting(self.database, self.voices.provided, self.engines, self.home.work_dir)

    @cached_property
    def provenance(self) -> ProvenanceService:
        """What marks speech and tells where a file comes from; starts the database."""
        from voicewright.provenance.service import ProvenanceService

        keys = self._usable_keys
        return self._open.enter_context(ProvenanceService(self.settings, self.database, keys))

    @cached_property
    def consents(self) -> ConsentService:
        """What speakers agreed to; starts the database."""
        from voicewright.privacy.service import ConsentService

        return ConsentService(self.database, self.settings.environment)

    @cached_property
    def services(self) -> Services:
        """What the HTTP application works with; starts the database."""
        from voicewright.assembly.services import make_services

        return make_services(
            self.settings,
            self.database,
            self.accounts,
            speech=self.speech,
            provenance=self.provenance,
            history=self.history,
            engines=self.engines,
        )

    @cached_property
    def speech(self) -> SpeechService:
        """What speaks; starts the database, and engines with the first speech."""
        from voicewright.assembly.speech import make_speech

        speech = make_speech(
            self.settings,
            self.database,
            self.voices,
            self.provenance,
            history=self.history,
            engines=self.engines,
        )
        return self._open.enter_context(speech)

    @cached_property
    def history(self) -> HistoryService:
        """What was spoken; starts the database."""
        from voicewright.speech.history import HistoryService

        return HistoryService(self.settings, self.database, self._usable_keys, self.provenance)

    @cached_property
    def worker(self) -> Worker:
        """What trains on this machine; starts the database."""
        from voicewright.storage.vault import Vault
        from voicewright.worker.service import Worker, WorkerParts

        samples = Vault.of_samples(self.settings, self.voices.vault.keys)
        parts = WorkerParts(
            settings=self.settings,
            database=self.database,
            voices=self.voices,
            samples=samples,
            consents=self.consents,
            chores=self._chores(),
            sweeps=self._sweeps(samples),
            long=self._long_tools,
            provenance=self.provenance,
            engines=self.engines,
            announcer=self._announcer(),
        )
        node = self._abilities
        return Worker(parts, node if self.settings.long_concurrency else replace(node, speaks=()))

    @cached_property
    def _abilities(self) -> Abilities:
        from voicewright.worker.node import Abilities

        return Abilities.of_this_machine(self.settings, self.engines)

    @cached_property
    def reader(self) -> Reader:
        """What reads long texts; starts the database, and engines with the first text."""
        from voicewright.speech.long.reading import Reader
        from voicewright.speech.long.service import LongSpeechService

        service = LongSpeechService.open(self.settings, self.database, self._usable_keys)
        return Reader(service, self._long_tools, engines=self.engines)

    @cached_property
    def _long_tools(self) -> LongTools:
        from voicewright.assembly.speech import make_speech
        from voicewright.engines.modest import ModestEngine
        from voicewright.speech.long.tools import LongTools
        from voicewright.storage.vault import Vault

        return LongTools(
            settings=self.settings,
            database=self.database,
            # one entry for the whole text is enough history
            speeches=self._open.enter_context(
                make_speech(
                    self.settings,
                    self.database,
                    self.voices,
                    self.provenance,
                    history=None,
                    engines=self.engines,
                    client=ModestEngine,
                )
            ),
            vault=Vault.of_long_speeches(self.settings, self._usable_keys),
            work_dir=self.work_dir,
            engines=self._abilities.speaks,
            provenance=self.provenance,
        )

    def _announcer(self) -> Announcer:
        from voicewright.notifications.mail import MailServer
        from voicewright.notifications.notices import Notice
        from voicewright.notifications.outbox import Outbox
        from voicewright.training.announcing import Announcer

        outbox = Outbox(self.database, MailServer.of(self.settings))
        url = self.settings.public_url
        return Announcer(
            partial(outbox.tell, Notice.TRAINING_ENDED), None if url is None else f"{url.rstrip('/')}/panel"
        )

    def _chores(self) -> list[Chore]:
        from voicewright.monitoring.alerts import Watch
        from voicewright.notifications.mail import MailServer
        from voicewright.notifications.outbox import Outbox
        from voicewright.worker.chores import Chore

        outbox = Outbox(self.database, MailServer.of(self.settings))
        return [
            Chore("look for alerts", 60, Watch(self.database, self.settings, outbox).look),
            Chore("send mails", 10, outbox.send_due),
            Chore("sweep mails", 3600, outbox.sweep),
        ]

    def _sweeps(self, samples: Vault) -> list[Chore]:
        from voicewright.recordings.files import sweep
        from voicewright.speech.cache import SpeechCache
        from voicewright.storage.work import sweep_work
        from voicewright.training.workspace import CHECKPOINTS_KEPT_S
        from voicewright.voices.caching import sweep_caches
        from voicewright.voices.settling import settle
        from voicewright.worker.chores import Chore

        cache = SpeechCache(self.settings, self.database, self.voices.vault.keys)

        def forget_answers() -> None:
            with self.database.session() as session:
                sweep_caches(session)

        def sweep_folder() -> None:
            sweep_work(self.home.work_dir, older_than_s=CHECKPOINTS_KEPT_S)

        return [
            Chore("complete the deletion of accounts", 3600, self.erasures.sweep),
            Chore("sweep accounts", 3600, self.accounts.sweep),
            Chore("sweep the work folder", 3600, sweep_folder),
            Chore("sweep the caches", 3600, forget_answers),
            Chore("clean up voices", 3600, self.cleanup.run_if_due),
            Chore("move what describes voices", 3600, lambda: settle(self.database, self.voices.vault)),
            Chore("sweep voices", 3600, self.voices.tidy),
            Chore("delete voices at their providers", 30, self.forgetting.run),
            Chore("sweep recordings", 3600, lambda: sweep(self.database, samples)),
            Chore("end what killed processes spoke", 30, self.history.end_lost),
            Chore("sweep the history of speech", 3600, self.history.sweep),
            Chore("sweep blind tests", 3600, self._sweep_blind_tests),
            Chore("sweep the speech cache", 3600, cache.sweep),
            Chore("sweep long texts", 3600, self._sweep_long_texts),
        ]

    def _sweep_blind_tests(self) -> None:
        from voicewright.listening.sweeping import sweep_tests

        sweep_tests(self.database, self.history.vault, kept_days=self.settings.history_days)

    def _sweep_long_texts(self) -> None:
        from voicewright.speech.long.files import sweep_ended, sweep_files
        from voicewright.storage.vault import Vault

        vault = Vault.of_long_speeches(self.settings, self._usable_keys)
        sweep_ended(self.database, vault, kept_days=self.settings.history_days or None)
        sweep_files(self.database, vault)

    @cached_property
    def measurer(self) -> Measurer:
        """The judges; started with the first question."""
        from voicewright.quality.measurer import Measurer

        return self._open.enter_context(Measurer(whisper_dir=self.settings.whisper_dir))

    def engine(self, engine_id: str) -> EngineClient:
        """The client of an engine; started with the first request."""
        info = self.engines.find(engine_id)
        self.engines.require(info)
        return self._open.enter_context(self.engines.client(info))

    def open(self, command: str) -> None:
        """Begin a command: find the settings, start the logs."""
        from voicewright.home.layout import Home

        settings = self.settings
        self.data_dir = settings.home
        log_to_terminal(settings.log_level)
        self.log_path = log_to_file(Home(settings.home).logs_dir, command)

    def close(self) -> None:
        """End every process that was started."""
        self._open.close()


def main() -> None:
    """Run the command line of this process and exit with its status."""
    sys.exit(run(LocalApplication(), sys.argv[1:]))
