"""Speaking and listening on the page of the chat."""

import pytest

FIELD = '[data-test="composer"] textarea'
TALK, READ = '[data-test="talk"]', '[data-test="read-aloud"]'
ALOUD, HUSH = '[data-test="aloud"]', '[data-test="hush"]'
# What speaks and hears is not there yet: it comes with the first press.
READY = "() => document.querySelector('yw-chat')?.composer"
SPEAKING = "() => document.querySelector('yw-chat')?.talking"
# A microphone into which our own voice speaks.
MICROPHONE = """async () => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const answer = await fetch("/v1/audio/speech", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ input: "When does the meeting of the board take place?" }),
  });
  const context = new AudioContext();
  const sound = await context.decodeAudioData(await answer.arrayBuffer());
  navigator.mediaDevices.getUserMedia = async () => {
    const target = context.createMediaStreamDestination();
    const source = context.createBufferSource();
    source.buffer = sound;
    source.connect(target);
    source.start();
    source.addEventListener("ended", () => { window.hasSpoken = true; });
    return target.stream;
  };
}"""
REFUSED = """() => {
  navigator.mediaDevices.getUserMedia = async () => {
    throw new DOMException("no", "NotAllowedError");
  };
}"""


def is_question(request):
    """Whether a request asks something."""
    return request.method == "POST" and "/chat" in request.url


@pytest.fixture
def chat(page):
    page.goto("/chat")
    page.wait_for_function(READY)
    return page


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_what_is_said_while_the_button_is_held_is_written_into_the_field(chat, by):
    chat.evaluate(MICROPHONE)
    button = chat.locator(TALK)
    if by == "mouse":
        button.hover()
        chat.mouse.down()
    else:
        button.focus()
        chat.keyboard.down(" ")
    chat.locator(f"{TALK}[aria-pressed=true]").wait_for()
    chat.wait_for_function("() => window.hasSpoken")
    if by == "mouse":
        chat.mouse.up()
    else:
        chat.keyboard.up(" ")
    chat.wait_for_function(f"() => document.querySelector('{FIELD}').value.length > 10")
    text = chat.locator(FIELD).input_value().lower()
    assert "meeting" in text
    assert "board" in text
    assert chat.locator(TALK).get_attribute("aria-pressed") == "false"

    # Whoever speaks is answered aloud, and whoever writes the next question is not.
    with chat.expect_request(is_question) as spoken:
        chat.press(FIELD, "Enter")
    assert 'name="speak"' in spoken.value.post_data
    chat.locator(READ).first.wait_for()
    with chat.expect_request(is_question) as written:
        chat.fill(FIELD, "[[tokens=2]] two")
        chat.press(FIELD, "Enter")
    assert 'name="speak"' not in written.value.post_data


