"""Handing files in with the browser: sent in pieces, watched live, refused with a reason."""

import re

from playwright.sync_api import expect

UPLOAD, ITEM, SAID = "[data-test=upload]", "[data-test=item]", "[data-said]"
RUN = re.compile(r"/documents/runs/[0-9a-f-]{36}$")
PATIENCE_MS = 60_000
DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "text/plain" }));
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
    document.getElementById("main").dispatchEvent(event);
  }
}"""


def text_file(name, content):
    return {"name": name, "mimeType": "text/plain", "buffer": content.encode()}


def choose(page, *files):
    page.goto("/documents/add")
    page.locator(UPLOAD).set_input_files(list(files))


def test_files_are_sent_and_watched(page):
    choose(
        page,
        text_file("otters.txt", "Otters sleep on their backs."),
        text_file("again.txt", "Otters sleep on their backs."),
        text_file("broken.pdf", "%PDF-1.4 nonsense"),
    )

    expect(page).to_have_url(RUN)
    expect(page.locator("yw-run[data-finished]")).to_have_count(1, timeout=PATIENCE_MS)
    expect(page.locator(f"{ITEM}[data-stage=ready]")).to_have_count(2)
    expect(page.locator(f"{ITEM}[data-stage=failed]")).to_contain_text("damaged")
    expect(page.get_by_text("Already here", exact=True)).to_be_visible()
    # Nothing of it lives in the page alone.
    page.reload()
    expect(page.locator(ITEM)).to_have_count(3)


def test_what_failed_is_tried_again(page):
    choose(page, text_file("broken.pdf", "%PDF-1.4 more nonsense"))
    expect(page.locator(f"{ITEM}[data-stage=failed]")).to_have_count(1, timeout=PATIENCE_MS)

    page.get_by_role("button", name="Retry failed").click()

    expect(page.get_by_text("The failed files are tried again.")).to_be_visible()
    expect(page.locator(f"{ITEM}[data-stage=failed]")).to_have_count(1, timeout=PATIENCE_MS)


def test_many_files_go_in_several_requests_through_trouble(page):
    keys = []

    def answer(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 2:
            route.abort()
        elif len(keys) == 4:
            error = {"code": "throttled", "detail": "Too many.", "attr": None}
            body = {"type": "client_error", "errors": [error]}
            route.fulfill(status=429, headers={"Retry-After": "1"}, json=body)
        else:
            route.continue_()

    page.route("**/v1/ingestion/uploads", answer)
    choose(page, *(text_file(f"{n:03}.txt", f"number {n} of many") for n in range(201)))

    expect(page.locator(SAID)).to_have_text("All files are sent.", timeout=PATIENCE_MS)
    # A request that was lost or put off is repeated under its key, so nothing is there twice.
    assert [keys.index(key) for key in keys] == [0, 1, 1, 3, 3]
    expect(page.locator("yw-run")).to_have_count(3)
    page.reload()
    expect(page.locator("yw-run")).to_have_count(3)


def test_a_refused_file_says_why_and_is_sent_again(page, watches):
    watches[0].expect("answer: 507")
    refusals = iter([True])

    def answer(route):
        if next(refusals, False):
            error = {"code": "storage_full", "detail": "The disk is full.", "attr": None}
            route.fulfill(status=507, json={"type": "server_error", "errors": [error]})
        else:
            route.continue_()

    page.route("**/v1/ingestion/uploads", answer)
    choose(page, text_file("one.txt", "the only one"))
    refused = page.locator(f"{ITEM}[data-stage=refused]")
    expect(refused).to_contain_text("The disk is full.")
    expect(page.locator(SAID)).to_have_text("1 file was not sent.")

    page.get_by_role("button", name="Retry one.txt").click()

    expect(page).to_have_url(RUN)


def test_a_file_that_is_too_large_can_only_be_removed(page):
    page.goto("/documents/add")
    page.locator("yw-upload").evaluate("element => { element.limits.largestFile = 5; }")
    page.locator(UPLOAD).set_input_files([text_file("large.txt", "larger than that")])
    refused = page.locator(f"{ITEM}[data-stage=impossible]")
    expect(refused).to_contain_text("Larger than")
    expect(refused.get_by_role("button", name="Retry large.txt")).to_be_hidden()

    refused.get_by_role("button", name="Remove large.txt").click()

    expect(page.locator(ITEM)).to_have_count(0)
    expect(page.locator(SAID)).to_have_text("No file is left to send.")
    expect(
        page.get_by_role("status").filter(has_text="large.txt is off the list.")
    ).to_be_attached()


def test_a_file_dropped_on_the_library_appears_in_it(page):
    page.goto("/documents")
    expect(page.get_by_role("heading", name="Drop a file, then ask")).to_be_visible()
    page.locator("yw-upload").wait_for(state="attached")

    page.evaluate(DROP, ["dropped.txt", "Dropped from the desk."])

    row = page.locator("[data-test=document]")
    expect(row).to_contain_text("dropped.txt", timeout=PATIENCE_MS)


def test_tags_and_collection_are_those_of_the_form(page, person, api):
    made = api(person).post("/v1/collections", json={"name": "Animals"}).json()
    page.goto(f"/documents/add?collection={made['id']}")
    page.get_by_label("Add tags").fill("wild, small,")
    expect(page.get_by_role("checkbox", name="wild")).to_be_checked()

    page.locator(UPLOAD).set_input_files([text_file("mouse.txt", "Mice are small.")])

    expect(page.locator(f"{ITEM}[data-stage=ready]")).to_have_count(1, timeout=PATIENCE_MS)
    (document,) = api(person).get("/v1/documents").json()["results"]
    assert sorted(document["tags"]) == ["small", "wild"]
    assert document["collection_id"] == made["id"]


def test_without_javascript_a_form_does_it(open_page, running_product, person):
    page = open_page(running_product, person, java_script_enabled=False)
    choose(page, text_file("plain.txt", "Plain text."))

    page.get_by_role("button", name="Upload").click()

    expect(page).to_have_url(RUN)
    expect(page.locator(ITEM)).to_have_count(1)


def test_images_and_scans_are_found_and_shown(page, data):
    names = ("screenshot.png", "scan.pdf")
    page.goto("/documents/add")
    page.locator(UPLOAD).set_input_files([data / name for name in names])
    expect(page.locator(f"{ITEM}[data-stage=ready]")).to_have_count(2, timeout=2 * PATIENCE_MS)
    expect(page.get_by_text("Read by OCR, which may mistake letters.")).to_have_count(2)

    page.goto("/search?q=Lieferung+nach+M%C3%BCnchen")
    page.get_by_role("link", name="screenshot").first.click()
    image = page.locator(".original img")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", value=True)
    assert image.evaluate("image => image.naturalWidth") > 0
    expect(page.locator("yw-text")).to_contain_text("Lieferung nach München")
    page.goto("/search?q=Bohrmaschine")
    page.get_by_role("link", name="scan").first.click()

    expect(page.locator("yw-pdf")).to_have_attribute("data-page", "2")
