"""What an engine declares and what it can be asked to do.

An engine turns recordings into a voice and text into speech. It is described by a frozen, import-light
`EngineInfo` (found through the entry-point group `voicewright.engines`) and made by the factory that the
description names. The factory's class is imported only inside the host process, so that the core never
imports torch and an engine can be killed, timed out and measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE: Final = "|"
"""In a row of phones: the IPA's own sign for a minor break."""
PROVIDER_VOICE: Final = "provider-voice.json"
"""In a voice that lies at a provider as well: the file that has what `Forgetter.forget` needs, and nothing
that changes. The same bytes name the same voice there, and others another one. An engine writes it into the
folder of the checkpoints as soon as the voice is there, before its next progress, and into the artefact."""
PROVIDER_VOICE_BYTES: Final = 16 << 10
"""At most."""


PROVIDER_USAGE: Final = "provider_"
"""What begins the name of a metric by which an engine tells what its provider counted for a piece of speech:
`provider_characters`, `provider_credits`, and `provider_dollars`, which then holds instead of the price for
so many characters."""


class EngineOptions(BaseModel):
    """The base of every engine's training options: unknown names are refused, values are validated.

    Numbers are finite: a voice keeps its options as JSON, which knows no others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PipelineOptions(EngineOptions):
    """The options that most trainings have, with the defaults that hold where an engine has no better ones.

    An engine whose method needs other defaults, or that can't honour one of these, has a model of its own:
    the options of an engine are the fields of its model, and the defaults those that the model gives.
    """

    epochs: int = Field(default=100, ge=1, le=1000, description="How often all samples are learnt from.")
    batch_size: int = Field(default=16, ge=1, le=64, description="Clips that are learnt from at once.")
    learning_rate: float = Field(default=0.001, gt=0, le=1, description="The size of a step.")
    validation_split: float = Field(
        default=0.2, ge=0, lt=1, description="Share of the samples that only judge the others."
    )
    early_stopping_patience: int = Field(
        default=10, ge=1, le=1000, description="Stop after so many epochs that made nothing better."
    )


Billing = Literal["compute", "google", "openai", "usage"]
"""How a training is paid for: by the hour of a machine, as a cloud's price list has it, or not by itself but
with what is spoken afterwards, or by the month."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a training will need and give, roughly, on the machine that the engine is meant for.

    The platform compares it with the trainings that have ended and corrects it (`training.estimate`).
    """

    fixed_s: float = 60.0
    """Seconds that any training takes."""
    per_speech_s: float = 5.0
    """Further seconds for each second of speech."""
    per_epoch_s: float | None = None
    """Instead of these, where the epochs are given: for each of them and each second of speech."""
    memory_mb: int = 2048
    gpu_memory_mb: int = 0
    artefact_mb: float = 50.0
    tokens_per_speech_s: float = 50.0
    """For an engine that is paid by the token."""
    quality: tuple[tuple[float, float], ...] = ((30.0, 0.7), (300.0, 0.8))
    """Overall quality of a voice by the seconds of clean speech with transcripts, both rising."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; checked against the Protocols when the engine is loaded."""

    clones: bool
    """A voice from a short sample in seconds (`Cloner`)."""
    trains: bool
    """A voice from a dataset in minutes (`Trainer`)."""
    streams: bool
    """`Synthesizer.synthesize` yields the first chunk before the text is finished."""
    languages: tuple[str, ...]
    """BCP 47 codes in lower case (`en-us`, `de`, `pt-br`)."""
    sample_rate_hz: int
    """Of the audio that it makes."""
    needs_transcripts: bool
    """False: sound alone is enough. True: a text for each clip, or its phones where `learns_from_phones`."""
    minimum_speech_s: float
    """Below this it refuses."""
    ideal_speech_s: float
    """Above this more speech hardly helps."""
    needs_gpu: bool
    deterministic: bool
    """Same seed and machine: same artefact and same speech."""
    learns_from_phones: bool = False
    """Where nobody knows the words, the sounds that were heard will do (`TrainingClip.phones`)."""
    shifts_pitch: bool = False
    """`SynthesisRequest.pitch_semitones` may be something else than 0."""
    times_words: bool = False
    """Its chunks carry the words that are said in them, with their times (`AudioChunk.words`)."""
    minimum_clone_s: float | None = None
    """Below this much speech it does not clone; None: as `minimum_speech_s`."""
    has_stock_voices: bool = False
    """It has voices of its own (`StockVoices`)."""

    @property
    def learns(self) -> bool:
        """Whether it makes voices of recordings; otherwise it speaks with voices of its own."""
        return self.clones or self.trains


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file that an engine needs besides its packages."""

    name: str
    """Its path in the folder of the weights, with `/`."""
    url: str
    """Where it is fetched from, of a fixed revision."""
    sha256: str = ""
    """In hex; empty: what the server said of it when it was fetched (`X-Linked-ETag`) is compared."""
    size_bytes: int = 0
    """Roughly, for the forecast of a download."""


@dataclass(frozen=True, slots=True)
class EngineEnvironment:
    """What `voicewright engines install` makes: a virtual environment, and weights beside it."""

    requirements: str
    """`package:file` of a complete list of pins, which pip installs without looking for dependencies."""
    torch: str = ""
    """The version of torch; which build of it, the machine tells. Empty: it needs none."""
    oldest_python: tuple[int, int] = (3, 11)
    newest_python: tuple[int, int] = (3, 13)
    weights: tuple[WeightsFile, ...] = ()
    weights_licence: str = ""
    """What has to be accepted before they are fetched, in a sentence with its address; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The company that does the work of an engine on its own machines."""

    name: str
    needs: tuple[str, ...]
    """Settings without which it can't be asked: `OPENAI_API_KEY`."""
    takes: tuple[str, ...] = ()
    """Settings that the engine is told as well, where they are set."""
    consent: bool = False
    """It demands the speaker's recorded consent before anything is uploaded (`TrainingRequest.consent`)."""
    consent_statements: tuple[tuple[str, str], ...] = ()
    """What the speaker has to say, word for word: BCP 47 code and sentence; empty: what they like."""
    keeps_voices: bool = False
    """A voice lies there as well, and has to be deleted there too (`Forgetter`, `PROVIDER_VOICE`)."""


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """What an engine with weights or a provider is made with, in its host process."""

    weights_dir: Path | None = None
    """Of its weights, complete; None where it needs none."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What `Provider.needs` and `takes` name, as far as it is set. Secret."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The light description of an engine: importing it must not import anything heavy."""

    id: str
    title: str
    licence: str
    """SPDX identifier, with a note where the use is restricted."""
    version: str
    """Of the artefact format and of the method together; a voice remembers it."""
    capabilities: Capabilities
    options: type[EngineOptions]
    """The training options, with defaults, limits and help."""
    factory: str
    """`module:Class`, imported in the host process only; called without arguments, or with an `EngineSetup`
    where the engine has weights or a provider (`needs_setup`)."""
    billing: Billing = "compute"
    dollars_per_1000_characters: float = 0.0
    """What its provider asks for speaking a text; nothing for an engine that runs on one's own machine."""
    forecast: Forecast = Forecast()
    requires: tuple[str, ...] = ()
    """Importable modules without which the engine can't run, for `doctor`."""
    install_hint: str = ""
    """The command that installs what `requires` names."""
    environment: EngineEnvironment | None = None
    """What it is installed with, where Voicewright's own packages are not enough."""
    provider: Provider | None = None
    """Who does its work; None: this machine."""

    @property
    def least_gpu_memory_mb(self) -> int:
        """MiB of a GPU's memory without which it does not train; 0: it needs no GPU."""
        return max(self.forecast.gpu_memory_mb, 1 if self.capabilities.needs_gpu else 0)

    def gpu_memory_to_make_mb(self, *, clones: bool) -> int:
        """MiB of a GPU's memory without which it does not clone, or not train; 0: it needs no GPU.

        What speaks without a GPU clones without one too; it only takes longer.
        """
        if clones:
            return 1 if self.capabilities.needs_gpu else 0
        return self.least_gpu_memory_mb

    @property
    def needs_setup(self) -> bool:
        """Whether its factory takes an `EngineSetup`."""
        return self.provider is not None or bool(self.environment and self.environment.weights)


