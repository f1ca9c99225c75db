"""What is told of an engine: all that a page needs that shows several to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from voicewright.answers import View
from voicewright.engines.describing import disk_bytes, in_words
from voicewright.training.pricing import Usage, cost_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.errors import EngineNotInstalled
    from voicewright.engines.installed import Engines
    from voicewright.engines.port import Capabilities, EngineInfo, StockVoice
    from voicewright.settings import Settings
    from voicewright.training.models import Node

_MIB = 1 << 20
_BYTES_PER_SPEECH_S = 44_100
"""Of the working copy of a sample."""


class EngineCapabilitiesView(View):
    """What an engine can do."""

    clones: bool = Field(description="A voice from a short sample, in seconds.", examples=[False])
    trains: bool = Field(description="A voice from recordings, in minutes or hours.", examples=[True])
    streams: bool = Field(description="The first sound leaves before the text is finished.", examples=[True])
    stock_voices: bool = Field(description="It has voices of its own.", examples=[False])
    languages: list[str] = Field(description="BCP 47 tags.", examples=[["de", "en-us"]])
    sample_rate: int = Field(description="Of its sound, in Hz.")
    needs_transcripts: bool = Field(examples=[False])
    minimum_speech_seconds: float | None = Field(
        description="Of speech, below which it does not train; null: it trains nothing.", examples=[10.0]
    )
    minimum_clone_seconds: float | None = Field(
        description="Below which it does not clone; null: it clones nothing.", examples=[None]
    )
    ideal_speech_seconds: float = Field(description="Above which more hardly helps.", examples=[600.0])
    needs_gpu: bool = Field(examples=[False])
    deterministic: bool = Field(description="Same seed and machine: same speech.", examples=[True])
    shifts_pitch: bool = Field(examples=[True])
    times_words: bool = Field(
        description="It knows when its words are said; else that is estimated.", examples=[True]
    )

    @classmethod
    def of(cls, able: Capabilities) -> Self:
        """Show what an engine declares."""
        least_clone_s = able.minimum_speech_s if able.minimum_clone_s is None else able.minimum_clone_s
        return cls(
            clones=able.clones,
            trains=able.trains,
            streams=able.streams,
            stock_voices=able.has_stock_voices,
            languages=list(able.languages),
            sample_rate=able.sample_rate_hz,
            needs_transcripts=able.needs_transcripts,
            minimum_speech_seconds=able.minimum_speech_s if able.trains else None,
            minimum_clone_seconds=least_clone_s if able.clones else None,
            ideal_speech_seconds=able.ideal_speech_s,
            needs_gpu=able.needs_gpu,
            deterministic=able.deterministic,
            shifts_pitch=able.shifts_pitch,
            times_words=able.times_words,
        )


class EngineLackView(View):
    """Why an engine can't run on the machine that was asked."""

    code: str = Field(examples=["WEIGHTS_MISSING"])
    message: str = Field(description="What is missing, and the command that brings it.")


class EngineStateView(View):
    """Whether an engine can be used."""

    ready: bool = Field(description="Here, or on a node that is alive.", examples=[True])
    here: bool = Field(description="On the machine that answers.", examples=[True])
    nodes: int = Field(description="That are alive and offer it.", examples=[1])
    lack: EngineLackView | None = Field(description="What it lacks here; null: nothing.", examples=[None])
    disk_bytes: int = Field(description="Of its own environment and weights here.", examples=[0])
    weights_licence: str | None = Field(
        description="Has to be accepted before it is installed; null: there is none.", examples=[None]
    )


class EnginePriceView(View):
    """What an engine costs, in dollars."""

    billing: str = Field(
        description="How a training is paid: `compute`, `google`, `openai`; `usage`: with what is spoken.",
        examples=["compute"],
    )
    training: float = Field(description="A training with the ideal amount of speech.", examples=[0.0012])
    per_thousand_characters: float = Field(description="For what is spoken.", examples=[0.0])


class QualityPointView(View):
    """How good a voice is with so much speech."""

    speech_seconds: float = Field(examples=[300.0])
    quality: float = Field(description="0..1.", examples=[0.8])


class EngineForecastView(View):
    """What a training takes and gives, roughly; `POST /training/estimate` knows more of a certain one."""

    fixed_seconds: float = Field(description="Of any training.", examples=[60.0])
    seconds_per_speech_second: float = Field(description="Further, for each.", examples=[5.0])
    memory_mb: int
    gpu_memory_mb: int
    voice_mb: float = Field(description="Of a voice.", examples=[4.5])
    quality: list[QualityPointView] = Field(description="Both rising.")


