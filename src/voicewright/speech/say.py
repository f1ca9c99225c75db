"""The use case "text to file": a voice speaks a text into an audio file, and how fast that went."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.audio.encode import format_of, write_audio
from voicewright.audio.errors import AudioNotWritten

if TYPE_CHECKING:
    import threading
    import uuid
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.audio.codecs import AudioFormat
    from voicewright.speech.order import SpeechOrder
    from voicewright.speech.service import SpeechService
    from voicewright.speech.speaking import Speech
    from voicewright.voices.models import VoiceModel


@dataclass(frozen=True, slots=True)
class SayResult:
    """What was said."""

    voice: VoiceModel
    output: Path
    output_s: float
    """Length of the audio."""
    real_time_factor: float
    """Seconds of synthesis per second of the engine's audio, pauses left out, with the engine warm."""
    synthesis_s: float
    """What the engine needed for what was not spoken before."""
    speech_s: float
    """Length of what it made, without pauses."""
    first_audio_s: float
    """From the request to the first piece of audio, with the engine warm and what was listened to before."""
    sentences: int


def check_output(path: Path) -> None:
    """Refuse an output file that can't be written, before any work is done.

    Raises:
        AudioFormatUnknown: names the extensions that there are.
        AudioNotWritten: the folder is missing or closed, or the path is a folder.
    """
    format_of(path)
    if path.is_dir():
        raise AudioNotWritten(f"{path}: is a folder. Name a file in it, for example {path / 'speech.wav'}.")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise AudioNotWritten(f"{path}: there is no folder {folder}. Make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise AudioNotWritten(f"{path}: nothing can be written into {folder}. Check its permissions.")


def say(
    speeches: SpeechService,
    user_id: uuid.UUID,
    order: SpeechOrder,
    output: Path,
    *,
    on_piece: Callable[[int, int], None] = lambda _done, _all: None,
    sign: Callable[[Speech, Path, AudioFormat], object] = lambda _speech, _path, _format: None,
    cancel: threading.Event | None = None,
) -> SayResult:
    """Speak, and write the audio as it comes; the file appears when it is whole.

    Args:
        speeches: speak.
        user_id: who speaks.
        order: what, and with which voice.
        output: its extension is the format.
        on_piece: called with (pieces spoken, pieces in all).
        sign: puts a manifest into the file when it is whole.
        cancel: set by another thread to stop.

    Raises:
        AudioFormatUnknown, AudioNotWritten: before anything was started.
        AppError: as `SpeechService.begin` and the iteration.
    """
    check_output(output)
    with speeches.begin(user_id, order, cancel=cancel) as speech:
        format_ = format_of(output)
        write_audio(output, _watched(speech, on_piece), speech.sample_rate_hz, format_)
        sign(speech, output, format_)
    figures = speech.figures
    return SayResult(
        voice=speech.voice,
        output=output,
        output_s=figures.output_s,
        real_time_factor=figures.real_time_factor,
        synthesis_s=figures.synthesis_s,
        speech_s=figures.speech_s,
        first_audio_s=max(0.0, (figures.first_audio_s or 0.0) - figures.waiting_s),
        sentences=figures.pieces,
    )


def _watched(speech: Speech, on_piece: Callable[[int, int], None]) -> Iterator[NDArray[np.float32]]:
    told = 0
    for block in speech:
        yield block
        done = speech.figures.spoken_pieces
        if done != told:
            told = done
            on_piece(done, speech.figures.pieces)
