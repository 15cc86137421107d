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


def test_a_new_key_is_copied(page):
    page.goto("/account/keys")
    page.get_by_text("New key", exact=True).click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("group", name="What it may do").get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Create the key").click()

    check_copying(page, "#secret")


def test_recovery_codes_are_copied(page, person):
    give_second_factor(page)
    page.goto("/account/security/totp")
    form = page.locator("form[action$='/recovery-codes']")
    form.get_by_label("Password").fill(person.password)
    form.get_by_role("button", name="Make new recovery codes").click()

    check_copying(page, "#recovery-codes")
