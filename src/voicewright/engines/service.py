"""The service that runs an engine in the host process and holds both sides to the port.

Requests are checked before the engine sees them (options by its own model, language, speed), and what the
engine answers is checked before anybody relies on it (the artefact, the format of the audio).
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from voicewright.engines import messages
from voicewright.engines.errors import EngineContractBroken, OptionsInvalid
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.loading import load_engine
from voicewright.engines.port import AudioChunk, SpokenWord, TrainingOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicewright.engines.port import RunContext, SynthesisRequest, TrainingRequest

MIN_SPEED, MAX_SPEED = 0.25, 4.0
MAX_PITCH_SEMITONES = 12.0
"""Up or down."""
_BYTES_PER_SAMPLE = 2


class EngineService:
    """Serves one engine; made by the host process.

    Args:
        engine: the description, as `messages.write_info` wrote it.
        setup: what it is made with, as `messages.write_setup` wrote it.
    """

    def __init__(self, engine: dict[str, Any], setup: dict[str, Any]) -> None:
        self._info = messages.read_info(engine)
        self._engine = load_engine(self._info, messages.read_setup(setup))

    def train(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Train a voice; answer with its outcome."""
        return self._make_voice("train", params, context)

    def clone(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Clone a voice; answer with its outcome."""
        return self._make_voice("clone", params, context)

    def load(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Load a voice, so that its next sentence starts at once."""
        context.check_cancelled()
        request = messages.read_synthesis_request({"text": "", **params})
        self._engine.load(request.voice_dir)
        return {}

    def synthesize(self, params: dict[str, Any], context: RunContext) -> Iterator[bytes | dict[str, Any]]:
        """Speak: first a dict with `sample_rate_hz`, then the samples (16-bit little-endian mono) as made.

        Before samples that come with words goes a dict with these (`messages.write_words`).
        """
        request = messages.read_synthesis_request(params)
        self._check_manner(request)
        if request.language is not None:
            request = dataclasses.replace(request, language=self._language(request.language))
        rate_hz = self._info.capabilities.sample_rate_hz
        yield {"sample_rate_hz": rate_hz}
        for chunk in self._engine.synthesize(request, context):
            fault = _find_chunk_fault(chunk, rate_hz)
            if fault:
                raise EngineContractBroken(f"The engine {self._info.title} {fault}.")
            if chunk.words:
                yield messages.write_words(chunk.words)
            if chunk.pcm:
                yield chunk.pcm

    def stock_voices(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """List the voices that the engine has without learning them."""
        assert not params  # noqa: S101 - there is nothing to ask
        return {"voices": [messages.write_stock_voice(each) for each in self._engine.stock_voices(context)]}

    def write_stock_voice(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Write one of them as an artefact; answer with its description."""
        directory = Path(params["artefact_dir"])
        voice = self._engine.write_stock_voice(params["voice"], directory, context)
        self._require_artefact(directory)
        return messages.write_stock_voice(voice)

    def forget(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Delete a voice at the provider."""
        self._engine.forget(Path(params["voice_dir"]), context)
        return {}

    def _check_manner(self, request: SynthesisRequest) -> None:
        if not MIN_SPEED <= request.speed <= MAX_SPEED:
            raise OptionsInvalid(
                f"The speed is {request.speed:g}, but has to be between {MIN_SPEED:g} and {MAX_SPEED:g}."
            )
        if not abs(request.pitch_semitones) <= MAX_PITCH_SEMITONES:
            raise OptionsInvalid(
                f"The pitch is {request.pitch_semitones:g} semitones, but has to be between "
                f"{-MAX_PITCH_SEMITONES:g} and {MAX_PITCH_SEMITONES:g}."
            )
        if request.pitch_semitones and not self._info.capabilities.shifts_pitch:
            raise OptionsInvalid(
                f"The engine {self._info.title} speaks at the pitch of the voice only. Leave the pitch at 0 "
                "or take a voice of another engine."
            )

    def _make_voice(self, method: str, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        run: Callable[[TrainingRequest, RunContext], object] | None = getattr(self._engine, method, None)
        if run is None:
            raise EngineContractBroken(f"The engine {self._info.title} can't {method}; ask its capabilities.")
        request = messages.read_training_request(params)
        request = dataclasses.replace(
            request, language=self._language(request.language), options=self._options(request.options)
        )
        outcome = run(request, context)
        if not isinstance(outcome, TrainingOutcome):
            raise EngineContractBroken(
                f"The engine {self._info.title} answered `{method}` with a {type(outcome).__name__}; it has "
                "to be a TrainingOutcome."
            )
        self._require_artefact(request.artefact_dir)
        return messages.write_outcome(outcome)

    def _require_artefact(self, directory: Path) -> None:
        fault = _find_artefact_fault(directory)
        if fault:
            raise EngineContractBroken(f"The engine {self._info.title} says that it is done, but {fault}.")

    def _options(self, given: Any) -> dict[str, Any]:
        try:
            return self._info.options.model_validate(given).model_dump()
        except ValidationError as error:
            faults = "; ".join(_describe_fault(each) for each in error.errors())
            known = ", ".join(self._info.options.model_fields) or "none"
            raise OptionsInvalid(
                f"The options for {self._info.title} can't be used: {faults}. Its options are: {known}."
            ) from error

    def _language(self, wanted: str) -> str:
        language = match_language(wanted, self._info.capabilities.languages)
        if language is None:
            raise language_unsupported(self._info, wanted)
        return language


def _describe_fault(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"]) or "options"
    if fault["type"] == "extra_forbidden":
        return f"there is no option {name!r}"
    return f"{name}: {fault['msg']} (is {fault['input']!r})"


def _find_artefact_fault(directory: Path) -> str:
    if not directory.is_dir():
        return f"there is no directory {directory}"
    entries = list(directory.rglob("*"))
    links = [entry for entry in entries if entry.is_symlink()]
    if links:
        return f"{links[0].relative_to(directory)} is a link, which leads nowhere on another machine"
    if not any(entry.is_file() and entry.stat().st_size > 0 for entry in entries):
        return "it has left no file with anything in it"
    return ""


def _find_chunk_fault(chunk: object, rate_hz: int) -> str:
    if not isinstance(chunk, AudioChunk):
        return f"yielded a {type(chunk).__name__} instead of an AudioChunk"
    if chunk.sample_rate_hz != rate_hz:
        return f"speaks at {chunk.sample_rate_hz} Hz, but declares {rate_hz} Hz"
    if len(chunk.pcm) % _BYTES_PER_SAMPLE:
        return "yielded half a sample"
    if not all(_is_timed(word) for word in chunk.words):
        return "yielded something else than words with their times"
    return ""


def _is_timed(word: object) -> bool:
    return isinstance(word, SpokenWord) and 0 <= word.start_s <= word.end_s < math.inf
