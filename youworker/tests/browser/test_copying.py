"""What is shown only once can be copied, and everybody is told that it was."""

from playwright.sync_api import expect

from youworker.tests.browser.test_journey_sign_in import give_second_factor


def check_copying(page, place):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy", exact=True).click()

    region = page.get_by_role("region", name="Messages")
    expect(region.get_by_text("Copied", exact=True)).to_be_visible()
    # What is put there later is read out.
    assert region.get_attribute("aria-live") == "polite"
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied
    assert copied == page.locator(place).text_content()


def test_a_new_key_is_made_by_keyboard_and_copied(page, watches):
    page.goto("/account/keys")
    page.get_by_text("New key", exact=True).click()
    page.get_by_label("Name").fill("laptop")
    page.keyboard.press("Enter")
    watches[0].expect("422")
    # Refused, the form is gone on with at what is missing, which is said there.
    may_do = page.get_by_role("group", name="What it may do")
    expect(may_do).to_have_accessible_description("This field is required.")
    expect(may_do.get_by_role("checkbox").first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Copy", exact=True)).to_be_focused()
    check_copying(page, "#secret")


def test_recovery_codes_are_copied(page, person):
    give_second_factor(page)
    page.goto("/account/security/totp")
    form = page.locator("form[action$='/recovery-codes']")
    form.get_by_label("Password").fill(person.password)
    form.get_by_role("button", name="Make new recovery codes").click()

    check_copying(page, "#recovery-codes")
