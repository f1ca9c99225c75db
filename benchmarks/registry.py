"""Times the registry of voices with few and with very many voices in it, and what its caches save.

    python benchmarks/registry.py [--models 1000 100000 1000000] [--calls 3000]

An embedded PostgreSQL in a temporary folder (`fsync` off: nothing here is about the disk's flushes) gets a
database for each number of voices: ten of each user, three uses of each voice. What is timed are the use
cases that the HTTP edge calls, each with its own transaction, its check of who asks and its entry in the
audit trail, one after another over one connection. All databases and use cases take turns, so that whatever
else the machine does falls on all of them alike.

The second table times answers about users with twenty voices: without a cache, computed and kept in one, and
told from it.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import tempfile
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import SecretStr
from sqlalchemy import MetaData, text

from _report import machine, table
from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.rate_limits import RateLimits
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.home.layout import Home
from voicewright.privacy.service import ConsentService
from voicewright.settings import Settings
from voicewright.voices.caching import ANALYTICS, STATISTICS, Cache, cache_table, changed
from voicewright.voices.figures.ratings import ratings_of
from voicewright.voices.figures.service import FigureService, compute_analytics
from voicewright.voices.figures.usage import sums_of_models
from voicewright.voices.figures.views import UsageStats
from voicewright.voices.limits import ModelLimits
from voicewright.voices.listing import Listing, list_models
from voicewright.voices.models import VoiceModel
from voicewright.voices.registry import RegistryService
from voicewright.voices.service import VoiceService
from voicewright.voices.views import VoiceModelPageView, VoiceModelView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

_SIZES = (1_000, 100_000, 1_000_000)
_OF_EACH_USER = 10
_USES_OF_EACH = 3
_MANY_OF_A_USER = 20
_SPREAD = 7_919
"""A prime: the voices of a user lie apart in the table, as they do where users come and go."""
_WARM_UP = 0.1
_EVALUATION = {
    "overall": 0.8,
    **dict.fromkeys(("similarity", "naturalness", "clarity", "consistency"), 0.8),
    "sentences": [{"text": "The birch canoe slid on the smooth planks.", "wer": 0.1}] * 5,
}
_FILL = """
INSERT INTO voice_models (id, owner_id, name, name_key, version, lineage_id, engine, engine_version, language,
    sample_rate_hz, artefact_digest, artefact_bytes, speech_s, train_s, evaluation, quality_score, options,
    metadata, status, revision, stored_bytes, is_active, created_at, updated_at)
SELECT md5(:salt || 'model' || n)::uuid, md5(:salt || 'user' || n * :spread % :users)::uuid,
    'Voice ' || n / :users, 'voice ' || n / :users, 1, md5(:salt || 'line' || n)::uuid,
    CASE n / :users % 3 WHEN 0 THEN 'cloud' ELSE 'builtin' END, '1', 'en-us', 22050,
    md5(n::text) || md5(n::text), 5000000, 60, 60, CAST(:evaluation AS jsonb), 0.5 + random() * 0.45,
    '{"seed": 1}', '{"trainingDuration": "15min"}', 'completed', 1, 5500000, n < :users,
    now() - random() * interval '1 year', now()
FROM generate_series(CAST(0 AS bigint), :models - 1) n
"""
_USE = """
INSERT INTO voice_usage (model_id, owner_id, user_id, at, outcome, characters, audio_s, latency_ms, cost_usd)
SELECT md5(:salt || 'model' || n % :models)::uuid,
    md5(:salt || 'user' || n % :models * :spread % :users)::uuid,
    md5(:salt || 'user' || n % :models * :spread % :users)::uuid, now() - random() * interval '90 days',
    CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'spoken' END, 100, 6, 100 + random() * 200, 0
