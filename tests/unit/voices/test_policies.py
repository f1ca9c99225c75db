from __future__ import annotations

import pytest

from voicewright.voices.policies import AUTO_ACTIVATION_SCORE, activates_on_creation


@pytest.mark.parametrize(
    ("score", "has_active", "activates"),
    [
        (None, False, True),
        (0.1, False, True),
        (None, True, False),
        (AUTO_ACTIVATION_SCORE, True, False),
        (0.81, True, True),
    ],
)
def test_the_first_voice_and_very_good_ones_become_active(score, has_active, activates):
    assert activates_on_creation(score, has_active=has_active) is activates
