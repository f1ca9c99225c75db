from __future__ import annotations

import pytest

from voicewright.quality.languages import primary_language


@pytest.mark.parametrize(
    ("code", "language"),
    [("en-US", "en"), ("de", "de"), ("cmn", "zh"), ("nb", "no"), ("cmn-latn-pinyin", "cmn"), ("yue", "yue")],
)
def test_the_judges_call_languages_as_whisper_does(code, language):
    assert primary_language(code) == language
