"""Professional voices: recordings are sent piece by piece, the speaker verified, the training waited for.

All of it is kept at ElevenLabs, so that another attempt asks how far it is and goes on from there.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import wave
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import ProviderConsentRequired, ProviderRefused, ProviderVoiceGone
from voicewright.engines.reference import clip_s
from voicewright.plugins.eleven_labs.artefact import read_work, write_work
from voicewright.plugins.eleven_labs.plugin import PROVIDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from voicewright.engines.asking import Asking
    from voicewright.engines.port import ConsentRecording, RunContext, TrainingClip, TrainingRequest
    from voicewright.plugins.eleven_labs.account import Account, Captcha
    from voicewright.plugins.eleven_labs.options import ElevenLabsOptions

_PIECE_S: Final = 180.0
"""Of recordings that are sent at once: eight megabytes, of the ten that are taken."""
_GAP_S: Final = 0.2
_FIRST_LOOK_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 60.0
_STALE_LOOKS: Final = 4
"""So often a training that was just begun may be told to have failed: that is the one before it."""
_SENT, _VERIFIED, _ASKED = 0.3, 0.35, 0.4
"""How much is done when."""
_TRAINED: Final = "fine_tuned"
_FAILED: Final = "failed"
_READ: Final = "captcha"
_LOOKED_AT: Final = "manual"


class Training:
    """One professional voice, which is there already.

    Args:
        account: where it is.
        asking: runs what is asked.
        voice_id: as ElevenLabs calls it.
        request: of the port.
        options: of it.
        context: of the work.
    """

    def __init__(  # noqa: PLR0917 - what it takes
        self,
        account: Account,
        asking: Asking,
        voice_id: str,
        request: TrainingRequest,
        options: ElevenLabsOptions,
        context: RunContext,
    ) -> None:
        self._account = account
        self._asking = asking
        self._voice_id = voice_id
        self._request = request
        self._options = options
        self._context = context

    def run(self) -> None:
        """Do what is left of it.

        Raises:
            ProviderConsentRequired: the speaker has to be verified first; says how.
            ProviderRefused: the training failed.
            ProviderVoiceGone: somebody deleted it there.
        """
        voice = self._look()
        state = self._state(voice)
        stale_looks = _STALE_LOOKS if state == _FAILED else 0
        if state in {None, "not_started", _FAILED}:
            self._send(voice)
            self._verify(voice)
            self._context.progress("starting the training", _ASKED)
            self._asking.answer(
                lambda: self._account.train(self._voice_id, self._options.model), self._context
            )
        self._wait(stale_looks)

    def _send(self, voice: Any) -> None:
        there = {sample.file_name for sample in getattr(voice, "samples", None) or ()}
        groups = _groups(self._request.clips)
        for number, group in enumerate(groups, start=1):
            self._context.progress("sending the recordings", _SENT * number / len(groups))
            name = _name(number, group)
            if name not in there:
                self._send_piece(name, _joined(group))

    def _send_piece(self, name: str, wav: bytes) -> None:
        self._asking.answer(
            lambda: self._account.add_sample(self._voice_id, name, wav, self._options), self._context
        )

    def _verify(self, voice: Any) -> None:
        told = getattr(voice, "voice_verification", None)
        if told is None or not told.requires_verification or told.is_verified:
            return
        self._context.progress("verifying the speaker", _VERIFIED)
        if self._options.verification == _LOOKED_AT:
            self._ask_people(voice)
        else:
            self._read_captcha()

    def _read_captcha(self) -> None:
        """The first attempt says what is to be read; the next one sends the recording of that."""
        work, consent = self._work(), self._request.consent
        heard = "" if consent is None else _digest(consent.path)
        if consent is not None and work.get(_READ) not in {None, heard}:
            self._note(_READ, None)  # it is good for one reading
            self._asking.answer(
                lambda: self._account.read_captcha(self._voice_id, consent.path.read_bytes()), self._context
            )
            return
        captcha = self._asking.answer(lambda: self._account.captcha(self._voice_id), self._context)
        self._note(_READ, heard)
        raise ProviderConsentRequired(_ask_to_read(captcha, self._context))

    def _ask_people(self, voice: Any) -> None:
        consent = self._request.consent
        if consent is None:
            raise ProviderConsentRequired(
                f"{PROVIDER.name} looks at a recording of the speaker agreeing; there is none. Record one,"
                " and give it: POST /consents with recording_sample_id. Then try again."
            )
        asked = getattr(getattr(voice, "fine_tuning", None), "manual_verification_requested", None)
        if not asked:
            self._send_to_people(consent)
        raise ProviderConsentRequired(
            f"People at {PROVIDER.name} look at the speaker's consent now, which takes days. Try again when "
            "their mail has come: nothing is sent twice."
        )

    def _send_to_people(self, consent: ConsentRecording) -> None:
        words = consent.statement or f"{consent.speaker} agrees."
        self._asking.answer(
            lambda: self._account.ask_people(self._voice_id, consent.path.read_bytes(), words), self._context
        )

    def _wait(self, stale_looks: int) -> None:
        pause_s = _FIRST_LOOK_S
        while True:
            voice = self._look()
            state = self._state(voice)
            if state == _TRAINED:
                return
            if state != _FAILED:
                stale_looks = 0
            elif stale_looks:
                stale_looks -= 1
            else:
                why = self._told(voice, "message") or "it gives no reason"
                raise ProviderRefused(
                    f"{PROVIDER.name} could not train the voice: {why}. Try again, or give other recordings."
                )
            part = self._told(voice, "progress")
            done = part if isinstance(part, int | float) and 0 <= part <= 1 else 0.0
            self._context.progress(f"training ({state})", _ASKED + (0.99 - _ASKED) * done)
            seconds = pause_s
            self._asking.answer(lambda: asyncio.sleep(seconds), self._context)  # noqa: B023 - it has ended then
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _look(self) -> Any:
        voice = self._asking.answer(lambda: self._account.find(self._voice_id), self._context)
        if voice is None:
            raise ProviderVoiceGone(
                f"The voice was deleted at {PROVIDER.name} while it was made. Try again: another one is made."
            )
        return voice

    def _state(self, voice: Any) -> str | None:
        state = self._told(voice, "state")
        return state if isinstance(state, str) else None

    def _told(self, voice: Any, what: str) -> Any:
        """What is told of the training of the model."""
        told = getattr(getattr(voice, "fine_tuning", None), what, None) or {}
        return told.get(self._options.model)

    def _work(self) -> dict[str, str]:
        folder = self._request.checkpoint_dir
        return {} if folder is None else read_work(folder)

    def _note(self, name: str, value: str | None) -> None:
        folder = self._request.checkpoint_dir
        if folder is not None:
            work = self._work() | ({} if value is None else {name: value})
            if value is None:
                work.pop(name, None)
            write_work(folder, work)


def _ask_to_read(captcha: Captcha, context: RunContext) -> str:
    if captcha.kind.startswith("image/"):
        picture = base64.b64encode(captcha.content).decode()
        context.log(f"The text to be read, as a picture: data:{captcha.kind};base64,{picture}")
        what = "the text in the picture that is in the log of the training"
    else:
        what = f"this text: “{captcha.content.decode('utf-8', 'replace').strip()}”"
    return (
        f"{PROVIDER.name} wants to hear the speaker read {what}. Record that, give it as their newest "
        "consent (POST /consents with recording_sample_id), and try again within a week: the voice and its "
        "recordings are kept there until then."
    )


def _groups(clips: Sequence[TrainingClip]) -> list[list[TrainingClip]]:
    """Clips that are sent together, in their order."""
    groups: list[list[TrainingClip]] = []
    left_s = 0.0
    for clip in clips:
        seconds = clip_s(clip) + _GAP_S
        if not groups or seconds > left_s:
            groups.append([])
            left_s = _PIECE_S
        groups[-1].append(clip)
        left_s -= seconds
    return groups


def _name(number: int, group: Sequence[TrainingClip]) -> str:
    """Tells a piece from any other, so that it is found again there."""
    digest = hashlib.sha256()
    for clip in group:
        digest.update(_digest(clip.path).encode())
    return f"part-{number:03d}-{digest.hexdigest()[:8]}.wav"


def _joined(group: Sequence[TrainingClip]) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as joined:
        for number, frames in enumerate(_frames(group, joined)):
            if number:
                joined.writeframes(bytes(2 * round(_GAP_S * joined.getframerate())))
            joined.writeframes(frames)
    return target.getvalue()


def _frames(group: Sequence[TrainingClip], joined: wave.Wave_write) -> Iterator[bytes]:
    for number, clip in enumerate(group):
        with wave.open(str(clip.path), "rb") as source:
            if number == 0:
                joined.setparams(source.getparams())
            yield source.readframes(source.getnframes())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
