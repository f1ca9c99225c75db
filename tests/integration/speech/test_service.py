"""What every door relies on."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from voicewright.engines.errors import LanguageUnsupported
from voicewright.speech.order import SpeechOrder
from voicewright.text.errors import TextEmpty
from voicewright.voices.errors import NoActiveVoice, VoiceNotFound

ANN = uuid.UUID(int=1)


def test_speaks(speeches, make_voice):
    voice = make_voice(ANN)
    with speeches.begin(ANN, SpeechOrder("Hello there. Again.")) as speech:
        sound = np.concatenate(list(speech))
    assert (speech.voice.id, speech.language, speech.outcome) == (voice.id, "en-us", "completed")
    assert len(sound) == round(speech.figures.output_s * speech.sample_rate_hz)


def test_refuses_before_a_sound(speeches, make_voice):
    with pytest.raises(NoActiveVoice):
        speeches.begin(ANN, SpeechOrder("Hello."))
    make_voice(ANN)
    with pytest.raises(VoiceNotFound):
        speeches.begin(ANN, SpeechOrder("Hello.", voice="Bob"))
    with pytest.raises(TextEmpty):
        speeches.begin(ANN, SpeechOrder("🙂 🙂"))
    with pytest.raises(LanguageUnsupported, match="en-us, de"):
        speeches.begin(ANN, SpeechOrder("Hello.", language="fr"))
