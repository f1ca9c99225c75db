"""How one piece comes about: from the cache, from an engine that may break, past a listener."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.errors import EngineContractBroken, EngineError, HostDied, ProviderUnavailable
from voicewright.engines.port import AudioChunk, SpokenWord, SynthesisRequest
from voicewright.speech.listening import Heard
from voicewright.speech.pieces import Pieces
from voicewright.speech.speaking import PieceCheck, SpeechFigures
from voicewright.text.script import Piece

if TYPE_CHECKING:
    from voicewright.speech.hooks import SpokenPiece

RATE_HZ = 1000
PIECE = Piece("Hello there.", "Hello there.")
SOUND = b"\x01\x00" * 100


class Engine:
    """Says its seed, in blocks; each step of the script is an error, or how many blocks come before one."""

    def __init__(self, *script: Exception | tuple[int, Exception] | None, dice: bool = True) -> None:
        self.asked: list[SynthesisRequest] = []
        self._script = list(script)
        self._dice = dice

    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Generator[AudioChunk, None, None]:
        self.asked.append(request)
        step = self._script.pop(0) if self._script else None
        blocks, error = step if isinstance(step, tuple) else (0 if step else 2, step)
        sound = SOUND + (request.seed.to_bytes(4, "little") if self._dice else b"")
        for number in range(blocks):
            yield AudioChunk(sound, RATE_HZ, (SpokenWord(f"w{number}", 0.0, 0.1),))
        if error is not None:
            raise error


class Listener:
    """Says what it was told to say."""

    def __init__(self, *verdicts: Heard, holds_back: bool = True, attempts: int = 3) -> None:
        self.attempts = attempts
        self.holds_back = holds_back
        self.checks: list[PieceCheck] = []
        self._verdicts = list(verdicts)

    def hear(self, request: SynthesisRequest, chunks: Sequence[AudioChunk]) -> Heard:
        assert chunks
        return self._verdicts.pop(0)

    def hear_later(
        self,
        place: int,
        request: SynthesisRequest,
        chunks: Sequence[AudioChunk],
        *,
        when_good: Callable[[], None],
    ) -> None:
        if self._verdicts.pop(0).good:
            when_good()

    def note(self, check: PieceCheck) -> None:
        self.checks.append(check)


class Kept:
    """A shelf in memory."""

    def __init__(self) -> None:
        self.pieces: dict[SynthesisRequest, SpokenPiece] = {}

    def expect(self, requests: Iterable[SynthesisRequest]) -> None:
        pass

    def get(self, request: SynthesisRequest) -> SpokenPiece | None:
        return self.pieces.get(request)

    def put(self, request: SynthesisRequest, piece: SpokenPiece) -> None:
        self.pieces[request] = piece


def pieces(
    engine: Engine, *, kept: Kept | None = None, listener: Listener | None = None
) -> tuple[Pieces, SpeechFigures]:
    figures = SpeechFigures()
    made = Pieces(
        engine,
        SynthesisRequest(Path("voice"), "", language="en-us"),
        sample_rate_hz=RATE_HZ,
        figures=figures,
        price_usd=0.5,
        shelf=kept,
        listener=listener,
        stop=threading.Event(),
    )
    return made, figures


def said(made: Pieces) -> bytes:
    return b"".join(chunk.pcm for chunk in made(0, PIECE))


def test_what_was_spoken_before_is_not_spoken_again() -> None:
    kept, engine = Kept(), Engine()
    first, _ = pieces(engine, kept=kept)
    sound = said(first)
    second, figures = pieces(engine, kept=kept)
    [chunk] = second(0, PIECE)

    assert (chunk.pcm, [word.text for word in chunk.words]) == (sound, ["w0", "w1"])
    assert (figures.cached_pieces, figures.cost_usd, len(engine.asked)) == (1, 0.0, 1)


def test_an_engine_that_breaks_before_a_sound_is_asked_once_more() -> None:
    engine = Engine(HostDied("It died."))
    made, figures = pieces(engine)
    assert said(made)
    assert (len(engine.asked), figures.retried_pieces, figures.cost_usd) == (2, 1, 2 * 0.5 * 12)
    engine = Engine(ProviderUnavailable("Later."))
    made, figures = pieces(engine)
    assert said(made)
    assert (len(engine.asked), figures.cost_usd) == (2, 0.5 * 12)  # nobody pays for a refusal

    for script in (
        (HostDied("It died."), HostDied("Again.")),
        ((1, HostDied("In the middle.")),),
        (EngineError("No."),),
    ):
        made, _ = pieces(Engine(*script))
        with pytest.raises((HostDied, EngineError)):
            said(made)


def test_what_is_broken_is_not_kept() -> None:
    kept = Kept()
    made, _ = pieces(Engine((1, HostDied("In the middle."))), kept=kept)
    with pytest.raises(HostDied):
        said(made)
    assert not kept.pieces


def test_an_engine_that_never_ends_is_stopped() -> None:
    class Endless(Engine):
        def synthesize(
            self, request: SynthesisRequest, *, cancel: threading.Event | None = None
        ) -> Generator[AudioChunk, None, None]:
            while True:
                yield AudioChunk(SOUND * 100, RATE_HZ)

    made, _ = pieces(Endless())
    with pytest.raises(EngineContractBroken):
        said(made)


class TestHeldBack:
    def test_a_poor_piece_is_spoken_again_with_another_seed(self) -> None:
        kept, engine = Kept(), Engine()
        listener = Listener(Heard(good=False, score=0.2, reason="half is missing"), Heard(good=True))
        made, figures = pieces(engine, kept=kept, listener=listener)
        sound = said(made)

        assert engine.asked[0].seed != engine.asked[1].seed
        assert sound.endswith(engine.asked[1].seed.to_bytes(4, "little"))
        assert listener.checks == [PieceCheck(0, "repaired", 2, "half is missing")]
        assert figures.retried_pieces == 1
        assert figures.listening_s > 0
        assert list(kept.pieces) == [engine.asked[0]], "under what was asked for"

    def test_the_best_attempt_is_taken_where_none_is_good_and_not_kept(self) -> None:
        kept, engine = Kept(), Engine()
        listener = Listener(*(Heard(good=False, score=score, reason="poor") for score in (0.1, 0.5, 0.3)))
        made, figures = pieces(engine, kept=kept, listener=listener)
        sound = said(made)

        assert sound.endswith(engine.asked[1].seed.to_bytes(4, "little"))
        assert listener.checks == [PieceCheck(0, "poor", 3, "poor")]
        assert (figures.retried_pieces, kept.pieces) == (2, {})

    def test_an_engine_that_rolls_no_dice_is_asked_no_third_time(self) -> None:
        engine, listener = Engine(dice=False), Listener(Heard(good=False, reason="poor"))
        made, _ = pieces(engine, listener=listener)
        said(made)

        assert len(engine.asked) == 2
        assert [check.verdict for check in listener.checks] == ["poor"]

    def test_where_nobody_listens_it_goes_as_it_is_and_is_kept(self) -> None:
        kept, engine = Kept(), Engine()
        listener = Listener(Heard(good=True, skipped=True, reason="nothing here knows tlh"))
        made, _ = pieces(engine, kept=kept, listener=listener)
        said(made)

        assert listener.checks == [PieceCheck(0, "skipped", 1, "nothing here knows tlh")]
        assert list(kept.pieces) == engine.asked

    @pytest.mark.parametrize(("score", "verdict"), [(1.0, "repaired"), (0.0, "skipped")])
    def test_what_was_bad_by_its_length_is_left_for_what_is_not(self, score: float, verdict: str) -> None:
        kept, engine = Kept(), Engine()
        again = Heard(good=True, score=score, reason="nothing here knows tlh", skipped=True)
        listener = Listener(Heard(good=False, reason="too short"), again)
        made, _ = pieces(engine, kept=kept, listener=listener)
        sound = said(made)

        assert sound.endswith(engine.asked[1].seed.to_bytes(4, "little"))
        assert listener.checks == [PieceCheck(0, verdict, 2, "too short")]
        assert list(kept.pieces) == [engine.asked[0]], "under what was asked for"

    def test_an_engine_may_break_anywhere_as_nothing_has_left(self) -> None:
        engine, listener = Engine((1, HostDied("In the middle."))), Listener(Heard(good=True))
        made, _ = pieces(engine, listener=listener)
        assert len(said(made)) == 2 * (len(SOUND) + 4)


def test_beside_a_good_piece_is_kept_and_a_poor_one_is_not() -> None:
    kept = Kept()
    made, _ = pieces(Engine(), kept=kept, listener=Listener(Heard(good=False), holds_back=False))
    assert said(made)
    assert not kept.pieces
    made, _ = pieces(Engine(), kept=kept, listener=Listener(Heard(good=True), holds_back=False))
    said(made)
    assert len(kept.pieces) == 1
