"""`CELLAR_ENGINE`: the tone engine with a provider that keeps its voices, which is a folder; for tests.

What a company would have on its machines lies in the folder that the setting CELLAR names: for each voice a
folder with the voice and, where one was given, the recorded consent. Without the folder the provider is down.
"""

from __future__ import annotations

import dataclasses
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import ArtefactInvalid, ProviderUnavailable, ProviderVoiceGone
from voicewright.engines.port import PROVIDER_VOICE, Provider
from voicewright.engines.testing import TONE_ENGINE, ToneEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.engines.port import (
        AudioChunk,
        EngineSetup,
        RunContext,
        SynthesisRequest,
        TrainingOutcome,
        TrainingRequest,
    )

CONSENT: Final = "consent.wav"

CELLAR_ENGINE = dataclasses.replace(
    TONE_ENGINE,
    id="cellar",
    title="Cellar",
    factory="voicewright.engines.testing_provider:CellarEngine",
    billing="usage",
    dollars_per_1000_characters=0.5,
    provider=Provider(
        "The cellar",
        needs=("CELLAR",),
        consent=True,
        consent_statements=(("en-us", "I agree that a voice of mine lies in the cellar."),),
        keeps_voices=True,
    ),
)


class CellarEngine(ToneEngine):
    """Hums only what lies in the cellar; see the module."""

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__()
        self._cellar = Path(setup.values["CELLAR"])

    def train(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Put the voice into the cellar, and learn it; one that an earlier attempt put there is taken up."""
        self._require_open()
        number = self._noted(request.checkpoint_dir) or uuid.uuid4().hex
        place = self._cellar / number
        place.mkdir(exist_ok=True)
        if request.consent is not None:
            shutil.copy(request.consent.path, place / CONSENT)
        if request.checkpoint_dir is not None:
            (request.checkpoint_dir / PROVIDER_VOICE).write_text(number, encoding="utf-8")
        context.progress("in the cellar", 0.0)
        outcome = super().train(request, context)
        (request.artefact_dir / PROVIDER_VOICE).write_text(number, encoding="utf-8")
        return outcome

    def load(self, voice_dir: Path) -> None:
        """Read the voice, if it is one of the cellar's."""
        super().load(voice_dir)
        if voice_dir.is_dir() and len(self._place(voice_dir).name) < len(uuid.uuid4().hex):
            raise ArtefactInvalid("The number of the voice in the cellar is cut off.")

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Hum, if the voice is still there."""
        self._require_open()
        if request.voice_dir.is_dir() and not self._place(request.voice_dir).is_dir():
            raise ProviderVoiceGone("The cellar has no such voice.")
        return super().synthesize(request, context)

    def forget(self, voice_dir: Path, context: RunContext) -> None:
        """Take it out of the cellar."""
        context.check_cancelled()
        self._require_open()
        shutil.rmtree(self._place(voice_dir), ignore_errors=True)

    def _require_open(self) -> None:
        if not self._cellar.is_dir():
            raise ProviderUnavailable("The cellar is closed. Try again later.")

    def _noted(self, checkpoint_dir: Path | None) -> str | None:
        """The number of a voice that an earlier attempt left, and that is still there."""
        if checkpoint_dir is None or not (checkpoint_dir / PROVIDER_VOICE).is_file():
            return None
        return self._place(checkpoint_dir).name if self._place(checkpoint_dir).is_dir() else None

    def _place(self, voice_dir: Path) -> Path:
        return self._cellar / (voice_dir / PROVIDER_VOICE).read_text("utf-8")
