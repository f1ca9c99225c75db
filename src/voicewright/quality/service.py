"""The service of the measures: runs the judges inside a host process, each loaded when first asked for.

Audio comes in as file paths. Answers are JSON: an embedding travels as base64 of little-endian float32, and
what could not be measured as null.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicewright.quality.judges.naturalness import NaturalnessJudge
from voicewright.quality.judges.signals import Samples, read_for_judging
from voicewright.quality.judges.speaker import SpeakerEncoder
from voicewright.quality.judges.sphinx import SphinxPhoneRecogniser, SphinxRecogniser
from voicewright.quality.judges.whisper import WhisperRecogniser
from voicewright.quality.recognisers import RecogniserName, Recognisers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from voicewright.engines.port import RunContext
    from voicewright.quality.figures import Recognition


class MeasureService:
    """Answers what speakers, naturalness and words the clips have.

    Args:
        threads: how many processor threads a judge may use.
        whisper_dir: where the weights of faster-whisper lie, if anywhere.
    """

    def __init__(self, threads: int = 1, whisper_dir: str | None = None) -> None:
        self._threads = threads
        self._recognisers = Recognisers(None if whisper_dir is None else Path(whisper_dir))
        self._speaker: SpeakerEncoder | None = None
        self._naturalness: NaturalnessJudge | None = None
        self._sphinx: SphinxRecogniser | None = None
        self._phones: SphinxPhoneRecogniser | None = None
        self._whisper: WhisperRecogniser | None = None

    def speaker_embeddings(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Embed groups of clips, each group as one utterance: `{groups: [[path]]}` to `{rows: [base64]}`."""
        if self._speaker is None:
            self._speaker = SpeakerEncoder(self._threads)
        rows: list[str | None] = []
        for group in _counted(params["groups"], "comparing voices", context):
            row = self._speaker.embed(_joined(group))
            rows.append(
                None if row is None else base64.b64encode(row.astype("<f4").tobytes()).decode("ascii")
            )
        return {"rows": rows}

    def dnsmos(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Judge naturalness: `{paths, max_windows}` to `{clips: [[ovrl, sig, bak] or null]}`."""
        if self._naturalness is None:
            self._naturalness = NaturalnessJudge(self._threads)
        clips: list[list[float] | None] = []
        for path in _counted(params["paths"], "judging the sound", context):
            said = self._naturalness.judge(
                read_for_judging(Path(path)), params["max_windows"], between=context.check_cancelled
            )
            clips.append([said.ovrl, said.sig, said.bak] if said.is_known else None)
        return {"clips": clips}

    def recognise(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Recognise words: `{paths, language}` to `{clips: [{text, words, confidence}]}`."""
        language = params["language"]
        name = self._recognisers.require(language)
        clips = []
        for path in _counted(params["paths"], "listening to the words", context):
            heard = self._recognise(name, read_for_judging(Path(path)), language)
            clips.append({"text": heard.text, "words": heard.words, "confidence": heard.confidence})
        return {"clips": clips}

    def recognise_phones(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Recognise sounds: `{paths}` to `{clips: [[phone in IPA]]}`."""
        if self._phones is None:
            self._phones = SphinxPhoneRecogniser()
        paths = _counted(params["paths"], "listening to the sounds", context)
        return {"clips": [self._phones.recognise(read_for_judging(Path(path))) for path in paths]}

    def _recognise(self, name: RecogniserName, samples: Samples, language: str) -> Recognition:
        if name is RecogniserName.POCKETSPHINX:
            if self._sphinx is None:
                self._sphinx = SphinxRecogniser()
            return self._sphinx.recognise(samples)
        directory = self._recognisers.whisper_dir
        assert directory is not None  # noqa: S101 - `require` names Whisper only where it has a directory
        if self._whisper is None:
            self._whisper = WhisperRecogniser(directory, self._threads)
        return self._whisper.recognise(samples, language)


def _joined(paths: Iterable[str]) -> Samples:
    parts = [read_for_judging(Path(path)) for path in paths]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def _counted(items: list[Any], stage: str, context: RunContext) -> Iterator[Any]:
    for index, item in enumerate(items):
        context.check_cancelled()
        context.progress(stage, index / len(items))
        yield item
    context.progress(stage, 1.0)
