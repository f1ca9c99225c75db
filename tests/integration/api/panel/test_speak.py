"""Speaking: a text is heard while it is made, and long ones piece by piece; the history; the first page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from voicewright.monitoring.models import Alert
from voicewright.speech.models import Synthesis
from voicewright.voices.sharing.models import VoiceShare

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient

HOSTILE = "<img src=x onerror=alert(1)> \"&' {{ 7 * 7 }}"


def test_pages_for_somebody_new(client: TestClient, person: Any, cookies_of: Callable[..., Any]) -> None:
    client.cookies.update(cookies_of(person))
    for path, says in {
        "/panel": "Make your first voice",
        "/panel/speak": "No voice to speak with yet",
        "/panel/speak/history": "Nothing was spoken yet",
        "/panel/speak/long": "No long texts yet",
    }.items():
        answer = client.get(path)
        assert (answer.status_code, says in answer.text) == (200, True), path
    assert "This installation" not in client.get("/panel").text


def test_administrators_see_how_the_installation_stands(
    client: TestClient, admin: Any, cookies_of: Callable[..., Any], database: Any
) -> None:
    with database.session() as session:
        low = {"kind": "quality_low", "subject": "", "severity": "warning", "message": "Under <0.7>."}
        session.add(Alert(**low, details={}, raised_at=datetime.now(UTC)))
    client.cookies.update(cookies_of(admin))
    page = client.get("/panel").text
    assert "1 alert" in page
    assert "Under &lt;0.7&gt;." in page
    assert "no worker is running" in page


def spoken(user_id: UUID, voice: Any, text: str) -> Synthesis:
    """An entry of the history, without a file."""
    return Synthesis(
        id=uuid4(), user_id=user_id, voice_model_id=voice.id, voice_name=voice.name, voice_version=1,
        voice_owner_id=user_id, engine="tone", engine_version="1", language="en-us", source="openai",
        text=text, text_digest="0" * 64, markup="text", characters=len(text), parameters={"speed": 1.25},
        pieces=1, state="completed", finished_at=datetime.now(UTC),
    )  # fmt: skip


def test_what_people_write_is_shown_as_it_is_and_to_nobody_else(  # noqa: PLR0917
    client: TestClient,
    person: Any,
    other: Any,
    humming: Callable[..., Any],
    call_voice: Callable[..., Any],
    cookies_of: Callable[..., Any],
    database: Any,
) -> None:
    voice = humming(person, "Ann<b>")
    with database.session() as session:
        made = spoken(person.id, voice, HOSTILE)
        session.add(made)
    long = call_voice("POST", "/long", {"text": "One. Two.", "title": HOSTILE}, expect=202).json()
    client.cookies.update(cookies_of(person))
    again = f"/panel/speak?again={made.id}"
    at = f"/panel/speak/long/{long['id']}"
    for path in ("/panel", again, f"/panel/speak?voice={voice.id}", "/panel/speak/history", at):
        shown = client.get(path)
        assert shown.status_code == 200, path
        assert "<img" not in shown.text.replace('<img src="/panel/static', ""), path
        assert "Ann<b>" not in shown.text, path
    assert "&lt;img src=x" in client.get(again).text
    assert f'value="{voice.id}" selected' in client.get(f"{again}&voice=nobody").text
    asked = "/panel/speak/history?q=onerror&state=completed&days=7"
    found = client.get(asked, headers={"HX-Request": "true"}).text
    assert found.strip().startswith("<div")
    assert "1 entry" in found
    assert "Nothing found" in client.get("/panel/speak/history?q=nowhere").text

    client.cookies.update(cookies_of(other))
    assert client.get(again).status_code == 404
    assert client.get(at).status_code == 404
    assert "onerror" not in client.get("/panel/speak/history").text
    assert "onerror" not in client.get("/panel").text


def chosen(page: str) -> tuple[str, str]:
    """The id and the name of the voice that a page of Speak has chosen."""
    ((model_id, name),) = re.findall(r'<option value="([^"]+)" selected[^>]*>([^<]+)</option>', page)
    return model_id, name


def test_the_voice_that_is_asked_for_is_chosen_whichever_version_it_is(  # noqa: PLR0917
    client: TestClient, person: Any, other: Any, humming: Callable[..., Any], cookies_of: Callable[..., Any],
    database: Any,
) -> None:  # fmt: skip
    older, newer, theirs = humming(person, "Ann"), humming(person, "ANN"), humming(other, "Ben")
    made = spoken(person.id, older, "Good evening.")
    share = VoiceShare(model_id=theirs.id, owner_id=other.id, target_user_id=person.id, permission="use")
    with database.session() as session:
        session.add_all([made, share])
    client.cookies.update(cookies_of(person))
    for asked in (f"voice={older.id}", f"again={made.id}"):  # of a page of the voice, or its job; the history
        page = client.get(f"/panel/speak?{asked}").text
        assert chosen(page) == (str(older.id), "Ann, version 1 (active)")
        assert "be used here" not in page
    # where none is asked for, the active one speaks, as everywhere, though there is a newer version
    assert chosen(client.get("/panel/speak").text) == (str(older.id), "Ann, version 1 (active)")
    home = client.get("/panel").text
    assert f'Your active voice: <a href="/panel/voices/{older.id}">Ann</a>' in home
    assert "1 voice" in home
    assert chosen(client.get("/panel/speak?voice=ann").text) == (str(newer.id), "ANN")
    assert chosen(client.get(f"/panel/speak?voice={theirs.id}").text) == (str(theirs.id), "Ben")


def test_a_voice_that_cant_be_used_is_said_to_be_none(  # noqa: PLR0917
    client: TestClient, person: Any, admin: Any, humming: Callable[..., Any], services: Any,
    cookies_of: Callable[..., Any], database: Any,
) -> None:  # fmt: skip
    gone, own, left = humming(person, "Old<b>"), humming(admin, "Mine"), humming(person, "Left")
    made = spoken(person.id, gone, "Good evening.")
    with database.session() as session:
        session.add(made)
    services.voices.of(person.id).delete(gone.id)
    client.cookies.update(cookies_of(person))
    for asked in (f"voice={gone.id}", f"again={made.id}", f"voice={own.id}", "voice=Nobody"):
        page = client.get(f"/panel/speak?{asked}").text
        assert "It was deleted, or it is not yours" in page, asked
        assert "Another one is chosen below." in page
        assert chosen(page)[0] == str(left.id)
    client.cookies.clear()
    client.cookies.update(cookies_of(admin))
    page = client.get(f"/panel/speak?voice={left.id}").text
    assert "“Left” is somebody else&#39;s. Only they speak with it" in page
    assert chosen(page)[0] == str(own.id)
    assert f"/panel/speak?voice={left.id}" not in client.get(f"/panel/voices/{left.id}").text
