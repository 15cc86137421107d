"""The library in the browser: choosing, undoing, dialogs, what others see; three widths."""

import re

import pytest
from playwright.sync_api import expect

from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots

ROW, ACCESS = "[data-test=document]", "[data-test=access-list]"
PATIENCE_MS = 60_000


def upload(client, *names):
    """Hand small files in."""
    files = [("files", (name, f"The text of {name}.".encode(), "text/plain")) for name in names]
    answer = client.post("/v1/ingestion/uploads", files=files)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


@pytest.fixture
def filled(page, person, api):
    """The library of somebody with three documents."""
    run = upload(api(person), "one.txt", "two.txt", "three.txt")
    page.goto(f"/documents/runs/{run}")
    expect(page.locator("yw-run[data-finished]")).to_have_count(1, timeout=PATIENCE_MS)
    page.goto("/documents")
    expect(page.locator(ROW)).to_have_count(3)
    return page


def test_chosen_documents_are_deleted_and_brought_back(filled):
    page = filled
    expect(page.get_by_role("group", name="Chosen documents")).to_be_hidden()

    page.get_by_role("checkbox", name="Choose one.txt").check()
    page.get_by_role("checkbox", name="Choose two.txt").check()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(ROW)).to_have_count(1)

    # Right behind the link to the content.
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(ROW)).to_have_count(3)

    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("checkbox", name="Choose one.txt").check()
    bar = page.get_by_role("group", name="Chosen documents")
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    expect(bar.get_by_role("button", name="Delete", exact=True)).to_be_in_viewport(ratio=1)
    expect(bar.get_by_role("button", name="Move")).to_be_hidden()
    bar.get_by_role("button", name="More actions").click()
    expect(bar.get_by_role("button", name="Move")).to_be_in_viewport(ratio=1)
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(bar.get_by_role("button", name="Move")).to_be_hidden()
    bar.get_by_role("button", name="More actions").click()
    bar.get_by_role("textbox", name="Tags to add").fill("urgent")
    bar.get_by_role("button", name="Add tags").click()
    expect(page.get_by_role("link", name="urgent")).to_be_visible()


def test_a_click_with_shift_chooses_what_lies_between(filled):
    boxes = filled.locator("input[name=document]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(filled.get_by_text("3 chosen")).to_be_visible()
    expect(filled.get_by_role("checkbox", name="Choose all on this page")).to_be_checked()


def test_filters_act_at_once_and_stand_in_the_address(filled):
    filled.get_by_role("combobox", name="Sort").select_option("title")
    expect(filled).to_have_url(re.compile(r"/documents\?ordering=title$"))
    filled.get_by_role("searchbox", name="Search in titles").fill("two")
    filled.keyboard.press("Enter")
    expect(filled.locator(ROW)).to_have_count(1)
    expect(filled.get_by_role("searchbox", name="Search in titles")).to_be_focused()
    filled.get_by_role("combobox", name="Kind").select_option("pdf")
    expect(filled.get_by_role("heading", name="No document fits")).to_be_visible()


def test_a_filter_is_applied_by_keyboard_when_it_is_meant(filled):
    order = filled.get_by_role("combobox", name="Sort")
    order.focus()
    filled.keyboard.press("End")
    # What is passed on the way to a choice is none.
    expect(filled.get_by_role("button", name="Apply")).to_be_visible()
    expect(filled).to_have_url(re.compile(r"/documents$"))
    last = order.input_value()
    filled.keyboard.press("Enter")
    expect(filled).to_have_url(re.compile(rf"[?&]ordering={last}$"))
    expect(order).to_be_focused()


def test_a_document_is_changed_in_a_dialog(filled, person, api):
    page = filled
    page.get_by_role("link", name="one.txt").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Title").fill("\u200b")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()

    dialog.get_by_role("textbox", name="Title").fill("First")
    dialog.get_by_label("Add tags").fill("blue, red")
    dialog.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="First", level=1)).to_be_visible()
    (changed,) = api(person).get("/v1/documents?search=First").json()["results"]
    assert sorted(changed["tags"]) == ["blue", "red"]


