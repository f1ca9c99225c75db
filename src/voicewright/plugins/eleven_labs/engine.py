"""ElevenLabs behind the engine port: instant and professional voices, speaking, forgetting."""

from __future__ import annotations

import difflib
import hashlib
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from voicewright.audio.stretching import stretch_pcm
from voicewright.engines.asking import Asking
from voicewright.engines.errors import ProviderRefused, StockVoiceNotFound, TextUnspeakable, TooLittleSpeech
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk, StockVoice, TrainingOutcome
from voicewright.engines.portions import portions, speakable
from voicewright.engines.reference import clip_s, write_reference
from voicewright.engines.voice_note import new_label
from voicewright.plugins.eleven_labs.account import ADDRESS, Account, credits_in
from voicewright.plugins.eleven_labs.artefact import (
    read_made,
    read_voice,
    read_work,
    write_made,
    write_voice,
    write_work,
)
from voicewright.plugins.eleven_labs.options import ElevenLabsOptions
from voicewright.plugins.eleven_labs.plugin import ENGINE, PROVIDER
from voicewright.plugins.eleven_labs.training import Training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from elevenlabs.types import Voice as AccountVoice

    from voicewright.engines.port import EngineSetup, RunContext, SynthesisRequest, TrainingRequest

_TIMEOUT_S: Final = 60.0
_LONGEST_SAMPLE_S: Final = 180.0
"""More makes an instant voice no better."""
_LONGEST_TEXT: Final = 5000
_SLOWEST, _FASTEST = 0.7, 1.2
"""What ElevenLabs takes; the rest of a speed is done here."""
_VOICES_KEPT: Final = 64
_MOST_NAMED: Final = 20
_LARGEST_SEED: Final = 2**32
_MADE_OF, _LABEL, _VOICE = "made_of", "label", "voice"
"""What is noted among the checkpoints: the label before it is sent, the voice when it is there."""
_EVERYBODYS: Final = "premade"
"""The category of voices that are nobody's here."""


