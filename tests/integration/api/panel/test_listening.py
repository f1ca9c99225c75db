"""Blind tests in a browser: made, heard, voted on and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from voicewright.listening.models import ListeningTest

if TYPE_CHECKING:
    from collections.abc import Callable

PLAYED = """(letter) => {
  const sound = document.querySelector(`[data-take=${letter}] audio`);
  return sound.duration > 0 && sound.currentTime > 0;
}"""


def start(page: Any) -> UUID:
    """Make a test of two sentences; answers its id."""
    page.get_by_label("My own sentences").check()
    page.get_by_label("Your sentences").fill("Good day.\n\nHow are you?\n")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Trial 1 of 2").wait_for()
    return UUID(page.url.rsplit("/", 1)[1])


def hear(page: Any) -> None:
    """Play both to the end, by their keys."""
    for letter in ("a", "b"):
        page.keyboard.press(letter)
        page.wait_for_function(PLAYED, arg=letter)
        page.locator(f"[data-take={letter}][data-full]").wait_for()


def rate(page: Any) -> None:
    """Say how natural both are."""
    page.get_by_text("Rate how natural they sound").click()
    for letter, stars in (("a", "4"), ("b", "2")):
        page.locator(f"[name=natural-{letter}][value='{stars}']").check()


def decide_the_last(page: Any) -> None:
    """Vote, look at it again, and vote anew; the keyboard is led to what comes."""
    page.get_by_role("button", name="No difference").click()
    page.locator("h2:focus", has_text="That was the last one").wait_for()
    page.get_by_role("button", name="One back").click()
    page.locator("[data-sentence]:focus").wait_for()
    page.get_by_role("button", name="No difference").click()
    page.get_by_role("heading", name="That was the last one").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_a_whole_blind_test(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    check_page: Callable[..., Any],
    take_picture: Callable[..., Any],
    humming: Callable[..., Any],
    make_person: Callable[..., Any],
    database: Any,
    scheme: str,
    width: str,
) -> None:
    ann = make_person("ann@example.com", name="Ann")
    humming(ann, "Ann's old voice")
    new = humming(ann, "Ann's new voice")
    seen: list[str] = []
    browser = browse(ann, scheme=scheme, width=width)
    page = browser.open(f"/panel/listening?ids={new.id}")
    page.on("request", lambda request: seen.append(request.url))
    page.get_by_role("heading", name="Who is compared?").wait_for()
    check_page(page)
    take_picture(page, f"listening-{scheme}")
    test_id = start(page)
    check_page(page)
    better = page.get_by_role("button", name="A is better")
    assert better.is_disabled()
    hear(page)
    take_picture(page, f"listening-trial-{scheme}")
    rate(page)
    check_page(page)
    html = page.content()
    with database.session() as session:
        test = session.get_one(ListeningTest, test_id)
        models = [str(side.model_id) for side in test.sides]
        files = [str(sound.file_id) for sound in test.sounds]
    # the voices are named as they were chosen; nothing says which of them is A
    assert not any(file in html for file in files)
    assert not any(
        part in address for address in seen for part in (*models, *files) if "?ids=" not in address
    )
    page.keyboard.press("1")
    page.get_by_text("Trial 2 of 2").wait_for()
    page.locator("[data-sentence]:focus").wait_for()
    for letter in ("a", "b"):
        page.get_by_role("button", name=f"Play {letter.upper()}").click()
        page.locator(f"[data-take={letter}][data-full]").wait_for()
    decide_the_last(page)
    page.get_by_role("button", name="See who was who").click()
    page.get_by_role("heading", name="Who was who").wait_for()
    with database.session() as session:
        test = session.get_one(ListeningTest, test_id)
        trial = test.trials[0]
    assert (trial.choice, trial.naturalness_a, trial.naturalness_b) == ("a", 4, 2)
    assert test.trials[1].choice == "none"
    leader = test.sides[trial.side_a].label
    page.get_by_text(f"1 of 1 for {leader}: not enough to be sure.").wait_for()
    check_page(page)
    take_picture(page, f"listening-result-{scheme}")
    page.goto(page.url.split("/panel")[0] + "/panel/listening")
    page.get_by_text(f"{leader} leads, 1 of 1").wait_for()
    page.get_by_role("button", name="Delete").click()
    page.locator("#confirm-yes").click()
    page.get_by_text("The test is deleted.").wait_for()
