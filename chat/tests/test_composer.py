"""What is written is never lost, and never asked twice."""

import pytest
from playwright.sync_api import expect

from chat.tests.pictures import picture_of_text

ASSISTANT = '[data-test="message"][data-role="assistant"]'
QUESTION = '[data-test="message"][data-role="user"]'
FIELD = '[data-test="composer"] textarea'
NOTE = ".composer-note"
FORM = '[data-test="composer"]'
FILE = '[data-test="attachment"]'
ITEM = '[data-test="composer"] [data-test="item"]'
PRESS = """(element, options) => element.dispatchEvent(
  new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...options }))"""
GIVE = """(element, { type, files, text }) => {
  const given = new DataTransfer();
  for (const [name, content] of files ?? []) given.items.add(new File([content], name));
  if (text) given.setData("text/plain", text);
  const options = { bubbles: true, cancelable: true };
  element.dispatchEvent(type === "paste"
    ? new ClipboardEvent("paste", { clipboardData: given, ...options })
    : new DragEvent(type, { dataTransfer: given, ...options }));
}"""


SET = """(field, text) => {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.fixture
def chat(page):
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    return page


def wait_for_answer(page):
    page.locator(f'{ASSISTANT}[data-state="done"]').first.wait_for()


def test_enter_sends_and_with_shift_it_breaks_the_line(chat):
    chat.locator(FIELD).click()
    chat.keyboard.type("[[tokens=2]] one")
    chat.keyboard.press("Shift+Enter")
    chat.keyboard.type("two")
    assert chat.locator(FIELD).input_value() == "[[tokens=2]] one\ntwo"
    chat.keyboard.press("Enter")
    wait_for_answer(chat)
    assert chat.locator(QUESTION).count() == 1


@pytest.mark.parametrize("options", [{"isComposing": True}, {"keyCode": 229}])
def test_enter_of_an_input_method_does_not_send(chat, options):
    chat.fill(FIELD, "[[tokens=2]] に")
    chat.locator(FIELD).evaluate(PRESS, options)
    chat.wait_for_timeout(200)
    assert chat.locator(QUESTION).count() == 0
    assert chat.locator(FIELD).input_value() == "[[tokens=2]] に"


def test_enter_breaks_the_line_where_there_is_no_keyboard(open_page, running_product, person):
    page = open_page(running_product, person, has_touch=True, is_mobile=True)
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    page.locator(FIELD).tap()
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    assert page.locator(FIELD).input_value() == "a\n"
    assert page.locator(QUESTION).count() == 0


@pytest.mark.parametrize("is_touched", [True, False])
@pytest.mark.parametrize(
    ("address", "dropping", "choosing"),
    [
        ("/chat", "Drop a file here, then ask about it.", "Choose a file, then ask about it."),
        ("/documents", "Drop a file, then ask", "Add a file, then ask"),
        ("/documents/add", "Drop files or folders here, or choose files", "Choose files"),
    ],
)
def test_files_are_chosen_where_none_can_be_dropped(
    open_page, running_product, people, is_touched, address, dropping, choosing
):
    person = people(running_product)
    page = open_page(running_product, person, has_touch=is_touched, is_mobile=is_touched)
    page.goto(address)
    main = page.get_by_role("main")

    shown, hidden = (choosing, dropping) if is_touched else (dropping, choosing)
    expect(main.get_by_text(shown, exact=True).locator("visible=true").first).to_be_visible()
    expect(main.get_by_text(hidden, exact=True).and_(main.locator("span"))).to_be_hidden()


def test_blanks_are_not_sent(chat):
    chat.fill(FIELD, "  \n ")
    chat.press(FIELD, "Enter")
    chat.wait_for_timeout(200)
    assert chat.locator(QUESTION).count() == 0


def test_a_question_that_did_not_arrive_is_tried_again_with_the_same_key(chat):
    keys = []

    def refuse(route):
        keys.append(key_of(route.request))
        route.abort()

    chat.route("**/chat", refuse)
    chat.fill(FIELD, "[[tokens=2]] one")
    chat.press(FIELD, "Enter")
    chat.get_by_role("button", name="Try again").wait_for()
    assert "cannot be reached" in chat.locator(NOTE).inner_text()
    assert chat.locator(NOTE).get_attribute("role") == "alert"
    assert chat.locator(FIELD).input_value() == "[[tokens=2]] one"
    assert chat.locator(QUESTION).count() == 0
    assert chat.locator(".beginning").is_visible()

    chat.unroute("**/chat")
    with chat.expect_request(lambda request: request.method == "POST") as sent:
        chat.get_by_role("button", name="Try again").click()
    wait_for_answer(chat)
    assert [key_of(sent.value)] == keys
    assert chat.locator(QUESTION).count() == 1
    assert chat.locator(NOTE).is_hidden()


def key_of(request):
    lines = request.post_data.replace("\r", "").split("\n")
    return lines[lines.index('Content-Disposition: form-data; name="key"') + 2]


def test_an_answer_that_got_lost_asks_once(chat, api, person):
    """The server has the question, and the page does not know."""

    def lose(route):
        route.fetch()
        route.abort()

    chat.route("**/chat", lose)
    chat.fill(FIELD, "[[tokens=2]] once")
    chat.press(FIELD, "Enter")
    chat.get_by_role("button", name="Try again").wait_for()
    chat.unroute("**/chat")
    chat.reload()
    assert chat.locator(FIELD).input_value() == "[[tokens=2]] once"
    chat.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)
    assert api(person).get("/v1/sessions").json()["count"] == 1


def test_too_many_questions_say_when_the_next_is_possible(chat):
    chat.route(
        "**/chat",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "2"}, body="<p>Slow.</p>"),
    )
    chat.fill(FIELD, "[[tokens=2]] one")
    chat.press(FIELD, "Enter")
    chat.locator(NOTE).get_by_text("Possible again in 2 s").wait_for()
    assert chat.get_by_role("button", name="Try again").count() == 0
    chat.unroute("**/chat")
    chat.get_by_role("button", name="Try again").click()
    wait_for_answer(chat)


def test_a_refusal_is_told_in_its_words(chat):
    chat.fill(FIELD, "[[tokens=2]] one")
    chat.evaluate("document.querySelector('.composer').elements.parent.value = 'nonsense'")
    chat.press(FIELD, "Enter")
    chat.locator(NOTE).get_by_text("UUID").wait_for()
    assert chat.locator(FIELD).input_value() == "[[tokens=2]] one"


@pytest.mark.parametrize("cookies", [{"name": "sessionid"}, {}], ids=["session", "all"])
def test_somebody_signed_out_while_typing_signs_in_and_it_is_sent(chat, person, cookies):
    chat.fill(FIELD, "[[tokens=2]] still here")
    chat.context.clear_cookies(**cookies)
    chat.press(FIELD, "Enter")
    dialog = chat.locator("dialog[open]")
    dialog.get_by_label("User name").fill(person.username)
    dialog.get_by_label("Password", exact=True).fill(person.password)
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    wait_for_answer(chat)
    assert chat.locator(QUESTION).count() == 1
    assert "still here" in chat.locator(QUESTION).inner_text()
    assert chat.locator(FIELD).input_value() == ""


def test_a_page_sends_nothing_in_the_name_of_who_signed_in_elsewhere(
    chat, person, people, api, running_product
):
    other = people(running_product)
    # What their tab of the same browser does.
    token = chat.request.get("/v1/auth/csrf-token").json()["csrf_token"]
    answer = chat.request.post(
        "/v1/auth/login",
        headers={"X-CSRFToken": token},
        data={"username": other.username, "password": other.password},
    )
    assert answer.ok, answer.text()
    files = [["mine.txt", "for my eyes only"]]
    chat.locator(FIELD).evaluate(GIVE, {"type": "drop", "files": files})
    dialog = chat.locator("dialog[open]")
    dialog.get_by_label("User name").fill(person.username)
    dialog.get_by_label("Password", exact=True).fill(person.password)
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    chat.locator(ITEM).get_by_role("button", name="Try again").click()
    chat.locator(f'{ITEM}[data-stage="ready"]').wait_for()

    def found(somebody):
        client = api(somebody)
        shelves = {
            run["collection_id"] for run in client.get("/v1/ingestion/runs").json()["results"]
        }
        listed = [client.get("/v1/documents", params={"collection": pk}).json() for pk in shelves]
        return [row["title"] for each in listed for row in each["results"]]

    assert (found(person), found(other)) == (["mine.txt"], [])


def test_a_draft_is_found_again_and_goes_when_it_is_sent(chat):
    chat.fill(FIELD, "half a thou")
    chat.wait_for_timeout(700)
    chat.reload()
    chat.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    assert chat.locator(FIELD).input_value() == "half a thou"
    chat.fill(FIELD, "[[tokens=2]] whole")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)
    chat.goto("/chat")
    chat.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    assert chat.locator(FIELD).input_value() == ""
    assert chat.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('draft:'))") == []


def test_what_was_typed_last_is_kept_when_the_page_is_left_at_once(chat):
    chat.locator(FIELD).press_sequentially("abc")
    chat.reload()
    chat.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    assert chat.locator(FIELD).input_value() == "abc"


def test_each_conversation_has_a_draft_of_its_own(chat):
    chat.fill(FIELD, "[[tokens=2]] one")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)
    url = chat.url
    chat.fill(FIELD, "of this one")
    chat.wait_for_timeout(700)
    chat.goto("/chat")
    chat.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    assert chat.locator(FIELD).input_value() == ""
    chat.goto(url)
    chat.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    assert chat.locator(FIELD).input_value() == "of this one"


def test_drafts_are_bounded_and_go_with_the_session(chat):
    kept = chat.evaluate(
        """async () => {
          const { keepDraft, readDraft } = await import("/static/chat/drafts.js");
          for (let n = 0; n < 60; n += 1) keepDraft(`session-${n}`, { text: `text ${n}` });
          keepDraft("long", { text: "x".repeat(300000) });
          const drafts = Object.keys(localStorage).filter((name) => name.startsWith("draft:"));
          return [drafts.length, readDraft("long")];
        }"""
    )
    assert kept == [50, None]
    chat.locator(".top details summary").last.click()
    chat.get_by_role("button", name="Sign out").click()
    chat.wait_for_url("**/sign-in*")
    assert chat.evaluate("localStorage.length") == 0


def test_a_draft_sent_in_another_tab_goes_here_too(chat):
    other = chat.context.new_page()
    chat.fill(FIELD, "[[tokens=2]] one")
    chat.wait_for_timeout(700)
    other.goto("/chat")
    other.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    assert other.locator(FIELD).input_value() == "[[tokens=2]] one"
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)
    other.wait_for_function("() => document.querySelector('textarea[name=text]').value === ''")


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_files_belong_to_the_conversation_and_come_with_its_question(chat, how, api, person):
    target = FIELD if how == "paste" else "yw-chat"
    files = [["leave.txt", "Every employee has 28 days of annual leave."]]
    if how == "drop":
        chat.locator(target).evaluate(GIVE, {"type": "dragover", "files": files})
        assert "drop-target" in chat.locator("yw-chat").get_attribute("class")
    chat.locator(target).evaluate(GIVE, {"type": how, "files": files})
    chat.locator(f'{ITEM}[data-stage="ready"]').wait_for(timeout=60_000)
    assert "leave.txt" in chat.locator(ITEM).inner_text()

    chat.fill(FIELD, "[[tokens=2]] How many days?")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)

    assert chat.locator(ITEM).count() == 0
    assert "leave.txt" in chat.locator(f"{QUESTION} {FILE}").inner_text()
    client, session = api(person), chat.url.rpartition("/")[2].split("#")[0]
    assert client.get("/v1/documents").json()["results"] == []
    (file,) = client.get(f"/v1/sessions/{session}/attachments").json()
    assert (file["name"], file["status"], file["is_private"]) == ("leave.txt", "ready", True)


def test_a_file_of_a_question_is_opened_and_kept(chat, api, person):
    chat.set_input_files(
        "[data-attach]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"Some words."}
    )
    chat.locator(f'{ITEM}[data-stage="ready"]').wait_for(timeout=60_000)
    chat.fill(FIELD, "[[tokens=2]] What is it?")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)

    link = chat.locator(f"{FILE} a")
    link.click()
    panel = chat.locator('[data-test="passage-panel"]')
    panel.get_by_text("Some words.").wait_for()
    chat.keyboard.press("Escape")
    assert link.evaluate("(link) => link === document.activeElement")
    chat.get_by_role("button", name="Add a.txt to my library").click()
    chat.get_by_role("button", name="Add a.txt to my library").wait_for(state="detached")

    assert [row["title"] for row in api(person).get("/v1/documents").json()["results"]] == ["a.txt"]


def test_a_picture_is_shown_and_what_is_removed_before_is_not_sent(chat):
    picture = {"name": "zebra.png", "mimeType": "image/png", "buffer": picture_of_text("zebra")}
    other = {"name": "b.txt", "mimeType": "text/plain", "buffer": b"Other words."}
    chat.set_input_files("[data-attach]", [picture, other])
    chat.locator(f'{ITEM}[data-stage="ready"]').nth(1).wait_for(timeout=60_000)
    chat.get_by_role("button", name="Remove b.txt").click()
    chat.get_by_role("status").filter(has_text="b.txt is off the list.").wait_for(state="attached")
    left = chat.get_by_role("button", name="Remove zebra.png")
    assert left.evaluate("(button) => button === document.activeElement")
    chat.fill(FIELD, "[[tokens=2]] What is it?")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)

    assert chat.locator(FILE).count() == 1
    chat.wait_for_function("() => document.querySelector('.file img')?.naturalWidth > 0")
    chat.reload()
    assert chat.locator(f"{FILE} img").count() == 1
    chat.set_viewport_size({"width": 320, "height": 640})
    assert chat.evaluate("document.documentElement.scrollWidth <= 320")


def test_a_document_of_the_library_comes_with_a_question(chat, api, person):
    client = api(person)
    client.post("/v1/ingestion/uploads", files={"files": ("plan.txt", b"The plan is simple.")})
    while not client.get("/v1/documents").json()["results"]:
        chat.wait_for_timeout(200)
    chat.locator('[data-test="attach"]').click()
    dialog = chat.locator("dialog[open]")
    with chat.expect_response("**/chat/attach/found*"):
        dialog.get_by_role("searchbox").fill("plan")
    dialog.get_by_role("link", name="plan.txt").click()
    chat.locator(ITEM, has_text="plan.txt").wait_for()
    chat.fill(FIELD, "[[tokens=2]] What is it?")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)

    assert "plan.txt" in chat.locator(f"{QUESTION} {FILE}").inner_text()
    # It is there already, and stays.
    assert chat.get_by_role("button", name="Add plan.txt to my library").count() == 0


def test_a_question_in_other_words_has_the_files_of_the_first(chat):
    chat.set_input_files(
        "[data-attach]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"Some words."}
    )
    chat.locator(f'{ITEM}[data-stage="ready"]').wait_for(timeout=60_000)
    chat.fill(FIELD, "[[tokens=2]] What is it?")
    chat.press(FIELD, "Enter")
    wait_for_answer(chat)
    chat.locator(QUESTION).hover()
    chat.get_by_role("link", name="Edit question").click()
    dialog = chat.locator("dialog[open]")
    dialog.get_by_label("Question").fill("[[tokens=2]] In other words?")
    dialog.get_by_role("button", name="Ask").click()
    chat.locator(f"{QUESTION}", has_text="In other words?").wait_for()

    assert "a.txt" in chat.locator(QUESTION, has_text="In other words?").locator(FILE).inner_text()


def test_chosen_files_that_fail_say_why_and_can_be_removed(chat):
    chat.set_input_files(
        "[data-attach]", {"name": "bad.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 x"}
    )
    chat.locator(f'{ITEM}[data-stage="failed"]').wait_for(timeout=60_000)
    assert "failed: " in chat.locator(ITEM).inner_text()
    chat.get_by_role("button", name="Remove bad.pdf").click()
    assert chat.locator(ITEM).count() == 0


def test_an_upload_that_did_not_arrive_can_be_tried_again(chat):
    chat.route("**/v1/ingestion/uploads", lambda route: route.abort())
    chat.set_input_files(
        "[data-attach]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"Some words."}
    )
    chat.locator(f'{ITEM}[data-stage="failed"]').wait_for()
    assert "cannot be reached" in chat.locator(ITEM).inner_text()
    chat.unroute("**/v1/ingestion/uploads")
    chat.locator(ITEM).get_by_role("button", name="Try again").click()
    chat.locator(f'{ITEM}[data-stage="ready"]').wait_for(timeout=60_000)


def test_files_of_a_draft_are_found_again(chat):
    chat.set_input_files(
        "[data-attach]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"Some words."}
    )
    chat.locator(f'{ITEM}[data-stage="ready"]').wait_for(timeout=60_000)
    chat.wait_for_timeout(700)
    chat.reload()
    chat.locator(f'{ITEM}[data-stage="ready"]').wait_for()


def test_a_long_paste_is_offered_as_a_file(chat):
    text = "word " * 8000
    chat.locator(FIELD).evaluate(GIVE, {"type": "paste", "text": text})
    assert chat.locator(FIELD).input_value() == ""
    chat.get_by_role("button", name="Paste as text").click()
    assert chat.locator(FIELD).input_value() == text
    chat.fill(FIELD, "")
    chat.locator(FIELD).evaluate(GIVE, {"type": "paste", "text": text})
    chat.get_by_role("button", name="Add as a file").click()
    chat.locator(ITEM).wait_for()
    assert chat.locator(FIELD).input_value() == ""


def test_a_paste_that_no_message_holds_can_only_be_a_file(chat):
    chat.locator(FIELD).evaluate(GIVE, {"type": "paste", "text": "word " * 50_000})
    chat.get_by_role("button", name="Add as a file").wait_for()
    assert chat.get_by_role("button", name="Paste as text").count() == 0


@pytest.mark.parametrize(("sign", "direction"), [("w", "ltr"), ("ש", "rtl")])
def test_a_long_text_has_one_direction(chat, sign, direction):
    field = chat.locator(FIELD)
    # Typing it line by line, as `fill` does, would take a minute.
    field.evaluate(SET, f"{sign}\n" * 5000)
    assert field.get_attribute("dir") == direction
    field.evaluate(SET, "short")
    assert field.get_attribute("dir") == "auto"


def test_what_can_never_be_sent_is_not_offered_again(chat):
    chat.locator(FIELD).evaluate(SET, "x" * 200_001)
    chat.locator(FORM).evaluate("form => form.requestSubmit()")
    chat.locator(NOTE).get_by_text("200000").wait_for()
    assert chat.get_by_role("button", name="Try again").count() == 0
    assert len(chat.locator(FIELD).input_value()) == 200_001


def test_files_are_sent_in_requests_of_a_size_that_is_taken(modules):
    sizes = modules.evaluate(
        """async () => {
          const { takeBatch } = await import("/static/ingestion/sending.js");
          const waiting = [5, 4, 9, 20, 1, 1, 1, 1].map((size) => ({ file: { size } }));
          const limits = { filesAtOnce: 3, bytesAtOnce: 10 };
          const found = [];
          while (waiting.length) found.push(takeBatch(waiting, limits));
          return found.map((batch) => batch.map(({ file }) => file.size));
        }"""
    )
    assert sizes == [[5, 4], [9], [20], [1, 1, 1], [1]]


def test_files_beside_a_question_keep_to_the_limits_of_the_operator(chat):
    sent = []
    chat.on("request", lambda request: sent.append(request.url))
    chat.locator("[data-attachments]").evaluate(
        "({ dataset }) => Object.assign(dataset, { filesAtOnce: 1, largestFile: 200_000 })"
    )
    files = [["one.txt", "One sentence."], ["two.txt", "Two of them."], ["long.txt", "x" * 200_001]]
    chat.locator("yw-chat").evaluate(GIVE, {"type": "drop", "files": files})
    chat.locator(f'{ITEM}[data-stage="ready"]').nth(1).wait_for(timeout=60_000)
    assert [url.endswith("/v1/ingestion/uploads") for url in sent].count(True) == 2
    refused = chat.locator(f'{ITEM}[data-stage="failed"]')
    assert "Larger than 0.2 MB." in refused.inner_text()
    assert refused.get_by_role("button", name="Try again").is_hidden()
