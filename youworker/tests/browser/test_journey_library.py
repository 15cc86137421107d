"""Adding documents, asking about them, sharing them."""

import io
import zipfile

import pytest
from fpdf import FPDF
from playwright.sync_api import expect

from youworker.tests.browser.chatting import ANSWER, SLOW, ask, begin, expect_end
from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots

FACT = "The standby server of Ravenna replays its log every forty seconds."


def pdf_of(*pages):
    made = FPDF()
    made.set_font("helvetica", size=14)
    for text in pages:
        made.add_page()
        made.multi_cell(0, 10, text)
    return bytes(made.output())


def named(name, content, kind="text/plain"):
    return {"name": name, "mimeType": kind, "buffer": content}


def add(page, *files):
    page.goto("/documents/add")
    page.locator('input[name="files"]').set_input_files(list(files))


def items(page, stage):
    return page.locator(f'[data-test="item"][data-stage="{stage}"]')


@pytest.fixture
def newcomer(quoting_product, open_page, people):
    """A page of somebody new, where no model server has been named yet."""
    page = open_page(quoting_product, people(quoting_product))
    page.emulate_media(reduced_motion="reduce")
    return page


def test_the_first_answer_quotes_the_first_document(newcomer):
    newcomer.goto("/chat")
    take_screenshots(newcomer, "chat-first")
    check_accessibility(newcomer)
    check_width(newcomer)
    filler = "Nothing here is about servers. " * 20
    add(newcomer, named("guide.pdf", pdf_of(filler, FACT, filler), "application/pdf"))
    expect(items(newcomer, "ready")).to_have_count(1, timeout=SLOW)
    take_screenshots(newcomer, "upload-ready")

    answer = begin(newcomer, "How often does the standby server of Ravenna replay its log?")
    expect_end(answer)
    expect(answer).to_contain_text("forty seconds")
    citation = answer.locator('[data-test="citation"]').first
    citation.click()
    newcomer.get_by_role("button", name="Open document").click()

    panel = newcomer.locator('[data-test="passage-panel"]')
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("guide", timeout=SLOW)
    expect(panel.locator("canvas").first).to_be_visible(timeout=SLOW)
    take_screenshots(newcomer, "citation")
    check_accessibility(newcomer)
    newcomer.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(citation).to_be_focused()


def test_a_question_waits_for_the_file_beside_it(newcomer):
    newcomer.goto("/chat")
    content = pdf_of("Nothing here is about servers. " * 20, FACT)
    newcomer.locator("[data-attach]").set_input_files([named("late.pdf", content)])
    ask(newcomer, "How often does the standby server of Ravenna replay its log?")

    expect(newcomer.get_by_role("button", name="Send now")).to_be_visible()
    answer = newcomer.locator(ANSWER)
    expect_end(answer)
    expect(answer).to_contain_text("forty seconds")
    expect(newcomer.locator('[data-test="composer"] textarea')).to_have_value("")


def test_a_question_does_not_go_without_its_file(newcomer):
    newcomer.goto("/chat")
    newcomer.locator("[data-attach]").set_input_files([named("empty.txt", b"")])
    ask(newcomer, "What is in it?")

    note = newcomer.get_by_role("alert")
    expect(note).to_contain_text("a file could not be read", timeout=SLOW)
    note.get_by_role("button", name="Send now").click()
    expect_end(newcomer.locator(ANSWER))


def test_failures_of_a_folder_are_told_and_tried_again(page):
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("nothing.txt", "")
    add(
        page,
        named("good.txt", FACT.encode()),
        named("also good.md", b"# Second\n\nAnother text."),
        named("broken.docx", broken.getvalue(), "application/octet-stream"),
        named("broken.pdf", b"%PDF-1.7 and nothing else", "application/pdf"),
    )
    expect(items(page, "ready")).to_have_count(2, timeout=SLOW)
    expect(items(page, "failed")).to_have_count(2, timeout=SLOW)
    expect(items(page, "failed").first.locator(".reason")).to_contain_text(" ")
    take_screenshots(page, "upload-failed")
    check_accessibility(page)

    page.get_by_role("button", name="Retry failed").click()

    expect(items(page, "failed")).to_have_count(2, timeout=SLOW)


def test_a_file_that_is_there_is_not_kept_twice(page):
    for _ in range(2):
        add(page, named("twice.txt", FACT.encode()))
        expect(items(page, "ready").or_(items(page, "skipped"))).to_have_count(1, timeout=SLOW)

    expect(page.get_by_text("Already here", exact=False).first).to_be_visible()
    page.goto("/documents")
    expect(page.get_by_role("link", name="twice.txt")).to_have_count(1)


def test_a_shared_collection_is_seen_by_the_group(
    page, open_page, running_product, people, person, api
):
    colleague = people(running_product)
    mine = api(person)
    group = mine.post("/v1/groups", json={"name": f"Sales {person.username}"}).json()
    found = mine.get("/v1/users", params={"search": colleague.username}).json()
    member = {"user_id": found["results"][0]["id"], "role": "member"}
    answer = mine.post(f"/v1/groups/{group['id']}/members", json=member)
    assert answer.is_success, answer.text
    shelf = mine.post("/v1/collections", json={"name": "Shelf A"}).json()
    page.goto(f"/documents/add?collection={shelf['id']}")
    page.locator('input[name="files"]').set_input_files([named("plan.txt", FACT.encode())])
    expect(items(page, "ready")).to_have_count(1, timeout=SLOW)

    page.goto(f"/collections/{shelf['id']}")
    page.locator('[data-test="share"]').first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").first.select_option(label=group["name"])
    dialog.get_by_role("button", name="Add group").click()
    expect(dialog.locator('[data-test="access-list"]')).to_contain_text(colleague.username)
    check_accessibility(page)

    other = open_page(running_product, colleague)
    other.goto("/documents")
    other.get_by_role("link", name="Shelf A").first.click()
    expect(other.get_by_role("link", name="plan.txt")).to_be_visible()

    stranger = open_page(running_product, people(running_product))
    assert stranger.goto(f"/collections/{shelf['id']}").status == 404


def test_search_finds_the_passage(page):
    add(page, named("guide.txt", FACT.encode()))
    expect(items(page, "ready")).to_have_count(1, timeout=SLOW)

    page.goto("/search")
    page.locator('[data-test="search"]').get_by_role("searchbox").or_(
        page.locator('input[data-test="search"]')
    ).first.fill("Ravenna standby")
    page.keyboard.press("Enter")

    expect(page.locator('[data-test="search-result"]').first).to_contain_text("forty seconds")
    check_accessibility(page)
    take_screenshots(page, "search-result")


def test_a_key_is_shown_once(page, running_product):
    page.goto("/account/keys")
    page.locator('summary[data-test="new-key"]').click()
    page.get_by_label("Name").fill("ci")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Create the key").click()

    secret = page.locator('code[data-test="new-key"]').inner_text()
    assert secret.startswith("yw_")
    assert secret not in page.url
    page.reload()
    assert secret not in page.content()


def test_the_chat_answers_from_what_was_added(page):
    add(page, named("guide.txt", FACT.encode()))
    expect(items(page, "ready")).to_have_count(1, timeout=SLOW)
    expect_end(begin(page, "[[tokens=5]]"))
    expect(page.locator(ANSWER)).to_have_count(1)
