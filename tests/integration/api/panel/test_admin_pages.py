"""The pages for administrators in a browser, over an installation that is in use."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.monitoring.models import Alert
from voicewright.training.models import BudgetDay, Node, TrainingJob
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.db.server import Database

NOW = datetime.now(UTC)
REASONS = [
    "Naturalness: hiss can be heard behind the words (background 2.6; quiet recordings read 3.6).",
    "Similarity: the voice resembles the speaker, with a difference that can be heard (cosine 0.71).",
]
BROKEN_WORDS = """(cells) => cells.flatMap((cell) => [...cell.childNodes]).flatMap((node) =>
    [...node.textContent.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
        if (node.nodeType !== Node.TEXT_NODE) return false;
        const range = new Range();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        return range.getClientRects().length > 1;
    }).map(([word]) => word))"""
"""The words of cells that stand on two lines; a name may be broken where a `<wbr>` is."""
PAGES = ("", "/queue", "/engines", "/costs", "/storage", "/cleanup", "/audit", "/alerts", "/users")


def _job(owner: Any, name: str, status: str, **fields: Any) -> TrainingJob:
    ended = status in {"completed", "failed"}
    values: dict[str, Any] = {
        "id": uuid.uuid4(), "owner_id": owner.id, "name": name, "provider": "tone", "language": "en-us",
        "sample_ids": [], "options": {}, "engine_options": {}, "quality_threshold": 0.7,
        "max_training_ms": 7_200_000, "status": status, "priority": 50, "max_retries": 3,
        "estimated_cost": Decimal("1.20"), "estimated_time_ms": 600_000, "forecast_time_ms": 600_000,
        "created_at": NOW - timedelta(minutes=40),
        "actual_cost": Decimal("1.35") if ended else None, "actual_time_ms": 640_000 if ended else None,
        "completed_at": NOW - timedelta(minutes=5) if ended else None,
    }  # fmt: skip
    return TrainingJob(**{**values, **fields})


def _jobs(ann: Any, ben: Any, mira: Any) -> list[TrainingJob]:
    little = "The engine needs 10 s of speech, and these samples have 6.2 s. Record some more."
    return [
        _job(
            ann, "Ann's evening voice", "running", node="studio-1", progress=62.0, attempt=1,
            stage="Training, epoch 62 of 100", started_at=NOW - timedelta(minutes=7),
        ),
        _job(ben, "Ben's podcast", "queued", provider="heavy", priority=80),
        _job(mira, "Mira in Swedish", "queued"),
        _job(mira, "Mira at night", "delayed", start_after=NOW + timedelta(hours=6), priority=20),
        _job(
            ben, "Ben on the phone", "failed", can_retry=True, error_code="TOO_LITTLE_SPEECH", retry_count=1,
            last_error=little,
        ),
    ]  # fmt: skip


def _nodes() -> list[Node]:
    return [
        Node(
            id=uuid.uuid4(), name="studio-1", engines=["tone", "builtin"],
            speaks=["tone", "builtin", "kokoro"], concurrency=2, gpu_type="cpu",
            seen_at=NOW + timedelta(minutes=30), started_at=NOW - timedelta(days=3),
        ),
        Node(
            id=uuid.uuid4(), name="render-2", engines=["tone"], speaks=[], concurrency=1, gpu_type="cuda",
            gpu_memory_mb=24_000, gpu_utilization=0.0, seen_at=NOW - timedelta(hours=2),
            started_at=NOW - timedelta(days=9),
        ),
    ]  # fmt: skip


def _alerts() -> list[Alert]:
    poor = (
        "The average quality of the voices is 0.68, under 0.7. Look at the newest trainings and the "
        "recordings that they were made of."
    )
    return [
        Alert(
            kind="quality_low", subject="", severity="warning", details={}, message=poor,
            raised_at=NOW - timedelta(hours=3), resolved_at=None,
        ),
        Alert(
            kind="cleanup_failed", subject="", severity="warning", details={},
            message="The cleanup that began at 2026-11-18 03:00 UTC has not ended.",
            raised_at=NOW - timedelta(days=4), resolved_at=NOW - timedelta(days=3),
        ),
    ]  # fmt: skip


@pytest.fixture
def in_use(
    database: Database,
    make_person: Callable[..., Any],
    add_voice: Callable[..., VoiceModel],
    enter_sample: Callable[..., Any],
) -> dict[str, Any]:
    """Three people with voices, a month of trainings and speech, two nodes, alerts, and what is to go."""
    ann = make_person("ann@example.com", name="Ann Keller")
    ben = make_person("ben@example.com", name="Ben Okafor")
    mira = make_person("mira@example.com", name="Mira Lindqvist")
    voices = []
    for owner, name, score in (
        (ann, "Ann's reading voice", 0.91),
        (ann, "Ann, cheerful", 0.84),
        (ben, "Ben", 0.78),
        (mira, "Mira's audiobook", 0.88),
        (mira, "Mira, old microphone", 0.41),
        (ben, "Ben in the car", 0.36),
    ):
        parts = {
            "similarity": score,
            "naturalness": score - 0.06,
            "clarity": score + 0.05,
            "consistency": score,
        }
        evaluation = {**parts, "overall": score, "reasons": REASONS}
        engine = "builtin" if score > 0.85 else "tone"
        voices.append(add_voice(owner, name, evaluation=evaluation, engine=engine))
        enter_sample(owner.id)
    rows = [*_jobs(ann, ben, mira), *_nodes(), *_alerts()]
    rows.append(BudgetDay(day=NOW.date(), reserved=Decimal("1.20"), spent=Decimal("41.85")))
    for back in range(1, 28):
        when = NOW - timedelta(days=back)
        owner = (ann, ben, mira)[back % 3]
        rows += [
            _job(
                owner, f"Take {number + 1}", "failed" if (back + number) % 7 == 0 else "completed",
                actual_cost=Decimal(back * 37 % 11) + Decimal("0.45"), completed_at=when, created_at=when,
                provider="builtin" if back % 2 else "tone",
            )
            for number in range(1 + back % 3)
        ]  # fmt: skip
        rows += [
            VoiceUse(
                model_id=voices[back % 4].id, owner_id=ann.id, user_id=owner.id, at=when, outcome="spoken",
                characters=420 + 10 * number, audio_s=28.0, latency_ms=180.0, cost_usd=Decimal("0.31"),
            )
            for number in range(1 + back % 5)
        ]  # fmt: skip
    rows += [
        VoiceUse(
            model_id=voices[0].id, owner_id=ann.id, user_id=ben.id, at=NOW, outcome=outcome, characters=90,
            audio_s=6.0, latency_ms=150.0, cost_usd=Decimal(0),
        )
        for outcome in ["spoken"] * 46 + ["failed"] * 2
    ]  # fmt: skip
    with database.session() as session:
        session.add_all(rows)
        for number, voice in enumerate(voices):
            row = session.get_one(VoiceModel, voice.id)
            row.created_at = NOW - timedelta(days=400 if row.quality_score < 0.5 else 20 * number + 3)
            row.stored_bytes = (number + 2) * 61_000_000
            row.is_active = row.is_active and row.quality_score >= 0.5
    return {"ann": ann, "ben": ben, "mira": mira, "voices": voices}


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_all_pages(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any], in_use: dict[str, Any], make_person: Callable[..., Any],
    check_page: Callable[..., None], take_picture: Callable[..., None], scheme: str, width: str,
) -> None:  # fmt: skip
    browser = browse(make_person("you@example.com", admin=True, name="You"), scheme=scheme, width=width)
    page = browser.open("/panel/admin")
    for path in (*PAGES, f"/users/{in_use['ben'].id}"):
        page.goto(f"{browser.base_url}/panel/admin{path}")
        page.get_by_role("heading", level=1).wait_for()
        check_page(page)
        name = path.split("/")[1] if path else "overview"
        take_picture(page, f"admin-{name}{'-one' if path.count('/') > 1 else ''}-{scheme}-{width}")
    page.goto(f"{browser.base_url}/panel/admin/alerts")
    fires_at = page.get_by_role("region", name="From where on").locator("td .why")
    assert fires_at.filter(has_text="VOICEWRIGHT_USER_STORAGE_QUOTA_MB").count() == 1
    assert fires_at.evaluate_all(BROKEN_WORDS) == []
    page.goto(f"{browser.base_url}/panel/admin/audit")
    days = [page.get_by_label(name, exact=True).bounding_box() for name in ("From", "To")]
    assert days[0]["y"] == days[1]["y"]


@pytest.mark.browser
def test_adding_somebody_who_comes_by_a_link(
    browse: Callable[..., Any], admin: Any, make_person: Callable[..., Any], check_page: Callable[..., None]
) -> None:
    ben = make_person("ben@example.com", name="Ben")
    browser = browse(admin)
    page = browser.open("/panel/admin/users")
    page.get_by_role("button", name="Add a user").click()
    form = page.get_by_role("dialog", name="Add a user")
    form.get_by_label("E-mail address").fill("ben@example.com")
    browser.expect("409")
    form.get_by_role("button", name="Add and make a link").click()
    page.get_by_text("There is an account with the address ben@example.com already.").wait_for()
    form.get_by_label("E-mail address").fill("dora@example.com")
    form.get_by_label("Name").fill("Dora")
    check_page(page)
    form.get_by_role("button", name="Add and make a link").click()
    handed = page.get_by_role("dialog", name="One-time link")
    handed.get_by_text("It lets dora@example.com in, once.").wait_for()
    check_page(page)
    link = handed.get_by_label("Link", exact=True).input_value()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    handed.get_by_role("button", name="Copy the link").click()
    handed.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == link
    handed.get_by_role("button", name="Done").click()
    page.get_by_role("link", name="Dora").wait_for()

    visitor = browse().open(link.removeprefix(browser.base_url))
    visitor.get_by_role("textbox", name="Password").fill("correct horse battery")
    visitor.get_by_role("button", name="sign in").click()
    visitor.get_by_role("heading", name="Dora").wait_for()

    page.get_by_label("Search").fill("be")
    page.get_by_role("link", name="Dora").wait_for(state="detached")
    page.get_by_role("link", name="Ben").click()
    page.get_by_label("Role", exact=True).select_option("Administrator")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    page.get_by_role("button", name="Disable the account").click()
    page.get_by_role("dialog", name="Disable ben@example.com?").get_by_role("button", name="Disable").click()
    page.get_by_role("button", name="Enable the account").wait_for()
    page.get_by_role("button", name="Delete the account").click()
    sure = page.get_by_role("button", name="Delete for good")
    page.get_by_label("To confirm, type").fill("ben@example.co")
    assert sure.is_disabled()
    page.get_by_label("To confirm, type").fill("ben@example.com")
    sure.click()
    page.get_by_role("heading", name="Deleted accounts").wait_for()
    page.get_by_text("erased").first.wait_for()
    assert page.get_by_text(str(ben.id)[:8]).is_visible()


@pytest.mark.browser
@pytest.mark.usefixtures("in_use")
def test_looking_what_would_go_then_cleaning_up_and_reading_who_did_it(
    browse: Callable[..., Any], admin: Any, check_page: Callable[..., None]
) -> None:
    browser = browse(admin)
    page = browser.open("/panel/admin/cleanup")
    page.get_by_role("button", name="Look what would go").click()
    page.get_by_text("2 voices would go").wait_for()
    page.get_by_text("Nothing was changed.").wait_for()
    page.get_by_role("row", name="Mira, old microphone, version 1 Mira Lindqvist would go").wait_for()
    check_page(page)
    page.get_by_role("button", name="Clean up 2 voices").click()
    page.get_by_role("dialog", name="Clean up 2 voices?").get_by_role("button", name="Clean up").click()
    page.get_by_text("2 voices of 2 went").wait_for()
    resting = page.get_by_role("region", name="Deleted, and can come back")
    resting.get_by_role("row", name="Ben in the car").get_by_role("button", name="Bring back").click()
    resting.get_by_role("row", name="Ben in the car").wait_for(state="detached")
    check_page(page)

    page.goto(f"{browser.base_url}/panel/admin/audit")
    page.get_by_label("Who", exact=True).fill("admin@example.com")
    page.get_by_label("What", exact=True).select_option("Cleaned a voice up")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/audit?who=*")
    rows = page.get_by_role("table").locator("tbody tr")
    assert rows.count() == 3  # the run, and each voice
    rows.first.get_by_text("More").click()
    rows.first.get_by_text("voice_model.cleanup").wait_for()
    check_page(page)
    page.get_by_role("button", name="Check it now").click()
    page.get_by_text("follow from one another").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    exported = download.value.path().read_text().splitlines()
    assert exported[0].startswith("id,at,who")
    assert len(exported) == 1 + 3

    page.goto(f"{browser.base_url}/panel/admin/queue")
    page.get_by_role("row", name="Ben's podcast").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    page.get_by_role("row", name="Ben's podcast").wait_for(state="detached")
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("The training is queued again.").wait_for()


@pytest.mark.browser
def test_the_queue_refreshes_itself_also_after_an_act_and_under_the_focus(
    browse: Callable[..., Any], admin: Any, in_use: dict[str, Any], database: Database
) -> None:
    browser = browse(admin)
    clock = browser.context.clock
    clock.install()
    page = browser.open("/panel/admin/queue")
    clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))  # from here on it goes only as it is told

    def comes(new: str) -> None:
        """After a while, by itself."""
        with database.session() as session:
            session.add(_job(in_use["mira"], new, "queued"))
        clock.run_for(5_000)
        page.locator("tr", has_text=new).wait_for()
        clock.run_for(100)  # HTMX settles

    comes("Mira at dawn")
    page.get_by_role("row", name="Ben's podcast").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    page.get_by_role("row", name="Ben's podcast").wait_for(state="detached")
    clock.run_for(100)
    page.locator("#work :focus").wait_for()  # the button is gone that had it
    comes("Mira in the morning")
    for focused, new in (("Mira in Swedish", "Mira at noon"), ("Mira Lindqvist", "Mira at tea")):
        page.get_by_role("row", name="Mira in Swedish").get_by_role("link", name=focused).focus()
        comes(new)
        assert page.evaluate("document.activeElement.textContent") == focused
    page.get_by_role("row", name="Mira in Swedish").get_by_role("button", name="Cancel").click()
    comes("Mira in the evening")  # behind the question
    page.get_by_role("button", name="Let it wait").click()
    page.locator("tr", has_text="Mira in Swedish").locator("button:focus").wait_for()