FROM generate_series(CAST(0 AS bigint), :uses - 1) n
"""


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=_SIZES)
    parser.add_argument("--calls", type=int, default=3000, help="Of each use case, in each database.")
    arguments = parser.parse_args()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="vw-registry-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)  # root's database runs as another user
        server = EmbeddedServer(Home.open(folder / "home"), options={"fsync": "off", "max_wal_size": "8GB"})
        socket = str(server.join())
        stack.callback(server.leave)
        registries = [
            stack.enter_context(Registry.open(folder, socket, models)) for models in arguments.models
        ]
        _time_sizes(registries, arguments.calls)
        _time_caches(registries[0], max(100, arguments.calls // 10))


@dataclass
class Registry:
    """A database with so many voices, and the use cases over it."""

    models: int
    database: Database
    service: RegistryService
    figures: FigureService

    @classmethod
    def open(cls, folder: Path, socket: str, models: int) -> Registry:
        """Make the database and fill it."""
        url = embedded_url(socket)
        with Database(url) as root, root.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                text(f"CREATE DATABASE models_{models}")
            )
        address = url.set(database=f"models_{models}").render_as_string(hide_password=False)
        settings = Settings(
            home=folder / "home",
            database_url=SecretStr(address),
            model_analytics_per_hour=10**9,
            environment="production",
        )
        database = Database.connect(address)
        began_s = time.perf_counter()
        fill(database, models=models, users=max(1, models // _OF_EACH_USER), uses=models * _USES_OF_EACH)
        print(f"filled with {models:,} voices in {time.perf_counter() - began_s:.0f} s", flush=True)
        limits = ModelLimits(RateLimits(database), settings)
        voices = VoiceService.open(settings, database)
        consents = ConsentService(database, settings.environment)
        service = RegistryService(database, settings, voices, consents, limits)
        return cls(models, database, service, FigureService(database, limits))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def calls(self) -> dict[str, Callable[[], Callable[[], object]]]:
        """By the name of a use case what prepares a call of it, of a user of whom nobody knows which."""
        return {
            "get": self._get,
            "list, 20 of a page": self._list,
            "active": self._active,
            "analytics, computed": lambda: self._analytics(cached=False),
            "analytics, from the cache": lambda: self._analytics(cached=True),
            "activate": self._activate,
        }

    def shown(self, session: Session, model: uuid.UUID) -> dict[str, Any]:
        """A voice as it is told."""
        voice = session.get_one(VoiceModel, model)
        return VoiceModelView.of(voice, self.service.paths).model_dump(mode="json")

    def listed(self, session: Session, owner: uuid.UUID) -> dict[str, Any]:
        """A page of voices as it is told."""
        found, total = list_models(session, owner, Listing())
        page = VoiceModelPageView.of(found, self.service.paths, total=total, limit=20, offset=0)
        return page.model_dump(mode="json")

    def _somebody(self) -> tuple[Caller, list[uuid.UUID]]:
        """A user, with the ids of their voices."""
        users = self.models // _OF_EACH_USER
        place = random.randrange(users)  # noqa: S311 - nothing here is a secret
        owner = place * _SPREAD % users
        caller = Caller(_id("user", owner), Role.USER, scopes_of(Role.USER))
        return caller, [_id("model", place + turn * users) for turn in range(_OF_EACH_USER)]

    def _get(self) -> Callable[[], object]:
        caller, ids = self._somebody()
        wanted = random.choice(ids)  # noqa: S311 - as above
        return lambda: self.service.get(caller, wanted)

    def _list(self) -> Callable[[], object]:
        caller, _ = self._somebody()
        return lambda: self.service.list_models(caller, caller.user_id, Listing())

    def _active(self) -> Callable[[], object]:
        caller, _ = self._somebody()
        return lambda: self.service.get_active(caller, caller.user_id)

    def _analytics(self, *, cached: bool) -> Callable[[], object]:
        caller, _ = self._somebody()
        with self.database.session() as session:
            changed(session, caller.user_id)
        if cached:
            self.figures.analytics(caller, caller.user_id)
        return lambda: self.figures.analytics(caller, caller.user_id)

    def _activate(self) -> Callable[[], object]:
        caller, ids = self._somebody()
        active = self.service.get_active(caller, caller.user_id).id
        wanted = random.choice([one for one in ids if one != active])  # noqa: S311 - as above
        return lambda: self.service.activate(caller, wanted)


def fill(database: Database, *, models: int, users: int, uses: int, salt: str = "") -> None:
    """Enter voices and their uses, and let the server know what there is."""
    common = {"salt": salt, "spread": _SPREAD, "users": users, "models": models}
    with database.session() as session:
        session.execute(text(_FILL), common | {"evaluation": json.dumps(_EVALUATION)})
        session.execute(text(_USE), common | {"uses": uses})
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _time_sizes(registries: Sequence[Registry], calls: int) -> None:
    prepared = [registry.calls() for registry in registries]
    names = list(prepared[0])
    took: dict[tuple[str, int], list[float]] = {
        (name, place): [] for name in names for place in range(len(registries))
    }
    turns = [(name, place) for name, place in took for _ in range(calls)]
    warming = random.sample(turns, round(len(turns) * _WARM_UP))
    random.shuffle(turns)
    for number, (name, place) in enumerate([*warming, *turns]):
        call = prepared[place][name]()
        took_ms = _milliseconds(call)
        if number >= len(warming):
            took[name, place].append(took_ms)
    header = [
        "p50 / p99, ms",
        *(f"{registry.models:,} voices" for registry in registries),
        "p99, last : first",
    ]
    rows = []
    for name in names:
        figures = [_p50_p99(took[name, place]) for place in range(len(registries))]
        ratio = figures[-1][1] / figures[0][1]
        rows.append([name, *(f"{p50:.2f} / {p99:.2f}" for p50, p99 in figures), f"{ratio:.2f}"])
    print(f"\n{table(header, rows)}\n")


def _time_caches(registry: Registry, calls: int) -> None:
    """Answers about users with twenty voices each and few or many uses: without a cache, kept, told again."""
    models = Cache(cache_table("cache_voice_models", MetaData()), timedelta(hours=1))
    models.table.create(registry.database.engine)
    rows = []
    for uses in (0, 1_000, 100_000):
        salt = f"uses {uses}"
        fill(registry.database, models=_MANY_OF_A_USER, users=1, uses=uses, salt=salt)
        owner, model = _id("user", 0, salt), _id("model", 0, salt)
        asked = {
            "usage stats of one": Asked(STATISTICS, model, _stats),
            "analytics": Asked(ANALYTICS, owner, _analytics),
        }
        if not uses:
            asked["get"] = Asked(models, model, registry.shown)
            asked["list"] = Asked(models, owner, registry.listed)
        for name, one in asked.items():
            took = _cached_and_not(registry.database, one, calls)
            rows.append([f"`{one.cache.table.name}`: {name}, {uses:,} uses", *took])
    print(table(["p50 / p99, ms", "without a cache", "computed and kept", "from the cache"], rows))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about an owner or a voice, and the cache that could have it."""

    cache: Cache
    subject: uuid.UUID
    answer: Callable[[Session, uuid.UUID], dict[str, Any]]

    def plainly(self, session: Session) -> dict[str, Any]:
        """As if there were no cache."""
        return self.answer(session, self.subject)

    def through_cache(self, session: Session) -> object:
        """As the use cases do."""
        return self.cache.answers(
            session, {self.subject: f"bench:{self.subject}"}, lambda _: {self.subject: self.plainly(session)}
        )


