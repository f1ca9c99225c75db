"""Makes a voice at OpenAI of a consent and a sample, and deletes what came of it where that fails."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from openai import APIConnectionError, NotFoundError

from voicewright.engines.refusals import bad_answer
from voicewright.plugins.openai_tts.plugin import PROVIDER
from voicewright.plugins.openai_tts.refusing import explained

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from openai import AsyncOpenAI

    from voicewright.engines.asking import Asking
    from voicewright.engines.port import RunContext
    from voicewright.engines.spoken_consent import SpokenConsent

    Delete = Callable[[str], Awaitable[object]]

_NAME_CHARACTERS: Final = 80
_NEWEST: Final = 100
"""So many consents are looked through for one whose id did not arrive."""
_ASKED_ONCE: Final = 0


class MadeVoice(NamedTuple):
    """What OpenAI calls them."""

    voice: str
    consent: str


class VoiceMaker:
    """Makes voices and deletes them.

    An upload is sent once: after an answer that did not arrive nobody knows whether a voice was made, and a
    second upload would make a second one. Deletions are repeated as the SDK does.

    Args:
        client: of the SDK.
        asking: in whose loop all this runs.
        timeout_s: how long an answer may take.
    """

    def __init__(self, client: AsyncOpenAI, asking: Asking, timeout_s: float) -> None:
        self._audio = client.audio
        self._uploads = client.with_options(max_retries=_ASKED_ONCE).audio
        self._asking = asking
        self._timeout_s = timeout_s

    async def make(self, name: str, sample: bytes, consent: SpokenConsent, context: RunContext) -> MadeVoice:
        """Upload the consent, then the sample.

        Raises:
            ProviderError: nothing is left there, as far as it could be deleted.
        """
        label = f"{name[:_NAME_CHARACTERS]} {secrets.token_hex(4)}".strip()
        context.progress("sending the consent", 0.2)
        consent_id = await self._create(
            self._uploads.voice_consents.create(
                name=label,
                language=consent.language,
                recording=("consent.wav", consent.wav, "audio/wav"),
            ),
            self._audio.voice_consents.delete,
            "sending the consent",
            lost=lambda: self._delete_lost(label),
        )
        try:
            context.progress("making the voice", 0.5)
            voice_id = await self._create(
                self._uploads.voices.create(
                    name=label, consent=consent_id, audio_sample=("sample.wav", sample, "audio/wav")
                ),
                self._audio.voices.delete,
                "making the voice",
                lost=lambda: _tell_of_lost(label, context),
            )
        except BaseException as error:
            deleting = self._asking.afterwards(
                _in_quiet(self._delete(self._audio.voice_consents.delete, consent_id), context)
            )
            if isinstance(error, Exception):
                await deleting
            raise
        return MadeVoice(voice_id, consent_id)

    async def delete(self, made: MadeVoice) -> None:
        """Delete both; what is gone already is no error.

        Raises:
            ProviderError: one is still there.
        """
        await self._delete(self._audio.voices.delete, made.voice)
        await self._delete(self._audio.voice_consents.delete, made.consent)

    async def _create(
        self,
        request: Coroutine[Any, Any, object],
        delete: Delete,
        doing: str,
        lost: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> str:
        """Send an upload. It can't be called back: where nobody waits for it any more, it is deleted there.

        Args:
            request: the upload.
            delete: what it made.
            doing: for the message of an error.
            lost: looks for what it made where no answer came.
        """
        sending = self._asking.afterwards(request)
        try:
            made = await asyncio.shield(sending)
        except asyncio.CancelledError:
            self._asking.afterwards(self._undo(sending, delete))
            raise
        except Exception as error:
            if lost is not None and isinstance(error, APIConnectionError):
                await lost()
            raise explained(error, doing=doing, timeout_s=self._timeout_s, making=True) from error
        made_id = getattr(made, "id", None)
        if not isinstance(made_id, str) or not made_id:
            raise bad_answer(PROVIDER, "no id", doing=doing)
        return made_id

    async def _undo(self, sending: asyncio.Task[Any], delete: Delete) -> None:
        with contextlib.suppress(Exception):  # nobody waits for it any more
            made = await sending
            await self._delete(delete, made.id)

    async def _delete_lost(self, label: str) -> None:
        """Delete a consent that arrived though its answer did not; voices can't be listed."""
        try:
            page = await self._audio.voice_consents.list(limit=_NEWEST)
            for consent in page.data:
                if consent.name == label:
                    await self._delete(self._audio.voice_consents.delete, consent.id)
        except Exception:  # noqa: BLE001 - the error that led here is the one to be told
            return

    async def _delete(self, delete: Delete, made_id: str) -> None:
        try:
            await delete(made_id)
        except NotFoundError:
            return
        except Exception as error:
            raise explained(error, doing="deleting the voice", timeout_s=self._timeout_s) from error


async def _tell_of_lost(label: str, context: RunContext) -> None:
    context.log(
        f"No answer came to the making of a voice named {label!r}. It may be there nevertheless: look under "
        "Audio, Voices in the console of the provider, and delete it there."
    )


async def _in_quiet(deleting: Coroutine[Any, Any, None], context: RunContext) -> None:
    """What led here is the error to be told; that something is left goes to the log."""
    try:
        await deleting
    except Exception as error:  # noqa: BLE001
        context.log(f"The consent could not be deleted again at {PROVIDER.name}: {error}")
