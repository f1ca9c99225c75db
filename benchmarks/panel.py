"""Times the panel's list of jobs for somebody with ten jobs and for somebody with very many.

    python benchmarks/panel.py [--jobs 10000] [--calls 200]

`voicewright serve` runs with an empty data directory and the embedded PostgreSQL. Both people ask over one
connection each and take turns, so that whatever else the machine does falls on both alike. The rows are as
trainings of a hundred samples leave them. Both administer: everybody's jobs are those of the two together.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr
from sqlalchemy import text

from _report import machine, table
from _service import running
from voicewright.accounts.caller import Role
from voicewright.accounts.schemas import Origin
from voicewright.accounts.service import AccountService
from voicewright.api.browser import COOKIE
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.home.layout import Home
from voicewright.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

_FEW = 10
_TIMEOUT_S = 60.0
_WARM_UP = 5
_PAGES = {
    "the first page": "",
    "what HTMX refreshes of it": "HX",
    "those that failed": "?state=failed",
    "a search": "?search=voice+77",
    "the last page": "?offset={last}",
    "everybody's": "?whose=all",
}
_FILL = """
INSERT INTO training_jobs (id, owner_id, name, provider, language, sample_ids, dataset_name, sample_bytes,
    speech_s, options, engine_options, quality_threshold, max_training_ms, status, priority, progress,
    attempt, takeovers, retry_count, max_retries, can_retry, suggested_actions, estimated_cost,
    estimated_time_ms, forecast_time_ms, actual_cost, actual_time_ms, quality_score, quality, created_at,
    started_at, completed_at)
SELECT gen_random_uuid(), :owner, 'Voice ' || n, 'builtin', 'en-us', CAST(:samples AS jsonb), 'Readings',
    9000000, 600, '{"epochs": 100, "batchSize": 16}', '{"epochs": 100, "batch_size": 16}', 0.7, 7200000,
    state, 50, 100, 1, 0, 0, 3, state = 'failed', '[]', 0.01, 300000, 300000, 0.01, 290000, 0.8,
    CAST(:quality AS jsonb), now() - n * interval '10 minutes', now() - n * interval '10 minutes',
    now() - n * interval '9 minutes'
FROM generate_series(1, :jobs) n,
    LATERAL (
        SELECT CASE n % 20 WHEN 0 THEN 'failed' WHEN 1 THEN 'cancelled' ELSE 'completed' END AS state
    ) one
"""
_QUALITY = '{"overall": 0.8, "similarity": 0.8, "naturalness": 0.8, "reasons": ["Like the speaker."]}'
_SAMPLES = "[" + ", ".join(f'"6f1c9a52-8a3e-4b61-9f0e-{number:012x}"' for number in range(100)) + "]"


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=200, help="Of each page, by each of the two.")
    arguments = parser.parse_args()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="vw-panel-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # root's database runs as another user
        with running(folder / "home") as service:
            cookies = {jobs: _fill(folder / "home", jobs) for jobs in (_FEW, arguments.jobs)}
            clients = {
                jobs: httpx.Client(
                    base_url=service.url, cookies={COOKIE: cookie}, timeout=_TIMEOUT_S, trust_env=False
                )
                for jobs, cookie in cookies.items()
            }
            rows = [_row(name, _time(clients, query, arguments.calls)) for name, query in _PAGES.items()]
    heads = [f"{jobs:,} jobs, {which}" for jobs in cookies for which in ("p50", "p99")]
    print(table(("the list of jobs", *heads), rows))


def _fill(home: Path, jobs: int) -> str:
    """Make somebody with so many jobs; answers with what a browser of theirs keeps."""
    server = EmbeddedServer(Home.open(home))
    address = embedded_url(str(server.join())).render_as_string(hide_password=False)
    settings = Settings(home=home, database_url=SecretStr(address))
    try:
        with Database.connect(address) as database:
            accounts = AccountService(settings, database)
            owner: UUID = accounts.users.add(f"{jobs}@example.com", role=Role.ADMIN).id
            with database.session() as session:
                values = {"owner": owner, "jobs": jobs, "samples": _SAMPLES, "quality": _QUALITY}
                session.execute(text(_FILL), values)
            with database.engine.connect() as connection:
                plain = connection.execution_options(isolation_level="AUTOCOMMIT")
                plain.execute(text("VACUUM ANALYZE training_jobs"))
            user = accounts.users.get(owner)
            with database.session() as session:
                session.add(user)
                tokens = accounts.sessions.start(session, user, Origin())
            return accounts.sessions.to_browser(tokens).secret
    finally:
        server.leave()


def _time(clients: dict[int, httpx.Client], query: str, calls: int) -> dict[int, list[float]]:
    """Seconds of each call of each of them, who take turns."""
    times: dict[int, list[float]] = {jobs: [] for jobs in clients}
    for number in range(_WARM_UP + calls):
        for jobs, client in clients.items():
            path, headers = f"/panel/jobs{query.format(last=max(0, jobs - 25))}", {}
            if query == "HX":
                path, headers = "/panel/jobs", {"HX-Request": "true"}
            start = time.perf_counter()
            client.get(path, headers=headers).raise_for_status()
            if number >= _WARM_UP:
                times[jobs].append(time.perf_counter() - start)
    return times


def _row(name: str, times: dict[int, list[float]]) -> tuple[str, ...]:
    return name, *(f"{_share(taken, part) * 1000:.0f} ms" for taken in times.values() for part in (0.5, 0.99))


def _share(times: Sequence[float], part: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, round(part * len(ordered)))]


if __name__ == "__main__":
    main()
