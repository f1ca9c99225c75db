from __future__ import annotations

import pytest

from voicewright.voices.policies import AUTO_ACTIVATION_SCORE, activates_on_creation


@pytest.mark.parametrize(
    ("score", "is_first", "activates"),
    [
        (None, True, True),
        (0.1, True, True),
        (None, False, False),
        (AUTO_ACTIVATION_SCORE, False, False),
        (0.81, False, True),
    ],
)
def test_the_first_voice_and_very_good_ones_become_active(score, is_first, activates):
    assert activates_on_creation(score, is_first=is_first) is activates
