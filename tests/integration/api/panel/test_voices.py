"""The pages of voices: the list, one voice, several side by side, deleted ones, imports and backups."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.schemas import NewVoice
from voicewright.voices.sharing.models import VoiceShare

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient

HOSTILE = '<script>alert(1)</script>"onload="x'
SENTENCES = (
    "The old fisherman pushed his boat away from the shore before the sun was up.",
    "Please leave your wet shoes outside and hang the yellow coat behind the door.",
)
REASONS = [
    "Similarity: the voice resembles the speaker, with a difference that can be heard (cosine 0.81).",
    "Naturalness: the speech sounds like a good recording (DNSMOS 3.21 of 5).",
    "Clarity: the speech is understood (3% of the words misheard by whisper).",
    "Consistency: the voice stays itself between sentences (spread of the cosine 0.012).",
]


@pytest.fixture
def judged(services: Any, tmp_path: Any) -> Callable[..., Any]:
    """Register a voice that hums, with an evaluation and the sentences that it was judged by."""

    def register(owner: Any, name: str = "Ann's reading voice", score: float = 0.87, **fields: Any) -> Any:
        folder = tmp_path / uuid.uuid4().hex
        (folder / "artefact").mkdir(parents=True)
        pitch = 120 + 10 * (len(name) % 7)
        (folder / "artefact" / "voice.json").write_text(
            f'{{"format": 1, "pitch_hz": {pitch}, "speaking_fault": "none"}}'
        )
        spoken, told = [], []
        for number, text in enumerate(SENTENCES):
            path = folder / f"sentence-{number:02}.flac"
            sound = 0.2 * np.sin(np.arange(22_050 * 2) / (8 + number))
            soundfile.write(path, sound, 22_050)
            spoken.append(path)
            told.append({"text": text, "audio": path.name, "duration_s": 2.0, "silent": False})
        evaluation = {
            "overall": score, "similarity": score - 0.04, "naturalness": score + 0.05,
            "clarity": score + 0.07, "consistency": min(score + 0.1, 1.0), "reasons": REASONS,
            "sentences": told, "raw": {}, "language": "en-us", "recogniser": None,
        }  # fmt: skip
        facts = {
            "engine": "tone", "engine_version": "1", "language": "en-us", "speech_s": 574.0, "train_s": 412.0,
            "sample_rate_hz": 22050, "speaker": "Ann", "evaluation": evaluation,
        }  # fmt: skip
        new = NewVoice(
            name=name, artefact_dir=folder / "artefact", spoken=tuple(spoken), **{**facts, **fields}
        )  # fmt: skip
        return services.voices.of(owner.id).register(new)

    return register


@pytest.fixture
def visit(client: TestClient, cookies_of: Callable[..., Any]) -> Callable[..., Any]:
    """The answer of a page to somebody's browser."""

    def get(person: Any, path: str, *, expect: int = 200, **more: Any) -> str:
        client.cookies.clear()
        client.cookies.update(cookies_of(person))
        answer = client.get(path, follow_redirects=False, **more)
        assert answer.status_code == expect, answer.text
        return answer.text

    return get


def use(database: Any, voice: Any, user: Any, days_ago: int = 0, **more: Any) -> None:
    values = {
        "outcome": "spoken", "characters": 40, "audio_s": 3.0, "latency_ms": 210.0, "cost_usd": Decimal(0),
    }  # fmt: skip
    with database.session() as session:
        session.add(
            VoiceUse(
                model_id=voice.id, owner_id=voice.owner_id, user_id=user.id,
                at=datetime.now(UTC) - timedelta(days=days_ago), **{**values, **more},
            )
        )  # fmt: skip


def test_pages_without_a_voice_teach(visit: Callable[..., Any], person: Any) -> None:
    assert "three steps away" in visit(person, "/panel/voices")
    assert "Nobody shares a voice with you" in visit(person, "/panel/voices?whose=shared")
    assert "No voice from an engine" in visit(person, "/panel/voices?whose=stock")
    assert "No voice is like that" in visit(person, "/panel/voices?search=nothing")
    assert "Nothing is deleted" in visit(person, "/panel/voices/deleted")
    assert "There is no backup yet" in visit(person, "/panel/voices/backups")
    assert "Choose two voices" in visit(person, "/panel/voices/compare")
    assert "needs two to compare" in visit(person, "/panel/listening")


def test_what_is_somebody_elses_is_not_there(
    visit: Callable[..., Any], client: TestClient, judged: Callable[..., Any], person: Any, other: Any
) -> None:
    mine, theirs = judged(person), judged(other)
    for path in (f"/{theirs.id}", f"/compare?ids={mine.id},{theirs.id}", f"/{uuid.uuid4()}"):
        assert "Voice model not found" in visit(person, f"/panel/voices{path}", expect=404)
    assert client.get(f"/voice-models/{theirs.id}/audio/sentence-00.flac").status_code == 404
    assert str(theirs.id) not in visit(person, f"/panel/listening?ids={theirs.id}")
    assert "no blind test" in visit(person, f"/panel/listening/{uuid.uuid4()}", expect=404)


