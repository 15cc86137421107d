"""The end of an account, as its owner and those who worked with them see it."""

from playwright.sync_api import expect

from youworker.tests.browser.chatting import begin
from youworker.tests.support.waiting import wait_until

FILE = ("files", ("guide.txt", b"Guides of the house.", "text/plain"))


def titles(client):
    return [row["title"] for row in client.get("/v1/documents").json()["results"]]


def share_a_document(mine, other):
    """A document of mine that another member of my group reads, as a service account does."""
    group = mine.post("/v1/groups", json={"name": "Guides"}).json()
    known = other.get("/v1/auth/me").json()["id"]
    assert mine.post(f"/v1/groups/{group['id']}/members", json={"user_id": known}).is_success
    robot = mine.post(f"/v1/groups/{group['id']}/service-accounts", json={"name": "Robot"})
    assert robot.is_success
    assert mine.post("/v1/ingestion/uploads", files=[FILE]).is_success
    wait_until(lambda: titles(mine))
    (document,) = mine.get("/v1/documents").json()["results"]
    shares = {"shares": [{"group_id": group["id"], "access": "read"}]}
    assert mine.patch(f"/v1/documents/{document['id']}", json=shares).is_success
    return group["id"]


def test_an_account_ends_with_its_shared_documents_in_the_middle_of_an_answer(
    page, person, people, running_product, api
):
    mine, other = api(person), api(people(running_product))
    group = share_a_document(mine, other)
    assert len(titles(other)) == 1
    begin(page, "[[tokens=2000,rate=20]] tell me everything")

    ending = page.context.new_page()
    ending.goto("/account/privacy")
    ending.get_by_label("Erase them as well").check()
    ending.get_by_label("Erase my account and everything of mine.").check()
    ending.get_by_role("button", name="Delete my account").click()

    expect(ending.get_by_text("Your account is closed. Its data is being erased.")).to_be_visible()
    expect(page.get_by_role("dialog", name="Your session has ended")).to_be_visible()
    wait_until(lambda: not titles(other))
    # The group goes on, and so does what works for it.
    wait_until(lambda: other.get(f"/v1/groups/{group}").json()["role"] == "admin")
    (robot,) = other.get(f"/v1/groups/{group}/service-accounts").json()["results"]
    assert robot["name"] == "Robot"
    assert mine.get("/v1/auth/me").status_code == 401
