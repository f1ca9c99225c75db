"""The sound of a provider's answer, in pieces that end wherever its network cut them, as whole samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.engines.refusals import bad_answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable

    from voicewright.engines.port import Provider


async def whole_samples(
    pieces: AsyncIterable[bytes], provider: Provider, *, doing: str
) -> AsyncGenerator[bytes, None]:
    """Pass 16-bit samples on as they come.

    Raises:
        ProviderAnswerInvalid: there was no sound, or half a sample at its end.
    """
    odd, received = b"", 0
    async for piece in pieces:
        received += len(piece)
        samples = odd + piece
        whole = len(samples) // 2 * 2
        samples, odd = samples[:whole], samples[whole:]
        if samples:
            yield samples
    if not received:
        raise bad_answer(provider, "no sound", doing=doing)
    if odd:
        raise bad_answer(provider, "the sound ends in the middle of a sample", doing=doing)
