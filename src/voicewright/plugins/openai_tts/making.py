"""Makes a voice at OpenAI of a consent and a sample, and deletes what came of it where that fails."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx2
from openai import APIConnectionError, APIStatusError, NotFoundError

from voicewright.engines.errors import ProviderOutcomeUnknown
from voicewright.engines.refusals import bad_answer
from voicewright.engines.voice_note import new_label
from voicewright.plugins.openai_tts.plugin import PROVIDER
from voicewright.plugins.openai_tts.refusing import explained
from voicewright.plugins.openai_tts.sent import Sent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from openai import AsyncOpenAI

    from voicewright.engines.asking import Asking
    from voicewright.engines.errors import EngineError
    from voicewright.engines.port import RunContext
    from voicewright.engines.spoken_consent import SpokenConsent
    from voicewright.plugins.openai_tts.sent import SentNote

    Delete = Callable[[str], Awaitable[object]]

_NEWEST: Final = 100
"""So many consents are looked through for one whose id did not arrive."""
_ASKED_ONCE: Final = 0
_SERVER_FAULT, _NOT_TAKEN = 500, 503
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


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

    async def make(
        self, sample: bytes, consent: SpokenConsent, note: SentNote, context: RunContext
    ) -> MadeVoice:
        """Upload the consent, then the sample.

        Args:
            sample: of the speaker.
            consent: of the speaker.
            note: of what is sent; whoever gets the voice clears it when that is written down.
            context: of the engine's work.

        Raises:
            ProviderOutcomeUnknown: a voice may be there, now or from an attempt before; says its name.
            ProviderError: nothing is left there, as far as it could be deleted.
        """
        await self._settle(note)
        label = new_label()
        context.progress("sending the consent", 0.2)
        note.write(Sent(label, voice=False))
        consent_id = await self._create(
            self._uploads.voice_consents.create(
                name=label,
                language=consent.language,
                recording=("consent.wav", consent.wav, "audio/wav"),
            ),
            self._audio.voice_consents.delete,
            "sending the consent",
            lost=lambda told: self._delete_lost(label, told),
        )
        try:
            context.progress("making the voice", 0.5)
            note.write(Sent(label, voice=True))
            voice_id = await self._create(
                self._uploads.voices.create(
                    name=label, consent=consent_id, audio_sample=("sample.wav", sample, "audio/wav")
                ),
                self._audio.voices.delete,
                "making the voice",
                lost=lambda told: _tell_of_lost(label, told, context),
                undone=note.clear,
            )
        except BaseException as error:
            deleting = self._asking.afterwards(
                _in_quiet(self._delete(self._audio.voice_consents.delete, consent_id), context)
            )
            if isinstance(error, Exception):
                await deleting
                note.clear()
            raise
        return MadeVoice(voice_id, consent_id)

    async def delete(self, made: MadeVoice) -> None:
        """Delete both; what is gone already is no error.

        Raises:
            ProviderError: one is still there.
        """
        await self._delete(self._audio.voices.delete, made.voice)
        await self._delete(self._audio.voice_consents.delete, made.consent)

    async def _settle(self, note: SentNote) -> None:
        """Delete what an attempt before this one has left, as far as that can be found."""
        sent = note.read()
        if sent is None:
            return
        try:
            await self._delete_named(sent.label)
        except Exception as error:
            raise explained(error, doing="looking for a consent", timeout_s=self._timeout_s) from error
        note.clear()
        if sent.voice:
            raise _outcome_unknown(sent.label, "the attempt before this one was cut off")

    async def _create(
        self,
        request: Coroutine[Any, Any, object],
        delete: Delete,
        doing: str,
        *,
        lost: Callable[[EngineError], Awaitable[EngineError]],
        undone: Callable[[], None] = lambda: None,
    ) -> str:
        """Send an upload. It can't be called back: where nobody waits for it any more, it is deleted there.

        Args:
            request: the upload.
            delete: what it made.
            doing: for the message of an error.
            lost: does what can be done where nobody knows whether it was made, and says what to raise.
            undone: called when it was deleted because nobody waits for it any more.
        """
        sending = self._asking.afterwards(request)
        try:
            return _id_in(await asyncio.shield(sending), doing)
        except asyncio.CancelledError:
            self._asking.afterwards(self._undo(sending, delete, undone))
            raise
        except Exception as error:
            told = explained(error, doing=doing, timeout_s=self._timeout_s, making=True)
            raise (await lost(told) if _may_have_made(error) else told) from error

    async def _undo(self, sending: asyncio.Task[Any], delete: Delete, undone: Callable[[], None]) -> None:
        with contextlib.suppress(Exception):  # nobody waits for it any more
            made = await sending
            await self._delete(delete, made.id)
            undone()

    async def _delete_lost(self, label: str, told: EngineError) -> EngineError:
        """Delete a consent that arrived though its answer did not; voices can't be listed."""
        with contextlib.suppress(Exception):  # the error that led here is the one to be told
            await self._delete_named(label)
        return told

    async def _delete_named(self, label: str) -> None:
        page = await self._audio.voice_consents.list(limit=_NEWEST)
        for consent in page.data:
            if consent.name == label:
                await self._delete(self._audio.voice_consents.delete, consent.id)

    async def _delete(self, delete: Delete, made_id: str) -> None:
        try:
            await delete(made_id)
        except NotFoundError:
            return
        except Exception as error:
            raise explained(error, doing="deleting the voice", timeout_s=self._timeout_s) from error


def _id_in(made: object, doing: str) -> str:
    made_id = getattr(made, "id", None)
    if not isinstance(made_id, str) or not made_id:
        raise bad_answer(PROVIDER, "no id", doing=doing)
    return made_id


def _may_have_made(error: Exception) -> bool:
    """Whether something may have been made though this came of it."""
    match error:
        case APIStatusError():
            return error.status_code >= _SERVER_FAULT and error.status_code != _NOT_TAKEN
        case APIConnectionError():
            return not isinstance(error.__cause__, _NOT_SENT)
    return True  # it answered, and nobody can read what


async def _tell_of_lost(label: str, told: EngineError, context: RunContext) -> EngineError:
    context.log(told.message)
    return _outcome_unknown(label, "no answer came that says so")


def _outcome_unknown(label: str, why: str) -> ProviderOutcomeUnknown:
    return ProviderOutcomeUnknown(
        f"Nobody knows whether {PROVIDER.name} has made a voice: {why}. Look for the name {label!r} under "
        "Audio, Voices in its console, delete it there, and try again. It is not tried again by itself, as "
        "that could make another one."
    )


async def _in_quiet(deleting: Coroutine[Any, Any, None], context: RunContext) -> None:
    """What led here is the error to be told; that something is left goes to the log."""
    try:
        await deleting
    except Exception as error:  # noqa: BLE001
        context.log(f"The consent could not be deleted again at {PROVIDER.name}: {error}")
