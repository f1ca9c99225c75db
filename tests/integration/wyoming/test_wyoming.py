"""The Wyoming package's own client against a real server, and bytes that are no events."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from voicewright.accounts.service import AccountService
from voicewright.api.server import listen
from voicewright.engines.installed import Engines
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech.service import SpeechService
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService
from voicewright.voices.sharing.models import SharePermission, VoiceShare
from voicewright.wyoming.door import Door
from voicewright.wyoming.server import WyomingServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from wyoming.event import Event

    from voicewright.accounts.users import Users
    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.speech.order import SpeechOrder
    from voicewright.speech.speaking import Speech

PATIENCE_S = 60


def find_engine(engine_id: str) -> Any:
    return TONE_ENGINE if engine_id == TONE_ENGINE.id else get_engine(engine_id)


@dataclass(frozen=True)
class WatchedDoor(Door):
    """Remembers what was begun, and tells when each has ended."""

    begun: list[tuple[SpeechOrder, Speech, threading.Event]] = field(default_factory=list)

    def begin(self, order: SpeechOrder, cancel: threading.Event) -> Speech:
        speech = Door.begin(self, order, cancel)
        ended = threading.Event()
        speech.on_end(lambda _speech: ended.set())
        self.begun.append((order, speech, ended))
        return speech


@pytest.fixture
def users(settings: Settings, database: Database) -> Users:
    return AccountService(settings, database).users


@pytest.fixture
def voices(settings: Settings, database: Database, users: Users, tmp_path: Path) -> VoiceService:
    """Two voices of the owner, one of which never ends, and one of somebody else that is shared."""
    service = VoiceService.open(settings, database)

    def register(of: VoiceService, name: str, fault: str = "none") -> Any:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        (folder / "voice.json").write_text(
            json.dumps({"format": 1, "pitch_hz": 150.0, "speaking_fault": fault})
        )
        new = NewVoice(
            name=name, artefact_dir=folder, engine="tone", engine_version="1", language="en-us",
            speech_s=20.0, train_s=1.5, sample_rate_hz=22050, evaluation=None,
        )  # fmt: skip
        return of.register(new)

    mine, theirs = service.of(users.add("ann@example.com").id), service.of(uuid.uuid4())
    register(mine, "Ann")
    register(mine, "Ann")
    register(mine, "Endless", "endless")
    shared = register(theirs, "ann")
    register(theirs, "Secret")
    with database.session() as session:
        session.add(
            VoiceShare(
                model_id=shared.id, owner_id=theirs.owner_id, target_user_id=mine.owner_id,
                permission=SharePermission.USE,
            )
        )  # fmt: skip
    return mine


@pytest.fixture
def speech(settings: Settings, database: Database, voices: VoiceService) -> Iterator[SpeechService]:
    with SpeechService(settings, database, voices, engines=Engines(find=find_engine)) as opened:
        yield opened


@pytest.fixture
def door(speech: SpeechService, voices: VoiceService, users: Users) -> WatchedDoor:
    return WatchedDoor(
        speech,
        voices,
        voices.owner_id,
        most_characters=200,
        permit=lambda: users.require_enabled(voices.owner_id),
        engines=find_engine,
    )


@pytest.fixture
def address(door: WatchedDoor) -> Iterator[tuple[str, int]]:
    """Where the server listens."""
    with closing(listen("127.0.0.1", 0)) as listener:
        server = WyomingServer(door, listener)
        thread = threading.Thread(target=server.run, name="wyoming")
        thread.start()
        yield listener.getsockname()
        server.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def talk(address: tuple[str, int], story: Callable[[AsyncTcpClient], Awaitable[Any]]) -> Any:
    """What a story answers, told to a client of its own."""

    async def run() -> Any:
        async with AsyncTcpClient(*address, read_timeout=PATIENCE_S) as client:
            return await story(client)

    return asyncio.run(run())


async def spoken(client: AsyncTcpClient, *, until: Any = AudioStop) -> list[Event]:
    """All events up to one of a kind, or to the end of the connection."""
    events = []
    while (event := await client.read_event()) is not None:
        events.append(event)
        if until.is_type(event.type):
            break
    return events


def samples_of(events: list[Event]) -> np.ndarray[Any, Any]:
    chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
    assert {(chunk.rate, chunk.width, chunk.channels) for chunk in chunks} == {(22050, 2, 1)}
    return np.frombuffer(b"".join(chunk.audio for chunk in chunks), "<i2")


def kinds(events: list[Event]) -> list[str]:
    """The kinds of events in their order, without repetitions."""
    return [event.type for at, event in enumerate(events) if not at or events[at - 1].type != event.type]


def test_home_assistant_is_told_of_the_voices_and_has_them_speak(
    address: tuple[str, int], door: WatchedDoor, voices: VoiceService
) -> None:
    async def ask(client: AsyncTcpClient) -> Info:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        return Info.from_event(event)

    [program] = talk(address, ask).tts
    assert (program.name, program.installed, program.supports_synthesize_streaming) == (
        "voicewright",
        True,
        True,
    )
    found = {voice.name: voice for voice in program.voices}
    *own, shared = program.voices
    assert [voice.name for voice in own] == ["Ann", "Endless"]
    assert found["Ann"].version == "2"
    assert found["Ann"].languages == ["en-US", "de"]
    assert found["Ann"].description == "Ann, version 2"
    assert uuid.UUID(shared.name)  # its name is taken

    async def speak(client: AsyncTcpClient, voice: SynthesizeVoice | None) -> list[Event]:
        await client.write_event(Synthesize("The birch canoe slid. It was late.", voice=voice).event())
        return await spoken(client)

    by_name = talk(address, lambda client: speak(client, SynthesizeVoice(name="Ann", speaker="x")))
    assert kinds(by_name) == ["audio-start", "audio-chunk", "audio-stop"]
    start = AudioStart.from_event(by_name[0])
    assert (start.rate, start.width, start.channels) == (22050, 2, 1)
    assert np.abs(samples_of(by_name)).max() > 1000
    assert len(samples_of(by_name)) > 22050
    for voice in (SynthesizeVoice(language="de"), None):
        assert kinds(talk(address, lambda client, voice=voice: speak(client, voice)))[-1] == "audio-stop"
    talk(address, lambda client: speak(client, SynthesizeVoice(name=shared.name)))
    orders = [order for order, _, _ in door.begun]
    assert [(order.voice, order.language, order.source) for order in orders] == [
        ("Ann", None, "wyoming"), (None, "de", "wyoming"), (None, None, "wyoming"),
        (shared.name, None, "wyoming"),
    ]  # fmt: skip
    assert [str(speech.voice.id) == shared.name for _, speech, _ in door.begun] == [False, False, False, True]
    assert all(ended.wait(PATIENCE_S) for _, _, ended in door.begun)
    assert {speech.outcome for _, speech, _ in door.begun} == {"completed"}
    assert voices.owner_id == door.begun[0][1].user_id


def test_sound_leaves_while_the_text_still_comes(address: tuple[str, int], door: WatchedDoor) -> None:
    async def story(client: AsyncTcpClient) -> tuple[list[Event], list[Event]]:
        await client.write_event(SynthesizeStart(voice=SynthesizeVoice(name="Ann")).event())
        for word in ("Dr", ". Smith ca", "me late. He", " had"):
            await client.write_event(SynthesizeChunk(word).event())
        early = await spoken(client, until=AudioChunk)
        await client.write_event(SynthesizeChunk(" no time. None").event())
        await client.write_event(Synthesize("Dr. Smith came late. He had no time. None").event())
        await client.write_event(SynthesizeStop().event())
        late = await spoken(client, until=SynthesizeStopped)
        # the same connection speaks on
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk("<speak>One.<break time='1s'/> Two.</speak>").event())
        await client.write_event(SynthesizeStop().event())
        again = await spoken(client, until=SynthesizeStopped)
        assert kinds(again)[0] == "audio-start"
        return early, late

    early, late = talk(address, story)
    assert kinds(early) == ["audio-start", "audio-chunk"]
    assert kinds(late)[-2:] == ["audio-stop", "synthesize-stopped"]
    assert [event.type for event in early + late].count("audio-start") == 1
    texts = [order.text.strip() for order, _, _ in door.begun]
    assert texts[0] == "Dr. Smith came late."
    assert " ".join(texts[:-1]) == "Dr. Smith came late. He had no time. None"


def test_many_speak_at_once_and_never_mix(address: tuple[str, int]) -> None:
    async def one(text: str) -> np.ndarray[Any, Any]:
        async with AsyncTcpClient(*address, read_timeout=PATIENCE_S) as client:
            await client.write_event(Synthesize(text, voice=SynthesizeVoice(name="Ann")).event())
            return samples_of(await spoken(client))

    async def story() -> None:
        texts = ["One two three.", "Another.", "Some more words here.", "Last."]
        alone = [await one(text) for text in texts]
        together = await asyncio.gather(*map(one, texts))
        assert all(np.array_equal(*pair) for pair in zip(alone, together, strict=True))

    asyncio.run(story())


def test_a_client_that_goes_stops_the_engine(address: tuple[str, int], door: WatchedDoor) -> None:
    async def story(client: AsyncTcpClient) -> None:
        voice = SynthesizeVoice(name="Endless")
        await client.write_event(Synthesize("One two three.", voice=voice).event())
        await spoken(client, until=AudioChunk)

    talk(address, story)
    [(_, speech, ended)] = door.begun
    assert ended.wait(PATIENCE_S)
    assert speech.outcome == "cancelled"


def test_an_account_that_is_disabled_or_deleted_speaks_no_more(
    address: tuple[str, int], door: WatchedDoor, users: Users, database: Database
) -> None:
    async def ask(client: AsyncTcpClient, event: Event) -> str | None:
        await client.write_event(event)
        *_, last = await spoken(client)  # up to the end of the connection, where it is refused
        return Error.from_event(last).code if Error.is_type(last.type) else None

    async def meanwhile(client: AsyncTcpClient) -> Event:
        """What ends a text of which more comes when its speaker is disabled already."""
        await client.write_event(SynthesizeStart(voice=SynthesizeVoice(name="Ann")).event())
        await client.write_event(SynthesizeChunk("One two three. Four").event())
        await spoken(client, until=AudioChunk)
        users.change(door.owner_id, disabled=True)
        await client.write_event(SynthesizeStop().event())
        return (await spoken(client, until=Error))[-1]

    speak, describe = Synthesize("Hello.", voice=SynthesizeVoice(name="Ann")).event(), Describe().event()
    assert Error.from_event(talk(address, meanwhile)).code in {"USER_DISABLED", "VOICE_MODEL_NOT_FOUND"}
    for event in (speak, describe):
        assert talk(address, lambda client, event=event: ask(client, event)) == "USER_DISABLED"
    users.change(door.owner_id, disabled=False)
    assert talk(address, lambda client: ask(client, speak)) is None
    with database.session() as session:
        session.delete(users.lock_to_delete(session, door.owner_id))
    for event in (speak, describe):
        assert talk(address, lambda client, event=event: ask(client, event)) == "USER_NOT_FOUND"


def test_what_goes_wrong_is_an_error_and_the_end_of_the_connection(address: tuple[str, int]) -> None:
    async def refused(client: AsyncTcpClient, *events: Event) -> str | None:
        for event in events:
            await client.write_event(event)
        *_, last = await spoken(client, until=Error)
        assert await client.read_event() is None
        return Error.from_event(last).code

    start, chunk = SynthesizeStart().event(), SynthesizeChunk("x" * 150).event()
    unreadable = "WYOMING_REQUEST_UNREADABLE"
    wrong = [
        ("VOICE_MODEL_NOT_FOUND", [Synthesize("Hello.", voice=SynthesizeVoice(name="Nobody")).event()]),
        ("VOICE_MODEL_NOT_FOUND", [Synthesize("Hello.", voice=SynthesizeVoice(name="Secret")).event()]),
        ("LANGUAGE_UNSUPPORTED", [Synthesize("Hello.", voice=SynthesizeVoice(language="fr")).event()]),
        ("TEXT_EMPTY", [Synthesize("🙂").event()]),
        ("TEXT_EMPTY", [Synthesize("").event()]),
        ("TEXT_TOO_LONG", [Synthesize("x" * 201).event()]),
        ("TEXT_TOO_LONG", [start, chunk, chunk]),
        ("TEXT_EMPTY", [start, SynthesizeStop().event()]),
        (unreadable, [start, start]),
    ]
    for code, events in wrong:
        assert talk(address, lambda client, events=events: refused(client, *events)) == code, events

    async def odd(content: bytes) -> str | None:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(content)
        await writer.drain()
        head = json.loads(await asyncio.wait_for(reader.readline(), PATIENCE_S))
        data = json.loads(await reader.readexactly(head["data_length"]))
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        return data["code"]

    bad = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[]\n",
        b"7\n",
        b'{"data": {}}\n',
        b'{"type": 7}\n',
        b'{"type": "describe", "data_length": 1e99}\n',
        b'{"type": "describe", "data_length": -1}\n',
        b'{"type": "describe", "payload_length": 99999999999}\n',
        b'{"type": "describe", "data": [1]}\n',
        b'{"type": "synthesize", "data": {"text": 7}}\n',
        b'{"type": "synthesize", "data": {"text": "x", "voice": [7]}}\n',
        b"[" * 60_000 + b"\n",
        b"x" * 200_000,
    ]
    for content in bad:
        assert asyncio.run(odd(content)) == unreadable, content[:40]


def test_a_client_that_leaves_in_the_middle_of_an_event_is_no_error(address: tuple[str, int]) -> None:
    async def story() -> None:
        for content in (b"", b'{"type": "des', b'{"type": "describe", "data_length": 9}\n{'):
            _, writer = await asyncio.open_connection(*address)
            writer.write(content)
            writer.close()
            await writer.wait_closed()

    asyncio.run(story())

    async def unknown(client: AsyncTcpClient) -> None:
        from wyoming.event import Event

        await client.write_event(Event("select-program", {"name": "voicewright"}))
        await client.write_event(Describe().event())
        assert await client.read_event() is not None

    talk(address, unknown)