def test_cards_show_the_newest_version_and_can_be_searched(
    visit: Callable[..., Any], judged: Callable[..., Any], person: Any
) -> None:
    first, second = judged(person, HOSTILE), judged(person, HOSTILE, 0.7)
    page = visit(person, "/panel/voices")
    assert "<script>alert" not in page
    assert f'href="/panel/voices/{second.id}"' in page
    assert f'href="/panel/voices/{first.id}"' not in page
    assert "version 2 of 2" in page
    assert "Version 1 is active" in page
    assert f'src="/voice-models/{second.id}/audio/sentence-00.flac"' in page
    rows = visit(person, "/panel/voices?search=script&sort=best", headers={"HX-Request": "true"})
    assert rows.lstrip().startswith("<div")
    assert str(second.id) in rows
    assert "No voice is like that" in visit(person, "/panel/voices?engine=builtin")
    assert "<script>alert" not in visit(person, f"/panel/voices/{second.id}")
    assert "<script>alert" not in visit(person, f"/panel/listening?ids={first.id},{second.id}")


def test_a_voice_of_another_is_shown_as_far_as_it_is_shared(
    visit: Callable[..., Any], judged: Callable[..., Any], database: Any, person: Any, other: Any
) -> None:
    theirs = judged(other)
    share = VoiceShare(model_id=theirs.id, owner_id=other.id, target_user_id=person.id, permission="read")
    with database.session() as session:
        session.add(share)
    page = visit(person, f"/panel/voices/{theirs.id}")
    assert "Give it back" in page
    assert "sounds like a good recording" not in page
    assert "To look at only" in visit(person, "/panel/voices?whose=shared")


def change(page: Any, bob: Any) -> None:
    """Share a voice and take it back, write notes, rate it, go back to an older version."""
    named = page.get_by_label("E-mail address or account id")
    named.fill(bob.email)
    page.get_by_role("button", name="Share").click()
    page.get_by_text("Bob Miller may speak with it").wait_for()
    page.get_by_label("E-mail address or account id").fill(str(bob.id))
    page.get_by_label("They may").select_option("read")
    page.get_by_role("button", name="Share").click()
    page.get_by_text("Bob Miller may look at it").wait_for()
    page.locator("#f-notes").fill("Recorded in the quiet room.")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    assert page.locator("#f-notes").input_value() == "Recorded in the quiet room."
    page.get_by_role("button", name="Take back").first.click()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Only you have it.").wait_for()
    page.get_by_role("button", name="4 stars").click()
    page.get_by_text("Your rating is saved.").wait_for()
    page.get_by_role("button", name="Go back").last.click()
    page.locator("#confirm-yes").click()
    page.get_by_role("link", name="Version 4").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_the_list_and_one_voice(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    check_page: Callable[..., Any],
    take_picture: Callable[..., Any],
    judged: Callable[..., Any],
    make_person: Callable[..., Any],
    database: Any,
    scheme: str,
    width: str,
) -> None:
    ann, bob = make_person("ann@example.com", name="Ann"), make_person("bob@example.com", name="Bob Miller")
    for score in (0.71, 0.79, 0.87):
        voice = judged(ann, "Ann's reading voice", score)
    judged(ann, "Ann, bright", 0.82)
    judged(ann, "Grandpa's stories", 0.64, language="de", speaker="Hans", evaluation=None)
    for day in range(25):
        for _ in range(1 + day * 7 % 5):
            use(database, voice, bob if day % 3 else ann, day)
    page = browse(ann, scheme=scheme, width=width).open("/panel/voices")
    page.get_by_role("heading", name="Ann's reading voice").wait_for()
    assert page.locator(".voice").count() == 3
    check_page(page)
    take_picture(page, f"voices-{scheme}")

    card = page.locator(".voice", has=page.get_by_role("heading", name="Ann, bright"))
    card.get_by_role("button", name="Play Ann, bright").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('audio')].some((one) => one.duration > 0 && one.currentTime > 0)"
    )
    card = page.locator(".voice", has=page.get_by_role("heading", name="Ann's reading voice"))
    card.get_by_role("button", name="Activate").click()
    card.locator(".badge", has_text="Active").wait_for()
    for name in ("Ann's reading voice", "Ann, bright"):
        page.get_by_label(f"Choose {name} to compare").check()
    take_picture(page, f"voices-chosen-{scheme}")
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("heading", name="Line by line").wait_for()
    assert page.get_by_text("Ann's reading voice sounds best overall").is_visible()
    check_page(page)
    take_picture(page, f"compare-{scheme}")
    page.get_by_role("button", name="Have each say it").focus()
    page.keyboard.press("Enter")
    page.get_by_text("All have said it.").wait_for()
    page.locator("button:focus", has_text="Have each say it").wait_for()
    assert page.locator("[data-spoken] audio-player").count() == 2

    page.goto(page.url.split("/panel")[0] + f"/panel/voices/{voice.id}")
    page.get_by_role("heading", name="How good it is").wait_for()
    page.locator("[data-chart=versions] canvas").wait_for()
    check_page(page)
    take_picture(page, f"voice-{scheme}")
    figures = page.locator(".uses")
    boxes = (figures.bounding_box(), figures.locator(".stat").last.bounding_box())
    ends = [box["x"] + box["width"] for box in boxes]
    assert ends[0] - ends[1] <= 2  # no more than its border: no cell is empty
    change(page, bob)
    page.get_by_role("button", name=re.compile("^Delete version")).click()
    page.locator("#confirm-yes").click()
    page.get_by_text("It can be brought back under Deleted voices.").wait_for()
    page.goto(page.url.split("/panel")[0] + "/panel/voices/deleted")
    check_page(page)
    take_picture(page, f"voices-deleted-{scheme}")
    page.get_by_role("button", name="Bring back").click()
    page.get_by_role("heading", name="How good it is").wait_for()