@dataclass(frozen=True, slots=True)
class TrainingClip:
    """One clip of speech as an engine gets it: 22,050 Hz mono 16-bit WAV, trimmed, loudness-normalised."""

    path: Path
    text: str | None = None
    """What is said, or None where nobody knows."""
    weight: float = 1.0
    """How much to trust it, 0..1: clips with verdict `usable` and recognised texts count less."""
    phones: tuple[str, ...] = ()
    """What was heard where nobody knows the text: the phones of English in IPA, `PAUSE` between runs."""


@dataclass(frozen=True, slots=True)
class ConsentRecording:
    """The speaker, recorded saying that they agree."""

    path: Path
    """22,050 Hz mono 16-bit WAV."""
    speaker: str
    language: str
    """BCP 47, of what is said."""
    statement: str
    """What is said, as far as it is known."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a voice may say now and then while it is being trained, so that one hears how it comes on."""

    text: str
    """One sentence in the language of the training, the same each time."""
    folder: Path
    """An existing directory for the recordings, which are taken away once they were told of."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One run of an engine over the clips of one speaker."""

    clips: tuple[TrainingClip, ...]
    language: str
    options: Mapping[str, Any]
    """Validated by the engine's own options model inside the host process."""
    artefact_dir: Path
    """An empty directory; what lies here afterwards, and nothing else, is the voice."""
    checkpoint_dir: Path | None = None
    """Where checkpoints are kept; one that fits the same request is resumed from."""
    name: str = ""
    """What the voice is called here. It may name people: providers are told `new_label()` instead."""
    consent: ConsentRecording | None = None
    """For a provider that demands it."""
    rehearsal: Rehearsal | None = None
    """None: nobody listens before the voice is finished. An engine that can't speak on the way ignores it."""


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """What a finished training says about itself."""

    speech_s: float
    train_s: float
    epochs: int
    stopped: str
    """Why it ended: `finished`, `early_stopping` or `max_time`."""
    resumed: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """Sentences for the user, for example clips that could not be aligned."""


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """One text to be spoken by one voice."""

    voice_dir: Path
    """The artefact, unpacked."""
    text: str
    language: str | None = None
    """None: the language that the voice was trained in."""
    speed: float = 1.0
    """0.25 (slow) to 4.0 (fast)."""
    seed: int = 0
    pitch_semitones: float = 0.0
    """-12 to 12, above the voice's own; 0 where the engine does not shift pitch."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word, and when it is said."""

    text: str
    """As it stands in the text that was asked for, with the punctuation that touches it."""
    start_s: float
    """From the beginning of the audio."""
    end_s: float


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of speech, in order, as soon as it is made."""

    pcm: bytes
    """Signed 16-bit little-endian mono samples."""
    sample_rate_hz: int
    words: tuple[SpokenWord, ...] = ()
    """That begin in it, or were found out with it; each once, in order, their times from the first sample of
    the whole answer. Empty where the engine does not know them."""


class RunContext(Protocol):
    """What an engine may tell and ask while it works; given by the host process."""

    def progress(self, stage: str, fraction: float) -> None:
        """Say that `fraction` (0..1) of the whole work is done and what is being done now."""

    def metric(self, name: str, value: float, *, step: int) -> None:
        """Report one point of a curve, for example `validation_loss` at epoch 12."""

    def log(self, message: str) -> None:
        """Say something worth keeping in the job's log."""

    def spoke(self, path: Path, text: str, *, step: int) -> None:
        """Hand over what the voice said after so many epochs, where the request has a `rehearsal`.

        Args:
            path: a 16-bit mono WAV in the folder of the rehearsal, complete; see `engines.rehearsing`.
            text: what is said in it.
            step: the epoch, as in `metric`.
        """

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the work should stop; to be called at least every 200 ms."""


@runtime_checkable
class Trainer(Protocol):
    """An engine that makes a voice from a dataset (`capabilities.trains`)."""

    def train(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Train and write the artefact into `request.artefact_dir`.

        Raises:
            EngineError: when the clips can't make a voice; the message says why and what to do.
        """