class EngineView(View):
    """An engine."""

    id: str = Field(description="The `provider` of trainings and voices.", examples=["builtin"])
    title: str = Field(examples=["Built-in"])
    description: str = Field(description="What it does, in words.", examples=["Trains one from 10 s."])
    licence: str = Field(
        description="SPDX identifier, with restrictions of its use.", examples=["Apache-2.0"]
    )
    version: str = Field(description="A voice remembers that of its engine.", examples=["1"])
    provider: str | None = Field(
        description="The company that does its work; null: nothing leaves your machines.", examples=[None]
    )
    needs_consent_recording: bool = Field(
        description="The company demands the speaker's recorded consent.", examples=[False]
    )
    capabilities: EngineCapabilitiesView
    options: dict[str, Any] = Field(
        description="JSON Schema of what its trainings can be told: names, defaults, limits, help.",
        examples=[{"type": "object", "properties": {"epochs": {"type": "integer", "default": 100}}}],
    )
    state: EngineStateView
    price: EnginePriceView
    forecast: EngineForecastView

    @classmethod
    def of(cls, info: EngineInfo, engines: Engines, nodes: Sequence[Node], settings: Settings) -> Self:
        """Show an engine."""
        offering = sum(info.id in {*node.engines, *node.speaks} for node in nodes)
        fault = engines.find_fault(info)
        provider, licence = info.provider, info.environment.weights_licence if info.environment else ""
        return cls(
            id=info.id,
            title=info.title,
            description=in_words(info),
            licence=info.licence,
            version=info.version,
            provider=None if provider is None else provider.name,
            needs_consent_recording=provider is not None and provider.consent,
            capabilities=EngineCapabilitiesView.of(info.capabilities),
            options=info.options.model_json_schema(),
            state=EngineStateView(
                ready=fault is None or offering > 0,
                here=fault is None,
                nodes=offering,
                lack=_lack(fault),
                disk_bytes=disk_bytes(engines, info),
                weights_licence=licence or None,
            ),
            price=_price(info, settings),
            forecast=_forecast(info),
        )


class EnginesAnswer(View):
    """The engines."""

    engines: list[EngineView]


class EngineAnswer(View):
    """One engine."""

    engine: EngineView


class StockVoiceView(View):
    """A voice that an engine has of its own."""

    id: str = Field(examples=["af_heart"])
    title: str = Field(examples=["Heart"])
    languages: list[str] = Field(description="BCP 47 tags.", examples=[["en-us"]])

    @classmethod
    def of(cls, voice: StockVoice, info: EngineInfo) -> Self:
        """Show one."""
        languages = voice.languages or info.capabilities.languages
        return cls(id=voice.id, title=voice.title, languages=list(languages))


class StockVoicesAnswer(View):
    """The voices that an engine has of its own."""

    voices: list[StockVoiceView]


def _lack(fault: EngineNotInstalled | None) -> EngineLackView | None:
    return None if fault is None else EngineLackView(code=fault.code, message=fault.message)


def _price(info: EngineInfo, settings: Settings) -> EnginePriceView:
    speech_s, forecast = info.capabilities.ideal_speech_s, info.forecast
    sample_bytes = round(speech_s * _BYTES_PER_SPEECH_S)
    voice_bytes = round(forecast.artefact_mb * _MIB)
    usage = Usage(
        time_ms=round(1000 * (forecast.fixed_s + speech_s * forecast.per_speech_s)),
        stored_bytes=sample_bytes + voice_bytes,
        moved_bytes=sample_bytes + voice_bytes,
        speech_s=speech_s,
    )
    learns = info.capabilities.learns
    return EnginePriceView(
        billing=info.billing,
        training=float(cost_of(info, usage, settings).total) if learns else 0.0,
        per_thousand_characters=info.dollars_per_1000_characters,
    )


def _forecast(info: EngineInfo) -> EngineForecastView:
    forecast = info.forecast
    return EngineForecastView(
        fixed_seconds=forecast.fixed_s,
        seconds_per_speech_second=forecast.per_speech_s,
        memory_mb=forecast.memory_mb,
        gpu_memory_mb=forecast.gpu_memory_mb,
        voice_mb=forecast.artefact_mb,
        quality=[QualityPointView(speech_seconds=at, quality=score) for at, score in forecast.quality],
    )
