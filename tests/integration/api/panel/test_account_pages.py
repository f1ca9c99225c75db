"""The pages of the account in a real browser: each is walked through, and looked at on a dark phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.accounts.caller import Role, Scope
from voicewright.accounts.schemas import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.accounts.service import AccountService
    from voicewright.api.services import Services

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"  # noqa: S105
ANOTHER = "quite another horse"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1"
LAPTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ann(make_person: Callable[..., Any], accounts: AccountService) -> Any:
    """Somebody who is signed in on a telephone and another computer, too."""
    person = make_person("ann@example.com", password=PASSWORD, name="Ann")
    for agent, address in ((PHONE, "192.0.2.44"), (LAPTOP, "198.51.100.7")):
        tokens = accounts.sign_in.with_password(person.email, PASSWORD, Origin(address, agent))
        accounts.sessions.to_browser(tokens)
    return person


def test_profile_password_and_sessions(
    browse: Callable[..., Any],
    ann: Any,
    accounts: AccountService,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
) -> None:
    browser = browse(ann)
    page = browser.open("/panel/account")
    page.get_by_text("Safari on iPhone").wait_for()
    assert page.locator(".sessions li").count() == 4  # and the program that `make_person` signs in
    assert page.locator(".sessions li").first.get_by_text("This browser").is_visible()
    check_page(page)
    take_picture(page, "account-light")

    page.get_by_label("Name").fill("Anna")
    page.get_by_role("button", name="Save name").click()
    page.get_by_text("Your name is saved.").wait_for()
    assert page.get_by_label("Name").input_value() == "Anna"

    page.locator(".sessions li", has_text="iPhone").get_by_role("button", name="End").click()
    page.get_by_role("heading", name="End the session of Safari on iPhone?").wait_for()
    page.locator("#confirm-yes.primary").wait_for()  # not red: nothing is lost
    page.get_by_role("button", name="Not now").click()
    page.locator(".sessions li", has_text="iPhone").get_by_role("button", name="End").click()
    page.get_by_role("button", name="End it").click()
    page.locator(".sessions li", has_text="iPhone").wait_for(state="detached")
    page.get_by_role("button", name="End all others").click()
    page.locator("#confirm").get_by_role("button", name="End all others").click()
    page.locator(".sessions li", has_text="Firefox").wait_for(state="detached")
    assert len(accounts.sessions.of_user(ann.id)) == 1

    page.get_by_label("Current password").fill("wrong" * 3)
    page.get_by_label("New password").fill(ANOTHER)
    page.get_by_role("button", name="Show what is typed").click()
    assert page.get_by_label("New password").get_attribute("type") == "text"
    browser.expect("401")
    page.get_by_role("button", name="Change password").click()
    page.get_by_text("The current password is wrong.").wait_for()
    check_page(page)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(ANOTHER)
    page.get_by_role("button", name="Change password").click()
    page.get_by_text("Your password is changed.").wait_for()
    assert len(accounts.sessions.of_user(ann.id)) == 1
    accounts.sign_in.with_password(ann.email, ANOTHER, Origin())


def test_keys(
    browse: Callable[..., Any],
    ann: Any,
    accounts: AccountService,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
) -> None:
    browser = browse(ann)
    page = browser.open("/panel/account/keys")
    page.get_by_role("heading", name="No keys yet").wait_for()
    check_page(page)
    for name, scopes, days in (
        ("Nightly backup", ("voices:read", "samples:read"), 300),
        ("Old phone app", ("speech",), 12),
    ):
        ends = datetime.now(UTC) + timedelta(days=days)
        key = accounts.api_keys.make(
            ann.id, name=name, scopes=[Scope(one) for one in scopes], expires_at=ends
        )
        accounts.authenticate(key.secret)
    page.reload()
    page.get_by_role("button", name="Make the key").click()  # the browser asks for a name
    page.get_by_role("textbox", name="Name").fill("Phone app")
    page.get_by_role("button", name="Speak and train").click()
    assert page.get_by_role("checkbox", name="Train training:write").is_checked()
    for box in page.locator("[name=scopes]").all():
        box.set_checked(False)
    browser.expect("422")
    page.get_by_role("button", name="Make the key").click()
    page.locator(".field-error").wait_for()
    page.get_by_role("button", name="Speak only").click()
    page.get_by_label("Expires").select_option("30")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_role("heading", name="Your new key: Phone app").wait_for()
    secret = page.locator("#secret").inner_text()
    made = accounts.authenticate(secret)
    assert made.scopes == {Scope.SPEECH, Scope.VOICES_READ}
    assert secret in page.locator("#with-curl").inner_text()
    assert secret in page.locator("#with-python").inner_text()
    page.get_by_role("cell", name="Phone app").first.wait_for()
    check_page(page)
    take_picture(page, "account-keys-light")
    page.get_by_role("button", name="I have copied it").click()
    assert secret not in page.content()

    page.locator("tr", has_text="Old phone app").get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke it").click()
    page.get_by_text("1 key that no longer works").click()
    page.locator("details .hint", has_text="Revoked").wait_for()
    (key,) = [one for one in accounts.api_keys.of_user(ann.id) if one.name == "Phone app"]
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - datetime.now(UTC) < timedelta(days=31)


def test_notifications(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    ann: Any,
    accounts: AccountService,
    services: Services,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
) -> None:
    accounts.users.change(ann.id, role=Role.ADMIN)
    browser = browse(ann)
    page = browser.open("/panel/account/notifications")
    page.get_by_text("Mail is not set up on this installation").wait_for()
    check_page(page)
    page.get_by_label("A training has ended").check()
    page.get_by_label("Alerts of this installation").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your choices are saved.").wait_for()
    assert services.notifications.of(ann.id) == {
        "training_ended": True,
        "voices_expiring": True,
        "alerts": False,
    }
    browser.context.grant_permissions(["notifications"])
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("button", name="Turn off").wait_for()
    page.reload()
    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("button", name="Turn on").wait_for()
    page.evaluate("scrollTo(0, 0)")
    take_picture(page, "account-notifications-light")


def test_data_consent_export_and_goodbye(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    ann: Any,
    admin: Any,
    services: Services,
    add_voice: Callable[..., Any],
    enter_sample: Callable[..., Any],
    enter_dataset: Callable[..., Any],
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
) -> None:
    assert admin.id  # somebody stays who administers
    dataset = enter_dataset(ann.id, name="Reading aloud")
    for _ in range(12):
        enter_sample(ann.id, dataset=dataset, speech_s=47.5)
    add_voice(ann, "Ann's reading voice", score=0.86)
    for speaker in ("Ann", "Grandmother"):
        services.consents.assert_consent(ann.id, speaker, asserted_by=ann.id)
    browser = browse(ann)
    page = browser.open("/panel/account/data")
    check_page(page)
    take_picture(page, "account-data-light")
    page.locator("tr", has_text="Grandmother").get_by_role("button", name="Take back").click()
    page.get_by_role("button", name="Take it back").click()
    page.locator("tr", has_text="Grandmother").get_by_text("Taken back").wait_for()
    page.get_by_label("Keep of the text").select_option("hash")
    page.get_by_label("Keep the sound").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("It holds for what you speak from now on.").wait_for()
    kept = services.history.preferences(ann.id)
    assert (kept.keep_text, kept.keep_audio) == ("hash", False)

    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    assert downloading.value.suggested_filename.endswith(".zip")

    delete = page.get_by_role("button", name="Delete my account")
    assert delete.is_disabled()
    page.get_by_label("Type ann@example.com to confirm").fill("bob@example.com")
    assert delete.is_disabled()
    page.get_by_label("Your password").fill("wrong" * 3)
    page.get_by_label("Type ann@example.com to confirm").fill("Ann@example.com")
    browser.expect("401")
    delete.click()
    page.locator(".field-error", has_text="The password is wrong.").wait_for()
    take_picture(page, "account-delete-light")
    page.get_by_label("Your password").fill(PASSWORD)
    delete.click()
    page.get_by_role("heading", name="Your account is deleted").wait_for()
    check_page(page)
    assert not [one for one in browser.context.cookies() if one["name"] == "voicewright_session"]
    take_picture(page, "account-goodbye-light")
    page.get_by_role("link", name="To the sign-in").click()
    page.get_by_role("heading", name="Sign in to Voicewright").wait_for()


def test_all_of_them_on_a_dark_telephone(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    ann: Any,
    accounts: AccountService,
    services: Services,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
) -> None:
    accounts.api_keys.make(ann.id, name="Phone app", scopes=[Scope.SPEECH, Scope.VOICES_READ])
    services.consents.assert_consent(ann.id, "Grandmother", asserted_by=ann.id)
    page = browse(ann, scheme="dark", width="phone").open("/panel/account")
    for tab in ("Account", "API keys", "Notifications", "My data"):
        page.get_by_label("Account", exact=True).get_by_role("link", name=tab).click()
        page.locator(f".tabs a[aria-current]:text-is('{tab}')").wait_for()
        check_page(page)
        take_picture(page, f"account-{tab.lower().replace(' ', '-')}-dark")