class ElevenLabsEngine:
    """Asks ElevenLabs; see the port for what is asked of it.

    Args:
        setup: has the key, and where it is asked.
    """

    def __init__(self, setup: EngineSetup) -> None:
        values = setup.values
        timeout_s = float(values.get("VOICEWRIGHT_PROVIDER_TIMEOUT_S", _TIMEOUT_S))
        self._asking = Asking()
        address = values.get("ELEVENLABS_BASE_URL", ADDRESS)
        self._account = Account(values["ELEVENLABS_API_KEY"], address, self._asking, timeout_s)
        self._voices = LoadedVoices(read_voice, _VOICES_KEPT)

    def clone(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Make an instant voice of the best clips."""
        started_s = time.monotonic()
        options = ElevenLabsOptions.model_validate(dict(request.options))
        context.progress("choosing a sample", 0.0)
        sample = _sample(request)
        make = partial(self._account.make_instant, sample=sample, options=options)
        voice_id, resumed = self._take_or_make(request, "clone", make, context)
        self._require_usable(voice_id, context)
        return self._finish(request, voice_id, options, context, started_s, resumed=resumed)

    def train(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Have a professional voice trained; an attempt before this one is gone on with."""
        started_s = time.monotonic()
        options = ElevenLabsOptions.model_validate(dict(request.options))
        needed_s, there_are_s = ENGINE.capabilities.minimum_speech_s, sum(map(clip_s, request.clips))
        if there_are_s < needed_s:
            raise TooLittleSpeech(
                f"There are {there_are_s:.1f} s of speech, but {needed_s:g} s are needed for a professional "
                "voice; an instant one needs less (method `clone`)."
            )
        context.progress("asking for a voice", 0.0)
        make = partial(self._account.make_professional, language=request.language)
        voice_id, resumed = self._take_or_make(request, "train", make, context)
        Training(self._account, self._asking, voice_id, request, options, context).run()
        return self._finish(request, voice_id, options, context, started_s, resumed=resumed)

    def forget(self, voice_dir: Path, context: RunContext) -> None:
        """Delete the voice there, with its recordings."""
        voice_id = read_made(voice_dir)
        if voice_id is not None:
            self._delete(voice_id, context)

    def stock_voices(self, context: RunContext) -> tuple[StockVoice, ...]:
        """The voices that ElevenLabs gives to everybody; what was made in the account is somebody's."""
        return tuple(map(_stock_voice, self._everybodys(context)))

    def write_stock_voice(self, voice: str, artefact_dir: Path, context: RunContext) -> StockVoice:
        """Write one of them, by its id or its name."""
        found = self._everybodys(context)
        named = [one for one in found if voice in {one.voice_id, one.name}]
        if not named:
            raise _not_found(voice, found)
        write_voice(artefact_dir, named[0].voice_id, "en", None)
        return _stock_voice(named[0])

    def load(self, voice_dir: Path) -> None:
        """Read the voice; whether it is still there, speaking tells."""
        self._voices.get(voice_dir)

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak; the sound is passed on as it comes."""
        voice = self._voices.get(request.voice_dir)
        text = speakable(request.text)
        if not text:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")
        context.metric("provider_characters", len(text), step=0)
        speed = min(max(request.speed, _SLOWEST), _FASTEST)
        for step, portion in enumerate(portions(text, _LONGEST_TEXT)):
            spoken = partial(
                self._account.speak,
                voice,
                portion,
                language=request.language or voice.language,
                speed=speed,
                seed=request.seed % _LARGEST_SEED,
                tell=partial(_report, context, step),
            )
            sound = self._asking.stream(spoken, context)
            for pcm in stretch_pcm(sound, ENGINE.capabilities.sample_rate_hz, request.speed / speed):
                yield AudioChunk(pcm, ENGINE.capabilities.sample_rate_hz)

    def _everybodys(self, context: RunContext) -> list[AccountVoice]:
        found = self._asking.answer(self._account.voices, context)
        return [voice for voice in found if voice.category == _EVERYBODYS]

    def _take_or_make(
        self, request: TrainingRequest, method: str, make: Callable[[str], Any], context: RunContext
    ) -> tuple[str, bool]:
        """The voice that an earlier attempt left of the same clips, or a new one; answers which it is."""
        kept, made_of = request.checkpoint_dir, _digest(method, request)
        work = {} if kept is None else read_work(kept)
        left = self._left(work, context)
        if left is not None and work.get(_MADE_OF) == made_of:
            voice_id, resumed = left, True
        else:
            if left is not None and _VOICE not in work:
                self._delete(left, context)  # nobody else has heard of it
            label = new_label()
            work = {_MADE_OF: made_of, _LABEL: label}
            if kept is not None:
                write_work(kept, work)
            voice_id, resumed = self._asking.answer(lambda: make(label), context), False
        if kept is not None:
            try:
                write_made(kept, voice_id)
                write_work(kept, work | {_VOICE: voice_id})
            except OSError:
                self._delete(voice_id, context)
                raise
        context.progress("the voice is there", 0.0)  # whoever listens takes note of it
        return voice_id, resumed

    def _left(self, work: Mapping[str, str], context: RunContext) -> str | None:
        """The voice that an earlier attempt made and that is still there, though it may not have heard so."""
        voice_id, label = work.get(_VOICE), work.get(_LABEL)
        if voice_id is not None:
            voice = self._asking.answer(lambda: self._account.find(voice_id), context)
            return None if voice is None else voice_id
        if label is not None:
            return self._asking.answer(lambda: self._account.named(label), context)
        return None

    def _delete(self, voice_id: str, context: RunContext) -> None:
        self._asking.answer(lambda: self._account.delete(voice_id), context)

    def _require_usable(self, voice_id: str, context: RunContext) -> None:
        """An instant voice that sounds like a known person's is not spoken with before a verification."""
        voice = self._asking.answer(lambda: self._account.find(voice_id), context)
        told = getattr(voice, "voice_verification", None)
        if told is not None and told.requires_verification and not told.is_verified:
            self._delete(voice_id, context)
            raise ProviderRefused(
                f"{PROVIDER.name} demands that the speaker is verified before this voice speaks, which an "
                "instant voice can't be from here. Train a professional one (method `train`), or choose "
                "another engine. The voice was deleted there."
            )

    def _finish(
        self,
        request: TrainingRequest,
        voice_id: str,
        options: ElevenLabsOptions,
        context: RunContext,
        started_s: float,
        *,
        resumed: bool,
    ) -> TrainingOutcome:
        write_made(request.artefact_dir, voice_id)
        write_voice(request.artefact_dir, voice_id, request.language, options)
        context.progress("done", 1.0)
        return TrainingOutcome(
            speech_s=sum(map(clip_s, request.clips)),
            train_s=time.monotonic() - started_s,
            epochs=1,
            stopped="finished",
            resumed=resumed,
        )


def _sample(request: TrainingRequest) -> bytes:
    least_s = ENGINE.capabilities.minimum_clone_s or 0.0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.wav"
        write_reference(request.clips, file, most_s=_LONGEST_SAMPLE_S, least_s=least_s)
        return file.read_bytes()


def _digest(method: str, request: TrainingRequest) -> str:
    """What a voice is made of."""
    digest = hashlib.sha256(f"{method} {request.language}".encode())
    for clip in request.clips:
        digest.update(clip.path.read_bytes())
    return digest.hexdigest()


def _report(context: RunContext, step: int, headers: Any) -> None:
    credits_used = credits_in(headers)
    if credits_used is not None:
        context.metric("provider_credits", credits_used, step=step)


def _stock_voice(voice: AccountVoice) -> StockVoice:
    languages = {one.language for one in getattr(voice, "verified_languages", None) or () if one.language}
    return StockVoice(voice.voice_id, voice.name or voice.voice_id, tuple(sorted(languages)))


def _not_found(voice: str, found: list[AccountVoice]) -> StockVoiceNotFound:
    names = [one.name for one in found if one.name]
    close = difflib.get_close_matches(voice, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    told = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
    return StockVoiceNotFound(
        f"{PROVIDER.name} has no voice {voice!r} for everybody.{hint} Its voices are: {told}."
    )
