"""`voicewright smoke`: tries a running service as an application does, from a token to a spoken sentence."""

from __future__ import annotations

import base64
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.cli.service_client import ServiceClient
    from voicewright.settings import Settings
    from voicewright.training.progress import Progress

_PUBLIC: Final = "/api/public/voice/onboarding"
_LOOK_S: Final = 1.0
_TOKEN_S: Final = 86_400
_ENDED: Final = frozenset({"completed", "failed"})


@dataclass
class _Attempt:
    """A voice that is asked for."""

    app: ServiceClient
    """With the application's key."""
    user: ServiceClient
    """With the token of its user."""
    user_id: str
    wait: Callable[[float], object]
    """Waits for so many seconds, unless the command is to end."""
    timeout_s: float
    began_s: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began_s


@command
def smoke(
    *,
    ctx: typer.Context,
    audio: Annotated[Path, typer.Argument(help="A recording of one person, 10 to 300 seconds.")],
    api_url: Annotated[
        str | None, typer.Option("--api-url", help="The service; one on this machine by default.")
    ] = None,
    skip_checks: Annotated[
        bool, typer.Option("--skip-checks", help="Don't look first whether all that is needed is there.")
    ] = False,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="A file with the API key; VOICEWRIGHT_API_KEY by default.",
        ),
    ] = None,
    user_id: Annotated[str, typer.Option(help="The user whose voice it is.")] = "smoke-test",
    name: Annotated[str, typer.Option(help="What the voice is called.")] = "Smoke test",
    text: Annotated[str | None, typer.Option(help="What it says first.")] = None,
    language: Annotated[str | None, typer.Option(help="Of the recording.")] = None,
    provider: Annotated[str | None, typer.Option(help="The engine; the service's choice by default.")] = None,
    consent: Annotated[
        str | None,
        typer.Option(help="What the speaker has agreed to, in words; production asks for it."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where its first words go; AUDIO-sample.mp3 by default.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that all of it may take.")] = 1800.0,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> dict[str, Any]:
    """Have a running service make a voice in one call, and hear it: is everything there that it needs?"""
    from voicewright.cli.service_client import ServiceClient

    application: Application = ctx.obj
    if not audio.is_file():
        raise typer.BadParameter(f"There is no file {audio}.")
    target = out or audio.with_name(f"{audio.stem}-sample.mp3")
    settings = application.settings
    url = api_url or settings.public_url or f"http://127.0.0.1:{settings.port}"
    app = ServiceClient(url.rstrip("/"), _key(settings, api_key_file))
    say = (lambda _: None) if as_json else print
    checks = {} if skip_checks else _check(app, say)
    asked: dict[str, Any] = {"userId": user_id, "expiresInS": _TOKEN_S}
    if consent is not None:
        asked["consent"] = {"statement": consent}
    if provider is not None:
        asked["provider"] = provider
    made = app.post("/voice-onboarding/tokens", asked)
    attempt = _Attempt(
        app, app.with_credential(made["token"]), user_id, application.interruption.cancel.wait, timeout
    )
    form = {"user_id": user_id, "voice_name": name}
    more = {"sample_text": text, "language": language}
    form |= {key: value for key, value in more.items() if value is not None}
    told = _clone(attempt, form, audio)
    sound = _sample(attempt, told)
    total_s = attempt.elapsed_s
    target.write_bytes(sound)
    status = attempt.app.get(f"{_PUBLIC}/jobs/{told['jobId']}/status")
    worker = status["workerInfo"] or {}
    say(f"A voice was made in {total_s:.1f} s, of which {status['processingTime']:.1f} s were work on "
        f"{worker.get('node')} ({worker.get('gpuType')}).")  # fmt: skip
    say(f"Its id is {status['voiceId']}; what it said first is in {target}.")
    return {
        "job_id": told["jobId"],
        "voice_id": status["voiceId"],
        "answered": "with the voice" if "voice_id" in told else "at once",
        "total_seconds": round(total_s, 2),
        "processing_seconds": status["processingTime"],
        "worker": worker,
        "checks": checks,
        "output": str(target),
        "output_bytes": len(sound),
    }


def _key(settings: Settings, file: Path | None) -> str:
    """The application's API key.

    Raises:
        NotAuthenticated: there is none; says how to make one.
    """
    from voicewright.accounts.errors import NotAuthenticated

    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    if sys.stdin.isatty():
        return str(typer.prompt("API key", hide_input=True, err=True)).strip()
    raise NotAuthenticated(
        "The service asks for an API key. Make one where it runs, `voicewright users token EMAIL`, and set "
        "VOICEWRIGHT_API_KEY, or name a file with it: --api-key-file. Where nobody has an account yet: "
        "`voicewright users add EMAIL --admin`."
    )


def _check(app: ServiceClient, say: Callable[[str], object]) -> dict[str, Any]:
    """Look whether all is there that a voice needs.

    Raises:
        ServiceUnreachable: the service does not answer, or no worker is there.
        NotAuthenticated, NotAllowed: the key is no good.
    """
    from voicewright.cli.service_client import ServiceUnreachable

    app.get("/health")
    app.get("/ready")
    say(f"{app.url} answers, and so does its database.")
    figures = app.get("/voice-onboarding/stats")
    say("The key is good.")
    workers = figures["workers"]
    if not workers:
        raise ServiceUnreachable(
            "The service answers, and no worker is there that could make a voice. Start one: `voicewright "
            "worker`, or `voicewright serve` without --no-worker."
        )
    for worker in workers:
        say(f"The worker {worker['node']} computes on {worker['gpuType']} ({worker['environment']}).")
    return {"workers": workers, "jobs_so_far": figures["total"]}


def _clone(attempt: _Attempt, form: dict[str, str], audio: Path) -> dict[str, Any]:
    """Send the recording, and watch until the voice is there: the answer to the call.

    Raises:
        ServiceRefused: the recording can't be used, or the job has failed.
        ServiceUnreachable: it took too long, or the service went away.
    """
    answers: list[dict[str, Any]] = []
    failures: list[BaseException] = []

    def send() -> None:
        try:
            files = {"audio_file": audio}
            answers.append(
                attempt.user.post_form(f"{_PUBLIC}/clone", form, files, timeout_s=attempt.timeout_s)
            )
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failures.append(error)

    sending = threading.Thread(target=send, name="smoke", daemon=True)
    with progress_bar() as show:
        sending.start()
        while sending.is_alive():
            sending.join(_LOOK_S)
            _require_time(attempt)
            show(_progress(_newest(attempt), attempt))
        if failures:
            raise failures[0]
        answer = answers[0]
        while "voice_id" not in answer and (status := _status(attempt, answer))["status"] not in _ENDED:
            _require_time(attempt)
            show(_progress(status, attempt))
            attempt.wait(_LOOK_S)
    return answer


def _status(attempt: _Attempt, answer: dict[str, Any]) -> dict[str, Any]:
    """How far a queued voice is.

    Raises:
        ServiceRefused: it has failed.
    """
    from voicewright.cli.service_client import ServiceRefused

    status: dict[str, Any] = attempt.user.get(answer["statusUrl"])
    if status["status"] == "failed":
        raise ServiceRefused(f"No voice was made: {status['error']} ({status['errorCode']})")
    return status


def _newest(attempt: _Attempt) -> dict[str, Any] | None:
    """The job that the call, which has not been answered yet, has begun."""
    jobs = attempt.app.get("/voice-onboarding/jobs?limit=100")["jobs"]
    return next(
        (job for job in jobs if job["userId"] == attempt.user_id and job["status"] not in _ENDED), None
    )


def _progress(status: dict[str, Any] | None, attempt: _Attempt) -> Progress:
    from voicewright.training.progress import Progress

    stage, fraction = ("sending", 0.0) if status is None else (status["status"], status["progress"] / 100)
    return Progress(stage, fraction, attempt.elapsed_s, None)


def _require_time(attempt: _Attempt) -> None:
    from voicewright.cli.service_client import ServiceUnreachable

    if attempt.elapsed_s > attempt.timeout_s:
        raise ServiceUnreachable(
            f"There is no voice after {attempt.timeout_s:.0f} s. It goes on being made: "
            "GET /voice-onboarding/jobs shows how far it is."
        )


def _sample(attempt: _Attempt, answer: dict[str, Any]) -> bytes:
    sound = answer.get("sample_audio")
    if sound is not None:
        return base64.b64decode(sound.partition(",")[2])
    return attempt.user.send("GET", f"{_PUBLIC}/jobs/{answer['jobId']}/sample", timeout_s=attempt.timeout_s)