def test_what_speaks_and_hears_is_loaded_by_who_comes_near(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.goto("/chat", wait_until="networkidle")
    page.wait_for_function(READY)
    assert not {"voices.js", "talking.js", "spoken.js", "read-aloud.js"} & set(asked)
    page.locator(TALK).hover()
    page.wait_for_function(SPEAKING)
    assert asked.count("talking.js") == 1


def test_what_could_not_be_loaded_is_loaded_with_the_next_press(chat, watches):
    watches[0].expect("voices.js")
    chat.route("**/chat/voices.js", lambda route: route.abort(), times=1)
    chat.evaluate(REFUSED)
    with chat.expect_event("requestfailed"):
        chat.locator(TALK).hover()
    chat.mouse.down()
    chat.get_by_text("The microphone may not be used here").wait_for()
    chat.mouse.up()


def test_a_microphone_that_is_refused_is_a_sentence(chat):
    chat.evaluate(REFUSED)
    chat.locator(TALK).hover()
    chat.mouse.down()
    chat.get_by_text("The microphone may not be used here").wait_for()
    chat.mouse.up()
    assert chat.locator(FIELD).input_value() == ""


def test_escape_forgets_what_was_said(chat):
    sent = []
    chat.on("request", lambda request: sent.append(request.url))
    chat.evaluate(MICROPHONE)
    chat.locator(TALK).focus()
    chat.keyboard.down(" ")
    chat.locator(f"{TALK}[aria-pressed=true]").wait_for()
    chat.wait_for_timeout(600)
    chat.keyboard.press("Escape")
    chat.locator(f"{TALK}[aria-pressed=false]").wait_for()
    chat.keyboard.up(" ")
    assert not [url for url in sent if "transcriptions" in url]


def test_letting_go_elsewhere_forgets_what_was_said(chat):
    sent = []
    chat.on("request", lambda request: sent.append(request.url))
    chat.evaluate(MICROPHONE)
    chat.locator(TALK).hover()
    chat.mouse.down()
    chat.locator(f"{TALK}[aria-pressed=true]").wait_for()
    chat.wait_for_timeout(600)
    chat.mouse.move(300, 100)
    chat.mouse.up()
    chat.locator(f"{TALK}[aria-pressed=false]").wait_for()
    assert chat.locator(".composer-note").is_hidden()
    assert not [url for url in sent if "transcriptions" in url]


def test_what_is_being_written_down_can_be_given_up(chat, watches):
    chat.evaluate(MICROPHONE)
    # Never answered.
    chat.route("**/transcriptions", lambda _route: None)
    chat.locator(TALK).hover()
    chat.mouse.down()
    chat.locator(f"{TALK}[aria-pressed=true]").wait_for()
    chat.wait_for_function("() => window.hasSpoken")
    chat.mouse.up()

    chat.get_by_role("button", name="Cancel").click()

    chat.locator(".composer-note").wait_for(state="hidden")
    chat.locator(f"{TALK}:enabled").wait_for()
    assert chat.locator(FIELD).input_value() == ""


def test_the_button_stays_where_it_is_when_an_answer_begins(chat):
    before = chat.locator(TALK).bounding_box()
    chat.fill(FIELD, "[[tokens=400,rate=20]] long")
    chat.press(FIELD, "Enter")
    chat.locator('[data-test="stop"]').wait_for()
    assert chat.locator(TALK).bounding_box() == before


def test_an_answer_is_read_aloud_until_the_button_is_pressed_again(chat):
    chat.fill(FIELD, "[[tokens=60]] one")
    chat.press(FIELD, "Enter")
    button = chat.locator(READ).first
    button.wait_for()
    with chat.expect_response("**/speech") as answered:
        button.click()
    assert answered.value.headers["content-type"] == "audio/mpeg"
    assert button.get_attribute("aria-pressed") == "true"
    assert button.get_attribute("aria-label") == "Stop reading aloud"
    button.click()
    assert button.get_attribute("aria-pressed") == "false"

    # One that is heard while it is made: sentence after sentence, until somebody has enough.
    chat.locator(ALOUD).evaluate("box => box.click()")
    with chat.expect_request(is_question) as sent:
        chat.fill(FIELD, "[[tokens=60]] two")
        chat.press(FIELD, "Enter")
    assert 'name="speak"' in sent.value.post_data
    chat.locator(f"{HUSH}[aria-pressed=true]").wait_for()
    assert chat.locator(HUSH).get_attribute("aria-label") == "Stop reading aloud"
    chat.locator(HUSH).click()
    chat.locator(HUSH).wait_for(state="hidden")
    # The browser remembers the wish.
    chat.goto("/chat")
    chat.wait_for_function(SPEAKING)
    assert chat.locator(ALOUD).is_checked()


def test_a_proxy_that_answers_for_the_server_is_a_sentence(chat, watches):
    watches[0].expect("answer: 502")
    chat.fill(FIELD, "[[tokens=2]] one")
    chat.press(FIELD, "Enter")
    chat.locator(READ).first.wait_for()
    chat.route("**/speech", lambda route: route.fulfill(status=502, body="<html>Bad gateway"))
    chat.locator(READ).first.click()
    chat.get_by_role("alert").get_by_text("The server cannot be reached").wait_for()


def test_nothing_is_shown_where_nobody_hears(open_page, quoting_product, people):
    page = open_page(quoting_product, people(quoting_product))
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    assert page.locator(TALK).count() == 0
