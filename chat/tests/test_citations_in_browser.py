"""From a citation to its passage and back."""

import pytest

from youworker.tests.support.waiting import wait_until

FIELD = '[data-test="composer"] textarea'
PANEL = '[data-test="passage-panel"]'
CITATION = '[data-test="citation"]'
# Longer than the note of a citation shows at once.
CODE = """def grant_leave(person, days):
    \"\"\"Grant somebody days of annual leave.\"\"\"
""" + "".join(f"    person.days.add(days - {number})\n" for number in range(12))
TEXT = "Annual leave. Every employee has 28 days of annual leave. The office closes at six."

WATCH_BACK = """() => {
  const Native = CloseWatcher;
  window.CloseWatcher = class extends Native {
    constructor(options) {
      super(options);
      window.back = this;
    }
  };
}"""


WITHOUT_WATCHER = "delete window.CloseWatcher"


@pytest.fixture
def cited(request, quoting_product, people, open_page, api):
    """A page with an answer that cites a document; options of its context are parameters."""
    person = people(quoting_product)
    client = api(person, quoting_product)
    client.post("/v1/ingestion/uploads", files={"files": ("leave.txt", TEXT.encode())})
    wait_until(lambda: [row["status"] for row in documents_of(client)] == ["ready"])
    page = open_page(quoting_product, person, **getattr(request, "param", {}))
    ask(page, "How many days of annual leave does an employee have?")
    return page


def documents_of(client):
    return client.get("/v1/documents").json()["results"]


def open_document(page):
    page.locator(CITATION).first.click()
    page.get_by_role("button", name="Open document").click()


def ask(page, question):
    page.goto("/chat")
    page.fill(FIELD, question)
    page.locator('[data-test="send"]').click()
    page.locator(CITATION).first.wait_for()


def test_source_code_is_quoted_in_its_lines(quoting_product, people, open_page, api):
    person = people(quoting_product)
    client = api(person, quoting_product)
    client.post("/v1/ingestion/uploads", files={"files": ("leave.py", CODE.encode())})
    wait_until(lambda: [row["status"] for row in documents_of(client)] == ["ready"])
    page = open_page(quoting_product, person, viewport={"width": 390, "height": 700})
    ask(page, "Which function grants days of annual leave?")

    assert page.locator(".code-block code").inner_text().strip() == CODE.strip()
    page.locator(CITATION).first.click()
    note = page.get_by_role("dialog", name="Citation 1")
    quote, title = note.locator("blockquote"), note.get_by_text("leave.py").bounding_box()
    assert quote.inner_text().strip() == CODE.strip()
    assert quote.evaluate(
        "quote => quote.scrollHeight > quote.clientHeight && quote.tabIndex === 0"
    )
    box = note.bounding_box()
    opener = note.get_by_role("button", name="Open document").bounding_box()
    assert box["y"] < title["y"] < opener["y"] < box["y"] + box["height"] - opener["height"]
    assert 0 < box["x"] < box["x"] + box["width"] < page.evaluate("document.body.clientWidth")


def test_a_citation_opens_the_passage_and_escape_leads_back(cited):
    asked = []

    def answer(route):
        asked.append(route.request.url)
        body = '<h2>leave.txt</h2><button type="button" data-close-panel>Close document</button>'
        route.fulfill(content_type="text/html", body=body)

    cited.route("**/documents/*/panel*", answer)
    open_document(cited)
    cited.locator(PANEL).get_by_role("button", name="Close document").wait_for()
    assert "chunk=" in asked[0]
    assert "start=" in asked[0]
    assert "end=" in asked[0]
    # Addresses stand in logs, and what documents say must not.
    assert "days" not in asked[0]
    assert cited.evaluate("document.activeElement.textContent") == "Close document"

    cited.keyboard.press("Escape")
    assert cited.locator(PANEL).is_hidden()
    assert cited.evaluate("document.activeElement.dataset.test") == "citation"

    open_document(cited)
    cited.locator(PANEL).get_by_role("button", name="Close document").click()
    assert cited.locator(PANEL).is_hidden()

    cited.evaluate(WATCH_BACK)
    open_document(cited)
    cited.locator(PANEL).get_by_role("button", name="Close document").wait_for()
    # What a telephone's Back does; browsers of desktops have no such button.
    cited.evaluate("back.requestClose()")
    assert cited.locator(PANEL).is_hidden()