@runtime_checkable
class Cloner(Protocol):
    """An engine that makes a voice from a short sample in seconds (`capabilities.clones`)."""

    def clone(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Make the voice and write the artefact into `request.artefact_dir`."""


@dataclass(frozen=True, slots=True)
class StockVoice:
    """A voice that an engine has without learning it."""

    id: str
    """What `StockVoices.write_stock_voice` knows it by."""
    title: str
    languages: tuple[str, ...]
    """BCP 47 codes; empty: all of the engine's."""


@runtime_checkable
class StockVoices(Protocol):
    """An engine that has voices of its own (`capabilities.has_stock_voices`)."""

    def stock_voices(self, context: RunContext) -> tuple[StockVoice, ...]:
        """List them."""

    def write_stock_voice(self, voice: str, artefact_dir: Path, context: RunContext) -> StockVoice:
        """Write one into an empty directory, so that it speaks like a learnt one.

        Args:
            voice: an id, or what the engine says of mixing several.
            artefact_dir: empty.
            context: as for a training.

        Raises:
            StockVoiceNotFound: there is none; names those that may have been meant.
        """


@runtime_checkable
class Forgetter(Protocol):
    """An engine whose voices lie at a provider as well (`provider.keeps_voices`)."""

    def forget(self, voice_dir: Path, context: RunContext) -> None:
        """Delete a voice there, with what was uploaded for it; one that is gone already is no error.

        Args:
            voice_dir: has at least the file `PROVIDER_VOICE`, of a voice or of a training that was given up.
            context: as for a training.

        Raises:
            ProviderUnavailable and its kin: it is still there; to be tried again.
        """


@runtime_checkable
class Synthesizer(Protocol):
    """An engine that speaks."""

    def load(self, voice_dir: Path) -> None:
        """Load a voice so that the next synthesis starts at once.

        The most recently used ones are kept. The same folder may hold another voice later: what is in memory
        then must not answer for it (`engines.loaded` sees to both).
        """

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak; chunks are yielded as they are made."""
