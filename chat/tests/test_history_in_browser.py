"""Long conversations: what stands in the page, and what stays where it is."""

import re

import pytest

FIELD = '[data-test="composer"] textarea'
DONE = '[data-test="message"][data-role="assistant"][data-state="done"]'
ARTICLE = """<article class="message answer" id="m-{n}" data-test="message" data-role="assistant"
 data-state="done" data-status="succeeded" data-message="{n}" tabindex="-1">
<div class="md" data-md>Message {n}

{lines}</div></article>"""
PART = re.compile(r"/messages\?(before|after)=(.+)")
FIRST, LAST, PAGE = 1000, 2000, 40


def article(n):
    return ARTICLE.format(n=n, lines="\n\n".join(["line"] * (n % 7 + 1)))


def older_part(before):
    start = max(FIRST, before - PAGE)
    link = (
        f'<a class="older" href="?before={start}" data-older="x">Earlier</a>'
        if start > FIRST
        else ""
    )
    return link + "".join(article(n) for n in range(start, before))


def newer_part(after):
    return "".join(article(n) for n in range(after + 1, min(LAST, after + PAGE + 1)))


@pytest.fixture
def long_chat(page):
    """A conversation with a thousand messages before its own."""
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    page.fill(FIELD, "[[tokens=2]] one")
    page.press(FIELD, "Enter")
    page.locator(DONE).wait_for()

    def answer(route):
        way, given = PART.search(route.request.url).groups()
        number = int(given) if given.isdigit() else LAST
        body = older_part(number) if way == "before" else newer_part(number)
        route.fulfill(content_type="text/html", body=body)

    page.route(PART, answer)
    page.evaluate(
        """() => {
          const link = document.createElement("a");
          link.dataset.older = "x";
          link.href = "?before=x";
          link.textContent = "Earlier messages";
          document.querySelector(".messages").prepend(link);
          document.querySelector("yw-chat").history.watch();
        }"""
    )
    return page


def count(page):
    return page.locator('.messages > [data-test="message"]').count()


# What stands in the middle of the window, and how far from its top.
READ = """async () => {
  // Messages that come near are laid out, and the browser keeps what is seen in its place.
  for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
  const articles = [...document.querySelectorAll(".messages > article")];
  const read = articles.find((each) => each.getBoundingClientRect().bottom > innerHeight / 2);
  return [read.id, read.getBoundingClientRect().top];
}"""
STANDS = "id => document.getElementById(id).getBoundingClientRect().top"


def test_older_messages_come_and_what_is_read_stays_in_its_place(long_chat):
    page = long_chat
    page.locator("#m-1960").wait_for(state="attached")
    page.locator(".md[data-rendered]").first.wait_for(state="attached")
    for _ in range(3):
        first = page.locator(".messages > article").first.get_attribute("id")
        page.evaluate("scrollTo(0, 300)")
        read, before = page.evaluate(READ)
        page.evaluate("document.querySelector('yw-chat').history.loadOlder()")
        page.evaluate(READ)
        assert abs(page.evaluate(STANDS, read) - before) <= 2
        assert page.locator(".messages > article").first.get_attribute("id") != first


def test_the_page_never_holds_more_than_three_hundred(long_chat):
    page = long_chat
    for _ in range(12):
        page.evaluate("scrollTo(0, 400)")
        page.evaluate("document.querySelector('yw-chat').history.loadOlder()")
        assert count(page) <= 300
    page.locator("[data-newer]").wait_for(state="attached")
    assert page.locator("#m-1999").count() == 0

    for _ in range(20):
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight - innerHeight - 400)")
        page.evaluate("document.querySelector('yw-chat').history.loadNewer()")
        assert count(page) <= 300
    assert page.locator("#m-1999").count() == 1
    assert page.locator("[data-newer]").count() == 0
    assert page.locator("[data-older]").count() == 1


def test_a_question_asked_far_from_the_end_leads_there(long_chat):
    page = long_chat
    page.locator("#m-1960").wait_for(state="attached")
    page.unroute(PART)
    page.route(PART, lambda route: route.abort())
    page.evaluate(
        """() => {
          const link = document.createElement("a");
          link.dataset.newer = "";
          const place = document.createElement("p");
          place.className = "newer";
          place.append(link);
          document.querySelector(".messages").append(place);
        }"""
    )
    page.fill(FIELD, "[[tokens=3]] two")
    with page.expect_navigation():
        page.press(FIELD, "Enter")
    page.locator(DONE).nth(1).wait_for()
    assert "two" in page.locator('[data-role="user"]').last.inner_text()