@pytest.mark.parametrize("cited", [{"has_touch": True, "is_mobile": True}], indirect=True)
def test_back_closes_the_document_where_browsers_watch_for_nothing(cited):
    # As Safari of iPhones and Firefox.
    cited.evaluate(WITHOUT_WATCHER)
    panel, conversation = cited.locator(PANEL), cited.url

    open_document(cited)
    panel.get_by_text("28 days").first.wait_for()
    cited.go_back()
    panel.wait_for(state="hidden")
    assert cited.url == conversation
    assert cited.evaluate("document.activeElement.dataset.test") == "citation"

    open_document(cited)
    panel.get_by_text("28 days").first.wait_for()
    entries = cited.evaluate("history.length")
    panel.get_by_role("button", name="Close the document").click()
    panel.wait_for(state="hidden")
    # Closed by itself it leaves nothing to go back through.
    open_document(cited)
    panel.get_by_text("28 days").first.wait_for()
    assert cited.evaluate("history.length") == entries
    panel.get_by_role("button", name="Close the document").click()
    panel.wait_for(state="hidden")
    cited.go_back()
    assert cited.url == "about:blank"


def test_back_of_a_window_leaves_the_page_where_browsers_watch_for_nothing(cited):
    cited.evaluate(WITHOUT_WATCHER)
    entries = cited.evaluate("history.length")

    open_document(cited)
    cited.locator(PANEL).get_by_text("28 days").first.wait_for()

    assert cited.evaluate("history.length") == entries


def test_a_document_beside_a_conversation_is_set_as_on_its_own_page(cited):
    source = "# Leave\n\n| Kind | Days |\n|---|---|\n| Annual | 28 |\n"
    text = f'<yw-text class="document-text md" data-source hx-ignore>{source}</yw-text>'
    text += '<script type="module" src="/static/documents/viewer.js"></script>'
    cited.route(
        "**/documents/*/panel*", lambda route: route.fulfill(content_type="text/html", body=text)
    )

    open_document(cited)
    cited.locator(PANEL).get_by_role("cell", name="Annual").wait_for()

    # Blank lines of the source would stand between the blocks, and within the table.
    shown = cited.locator(PANEL).locator("yw-text")
    assert shown.evaluate("element => getComputedStyle(element).whiteSpace") == "normal"


def test_a_message_beside_a_conversation_is_lines_and_markdown_with_the_quote_marked(cited):
    text = (
        '<yw-text class="document-text parts" data-quote="From:  # Ada | 28 |" hx-ignore>'
        '<div class="plain">Subject: *Leave*\nFrom:  # Ada</div>'
        '<div class="md" data-source>| 28 | days |\n| --- | --- |\n| 3 | x |\n\nBye\nBo</div>'
        '</yw-text><script type="module" src="/static/documents/viewer.js"></script>'
    )
    cited.route(
        "**/documents/*/panel*", lambda route: route.fulfill(content_type="text/html", body=text)
    )

    open_document(cited)
    shown = cited.locator(PANEL).locator("yw-text")
    shown.get_by_role("columnheader", name="28").wait_for()

    assert shown.locator(".plain").inner_text() == "Subject: *Leave*\nFrom:  # Ada"
    assert shown.locator(".md p").inner_text() == "Bye\nBo"
    space = "element => getComputedStyle(element).whiteSpace"
    assert shown.locator(".md").evaluate(space) == "normal"
    assert shown.locator("mark.quote").all_inner_texts() == ["From:  # Ada", "28"]


def test_a_document_that_is_no_longer_shared_leaves_its_quote(cited):
    cited.route("**/documents/*/panel*", lambda route: route.fulfill(status=404, body="<p>No.</p>"))
    open_document(cited)
    panel = cited.locator(PANEL)
    panel.get_by_text("no longer shared with you").wait_for()
    assert "28 days of annual leave" in panel.locator("blockquote").inner_text()
    panel.get_by_role("button", name="Close").click()
    assert panel.is_hidden()


def test_copying_an_answer_copies_its_markdown(cited):
    cited.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cited.get_by_role("button", name="Copy answer").click()
    cited.get_by_text("Copied").wait_for()
    copied = cited.evaluate("navigator.clipboard.readText()")
    assert "[1]" in copied
    assert "28 days" in copied
