"""Signing in and out, as people do."""

import re
import time

import pytest
from playwright.sync_api import expect
from pyotp import TOTP

from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots


def sign_in(page, name, password, *, path="/sign-in?next=/documents"):
    page.goto(path)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def heading(page, name):
    return page.get_by_role("heading", name=name, level=1, exact=True)


def give_second_factor(page):
    """What somebody's authenticator app knows from now on."""
    token = page.request.get("/v1/auth/csrf-token").json()["csrf_token"]
    headers = {"X-CSRFToken": token}
    secret = page.request.post("/v1/account/mfa/totp", headers=headers, data={}).json()["secret"]
    answer = page.request.post(
        "/v1/account/mfa/totp/confirm", headers=headers, data={"code": TOTP(secret).now()}
    )
    assert answer.ok, answer.text()
    return TOTP(secret)


def test_a_page_leads_to_the_sign_in_and_back(visitor, person):
    visitor.goto("/documents?q=report")
    heading(visitor, "Sign in").wait_for()
    check_accessibility(visitor)
    check_width(visitor)
    take_screenshots(visitor, "sign-in")

    sign_in(visitor, person.username, person.password, path=visitor.url)

    heading(visitor, "Documents").wait_for()
    assert visitor.url.endswith("/documents?q=report")


def test_who_signs_in_by_the_keyboard_needs_nothing_else(visitor, person):
    visitor.goto("/sign-in?next=/account")
    visitor.keyboard.type(person.username)
    visitor.keyboard.press("Tab")
    visitor.keyboard.type(person.password)
    visitor.keyboard.press("Enter")

    heading(visitor, "Account").wait_for()


def test_a_wrong_password_is_said_and_the_name_stays(visitor, person):
    sign_in(visitor, person.username, "wrong")

    alert = visitor.get_by_role("alert")
    alert.wait_for()
    assert visitor.get_by_label("User name").input_value() == person.username
    assert visitor.get_by_label("Password").input_value() == ""
    check_accessibility(visitor)
    take_screenshots(visitor, "sign-in-refused")
    visitor.get_by_label("Password").fill(person.password)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    heading(visitor, "Documents").wait_for()


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_a_sentence_above_a_field_has_room_below_it(page, visitor, person, width):
    give_second_factor(page)
    visitor.set_viewport_size({"width": width, "height": 800})
    sign_in(visitor, person.username, person.password)

    sentence = visitor.get_by_text("Your account has a second factor.").bounding_box()
    label = visitor.get_by_text("Code", exact=True).bounding_box()

    assert label["y"] - (sentence["y"] + sentence["height"]) >= 16


def test_a_second_factor_is_asked_for(page, visitor, person):
    app = give_second_factor(page)
    sign_in(visitor, person.username, person.password)
    code = visitor.get_by_label("Code")
    code.wait_for()
    check_accessibility(visitor)
    take_screenshots(visitor, "sign-in-code")

    code.fill("000000")
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.get_by_role("alert").wait_for()
    code.fill(app.at(time.time(), counter_offset=1))
    visitor.get_by_role("button", name="Sign in", exact=True).click()

    heading(visitor, "Documents").wait_for()


@pytest.mark.parametrize("opened", ["in a dialog", "as a page"])
def test_a_form_keeps_what_was_typed_when_the_session_ends(page, person, opened):
    page.goto("/documents" if opened == "in a dialog" else "/collections/add")
    if opened == "in a dialog":
        page.get_by_role("link", name="New collection").click()
    page.get_by_label("Name", exact=True).fill("Written for long")
    page.context.clear_cookies(name=re.compile("sessionid"))
    page.get_by_role("button", name="Create").click()

    again = page.get_by_role("dialog", name="Your session has ended")
    again.get_by_label("User name").fill(person.username)
    again.get_by_label("Password").fill(person.password)
    again.get_by_role("button", name="Sign in", exact=True).click()
    again.wait_for(state="hidden")
    page.get_by_role("button", name="Create").click()

    heading(page, "Written for long").wait_for()


def test_who_signs_in_again_in_another_tab_goes_on_in_the_first(page, person):
    page.goto("/collections/add")
    page.get_by_label("Name", exact=True).fill("Written for long")
    page.context.clear_cookies(name=re.compile("sessionid"))
    page.get_by_role("button", name="Create").click()
    again = page.get_by_role("dialog", name="Your session has ended")
    again.wait_for()

    sign_in(page.context.new_page(), person.username, person.password)
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")
    again.wait_for(state="hidden")
    page.get_by_role("button", name="Create").click()

    heading(page, "Written for long").wait_for()


def test_a_form_keeps_what_was_typed_while_the_server_is_away(page):
    page.goto("/collections/add")
    page.get_by_label("Name", exact=True).fill("Written on a train")
    page.context.set_offline(True)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("alert").get_by_text("The server cannot be reached").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Create").click()

    heading(page, "Written on a train").wait_for()


def test_nobody_is_led_to_another_site(visitor, person):
    sign_in(visitor, person.username, person.password, path="/sign-in?next=//example.com/documents")

    visitor.wait_for_url(lambda url: "/sign-in" not in url)
    assert visitor.evaluate("() => location.host").startswith("127.0.0.1")


def test_signing_out_forgets_what_was_typed(page):
    page.goto("/documents")
    page.evaluate("() => localStorage.setItem('draft', 'unsent')")
    page.get_by_label("Menu of").click()
    take_screenshots(page, "menu")
    page.get_by_role("button", name="Sign out").click()

    heading(page, "Sign in").wait_for()
    assert page.evaluate("() => localStorage.length") == 0
    page.goto("/documents")
    heading(page, "Sign in").wait_for()


def test_without_javascript_people_sign_in_and_out(open_page, running_product, person):
    page = open_page(running_product, java_script_enabled=False)
    sign_in(page, person.username, person.password)
    heading(page, "Documents").wait_for()

    page.get_by_label("Menu of").click()
    page.get_by_role("button", name="Sign out").click()

    heading(page, "Sign in").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_chosen_and_stays(page, theme):
    page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    page.goto("/documents")
    other = background(page)

    page.get_by_label("Menu of").click()
    page.get_by_role("button", name=theme.capitalize(), exact=True).click()

    page.locator(f"html[data-theme={theme}]").wait_for(state="attached")
    assert background(page) != other
    # The page is a new one, and whoever chose is where they were.
    expect(page.get_by_label("Menu of")).to_be_focused()
    page.goto("/account/profile")
    assert page.locator("html").get_attribute("data-theme") == theme


def background(page):
    return page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")


def test_the_browser_says_which_language_a_visitor_reads(open_page, running_product):
    page = open_page(running_product, locale="it-IT")
    page.goto("/sign-in")

    heading(page, "Accedi").wait_for()
    assert page.locator("html").get_attribute("lang") == "it"
    page.get_by_role("button", name="Accedi").wait_for()


def test_a_language_is_chosen_and_follows_the_account(page, open_page, running_product, person):
    page.goto("/documents")
    page.get_by_label("Menu of").click()
    page.get_by_role("button", name="Italiano").click()
    heading(page, "Documenti").wait_for()

    elsewhere = open_page(running_product, person, locale="en-GB")
    elsewhere.goto("/documents")

    heading(elsewhere, "Documenti").wait_for()
