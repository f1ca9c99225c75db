"""The voices file, mixtures, and what voices are called."""

from __future__ import annotations

import numpy as np
import pytest

from voicewright.engines.errors import OptionsInvalid, StockVoiceNotFound, WeightsDamaged
from voicewright.plugins.kokoro.styles import (
    StyleFile,
    describe,
    describe_mixture,
    is_style,
    mix,
    parse_mixture,
)


@pytest.fixture
def write(tmp_path):
    def write(**styles):
        with (tmp_path / "voices.bin").open("wb") as file:
            np.savez(file, **styles)
        return StyleFile(tmp_path / "voices.bin")

    return write


def _style(value, rows=3):
    return np.full((rows, 1, 256), value, np.float32)


def test_voices_are_found_by_name_and_close_names_are_told(write):
    file = write(af_heart=_style(1), bm_george=_style(2), zf_xiaoni=_style(3))
    assert file.names == ("af_heart", "bm_george")
    assert np.array_equal(file.style("bm_george"), _style(2))
    with pytest.raises(StockVoiceNotFound, match="Did you mean bm_george"):
        file.style("bm_goerge")
    with pytest.raises(StockVoiceNotFound, match="Chinese, which can't be read"):
        file.style("zf_xiaoni")


@pytest.mark.parametrize("style", [np.zeros((3, 256), np.float32), _style(np.nan), _style(1, rows=0)])
def test_a_table_of_another_form_is_told(write, style):
    with pytest.raises(WeightsDamaged, match="af_heart has the shape"):
        write(af_heart=style).style("af_heart")


def test_a_file_without_voices_is_told(write):
    with pytest.raises(WeightsDamaged, match="no voices in it"):
        write(zf_xiaoni=_style(1))


@pytest.mark.parametrize(
    ("wanted", "shares"),
    [
        ("af_heart", {"af_heart": 1.0}),
        ("af_heart+am_adam", {"af_heart": 0.5, "am_adam": 0.5}),
        (" af_heart : 3 + am_adam : 1 ", {"af_heart": 0.75, "am_adam": 0.25}),
    ],
)
def test_shares_sum_to_one(wanted, shares):
    assert dict(parse_mixture(wanted)) == shares


@pytest.mark.parametrize("share", ["0", "-1", "inf", "nan", "", "a lot"])
def test_a_share_is_a_positive_number(share):
    with pytest.raises(OptionsInvalid, match="positive number"):
        parse_mixture(f"af_heart:{share}+am_adam")


def test_a_mixture_is_the_weighted_mean_of_the_lengths_that_all_have():
    mixed = mix([(_style(1, rows=5), 0.75), (_style(3), 0.25)])
    assert is_style(mixed)
    assert np.array_equal(mixed, _style(1.5))


def test_voices_are_described_by_their_names():
    assert describe("pm_santa").title == "Santa (Brazilian Portuguese, man)"
    assert describe("pm_santa").languages == ("pt-br",)
    assert describe("my_own").title == "my_own"
    assert describe_mixture((("am_adam", 0.4), ("bf_emma", 0.6))).languages == ("en-gb",)