def test_a_collection_is_shared_and_withdrawn_again(
    page, person, people, running_product, open_page, api
):
    other = people(running_product)
    mine = api(person)
    group = mine.post("/v1/groups", json={"name": f"Team of {person.username}"}).json()
    known = api(other).get("/v1/auth/me").json()["id"]
    assert mine.post(f"/v1/groups/{group['id']}/members", json={"user_id": known}).is_success
    page.goto("/documents")
    page.get_by_role("link", name="New collection").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("Shelf A")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Shelf A", level=1)).to_be_visible()

    page.locator("[data-test=share]").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Group").select_option(label=group["name"])
    dialog.get_by_role("button", name="Add group").click()
    expect(dialog.locator(ACCESS)).to_contain_text(other.username)
    # The button that had it is gone.
    expect(dialog.get_by_role("heading", name="Share “Shelf A”")).to_be_focused()
    check_accessibility(page)

    theirs = open_page(running_product, other)
    theirs.goto(page.url)
    expect(theirs.get_by_text("You can read the documents.")).to_be_visible()
    theirs.locator("[data-test=share]").click()
    expect(theirs.locator(ACCESS)).to_contain_text(group["name"])
    expect(theirs.get_by_role("button", name="Add group")).to_have_count(0)

    dialog.get_by_role("button", name=f"Remove {group['name']}").click()
    expect(dialog.locator(ACCESS)).not_to_contain_text(other.username)
    answer = theirs.goto(page.url)
    assert answer.status == 404


def test_many_collections_are_one_stop_of_the_keyboard(page, person, api):
    for number in range(9):
        api(person).post("/v1/collections", json={"name": f"Shelf {number}"})
    page.goto("/documents")
    shelves = page.get_by_role("complementary", name="Collections")
    # All but one of these and the one everybody has.
    expect(shelves.locator("yw-one-stop a[tabindex='-1']")).to_have_count(9)

    page.get_by_role("link", name="Trash").focus()
    for key in ("Tab", "End", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    expect(shelves.get_by_role("link", name="Shelf 8")).to_be_focused()
    page.keyboard.press("Tab")
    expect(shelves.get_by_role("link", name="New collection")).to_be_focused()


def test_the_details_of_a_document_are_opened_by_a_finger(
    filled, open_page, running_product, person
):
    page = open_page(running_product, person, has_touch=True, is_mobile=True)
    page.goto(filled.locator(f"{ROW} .title a").first.get_attribute("href"))

    assert page.get_by_role("main").locator("details > summary").bounding_box()["height"] >= 44


def test_all_pages_are_accessible_and_narrow(filled, person, api):
    page = filled
    document = api(person).get("/v1/documents").json()["results"][0]["id"]
    api(person).delete(f"/v1/documents/{document}")
    (first, _) = api(person).get("/v1/documents").json()["results"]
    run = api(person).get("/v1/ingestion/runs").json()["results"][0]["id"]
    pages = {
        "library": "/documents",
        "trash": "/documents?deleted=1",
        "document": f"/documents/{first['id']}",
        "document-edit": f"/documents/{first['id']}/edit",
        "document-sharing": f"/documents/{first['id']}/sharing",
        "collection": f"/collections/{first['collection_id']}",
        "collection-add": "/collections/add",
        "upload": "/documents/add",
        "run": f"/documents/runs/{run}",
        "runs": "/documents/runs",
    }
    for name, url in pages.items():
        page.goto(url)
        check_accessibility(page)
        check_width(page)
        take_screenshots(page, name)


def test_a_list_that_is_gone_is_not_looked_at_again(page, api, person):
    looks = []
    shelf = api(person).post("/v1/collections", json={"name": "Soon gone"}).json()["id"]
    page.clock.install()
    page.goto(f"/collections/{shelf}")
    page.locator("yw-results").evaluate("list => list.setAttribute('data-pending', '')")
    api(person).delete(f"/v1/collections/{shelf}")
    page.on("response", lambda response: looks.append(response.status))

    for _ in range(5):
        page.clock.run_for(4000)
        page.wait_for_timeout(300)

    # Looks that were under way may have come before the deletion.
    assert (looks.count(404), looks[-1]) == (1, 404)
    expect(page.locator("#toasts .toast")).to_have_count(0)


def test_a_server_that_is_away_is_told_once(page):
    page.goto("/documents")
    page.evaluate(
        """async () => {
          const { toast } = await import("/static/youworker/js/toast.js");
          for (const text of ["Away.", "Away.", "Lost.", "Away."]) toast(text, { kind: "error" });
        }"""
    )

    expect(page.locator("#toasts .toast")).to_have_count(2)