def _stats(session: Session, model: uuid.UUID) -> dict[str, Any]:
    usage, rating = sums_of_models(session, [model])[model], ratings_of(session, [model])[model]
    return UsageStats.of(model, usage, rating).model_dump(mode="json")


def _analytics(session: Session, owner: uuid.UUID) -> dict[str, Any]:
    return compute_analytics(session, owner).model_dump(mode="json")


def _cached_and_not(database: Database, asked: Asked, calls: int) -> list[str]:
    def ask(how: Callable[[Session], object]) -> float:
        def call() -> None:
            with database.session() as session:
                how(session)

        return _milliseconds(call)

    took: list[list[float]] = [[], [], []]
    for _ in range(calls):
        with database.session() as session:
            changed(session, asked.subject)
        took[0].append(ask(asked.plainly))
        took[1].append(ask(asked.through_cache))
        took[2].append(ask(asked.through_cache))
    return ["{:.2f} / {:.2f}".format(*_p50_p99(one)) for one in took]


def _milliseconds(call: Callable[[], object]) -> float:
    gc.disable()
    began = time.perf_counter_ns()
    call()
    took_ns = time.perf_counter_ns() - began
    gc.enable()
    return took_ns / 1e6


def _p50_p99(took: list[float]) -> tuple[float, float]:
    ordered = sorted(took)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


def _id(kind: str, number: int, salt: str = "") -> uuid.UUID:
    """As `md5(salt || kind || number)::uuid` in SQL."""
    return uuid.UUID(md5(f"{salt}{kind}{number}".encode(), usedforsecurity=False).hexdigest())


if __name__ == "__main__":
    main()
