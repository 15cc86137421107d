"""A conversation as people have it: asked, watched, stopped, left and found again."""

import re

import pytest

ASSISTANT = '[data-test="message"][data-role="assistant"]'
DONE = f'{ASSISTANT}[data-state="done"]'
RUNNING = f'{ASSISTANT}[data-state="running"]'
FIELD = '[data-test="composer"] textarea'
STOP = '[data-test="stop"]'
WORDS = re.compile(r"(tok\s*)+")


def ask(page, text, *, at="/chat"):
    if at:
        page.goto(at)
        page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    page.fill(FIELD, text)
    page.press(FIELD, "Enter")


def answer_of(page, number=-1):
    """The text of a finished answer."""
    page.wait_for_function(
        "(n) => [...document.querySelectorAll('[data-role=assistant]')].at(n)?.dataset.state"
        " === 'done'",
        arg=number,
    )
    return page.locator(f"{ASSISTANT} .md").nth(number).inner_text()


def top_of(page, selector):
    return page.locator(selector).last.evaluate("(e) => e.getBoundingClientRect().top")


def place(page):
    return page.evaluate("scrollY")


def holding(page):
    return page.evaluate("document.querySelector('yw-chat').view.holding")


def words_shown(page):
    return len(page.locator(f"{ASSISTANT} .md").last.inner_text().split())


def wait_for_words(page, count):
    page.wait_for_function(
        "(n) => ([...document.querySelectorAll('[data-role=assistant] .md')].at(-1)"
        "?.textContent.match(/tok/g) ?? []).length >= n",
        arg=count,
    )


def test_an_answer_grows_and_stays(page, watches):
    ask(page, "[[tokens=200,rate=100]] How?")
    page.locator(RUNNING).wait_for()
    assert page.locator(RUNNING).get_attribute("aria-busy") == "true"
    assert len(answer_of(page).split()) == 200

    assert re.search(r"/chat/[0-9a-f-]{36}$", page.url)
    assert page.locator(DONE).get_attribute("aria-busy") == "false"
    assert page.locator(STOP).is_hidden()
    assert page.locator(FIELD).input_value() == ""
    assert "How?" in page.locator(".chat-head h1").inner_text()
    page.locator("#sessions [aria-current=page]").wait_for()
    page.reload()
    assert len(answer_of(page).split()) == 200
    assert watches[0].faults == []


def test_the_next_question_follows_in_the_same_conversation(page):
    ask(page, "[[tokens=5]] One?")
    answer_of(page)
    url = page.url
    ask(page, "[[tokens=7]] Two?", at=None)
    page.locator(ASSISTANT).nth(1).wait_for()
    assert len(answer_of(page, 1).split()) == 7
    assert page.url == url
    assert page.locator('[data-role="user"]').count() == 2


def test_an_answer_is_stopped(page):
    ask(page, "[[tokens=5000,rate=50]] How?")
    wait_for_words(page, 5)
    page.click(STOP)
    shown = answer_of(page)
    assert 5 <= len(shown.split()) < 5000
    assert page.locator(STOP).is_hidden()
    assert page.locator(DONE).get_attribute("data-status") == "stopped"


def test_a_stopped_answer_is_continued_as_its_next_version(page):
    ask(page, "[[tokens=5000,rate=50]] How?")
    wait_for_words(page, 5)
    page.click(STOP)
    shown = answer_of(page)
    former = page.locator(DONE).get_attribute("data-message")

    page.click(f'{DONE} form[action$="/continue"] button')
    page.wait_for_function(
        "(id) => document.querySelector('[data-role=assistant]')?.dataset.message !== id",
        arg=former,
    )
    whole = answer_of(page)

    assert whole.startswith(shown)
    assert page.locator(ASSISTANT).count() == 1
    assert page.locator(DONE).get_attribute("data-status") == "succeeded"
    page.reload()
    assert answer_of(page) == whole


def test_a_reload_in_the_middle_loses_nothing(page):
    ask(page, "[[tokens=300,rate=80]] How?")
    wait_for_words(page, 60)
    page.reload()
    page.wait_for_timeout(100)
    wait_for_words(page, 60)
    assert len(answer_of(page).split()) == 300


