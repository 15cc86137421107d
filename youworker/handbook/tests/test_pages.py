"""Who reads which page of the handbook, and in which language."""

import pytest

from accounts.tests.factories import UserFactory
from youworker.handbook.contents import FOLDER, PARTS, pages_for

pytestmark = pytest.mark.django_db

PERSON = pages_for(is_staff=False)
STAFF = tuple(page for page in pages_for(is_staff=True) if page not in PERSON)


@pytest.fixture
def reader(client):
    client.force_login(UserFactory(language="en"))
    return client


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(language="en", is_staff=True))
    return client


def test_strangers_are_sent_to_sign_in_and_back(client):
    for path in ("/help", "/help/asking", "/help/search?q=x", "/help/nowhere"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in?next=%2Fhelp")


@pytest.mark.parametrize("page", PERSON)
def test_everybody_reads_their_part(reader, page):
    answer = reader.get(f"/help/{page}")

    assert answer.status_code == 200
    assert answer.content.count(b"<h1") == 1


@pytest.mark.parametrize("page", STAFF)
def test_the_other_parts_are_for_staff(client, page):
    client.force_login(UserFactory())
    hidden, absent = client.get(f"/help/{page}"), client.get("/help/operator/absent")
    client.force_login(UserFactory(is_staff=True))
    shown = client.get(f"/help/{page}")

    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
    assert shown.status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        "nowhere",
        "../settings",
        "en/asking",
        "asking.md",
        "staff",
        "staff/",
        "%2e%2e/pages",
        "a\x00",
    ],
)
def test_what_is_no_page_is_not_found(staff, page):
    assert staff.get(f"/help/{page}").status_code == 404


def test_the_contents_name_what_the_reader_may_read(reader):
    shown = reader.get("/help").content.decode()

    assert all(f'href="/help/{page}"' in shown for page in PERSON)
    assert "/help/operator/" not in shown
    assert "/help/staff/" not in shown


def test_the_contents_of_staff_name_every_page(staff):
    shown = staff.get("/help").content.decode()

    assert all(f'href="/help/{page}"' in shown for part in PARTS for page in part.pages)


def test_pages_follow_the_language_of_the_reader(client):
    client.force_login(UserFactory(language="it"))
    shown = client.get("/help/first-steps").content.decode()

    assert '<html lang="it"' in shown
    assert 'lang="it" data-test="help-article"' in shown
    assert "Primi passi" in shown


def test_a_page_in_english_only_says_so(client):
    client.force_login(UserFactory(language="it", is_staff=True))
    shown = client.get("/help/operator/install").content.decode()

    assert 'lang="en" data-test="help-article"' in shown
    assert 'class="notice"' in shown


def test_neighbours_are_those_the_reader_may_read(reader):
    first, last = (reader.get(f"/help/{page}").content.decode() for page in (PERSON[0], PERSON[-1]))

    assert 'rel="prev"' not in first
    assert f'rel="next" href="/help/{PERSON[1]}"' in first
    assert 'rel="next"' not in last


def test_searching_leads_to_places(reader):
    shown = reader.get("/help/search", {"q": "recovery codes"}).content.decode()

    assert 'href="/help/account#second-factor"' in shown


@pytest.mark.parametrize("question", ["<script>alert(1)</script>", "x" * 5000, "\x00", ""])
def test_questions_are_words_only(reader, question):
    answer = reader.get("/help/search", {"q": question})

    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content


def test_the_menu_and_empty_pages_lead_to_the_handbook(reader):
    shown = reader.get("/groups").content.decode()

    assert 'href="/help"' in shown
    assert 'href="/help/groups"' in shown


def test_the_console_leads_to_the_part_for_staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert b'href="/help/staff/console"' in client.get("/admin/").content


def test_pages_take_no_statement_of_their_own(reader, django_assert_num_queries):
    reader.get("/help/asking")
    # The session, its user and when they were seen.
    with django_assert_num_queries(2):
        reader.get("/help/account")


def test_every_page_for_everybody_exists_in_both_languages():
    names = {page for page in PERSON if not (FOLDER / "it" / f"{page}.md").is_file()}

    assert names == set()
    listed = {page for part in PARTS for page in part.pages}
    assert {str(f.relative_to(FOLDER / "en"))[:-3] for f in (FOLDER / "en").rglob("*.md")} == listed
    assert {str(f.relative_to(FOLDER / "it"))[:-3] for f in (FOLDER / "it").rglob("*.md")} <= listed
