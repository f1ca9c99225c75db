"""The suite that every engine must pass, for the plugin's own tests (needs pytest).

    from voicewright.engines.conformance import EngineConformance

    class TestMyEngine(EngineConformance):
        descriptor = "my_plugin.plugin:ENGINE"
        engine_info = ENGINE

        def training_request(self, work_dir):
            clips = make_or_find_clips(work_dir / "clips")
            return TrainingRequest(clips, "en-us", {"epochs": 2}, artefact_dir=work_dir / "artefact")

Everything goes through `EngineClient`, so the engine runs in a real host process, as it will for users. One
voice is trained for all the checks; declaring `deterministic` costs a second training. What the suite asks
for is written in the names and messages of its checks.
"""

from __future__ import annotations

import array
import contextlib
import dataclasses
import itertools
import re
import shutil
import subprocess
import sys
import threading
import wave
import zipfile
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import (
    Cancelled,
    EngineError,
    LanguageUnsupported,
    OptionsInvalid,
    StockVoiceNotFound,
)
from voicewright.engines.host.events import Progress, Spoken
from voicewright.engines.port import (
    PROVIDER_VOICE,
    PROVIDER_VOICE_BYTES,
    Rehearsal,
    SynthesisRequest,
    TrainingClip,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicewright.engines.host.events import Event, OnEvent
    from voicewright.engines.port import EngineInfo, TrainingOutcome, TrainingRequest

HEAVY_MODULES = ("torch", "scipy", "numba", "librosa", "onnxruntime", "tensorflow", "sklearn", "transformers")
"""Importing a descriptor must import none of these."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_ENGINE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_STOPPED = {"finished", "early_stopping", "max_time"}
_MIN_RATE_HZ, _MAX_RATE_HZ = 8_000, 48_000
_MIN_SENTENCE_S = 0.3
_SILENCE_PEAK = 330
"""-40 dBFS: below this nobody takes it for speech."""
_MIN_PITCH_HZ, _MAX_PITCH_HZ = 50, 600
_PITCH_WINDOW_S = 0.06
_SMALLEST_OCTAVE, _LARGEST_OCTAVE = 1.5, 2.7
_PICKLE_START = re.compile(rb"\x80[\x02-\x05]")


class TrainedVoice(NamedTuple):
    """What one training left."""

    voice_dir: Path
    outcome: TrainingOutcome | None = None
    """None where the voice is the engine's own."""
    events: tuple[Event, ...] = ()


class EngineConformance:
    """Inherit, set `engine_info` and `descriptor`, write `training_request`; the rest are finer hooks."""

    engine_info: ClassVar[EngineInfo]
    """The engine under test."""
    descriptor: ClassVar[str]
    """Where `engine_info` is imported from: `module:ATTRIBUTE`."""
    sentence: ClassVar[str] = "The boat went slowly past the old stone bridge."
    """A sentence in the language of `training_request`."""
    long_text: ClassVar[str] = " ".join(["The boat went slowly past the old stone bridge."] * 12)
    """About a minute of speech in that language, so that there is time to stop in the middle."""
    cancel_grace_s: ClassVar[float] = 0.9
    """How long cancelled work may take to stop."""
    patience_s: ClassVar[float] = 600.0
    """How long a training, or one chunk of speech, may take before the check fails."""

    def training_request(self, work_dir: Path) -> TrainingRequest:
        """Hook: return the quickest training that makes a voice, with an empty `artefact_dir` in `work_dir`.

        Called with a new, empty directory each time; two calls must ask for the same voice.
        """
        raise NotImplementedError(f"{type(self).__name__} has to say how to train {self.engine_info.id}")

    def clone_request(self, work_dir: Path) -> TrainingRequest:
        """Hook: return a cloning, for an engine that both clones and trains (default: as for a training)."""
        return self.training_request(work_dir)

    def stock_voice(self, client: EngineClient, work_dir: Path) -> Path:
        """Hook: return the folder of a voice, for an engine that learns none and speaks with its own."""
        first, *_ = client.stock_voices(timeout_s=self.patience_s)
        client.write_stock_voice(first.id, work_dir / "stock", timeout_s=self.patience_s)
        return work_dir / "stock"

    def cancellable_request(self, work_dir: Path) -> TrainingRequest:
        """Hook: return a training that goes on for some time after its first progress report."""
        return self.training_request(work_dir)

    def too_little_request(self, work_dir: Path) -> TrainingRequest:
        """Hook: return a training with less speech than the engine needs (default: a third of it)."""
        request = self.training_request(work_dir)
        limit_s = self.needed_speech_s / 3
        clip = _cut(request.clips[0], work_dir / "too-little.wav", limit_s)
        return dataclasses.replace(request, clips=(clip,))

    def make_client(self) -> EngineClient:
        """Hook: return a client, for example with the interpreter of another environment."""
        return EngineClient(self.engine_info, cancel_grace_s=self.cancel_grace_s)

    # Fixtures

    @pytest.fixture(scope="class")
    @classmethod
    def client(cls) -> Iterator[EngineClient]:
        """One warm host for the checks that do not need a fresh one."""
        with cls().make_client() as client:
            yield client

    @pytest.fixture(scope="class")
    @classmethod
    def voice(cls, client: EngineClient, tmp_path_factory: pytest.TempPathFactory) -> TrainedVoice:
        """One voice, trained once."""
        suite = cls()
        if not suite.engine_info.capabilities.learns:
            return TrainedVoice(suite.stock_voice(client, tmp_path_factory.mktemp("voice")))
        request = suite.training_request(tmp_path_factory.mktemp("voice"))
        rehearsal = Rehearsal(suite.sentence, tmp_path_factory.mktemp("rehearsal"))
        return suite.make_voice(client, dataclasses.replace(request, rehearsal=rehearsal))

    # The descriptor

    def test_descriptor_is_complete_and_sane(self) -> None:
        """Ids, languages, rates and limits are of the right form, options have defaults and help."""
        info, can = self.engine_info, self.engine_info.capabilities
        _check(_ENGINE_ID.fullmatch(info.id), f"the id {info.id!r} is not lower-case words joined by hyphens")
        for name in ("title", "licence", "version", "factory"):
            _check(getattr(info, name).strip(), f"{name} is empty")
        _check(":" in info.factory, "factory is not of the form module:Class")
        _check(can.languages, "it declares no language")
        for code in can.languages:
            _check(_LANGUAGE.fullmatch(code), f"{code!r} is not a lower-case BCP 47 code")
        _check(
            _MIN_RATE_HZ <= can.sample_rate_hz <= _MAX_RATE_HZ,
            f"{can.sample_rate_hz} Hz is no rate of speech",
        )
        _check(
            0 < can.minimum_speech_s <= can.ideal_speech_s, "minimum_speech_s and ideal_speech_s are mixed up"
        )
        _check(
            not info.requires or info.install_hint, "it requires packages, but does not say how to get them"
        )
        info.options()  # every option needs a default
        for name, field in info.options.model_fields.items():
            _check(field.description, f"the option {name} has no help text (description)")

    def test_descriptor_imports_nothing_heavy(self) -> None:
        """The core lists engines on every start: their descriptions must cost nothing."""
        module, _, attribute = self.descriptor.partition(":")
        program = (
            f"import importlib, sys; info = getattr(importlib.import_module({module!r}), {attribute!r}); "
            f"print(info.id, *(set(sys.modules) & set({HEAVY_MODULES!r})))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
        )
        _check(done.returncode == 0, f"{self.descriptor} can't be imported: {done.stderr}")
        engine_id, *heavy = done.stdout.split()
        _check(engine_id == self.engine_info.id, f"{self.descriptor} is the engine {engine_id}")
        _check(not heavy, f"importing {module} imports {', '.join(heavy)}")

    def test_engine_is_what_it_declares(self, client: EngineClient) -> None:
        """It loads in a host process, where its methods are compared with its capabilities."""
        client.start()

    # Training

    def test_training_tells_what_it_did(self, voice: TrainedVoice) -> None:
        """The outcome is filled in with plausible values."""
        self.require_learning()
        outcome = voice.outcome
        assert outcome is not None  # noqa: S101 - the voice was learnt
        _check(outcome.speech_s > 0, f"speech_s is {outcome.speech_s}")
        _check(outcome.train_s >= 0, f"train_s is {outcome.train_s}")
        _check(outcome.stopped in _STOPPED, f"stopped is {outcome.stopped!r}, not one of {sorted(_STOPPED)}")

    def test_training_reports_growing_progress(self, voice: TrainedVoice) -> None:
        """There is progress with a stage in words; it lies in 0..1 and never goes back."""
        self.require_learning()
        reports = [event for event in voice.events if isinstance(event, Progress)]
        _check(reports, "there was no progress report")
        fractions = [report.fraction for report in reports]
        _check(all(0.0 <= each <= 1.0 for each in fractions), f"progress left 0..1: {fractions}")
        _check(fractions == sorted(fractions), f"progress went back: {fractions}")
        _check(all(report.stage.strip() for report in reports), "a progress report has no stage")

    def test_what_it_says_on_the_way_can_be_heard(self, voice: TrainedVoice) -> None:
        """An engine need not speak before it is done; where it does, one hears it and knows what is said."""
        said = [event for event in voice.events if isinstance(event, Spoken)]
        if not said:
            pytest.skip(f"{self.engine_info.id} does not speak while it trains")
        steps = [each.step for each in said]
        _check(steps == sorted(set(steps)), f"it spoke after the epochs {steps}")
        for each in said:
            _check(each.text.strip(), f"nobody knows what it says after epoch {each.step}")
            with wave.open(str(each.path), "rb") as file:
                _check(
                    (file.getnchannels(), file.getsampwidth()) == (1, 2), f"{each.path} is not 16-bit mono"
                )
                pcm, length_s = file.readframes(file.getnframes()), file.getnframes() / file.getframerate()
            _check(length_s > _MIN_SENTENCE_S, f"after epoch {each.step} it spoke for {length_s:.2f} s")
            _check(_peak(pcm) > _SILENCE_PEAK, f"after epoch {each.step} it is silent")

    def test_artefact_holds_no_pickles(self, voice: TrainedVoice) -> None:
        """Loading a voice must never run code."""
        files = [path for path in voice.voice_dir.rglob("*") if path.is_file()]
        _check(files, "the artefact is empty")
        pickled = _find_pickles(voice.voice_dir)
        _check(not pickled, f"these files are or hold pickles: {pickled}")

    def test_training_with_the_same_seed_makes_the_same_voice(
        self, client: EngineClient, voice: TrainedVoice, tmp_path: Path
    ) -> None:
        """Holds the engine to `deterministic`: same files, byte for byte, and same speech."""
        self.require_learning()
        if not self.engine_info.capabilities.deterministic:
            pytest.skip(f"{self.engine_info.id} does not claim to be deterministic")
        again = self.make_voice(client, self.training_request(tmp_path))
        _check(
            _contents(again.voice_dir) == _contents(voice.voice_dir), "the second training made other files"
        )
        first, second = self.speak(client, voice.voice_dir), self.speak(client, again.voice_dir)
        _check(first == second, "the same voice said the same sentence differently")

    def test_too_little_speech_is_refused_with_what_is_needed(
        self, client: EngineClient, tmp_path: Path
    ) -> None:
        """The message names the number of seconds that the descriptor declares for what is tried."""
        self.require_learning()
        request = self.too_little_request(tmp_path)
        with pytest.raises(EngineError) as caught:
            self.make_voice(client, request)
        needed = f"{self.needed_speech_s:g}"
        named = re.findall(r"\d+(?:\.\d+)?", caught.value.message)
        _check(
            needed in {f"{float(number):g}" for number in named},
            f"the refusal does not say that {needed} s are needed: {caught.value.message}",
        )

    def test_unknown_options_are_refused_by_name(self, client: EngineClient, tmp_path: Path) -> None:
        """A misspelt option must not be ignored in silence."""
        self.require_learning()
        request = self.training_request(tmp_path)
        request = dataclasses.replace(request, options={**request.options, "no_such_option": 1})
        with pytest.raises(OptionsInvalid, match="no_such_option"):
            self.make_voice(client, request)

    def test_unknown_language_is_refused(self, client: EngineClient, tmp_path: Path) -> None:
        """Training a voice in a language that the engine does not have ends at once."""
        self.require_learning()
        request = dataclasses.replace(self.training_request(tmp_path), language="qqq")
        with pytest.raises(LanguageUnsupported, match="qqq"):
            self.make_voice(client, request)

    def test_cancelled_training_stops_in_time_and_leaves_nothing(
        self, client: EngineClient, tmp_path: Path
    ) -> None:
        """The host would have been killed, had the engine taken longer than `cancel_grace_s`."""
        self.require_learning()
        request = self.cancellable_request(tmp_path)
        cancel = threading.Event()
        client.start()
        host = client.pid

        def cancel_at_first_progress(event: Event) -> None:
            if isinstance(event, Progress):
                cancel.set()

        with pytest.raises(Cancelled):
            self.run_training(client, request, cancel_at_first_progress, cancel)
        _check(client.pid == host, "it did not stop in time and had to be killed")
        _check(not any(request.artefact_dir.iterdir()), "something was left in the artefact directory")

    def test_cloning_makes_a_voice_too(self, client: EngineClient, tmp_path: Path) -> None:
        """Where an engine declares both, either leaves a voice that speaks."""
        able = self.engine_info.capabilities
        if not (able.clones and able.trains):
            pytest.skip(f"{self.engine_info.id} does not both clone and train")
        request = self.clone_request(tmp_path)
        client.clone(request, timeout_s=self.patience_s)
        _check(_peak(self.speak(client, request.artefact_dir)) > _SILENCE_PEAK, "the cloned voice is silent")

    # Voices of its own, and those that lie at a provider

    def test_stock_voices_are_listed_and_speak(self, client: EngineClient, tmp_path: Path) -> None:
        """Each has an id of its own; the first one, taken as an artefact, speaks; unknown ones are named."""
        if not self.engine_info.capabilities.has_stock_voices:
            pytest.skip(f"{self.engine_info.id} has no voices of its own")
        voices = client.stock_voices(timeout_s=self.patience_s)
        ids = [voice.id for voice in voices]
        _check(ids and len(set(ids)) == len(ids), f"the ids of the stock voices are {ids}")
        client.write_stock_voice(ids[0], tmp_path / "voice", timeout_s=self.patience_s)
        _check(not _find_pickles(tmp_path / "voice"), "a stock voice is or holds a pickle")
        _check(_peak(self.speak(client, tmp_path / "voice")) > _SILENCE_PEAK, "a stock voice is silent")
        with pytest.raises(StockVoiceNotFound, match="no-such-voice"):
            client.write_stock_voice("no-such-voice", tmp_path / "none", timeout_s=self.patience_s)
        _check(not any((tmp_path / "none").iterdir()), "something was left of a voice that there is not")

    def test_forgotten_voice_is_gone_at_the_provider(self, client: EngineClient, tmp_path: Path) -> None:
        """After `forget` the voice speaks no more; forgetting it again is no error.

        What it needs is in one small file, which the platform keeps longer than the voice.
        """
        provider = self.engine_info.provider
        if provider is None or not provider.keeps_voices:
            pytest.skip(f"{self.engine_info.id} keeps no voices elsewhere")
        checkpoint_dir = tmp_path / "checkpoint"
        checkpoint_dir.mkdir()
        request = dataclasses.replace(self.training_request(tmp_path), checkpoint_dir=checkpoint_dir)
        voice = self.make_voice(client, request)
        written = voice.voice_dir / PROVIDER_VOICE
        _check(written.is_file(), f"the artefact has no {PROVIDER_VOICE}")
        named = written.read_bytes()
        _check(len(named) <= PROVIDER_VOICE_BYTES, f"{PROVIDER_VOICE} has {len(named)} bytes")
        noted = checkpoint_dir / PROVIDER_VOICE
        _check(noted.is_file(), f"the folder of the checkpoints has no {PROVIDER_VOICE}")
        _check(noted.read_bytes() == named, f"{PROVIDER_VOICE} is another one among the checkpoints")
        alone = tmp_path / "alone"
        alone.mkdir()
        (alone / PROVIDER_VOICE).write_bytes(named)
        client.forget(alone, timeout_s=self.patience_s)
        client.forget(alone, timeout_s=self.patience_s)
        with pytest.raises(EngineError):
            self.speak(client, voice.voice_dir)

    # Speaking

    def test_speech_has_the_declared_format_and_is_not_silent(
        self, client: EngineClient, voice: TrainedVoice
    ) -> None:
        """16-bit PCM at the declared rate; a sentence is neither silent nor shorter than a cough."""
        pcm = self.speak(client, voice.voice_dir)
        _check(self.seconds(pcm) > _MIN_SENTENCE_S, f"the sentence took {self.seconds(pcm):.2f} s")
        _check(_peak(pcm) > _SILENCE_PEAK, "the sentence is silent")

    def test_speech_is_streamed_if_declared(self, client: EngineClient, voice: TrainedVoice) -> None:
        """A long text comes in several chunks where `streams` is declared."""
        if not self.engine_info.capabilities.streams:
            pytest.skip(f"{self.engine_info.id} does not claim to stream")
        request = SynthesisRequest(voice.voice_dir, self.long_text)
        chunks = sum(1 for _ in client.synthesize(request, timeout_s=self.patience_s))
        _check(chunks > 1, "a long text came in one piece")

    def test_speed_changes_the_duration(self, client: EngineClient, voice: TrainedVoice) -> None:
        """Faster is shorter, over the whole range that the port allows."""
        speeds = (0.25, 0.5, 1.0, 2.0, 4.0)
        durations = [self.seconds(self.speak(client, voice.voice_dir, speed=speed)) for speed in speeds]
        falling = all(slow > fast for slow, fast in itertools.pairwise(durations))
        _check(falling, f"speeds {speeds} took {durations} s")

    def test_speed_out_of_range_is_refused(self, client: EngineClient, voice: TrainedVoice) -> None:
        """Nothing is done with a speed that makes no sense."""
        for speed in (0.0, -1.0, 100.0, float("nan")):
            with pytest.raises(EngineError):
                self.speak(client, voice.voice_dir, speed=speed)

    def test_pitch_moves_the_voice_where_declared(self, client: EngineClient, voice: TrainedVoice) -> None:
        """Six semitones up and down lie an octave apart; where nothing is declared, both are refused."""
        if not self.engine_info.capabilities.shifts_pitch:
            with pytest.raises(OptionsInvalid, match="pitch"):
                self.speak(client, voice.voice_dir, pitch_semitones=1.0)
            return
        rate_hz = self.engine_info.capabilities.sample_rate_hz
        low_hz, high_hz = (
            _pitch_hz(self.speak(client, voice.voice_dir, pitch_semitones=shift), rate_hz)
            for shift in (-6, 6)
        )
        _check(
            _SMALLEST_OCTAVE < high_hz / low_hz < _LARGEST_OCTAVE,
            f"twelve semitones apart it speaks at {low_hz:.0f} and {high_hz:.0f} Hz",
        )
        same = self.speak(client, voice.voice_dir), self.speak(client, voice.voice_dir, pitch_semitones=0.0)
        if self.engine_info.capabilities.deterministic:
            _check(same[0] == same[1], "a pitch of 0 is not the voice's own")
        for shift in (12.5, -13.0, float("nan")):
            with pytest.raises(OptionsInvalid, match="pitch"):
                self.speak(client, voice.voice_dir, pitch_semitones=shift)

    def test_words_are_timed_where_declared(self, client: EngineClient, voice: TrainedVoice) -> None:
        """All words of the text, as they stand in it, one after the other within the audio."""
        request = SynthesisRequest(voice.voice_dir, self.sentence)
        chunks = list(client.synthesize(request, timeout_s=self.patience_s))
        words = [word for chunk in chunks for word in chunk.words]
        if not self.engine_info.capabilities.times_words:
            _check(not words, "it times words and does not declare it (times_words)")
            return
        said = [word.text for word in words]
        _check("".join(said) == "".join(self.sentence.split()), f"the words of the text are not {said}")
        length_s = self.seconds(b"".join(chunk.pcm for chunk in chunks))
        times_s = [each for word in words for each in (word.start_s, word.end_s)]
        _check(times_s == sorted(times_s), f"the words are not one after the other: {words}")
        _check(times_s[-1] <= length_s, f"the last word ends at {times_s[-1]:.2f} s of {length_s:.2f} s")
        _check(
            times_s[-1] - times_s[0] > length_s / 2, f"the words take {times_s[0]:.2f}-{times_s[-1]:.2f} s"
        )

    @pytest.mark.parametrize("text", ["", "   \n", "...", "?! -- ,;", "\u200b", "😀"])
    def test_text_without_words_gives_a_clear_error_or_silence(
        self, client: EngineClient, voice: TrainedVoice, text: str
    ) -> None:
        """Some engines name a symbol, most have nothing to say; none may crash."""
        try:
            pcm = self.speak(client, voice.voice_dir, text=text)
        except EngineError:
            return
        silent_or_short = _peak(pcm) <= _SILENCE_PEAK or self.seconds(pcm) < self.seconds_of_sentence(
            client, voice
        )
        _check(silent_or_short, f"{text!r} made {self.seconds(pcm):.1f} s of sound")

    @pytest.mark.parametrize(
        "text", ["a" * 2000, "Donaudampfschiff" * 50, "x\x00y\x07z", "مرحبا 你好 Привет"]
    )
    def test_odd_text_is_spoken_or_refused(
        self, client: EngineClient, voice: TrainedVoice, text: str
    ) -> None:
        """A word without end, control characters, foreign scripts: speech or an `EngineError`."""
        client.start()
        host = client.pid
        with contextlib.suppress(EngineError):
            self.speak(client, voice.voice_dir, text=text)
        _check(client.pid == host, "the host process did not survive")

    def test_unknown_language_is_not_spoken(self, client: EngineClient, voice: TrainedVoice) -> None:
        """A language that the engine does not have is refused, not read in another."""
        with pytest.raises(LanguageUnsupported, match="qqq"):
            self.speak(client, voice.voice_dir, language="qqq")

    def test_synthesis_stops_when_nobody_listens(self, client: EngineClient, voice: TrainedVoice) -> None:
        """Closing the iterator after the first chunk frees the same host for the next sentence, in time."""
        client.load(voice.voice_dir, timeout_s=self.patience_s)
        host = client.pid
        request = SynthesisRequest(voice.voice_dir, self.long_text)
        stream = client.synthesize(request, timeout_s=self.patience_s)
        next(stream)
        stream.close()
        _check(client.pid == host, "it did not stop in time and had to be killed")
        self.speak(client, voice.voice_dir)
        _check(client.pid == host, "the host process had to be replaced")

    # Voices

    def test_voice_speaks_from_another_place_and_another_process(
        self, voice: TrainedVoice, tmp_path: Path
    ) -> None:
        """The artefact is self-contained: a copy speaks with the original out of reach."""
        copy, away = tmp_path / "copy", voice.voice_dir.with_name("out-of-reach")
        shutil.copytree(voice.voice_dir, copy)
        voice.voice_dir.rename(away)
        try:
            with self.make_client() as client:
                pcm = self.speak(client, copy)
        finally:
            away.rename(voice.voice_dir)
        _check(_peak(pcm) > _SILENCE_PEAK, "the copy is silent")

    def test_two_voices_are_kept_loaded(
        self, client: EngineClient, voice: TrainedVoice, tmp_path: Path
    ) -> None:
        """Two loaded voices speak in turns from memory: their files are gone by then."""
        copies = [tmp_path / "one", tmp_path / "two"]
        for copy in copies:
            shutil.copytree(voice.voice_dir, copy)
            client.load(copy, timeout_s=self.patience_s)
        for copy in copies:
            shutil.rmtree(copy)
        for copy in copies * 2:
            _check(_peak(self.speak(client, copy)) > _SILENCE_PEAK, "a loaded voice is silent")

    def test_voice_that_was_replaced_is_loaded_anew(
        self, client: EngineClient, voice: TrainedVoice, tmp_path: Path
    ) -> None:
        """A voice in memory never answers for the files that lie in its folder now; here, damaged ones."""
        place = tmp_path / "place"
        shutil.copytree(voice.voice_dir, place)
        client.load(place, timeout_s=self.patience_s)
        for path in [path for path in place.rglob("*") if path.is_file()]:
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content[: len(content) // 2])
        with pytest.raises(EngineError):
            client.load(place, timeout_s=self.patience_s)

    def test_what_is_no_voice_is_refused(self, client: EngineClient, tmp_path: Path) -> None:
        """An empty directory, one that is not there and one with somebody else's files."""
        (tmp_path / "empty").mkdir()
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "holiday.txt").write_text("not a voice", encoding="utf-8")
        for name in ("empty", "missing", "other"):
            with pytest.raises(EngineError):
                client.load(tmp_path / name, timeout_s=self.patience_s)

    def test_damaged_voice_is_refused(
        self, client: EngineClient, voice: TrainedVoice, tmp_path: Path
    ) -> None:
        """Each file cut in half, one at a time: an `EngineError`, never a crash or a strange sound."""
        files = [path.relative_to(voice.voice_dir) for path in voice.voice_dir.rglob("*") if path.is_file()]
        for number, name in enumerate(files):
            damaged = tmp_path / str(number)
            shutil.copytree(voice.voice_dir, damaged)
            content = (damaged / name).read_bytes()
            (damaged / name).write_bytes(content[: len(content) // 2])
            with pytest.raises(EngineError):
                client.load(damaged, timeout_s=self.patience_s)

    # What the checks are made of

    @property
    def needed_speech_s(self) -> float:
        """Of what `run_training` does."""
        able = self.engine_info.capabilities
        cloning = able.minimum_clone_s if not able.trains else None
        return able.minimum_speech_s if cloning is None else cloning

    def require_learning(self) -> None:
        """Skip a check of training where the engine speaks with voices of its own."""
        if not self.engine_info.capabilities.learns:
            pytest.skip(f"{self.engine_info.id} has voices of its own")

    def run_training(
        self,
        client: EngineClient,
        request: TrainingRequest,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
    ) -> TrainingOutcome:
        """Train, or clone where the engine does not train."""
        run = client.train if self.engine_info.capabilities.trains else client.clone
        return run(request, on_event, cancel, timeout_s=self.patience_s)

    def make_voice(self, client: EngineClient, request: TrainingRequest) -> TrainedVoice:
        """Train and keep what was said meanwhile."""
        said: list[Event] = []
        outcome = self.run_training(client, request, said.append)
        return TrainedVoice(request.artefact_dir, outcome, tuple(said))

    def speak(
        self,
        client: EngineClient,
        voice_dir: Path,
        *,
        text: str | None = None,
        language: str | None = None,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
    ) -> bytes:
        """Return the samples of a sentence and check their rate."""
        request = SynthesisRequest(
            voice_dir,
            self.sentence if text is None else text,
            language,
            speed,
            pitch_semitones=pitch_semitones,
        )
        chunks = list(client.synthesize(request, timeout_s=self.patience_s))
        declared_hz = self.engine_info.capabilities.sample_rate_hz
        _check(all(chunk.sample_rate_hz == declared_hz for chunk in chunks), "another rate than declared")
        return b"".join(chunk.pcm for chunk in chunks)

    def seconds(self, pcm: bytes) -> float:
        """Return the duration of samples of this engine."""
        return len(pcm) / 2 / self.engine_info.capabilities.sample_rate_hz

    def seconds_of_sentence(self, client: EngineClient, voice: TrainedVoice) -> float:
        """Return the duration of the usual sentence."""
        return self.seconds(self.speak(client, voice.voice_dir))


def _check(condition: object, message: str) -> None:
    """Fail with `message`: pytest rewrites the asserts of test modules only, and this is none."""
    if not condition:
        pytest.fail(message, pytrace=True)


def _peak(pcm: bytes) -> int:
    samples = array.array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return max((abs(sample) for sample in samples), default=0)


def _pitch_hz(pcm: bytes, rate_hz: int) -> float:
    """The median pitch of the loud half, by autocorrelation."""
    wave = np.frombuffer(pcm, "<i2").astype(np.float64)
    size = round(_PITCH_WINDOW_S * rate_hz)
    frames = wave[: len(wave) // size * size].reshape(-1, size)
    loud = frames[frames.std(1) >= np.median(frames.std(1))]
    spectrum = np.fft.rfft(loud - loud.mean(1, keepdims=True), 2 * size, axis=1)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :size] / np.arange(size, 0, -1)
    shortest, longest = (round(rate_hz / hz) for hz in (_MAX_PITCH_HZ, _MIN_PITCH_HZ))
    best = likeness[:, shortest:longest].max(1, keepdims=True)
    # the first lag that is nearly as good: its multiples are as alike
    lags = (likeness[:, shortest:longest] >= 0.9 * best).argmax(1) + shortest
    return float(np.median(rate_hz / lags))


def _contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def _holds_pickle(path: Path) -> bool:
    if path.suffix in {".pkl", ".pickle", ".joblib"}:
        return True
    if zipfile.is_zipfile(path):  # what torch.save writes
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    with path.open("rb") as file:
        return _PICKLE_START.match(file.read(2)) is not None


def _find_pickles(directory: Path) -> list[str]:
    return [path.name for path in directory.rglob("*") if path.is_file() and _holds_pickle(path)]


def _cut(clip: TrainingClip, path: Path, limit_s: float) -> TrainingClip:
    """Write the first `limit_s` seconds of a clip."""
    with wave.open(str(clip.path), "rb") as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(int(limit_s * source.getframerate())))
    return dataclasses.replace(clip, path=path)
