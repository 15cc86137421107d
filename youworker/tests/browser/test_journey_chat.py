"""Asking, and watching the answer grow, whatever happens meanwhile."""

import re

from playwright.sync_api import expect

from youworker.tests.browser.chatting import (
    ANSWER,
    SLOW,
    ask,
    begin,
    count_tokens,
    expect_end,
    session_of,
    wait_for_tokens,
)
from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots
from youworker.tests.support.waiting import wait_until

LONG = "[[tokens=240,rate=30]]"
ENDLESS = "[[tokens=3000,rate=30]]"


def test_an_answer_grows_and_ends(page):
    page.emulate_media(reduced_motion="reduce")
    answer = begin(page, "[[tokens=60,rate=30]] How does a standby follow?")
    assert answer.get_attribute("data-state") == "running"
    expect(page.locator('[data-test="stop"]')).to_be_visible()
    expect_end(answer, tokens=60)

    expect(page.locator('[data-test="stop"]')).to_be_hidden()
    expect(page.locator('[data-test="session-list"]')).to_contain_text("standby")
    check_accessibility(page)
    check_width(page)
    take_screenshots(page, "chat")


def test_a_conversation_has_further_questions(page):
    expect_end(begin(page, "[[tokens=5]]"), tokens=5)
    ask(page, "[[tokens=7]]")
    expect(page.locator(ANSWER)).to_have_count(2)
    expect_end(page.locator(ANSWER).last, tokens=7)

    page.reload()

    expect(page.locator('[data-test="message"]')).to_have_count(4)
    assert [count_tokens(page.locator(ANSWER).nth(n)) for n in (0, 1)] == [5, 7]


def test_the_first_question_can_be_asked_by_the_keyboard(page):
    page.goto("/chat")
    page.locator("textarea[name=text]:focus").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("[[tokens=3]] one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")

    expect_end(page.locator(ANSWER), tokens=3)
    expect(page.locator('[data-role="user"]')).to_contain_text("two")


def test_an_answer_is_stopped_for_good(page, api, person):
    answer = begin(page, ENDLESS)
    wait_for_tokens(answer, 10)
    page.locator('[data-test="stop"]').click()
    expect_end(answer)

    shown = count_tokens(answer)
    kept = api(person).get(f"/v1/sessions/{session_of(page)}/messages").json()
    rows = kept["results"] if isinstance(kept, dict) else kept
    assert 10 <= shown < 3000
    assert rows[-1]["content"].split().count("tok") == shown


def test_a_reload_in_the_middle_loses_nothing(page):
    wait_for_tokens(begin(page, LONG), 20)
    page.reload()

    answer = page.locator(ANSWER)
    expect(answer).to_have_attribute("data-state", "running")
    expect_end(answer, tokens=240)


def test_a_second_tab_shows_the_same_and_stops_it(page):
    answer = begin(page, ENDLESS)
    second = page.context.new_page()
    second.goto(page.url)
    wait_for_tokens(second.locator(ANSWER), 15)
    second.locator('[data-test="stop"]').click()

    expect_end(second.locator(ANSWER))
    page.bring_to_front()
    expect_end(answer)
    assert count_tokens(answer) == count_tokens(second.locator(ANSWER))


def test_an_answer_is_complete_after_a_lost_connection(page):
    answer = begin(page, LONG)
    wait_for_tokens(answer, 20)
    page.context.set_offline(True)
    page.wait_for_timeout(2000)
    page.context.set_offline(False)

    expect_end(answer, tokens=240)


def test_a_question_that_cannot_be_sent_stays(page):
    expect_end(begin(page, "[[tokens=5]]"))
    page.context.set_offline(True)
    ask(page, "[[tokens=9]] unheard")
    again = page.get_by_role("button", name="Try again").first
    again.wait_for()
    page.context.set_offline(False)
    again.click()

    expect(page.locator(ANSWER)).to_have_count(2, timeout=SLOW)
    expect_end(page.locator(ANSWER).last, tokens=9)
    page.reload()
    expect(page.locator('[data-test="message"]')).to_have_count(4)


