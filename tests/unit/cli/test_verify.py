"""What `voicewright verify` says in words."""

from __future__ import annotations

from voicewright.cli.verify import _places
from voicewright.provenance.listener import Passage


def test_marked_places_fit_into_a_line():
    assert _places([]) == ""
    near = [Passage(0.0, 3.0), Passage(4.5, 7.5), Passage(30.0, 33.0)]
    assert _places(near) == "0.0-7.5 s, 30.0-33.0 s"
    many = [Passage(start, start + 3.0) for start in range(0, 3600, 12)]
    told = _places(many)
    assert told.startswith("0.0-3.0 s, 12.0-15.0 s, ")
    assert told.endswith("48.0-51.0 s and in 295 more places up to 3591.0 s (--json has all)")