def test_a_key_is_shown_at_once_beside_three_hundred_messages(long_chat):
    page = long_chat
    for _ in range(8):
        page.evaluate("document.querySelector('yw-chat').history.loadOlder()")
    page.locator(FIELD).click()
    slowest = page.evaluate(
        """async () => {
          const field = document.querySelector("textarea[name=text]");
          let slowest = 0;
          for (let n = 0; n < 30; n += 1) {
            const began = performance.now();
            field.setRangeText("x", n, n, "end");
            field.dispatchEvent(new Event("input", { bubbles: true }));
            slowest = Math.max(slowest, performance.now() - began);
            await new Promise(requestAnimationFrame);
          }
          return slowest;
        }"""
    )
    assert slowest < 50


def test_what_was_said_is_found_below_the_titles_and_led_to(long_chat):
    page = long_chat
    field = page.get_by_role("searchbox", name="Search conversations")
    found = page.locator('[data-test="said"]')

    field.press_sequentially("tok tok", delay=100)
    found.get_by_text("tok tok").wait_for()
    page.get_by_text("No title has these words.").wait_for()
    found.click()
    page.wait_for_url(re.compile(r"#m-"))

    (message,) = page.locator(DONE).all()
    assert page.url.endswith(f"#{message.get_attribute('id')}")
    assert message.inner_text().count("tok") == 2


def test_a_conversation_is_printed_whole(page):
    page.add_init_script("window.print = () => { window.printed = document.body.innerText }")
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    page.fill(FIELD, "[[tokens=2]] **one**")
    page.press(FIELD, "Enter")
    page.locator(DONE).wait_for()

    page.emulate_media(media="print")
    head = page.locator(".chat-head")
    assert head.evaluate("each => getComputedStyle(each).position") == "static"
    assert page.locator(".foot").is_hidden()
    page.emulate_media(media="screen")
    page.get_by_label("Conversation menu").click()
    page.get_by_role("link", name="Print").click()
    page.wait_for_function("() => window.printed")

    paper = page.locator("[data-paper]")
    assert paper.locator("h4").count() == 2
    assert paper.locator("strong", has_text="one").count() == 1
    assert "tok tok" in page.evaluate("window.printed")
    page.evaluate("window.printed = ''")
    page.get_by_role("button", name="Print").click()
    assert "tok tok" in page.evaluate("window.printed")
    page.get_by_role("link", name="Back to the chat").click()
    page.locator(DONE).wait_for()


SLOW = """words => {
  const direct = window.fetch;
  window.fetch = async (url, options) => {
    if (String(url.url ?? url).includes(`/chat/list?search=${words}`)) {
      await new Promise((go) => { window.go = go; });
    }
    return direct(url, options);
  };
}"""


def test_what_the_field_says_is_what_was_looked_for(long_chat):
    page, field = long_chat, long_chat.get_by_role("searchbox", name="Search conversations")
    page.evaluate(SLOW, "first")

    field.fill("first")
    page.wait_for_function("() => window.go")
    for words in ("second", "tok tok"):
        with page.expect_request(re.compile("/chat/list")):
            field.fill(words)
    page.evaluate("window.go()")

    page.locator('[data-test="said"]').get_by_text("tok tok").wait_for()


def test_what_was_deleted_from_the_field_is_looked_for_again(long_chat):
    page, field = long_chat, long_chat.get_by_role("searchbox", name="Search conversations")
    found = page.locator('[data-test="said"]')
    field.fill("tok tok")
    found.wait_for()

    field.press("Escape")
    page.locator("#sessions [data-session]").wait_for()
    field.fill("tok tok")

    found.wait_for()


def test_who_stood_on_the_link_goes_on_at_what_was_found(long_chat):
    page, field, held = long_chat, long_chat.get_by_role("searchbox"), []
    page.route("**/chat/said?*", lambda route: held.extend([route]))
    with page.expect_request("**/chat/said?*"):
        field.fill("tok tok")
    page.get_by_role("link", name="Search in messages").focus()
    (route,) = held
    route.continue_()

    page.wait_for_function("() => document.activeElement.dataset.test === 'said'")