def test_what_was_typed_survives_a_session_that_ends(page, person):
    expect_end(begin(page, "[[tokens=5]]"))
    page.locator('[data-test="composer"] textarea').fill("[[tokens=8]] unsent")
    page.context.clear_cookies(name=re.compile("sessionid"))
    page.locator('[data-test="send"]').click()

    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(person.username)
    dialog.get_by_label("Password").fill(person.password)
    dialog.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.locator(ANSWER)).to_have_count(2, timeout=SLOW)
    expect_end(page.locator(ANSWER).last, tokens=8)


def test_what_was_typed_is_not_sent_as_somebody_else(page, running_product, people, api):
    other = people(running_product)
    page.goto("/chat")
    page.locator('[data-test="composer"] textarea').fill("[[tokens=8]] for my eyes only")
    page.context.clear_cookies(name=re.compile("sessionid"))
    page.locator('[data-test="send"]').click()

    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(other.username)
    dialog.get_by_label("Password").fill(other.password)
    with page.expect_navigation():
        dialog.get_by_role("button", name="Sign in", exact=True).click()

    page.wait_for_load_state("networkidle")
    expect(page.locator('[data-test="composer"] textarea')).to_have_value("")
    assert api(other).get("/v1/sessions").json()["count"] == 0


def test_a_draft_waits_in_its_conversation(page):
    expect_end(begin(page, "[[tokens=5]]"))
    here = page.url
    page.locator('[data-test="composer"] textarea').fill("half a thou")
    page.wait_for_timeout(700)
    page.goto("/chat")
    expect(page.locator('[data-test="composer"] textarea')).to_have_value("")
    page.goto(here)

    expect(page.locator('[data-test="composer"] textarea')).to_have_value("half a thou")


def test_an_edited_question_is_a_version_beside_the_old(page):
    expect_end(begin(page, "[[tokens=5]] first words"))
    question = page.locator('[data-role="user"]')
    question.hover()
    question.get_by_label("Edit question").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("[[tokens=6]] other words")
    dialog.get_by_role("button", name="Ask", exact=True).click()

    expect(question).to_contain_text("other words", timeout=SLOW)
    expect_end(page.locator(ANSWER), tokens=6)
    page.get_by_label("Previous version").first.click()
    expect(question).to_contain_text("first words", timeout=SLOW)
    assert count_tokens(page.locator(ANSWER)) == 5
    page.reload()
    expect(question).to_contain_text("first words")


def test_an_answer_is_asked_for_again(page):
    expect_end(begin(page, "[[tokens=5]]"))
    page.get_by_role("button", name="Answer again", exact=True).click()

    expect(page.get_by_label("Version 2 of 2")).to_be_visible(timeout=SLOW)
    expect_end(page.locator(ANSWER), tokens=5)


def test_without_javascript_people_ask_and_read(open_page, running_product, person):
    page = open_page(running_product, person, java_script_enabled=False)
    page.goto("/chat")
    ask(page, "[[tokens=5]]")
    page.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}"))

    answer = page.locator(ANSWER)

    def has_ended_after_a_reload():
        page.reload()
        return answer.get_attribute("data-state") == "done"

    wait_until(has_ended_after_a_reload)
    # The media query says that there are scripts; so the source shows when none has come.
    wait_until(lambda: count_tokens(answer) == 5)


def test_nobody_else_sees_a_conversation(page, open_page, running_product, people):
    expect_end(begin(page, "[[tokens=5]]"))
    other = open_page(running_product, people(running_product))

    assert other.goto(page.url).status == 404


def test_a_conversation_is_deleted_and_comes_back(page):
    expect_end(begin(page, "[[tokens=5]] dispensable"))
    page.get_by_label("Conversation menu").click()
    page.locator(".chat-head").get_by_role("button", name=re.compile("Delete")).click()
    undo = page.get_by_role("button", name="Undo").first
    told = page.locator(".toast", has=undo).bounding_box()
    assert told["height"] < 3 * undo.bounding_box()["height"]
    undo.click()

    expect(page.locator('[data-test="session-list"]')).to_contain_text("dispensable", timeout=SLOW)