def test_a_second_tab_shows_what_the_first_asked(page):
    ask(page, "[[tokens=5]] One?")
    answer_of(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    ask(page, "[[tokens=200,rate=20]] Two?", at=None)
    page.locator(RUNNING).wait_for()
    wait_for_words(page, 3)
    other.evaluate("dispatchEvent(new Event('focus'))")
    other.locator(f"{ASSISTANT} >> nth=1").wait_for()
    other.locator(STOP).wait_for(state="visible")
    other.click(STOP)
    assert len(answer_of(page, 1).split()) < 200
    assert len(answer_of(other, 1).split()) < 200


def test_the_connection_is_lost_and_comes_back(page, watches):
    watches[0].expect("ERR_INTERNET_DISCONNECTED|ERR_INCOMPLETE")
    ask(page, "[[tokens=300,rate=50]] How?")
    wait_for_words(page, 20)
    page.context.set_offline(True)
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    assert len(answer_of(page).split()) == 300


def test_somebody_who_scrolls_up_is_left_there(page):
    ask(page, "[[tokens=3000,rate=400]] How?")
    wait_for_words(page, 700)
    page.click("[data-follow]")
    assert holding(page) == "end"
    page.mouse.move(600, 300)
    page.mouse.wheel(0, -400)
    page.wait_for_function("() => document.querySelector('yw-chat').view.holding === 'free'")
    page.wait_for_timeout(200)
    before = place(page)
    wait_for_words(page, words_shown(page) + 300)
    assert place(page) == before
    answer_of(page)
    page.wait_for_timeout(300)
    assert place(page) == before


def test_the_question_stops_at_the_top_and_the_view_rests(page):
    # Long enough to be watched, and followed, by a slow machine before it ends.
    ask(page, "[[tokens=4000,rate=400]] How?")
    wait_for_words(page, 900)
    top = top_of(page, '[data-role="user"]')
    assert 0 <= top <= 140
    rested = place(page)
    wait_for_words(page, 1500)
    assert place(page) == rested
    page.locator("[data-follow]").wait_for(state="visible")
    page.click("[data-follow]")
    page.wait_for_timeout(200)
    assert place(page) > rested
    answer_of(page)
    page.wait_for_timeout(300)
    below = page.evaluate(
        "document.documentElement.scrollHeight - innerHeight - document.documentElement.scrollTop"
    )
    assert below < 400
    assert page.locator("[data-follow]").is_hidden()


def test_what_is_selected_stays_selected_to_the_end(page):
    ask(page, "[[tokens=300,rate=100]] How?")
    wait_for_words(page, 30)
    page.evaluate(
        """() => {
          const text = document.querySelector("[data-role=assistant] .md p").firstChild;
          getSelection().setBaseAndExtent(text, 0, text, 11);
        }"""
    )
    answer_of(page)
    page.wait_for_timeout(200)
    assert page.evaluate("getSelection().toString()") == "tok tok tok"


def test_a_screen_reader_hears_blocks_and_then_the_end(page):
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    page.evaluate(
        """() => {
          globalThis.heard = [];
          const region = document.querySelector("yw-chat > [aria-live]");
          const hear = () => heard.push(region.textContent);
          new MutationObserver(hear).observe(region, { childList: true });
        }"""
    )
    ask(page, "[[tokens=40,rate=40]] How?", at=None)
    answer_of(page)
    page.wait_for_function("() => heard.includes('Answer finished')")
    heard = page.evaluate("heard")
    assert heard == [" ".join(["tok"] * 40), "Answer finished"]


def test_keys_act_outside_of_fields(page):
    ask(page, "[[tokens=3]] One?")
    answer_of(page)
    page.locator("h1").click()
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.role") == "assistant"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.role") == "user"
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.role") == "assistant"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "text"
    page.keyboard.type("/njk")
    assert page.locator(FIELD).input_value() == "/njk"
    page.locator("h1").click()
    ask(page, "[[tokens=3000,rate=30]] Two?", at=None)
    page.locator(RUNNING).wait_for()
    wait_for_words(page, 2)
    page.locator("h1").click()
    page.keyboard.press("s")
    assert len(answer_of(page, 1).split()) < 3000
    page.locator("h1").click()
    page.keyboard.press("e")
    page.locator("dialog[open] textarea").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    page.locator("h1").click()
    page.keyboard.press("n")
    page.wait_for_url("**/chat")


def test_another_answer_takes_the_place_of_the_first(page):
    ask(page, "[[tokens=4]] One?")
    answer_of(page)
    first = page.locator(ASSISTANT).get_attribute("data-message")
    page.get_by_role("button", name="Answer again", exact=True).click()
    page.wait_for_function(
        "(id) => document.querySelector('[data-role=assistant]').dataset.message !== id", arg=first
    )
    assert len(answer_of(page).split()) == 4
    assert page.locator(ASSISTANT).count() == 1
    page.get_by_label("Version 2 of 2").wait_for()


def test_thoughts_are_shown_while_they_come_and_afterwards(page):
    ask(page, "[[tokens=30,rate=30,reasoning=because]] Why?")
    answer_of(page)
    page.locator(".reasoning summary").click()
    assert "because" in page.locator("[data-thought]").inner_text()
    page.reload()
    page.locator(".reasoning summary").click()
    page.locator("[data-thought] p").wait_for()
    assert "because" in page.locator("[data-thought]").inner_text()


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    ask(page, "[[tokens=30]] " + "w" * 300)
    answer_of(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
