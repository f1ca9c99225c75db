"""The account at ElevenLabs: what the engine asks of it, through its SDK."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import httpx
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import VoiceSettings

from voicewright.engines.refusals import bad_answer
from voicewright.engines.samples import whole_samples
from voicewright.plugins.eleven_labs.artefact import is_voice_id
from voicewright.plugins.eleven_labs.languages import code_for
from voicewright.plugins.eleven_labs.plugin import PROVIDER
from voicewright.plugins.eleven_labs.refusing import explained, read_refusal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping

    from elevenlabs.core.request_options import RequestOptions
    from elevenlabs.types import Voice as AccountVoice

    from voicewright.engines.asking import Asking
    from voicewright.plugins.eleven_labs.artefact import Voice
    from voicewright.plugins.eleven_labs.options import ElevenLabsOptions

T = TypeVar("T")

ADDRESS: Final = "https://api.elevenlabs.io"
SPEAKING: Final = "speaking"
_FORMAT: Final = "pcm_24000"
_PAGE: Final = 100
_MOST_PAGES: Final = 50
_CHUNK_BYTES: Final = 4096
_ONCE: Final[RequestOptions] = {"max_retries": 0}
"""What makes something: after an answer that did not arrive nobody knows whether it was made."""
_COST: Final = "character-cost"
_NO_SOUND: Final = ("text/", "application/json")


class Captcha(NamedTuple):
    """What a speaker has to read aloud."""

    kind: str
    """Its media type."""
    content: bytes


class Account:
    """An account; every method raises a `ProviderError`.

    Args:
        key: of the account.
        address: where it is asked.
        asking: in whose loop all this runs.
        timeout_s: how long an answer may take.
    """

    def __init__(self, key: str, address: str, asking: Asking, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._asking = asking
        self._client = AsyncElevenLabs(
            api_key=key,
            base_url=address,
            timeout=timeout_s,
            httpx_client=httpx.AsyncClient(timeout=timeout_s, follow_redirects=False),
        )

    async def make_instant(self, label: str, sample: bytes, options: ElevenLabsOptions) -> str:
        """Make an instant voice of a sample; answers its id. Nothing else there may have the label."""
        return await self._create(
            label,
            self._client.voices.ivc.create(
                name=label,
                files=[("sample.wav", sample, "audio/wav")],
                remove_background_noise=options.remove_background_noise,
                request_options=_ONCE,
            ),
        )

    async def make_professional(self, label: str, language: str) -> str:
        """Begin a professional voice; answers its id. Nothing else there may have the label."""
        return await self._create(
            label,
            self._client.voices.pvc.create(
                name=label, language=language.split("-", maxsplit=1)[0], request_options=_ONCE
            ),
        )

    async def find(self, voice_id: str) -> AccountVoice | None:
        """What is known of a voice; None: it is not there."""
        try:
            return await self._asked(self._client.voices.get(voice_id), "looking at the voice")
        except ApiError as error:
            if read_refusal(error).is_gone:
                return None
            raise self._explained(error, "looking at the voice") from error

    async def add_sample(self, voice_id: str, name: str, wav: bytes, options: ElevenLabsOptions) -> None:
        """Upload a recording for a professional voice."""
        await self._ask(
            self._client.voices.pvc.samples.create(
                voice_id,
                files=[(name, wav, "audio/wav")],
                remove_background_noise=options.remove_background_noise,
                request_options=_ONCE,
            ),
            "sending the recordings",
        )

    async def captcha(self, voice_id: str) -> Captcha:
        """What the speaker has to read; the SDK asks for it, and drops the answer."""
        doing = "asking for the text that the speaker reads"
        answer = await self._ask(
            self._client._client_wrapper.httpx_client.request(  # noqa: SLF001 - there is no other way to the body
                f"v1/voices/pvc/{voice_id}/captcha", method="GET"
            ),
            doing,
        )
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            with contextlib.suppress(ValueError):
                raise self._explained(ApiError(status_code=answer.status_code, body=answer.json()), doing)
            raise self._explained(ApiError(status_code=answer.status_code, body=answer.text), doing)
        if not answer.content:
            raise bad_answer(PROVIDER, "no text", doing=doing)
        return Captcha(answer.headers.get("content-type", "").partition(";")[0], answer.content)

    async def read_captcha(self, voice_id: str, wav: bytes) -> None:
        """Send the speaker, reading it."""
        await self._ask(
            self._client.voices.pvc.verification.captcha.verify(
                voice_id, recording=("captcha.wav", wav, "audio/wav"), request_options=_ONCE
            ),
            "verifying the speaker",
        )

    async def ask_people(self, voice_id: str, wav: bytes, words: str) -> None:
        """Have people look at the speaker's consent."""
        await self._ask(
            self._client.voices.pvc.verification.request(
                voice_id,
                files=[("consent.wav", wav, "audio/wav")],
                extra_text=words,
                request_options=_ONCE,
            ),
            "asking for a verification",
        )

    async def train(self, voice_id: str, model: str) -> None:
        """Have a professional voice trained; it begins, and goes on there."""
        trained = self._client.voices.pvc.train(voice_id, model_id=model, request_options=_ONCE)
        await self._ask(trained, "starting the training")

    async def delete(self, voice_id: str) -> None:
        """Delete a voice; one that is gone already is no error."""
        try:
            await self._asked(self._client.voices.delete(voice_id), "deleting the voice")
        except ApiError as error:
            if not read_refusal(error).is_gone:
                raise self._explained(error, "deleting the voice") from error

    async def voices(self, search: str | None = None) -> list[AccountVoice]:
        """The voices of the account, or those whose names have some words.

        Those of all users of this installation are among them, with the names that they have there.
        """
        found: list[AccountVoice] = []
        page: str | None = None
        for _ in range(_MOST_PAGES):
            answer = await self._ask(
                self._client.voices.search(next_page_token=page, page_size=_PAGE, search=search),
                "listing the voices",
            )
            found += (voice for voice in answer.voices if is_voice_id(voice.voice_id))
            page = answer.next_page_token if answer.has_more else None
            if page is None:
                break
        return found

    async def named(self, label: str) -> str | None:
        """The id of the voice with a label; None: there is none."""
        found = await self.voices(label)
        return next((voice.voice_id for voice in found if voice.name == label), None)

    async def speak(
        self,
        voice: Voice,
        text: str,
        *,
        language: str,
        speed: float,
        seed: int,
        tell: Callable[[Mapping[str, str]], None],
    ) -> AsyncGenerator[bytes, None]:
        """Yield 16-bit samples as they come, whole ones only.

        Args:
            voice: that speaks.
            text: as much as it takes at once.
            language: of it.
            speed: 0.7 to 1.2.
            seed: the same again sounds nearly the same.
            tell: is told the headers of the answer.
        """
        language_code = code_for(voice.model, language)
        asked = self._client.text_to_speech.with_raw_response.stream(
            voice.id,
            text=text,
            model_id=voice.model,
            output_format=_FORMAT,
            seed=seed,
            voice_settings=VoiceSettings.model_validate({**voice.settings, "speed": speed}),
            request_options={"chunk_size": _CHUNK_BYTES},
            **({} if language_code is None else {"language_code": language_code}),
        )
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with asyncio.timeout(self._timeout_s):
                    answer = await stack.enter_async_context(asked)
                _require_sound(answer.headers)
                tell(answer.headers)
                async for samples in whole_samples(answer.data, PROVIDER, doing=SPEAKING):
                    yield samples
        except Exception as error:
            raise self._explained(error, SPEAKING) from error

    async def _create(self, label: str, request: Coroutine[Any, Any, object]) -> str:
        """Make a voice. It can't be called back: where nobody waits for it any more, it is deleted there.

        Where no answer came, or none that says so, it is looked for by its label.
        """
        doing = "making the voice"
        making = self._asking.afterwards(self._created(request))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            self._asking.afterwards(self._undo(making))
            raise
        except Exception as error:
            if not (isinstance(error, ApiError) and read_refusal(error).is_clear):
                with contextlib.suppress(Exception):  # the error that led here is the one to be told
                    if (found := await self.named(label)) is not None:
                        return found
            raise self._explained(error, doing) from error

    async def _created(self, request: Coroutine[Any, Any, object]) -> str:
        async with asyncio.timeout(self._timeout_s):
            made = await request
        voice_id = getattr(made, "voice_id", None)
        if not is_voice_id(voice_id):
            raise bad_answer(PROVIDER, "no id of a voice", doing="making the voice")
        return str(voice_id)

    async def _undo(self, making: asyncio.Task[str]) -> None:
        with contextlib.suppress(Exception):  # nobody waits for it any more
            await self.delete(await making)

    async def _ask(self, request: Awaitable[T], doing: str) -> T:
        try:
            return await self._asked(request, doing)
        except ApiError as error:
            raise self._explained(error, doing) from error

    async def _asked(self, request: Awaitable[T], doing: str) -> T:
        """Raises `ApiError` as it comes, and everything else explained."""
        try:
            return await request
        except ApiError:
            raise
        except Exception as error:
            raise self._explained(error, doing) from error

    def _explained(self, error: Exception, doing: str) -> Exception:
        return explained(error, doing=doing, timeout_s=self._timeout_s)


def _require_sound(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").lower()
    if kind.startswith(_NO_SOUND):
        raise bad_answer(PROVIDER, f"{kind} instead of sound", doing=SPEAKING)


def credits_in(headers: Mapping[str, str]) -> int | None:
    """What a speech has cost in credits, as the answer says; None: it does not."""
    told = {name.lower(): value for name, value in headers.items()}.get(_COST, "")
    return int(told) if told.isascii() and told.isdigit() else None