@pytest.mark.browser
def test_with_whom_a_voice_can_not_be_shared_is_told_plainly(
    browse: Callable[..., Any], judged: Callable[..., Any], person: Any
) -> None:
    voice = judged(person)
    browser = browse(person)
    browser.expect("422")
    page = browser.open(f"/panel/voices/{voice.id}")
    for target, told in (
        ("Bob", "That is neither an e-mail address nor an account id."),
        ("nobody@example.com", "There is no account with the address nobody@example.com."),
        (str(voice.id), f"There is no account with the id {voice.id}."),
        (person.email, "This is the owner, who has the voice already."),
    ):
        page.get_by_label("E-mail address or account id").fill(target)
        page.get_by_role("button", name="Share").click()
        page.get_by_role("alert").get_by_text(told).wait_for()


@pytest.mark.browser
def test_a_voice_leaves_as_a_file_and_comes_back_as_another(
    browse: Callable[..., Any], judged: Callable[..., Any], person: Any, base_url: str, tmp_path: Any
) -> None:
    voice = judged(person, "Ann's reading voice")
    browser = browse(person)
    page = browser.open(f"/panel/voices/{voice.id}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    archive = tmp_path / "voice.zip"
    download.value.save_as(archive)
    page.goto(f"{base_url}/panel/voices/import")
    chosen, send = page.get_by_label("Exported voice"), page.get_by_role("button", name="Import")

    # what is no voice is refused with what to do
    browser.expect("400", "415", "422")
    (tmp_path / "no.zip").write_bytes(b"PK no zip at all")
    chosen.set_input_files(tmp_path / "no.zip")
    send.click()
    page.get_by_role("alert").filter(has_text="zip").wait_for()

    chosen.set_input_files(archive)
    page.get_by_label("Name").fill("Ann again")
    send.click()
    page.get_by_role("heading", name="Ann again").wait_for()
    page.get_by_text("Ann again is imported.").wait_for()
    page.get_by_role("button", name=re.compile("^Play")).first.click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('audio')].some((one) => one.duration > 0 && one.currentTime > 0)"
    )


def test_an_administrator_reads_a_voice_of_another_as_that_of_another(  # noqa: PLR0917
    visit: Callable[..., Any], judged: Callable[..., Any], database: Any, person: Any, admin: Any,
    services: Any,
) -> None:  # fmt: skip
    voice = judged(person, "Ann's old voice", 0.3)
    long_ago = datetime.now(UTC) - timedelta(days=5000)
    with database.session() as session:
        found = session.get_one(type(voice), voice.id)
        found.created_at, found.is_active = long_ago, False
    mine, seen = visit(person, f"/panel/voices/{voice.id}"), visit(admin, f"/panel/voices/{voice.id}")
    for words in ("Only you have it", "counts for you", "/panel/speak?voice=", "/panel/listening?ids="):
        assert (words in mine, words in seen) == (True, False), words
    who = services.accounts.users.get(person.id)
    owner = who.name or who.email.split("@")[0]
    assert f"Of {owner}" in seen
    assert f"counts for {owner}" in seen
    for page in (mine, seen):  # when its owner's voice expires, whoever looks
        assert "The cleanup may take this voice" in page


def test_the_hundred_and_first_shared_voice_is_there_too(
    visit: Callable[..., Any], judged: Callable[..., Any], person: Any, other: Any, database: Any
) -> None:
    theirs = judged(other, "The first")
    now = datetime.now(UTC)
    fields = {"owner_id": other.id, "target_user_id": person.id, "permission": "use"}
    with database.session() as session:
        session.add(VoiceShare(model_id=theirs.id, created_at=now - timedelta(days=1), **fields))
        kept = {column.name: getattr(theirs, column.name) for column in type(theirs).__table__.columns}
        for number in range(100):
            new = {
                "id": uuid.uuid4(),
                "name": f"V{number}",
                "name_key": f"v{number}",
                "training_job_id": None,
            }
            more = type(theirs)(**{**kept, **new, "lineage_id": uuid.uuid4(), "is_active": False})
            session.add(more)
            session.flush()
            session.add(VoiceShare(model_id=more.id, created_at=now, **fields))
    assert "Give it back" in visit(person, f"/panel/voices/{theirs.id}")
