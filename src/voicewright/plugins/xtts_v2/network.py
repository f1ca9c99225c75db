"""XTTS-v2's network as it speaks: what a voice sounds like, and sentences in that voice as they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import torch

from voicewright.plugins.xtts_v2.coqui import Xtts
from voicewright.plugins.xtts_v2.languages import CHARACTERS, model_code
from voicewright.plugins.xtts_v2.stopping import stoppable
from voicewright.plugins.xtts_v2.texts import halves, is_sayable, pieces
from voicewright.plugins.xtts_v2.weights import MODEL, VOCABULARY, State, Weights, read_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.engines.port import RunContext
    from voicewright.plugins.xtts_v2.coqui import VoiceBpeTokenizer, XttsConfig

SAMPLE_RATE_HZ: Final = 24_000
SLOWEST, FASTEST = 0.7, 1.5
"""Between these the network itself speaks slower or faster."""
_MOST_TOLD: Final = 20
_UNKNOWN_TOKEN: Final = 1
_STOP_TOKEN: Final = 0
_CHUNK_TOKENS: Final = 20
"""Of 46 ms each."""
_TOKENS_AT_LIMIT: Final = 1200
_TOKENS_AT_LEAST: Final = 60
"""Twice what a text of the greatest length takes, and what a word may: beyond, it has lost the thread."""


class Likeness(NamedTuple):
    """What a voice sounds like, to the network."""

    style: torch.Tensor
    """(1, 32, channels): how it speaks."""
    speaker: torch.Tensor
    """(1, 512, 1): who speaks."""


class Network:
    """One network in memory; speaks for one request at a time.

    Args:
        config: how it is built.
        vocabulary: the file of its tokens.
        fill: puts its numbers in.
    """

    def __init__(self, config: XttsConfig, vocabulary: Path, fill: Callable[[torch.nn.Module], None]) -> None:
        self.config = config
        self.device = device()
        model: Any = Xtts(config)
        model.tokenizer = read_tokenizer(vocabulary)
        model.init_models()
        fill(model)
        model.hifigan_decoder.eval()
        model.gpt.init_gpt_for_inference(kv_cache=model.args.kv_cache)
        model.gpt.eval()
        self._model = model.to(self.device)

    @classmethod
    def published(cls, weights: Weights) -> Self:
        """The network that speaks for all cloned voices.

        Raises:
            WeightsMissing, WeightsDamaged: names the file.
        """
        state = weights.state()
        return cls(
            weights.config(), weights.path(VOCABULARY), lambda model: weights.check_fit(MODEL, model, state)
        )

    def replace(self, state: State) -> None:
        """Speak with other numbers from now on: those of the part that is trained."""
        # what speaks shares its numbers with what was trained, and has names for them that nobody kept
        unknown = self._model.gpt.load_state_dict(state, strict=False).unexpected_keys
        if unknown:
            raise ValueError(f"the network has no {unknown[0]}")

    def fault_of(self, text: str, language: str, *, most_tokens: int | None = None) -> str:
        """Why it can't read a text; empty: it can.

        Args:
            text: plain, with something to say.
            language: one of the engine's.
            most_tokens: that are allowed; None: as many as it can speak at once.
        """
        limit = self._model.args.gpt_max_text_tokens - 2 if most_tokens is None else most_tokens
        return fault_of(self._model.tokenizer, text, language, limit)

    def likeness(self, paths: Sequence[Path], context: RunContext) -> Likeness:
        """Listen to a speaker."""
        config = self.config
        with stoppable(context):
            style, speaker = self._model.get_conditioning_latents(
                audio_path=[str(path) for path in paths],
                max_ref_length=config.max_ref_len,
                gpt_cond_len=config.gpt_cond_len,
                gpt_cond_chunk_len=config.gpt_cond_chunk_len,
                sound_norm_refs=config.sound_norm_refs,
            )
        return Likeness(style.float().cpu(), speaker.float().cpu())

    def speaker_of(self, samples: NDArray[Any], context: RunContext) -> torch.Tensor:
        """(512,), of length 1: who speaks in sound that it made."""
        wave = torch.from_numpy(samples)[None, :].to(self.device)
        with stoppable(context):
            speaker: torch.Tensor = self._model.get_speaker_embedding(wave, SAMPLE_RATE_HZ)
        return speaker.float().cpu().flatten()

    def readable(self, text: str, language: str, context: RunContext) -> list[str]:
        """Cut a text into what the network can say at once; what it can't read is left out, and told.

        Args:
            text: any length, may be several sentences.
            language: one of the engine's.
            context: whom it is told.
        """
        left_out: list[str] = []
        parts = [
            part for piece in pieces(text, language) for part in self._readable(piece, language, left_out)
        ]
        if left_out:
            told = list(dict.fromkeys(left_out))
            rest = f" and {len(told) - _MOST_TOLD} others" if len(told) > _MOST_TOLD else ""
            context.log(f"left out, as XTTS-v2 does not know them: {' '.join(told[:_MOST_TOLD])}{rest}")
        return parts

    def speak(
        self, text: str, language: str, likeness: Likeness, *, speed: float, seed: int, context: RunContext
    ) -> Iterator[NDArray[Any]]:
        """Speak one piece; float32 samples as they are made.

        Args:
            text: that it can read.
            language: one of the engine's.
            likeness: whose voice.
            speed: from `SLOWEST` to `FASTEST`.
            seed: the same one says it the same way, on the same machine.
            context: asked whether to stop, between any two layers.
        """
        torch.manual_seed(seed)
        config = self.config
        most = _TOKENS_AT_LEAST + round(_TOKENS_AT_LIMIT * len(text) / CHARACTERS[language])
        chunks = self._model.inference_stream(
            text,
            model_code(language),
            likeness.style,
            likeness.speaker,
            stream_chunk_size=_CHUNK_TOKENS,
            temperature=config.temperature,
            length_penalty=config.length_penalty,
            repetition_penalty=config.repetition_penalty,
            top_k=config.top_k,
            top_p=config.top_p,
            speed=speed,
            stopping_criteria=[_Ended(most)],
        )
        while True:
            with stoppable(context):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk.float().cpu().numpy()

    def _readable(self, piece: str, language: str, left_out: list[str]) -> list[str]:
        """Cut a piece further where it has more tokens than the network takes, without what it can't read."""
        if not self.fault_of(piece, language):
            return [piece]
        strange = {each for each in piece if not each.isspace() and not self._knows(each, language)}
        left_out += [each for each in piece if each in strange]
        known = "".join(each for each in piece if each not in strange)
        if not is_sayable(known):
            return []
        if not self.fault_of(known, language):
            return [known]
        first, second = halves(known)
        if not (first and second):
            left_out.append(known.strip())
            return []
        return [part for half in (first, second) for part in self._readable(half, language, left_out)]

    def _knows(self, sign: str, language: str) -> bool:
        return not fault_of(self._model.tokenizer, sign, language, 100)


class _Ended:
    """Ends what would go on for ever; called by the library after each token."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __call__(self, tokens: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        self._left -= 1
        return torch.full((tokens.shape[0],), self._left <= 0, device=tokens.device, dtype=torch.bool)


def device() -> torch.device:
    """Where the networks are."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fault_of(tokenizer: VoiceBpeTokenizer, text: str, language: str, most_tokens: int) -> str:
    """Why a tokenizer can't take a text; empty: it can."""
    try:
        tokens = tokenizer.encode(text, lang=model_code(language))
    except Exception as error:  # noqa: BLE001 - numbers, dates and scripts of seventeen languages, by regular expressions
        return f"the library can't read their text ({error})"
    if _UNKNOWN_TOKEN in tokens or _STOP_TOKEN in tokens:
        return "their text has characters that the model does not know"
    if len(tokens) > most_tokens:
        return f"their text is longer than {most_tokens} tokens"
    return ""
