"""Has a voice speak the test sentences and asks the judges about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voicewright.audio.encode import write_audio
from voicewright.engines.port import SynthesisRequest
from voicewright.quality.evaluation import Evaluation, evaluate
from voicewright.quality.figures import SpokenSentence
from voicewright.quality.sentences import sentence_set
from voicewright.speech.stream import SpeechStream, spoken_by
from voicewright.text.reading import read_script
from voicewright.training.errors import NothingHeldOut
from voicewright.training.marking import mark_spoken

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from voicewright.engines.client import EngineClient
    from voicewright.provenance.service import ProvenanceService
    from voicewright.quality.measurer import Measurer
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.service import VoiceService

_SPEAKING_SHARE = 0.4
"""Of the time that judging takes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How good a voice is, and what that was measured on."""

    evaluation: Evaluation
    spoken: tuple[Path, ...]
    """What the judges heard, marked since; the evaluation calls it by these names."""


def judge_voice(
    engine: EngineClient,
    measurer: Measurer,
    *,
    voice_dir: Path,
    references: Sequence[Path],
    language: str,
    folder: Path,
    provenance: ProvenanceService | None = None,
    on_progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
    cancel: threading.Event | None = None,
) -> Judged:
    """Speak the sentences of the language and evaluate them against held-out recordings.

    Args:
        engine: of this voice.
        measurer: asks the judges.
        voice_dir: the unpacked artefact.
        references: recordings that the voice was not trained on.
        language: of the voice.
        folder: an existing directory for what is spoken; the caller removes it.
        provenance: marks what was judged, once it was; None: nobody does.
        on_progress: called with (what is being done, 0..1).
        cancel: set by another thread to stop.

    Raises:
        AppError: as the engine and the judges.
    """
    tested = sentence_set(language)
    manner = SynthesisRequest(voice_dir, "")
    spoken: list[SpokenSentence] = []
    for number, text in enumerate(tested.sentences):
        on_progress("speaking test sentences", _SPEAKING_SHARE * number / len(tested.sentences))
        path = folder / f"sentence-{number:02d}.flac"
        rate_hz = engine.info.capabilities.sample_rate_hz
        stream = SpeechStream(
            read_script(text, language=language, normalise=False),
            spoken_by(engine, manner, cancel=cancel),
            sample_rate_hz=rate_hz,
        )
        write_audio(path, stream, rate_hz, "flac", durable=False)
        spoken.append(SpokenSentence(text, path))
    on_progress("judging the voice", _SPEAKING_SHARE)
    evaluation = evaluate(
        measurer,
        spoken=spoken,
        references=references,
        language=language,
        foreign=tested.note,
        cancel=cancel,
    )
    paths = tuple(sentence.path for sentence in spoken)
    if provenance is not None:
        evaluation, paths = mark_spoken(evaluation, paths, provenance, engine.info)
    return Judged(evaluation, paths)


def judge_again(
    voice: VoiceModel,
    engine: EngineClient,
    measurer: Measurer,
    voices: VoiceService,
    *,
    folder: Path,
    provenance: ProvenanceService | None = None,
    on_progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
    cancel: threading.Event | None = None,
) -> VoiceModel:
    """Judge a registered voice anew and keep the result with the audio that was judged, marked.

    Raises:
        NothingHeldOut: no recordings were kept from its training.
        AppError: as the registry, the engine and the judges.
    """
    references = voices.references(voice).unpack(folder / "references")
    if not references:
        raise NothingHeldOut(
            f"{voice.label}: can't be judged, because all recordings were needed for its training. Train it "
            "again with a few more."
        )
    voice_dir = voices.materialise(voice)
    engine.load(voice_dir, cancel)
    judged = judge_voice(
        engine,
        measurer,
        voice_dir=voice_dir,
        references=references,
        language=voice.language,
        folder=folder,
        provenance=provenance,
        on_progress=on_progress,
        cancel=cancel,
    )
    return voices.save_evaluation(voice.id, judged.evaluation.to_json(), judged.spoken)
