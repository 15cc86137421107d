"""What the browser tests stand on: good pages pass, and each kind of bad page is found out."""

import pytest

from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots
from youworker.tests.support.browser import open_empty, open_page
from youworker.tests.support.page_watch import origin_of

# It starts a product.
pytestmark = pytest.mark.slow

GOOD = '<!doctype html><html lang="en"><title>Good</title><main><h1>Good</h1></main></html>'


def put(page, html, **headers):
    """Go to a page of the product's own address that says something else."""
    answer = {"body": html, "content_type": "text/html; charset=utf-8", "headers": headers}
    page.route("**/made-up", lambda route: route.fulfill(**answer))
    page.goto("/made-up")
    return page


def test_a_page_of_the_product_has_no_fault(page, watches):
    page.goto("/v1/docs")
    # So many routes are drawn as they are scrolled to.
    page.get_by_text("/v1/account/api-keys").first.wait_for()
    page.mouse.wheel(0, 1000)
    page.get_by_text("/v1/account/usage").first.wait_for()
    assert watches[0].faults == []


def test_a_person_is_signed_in_and_a_visitor_is_not(page, visitor, person):
    me = page.request.get("/v1/auth/me")
    assert me.json()["username"] == person.username
    assert visitor.request.get("/v1/auth/me").status in {401, 403}


def test_people_are_different_ones(people, running_product, person, api):
    other = people(running_product)
    assert other.username != person.username
    assert api(other).get("/v1/auth/me").json()["username"] == other.username


def test_a_product_without_model_server_answers(quoting_product, people, open_page):
    page = open_page(quoting_product, people(quoting_product))
    assert page.request.get("/v1/auth/me").ok


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<script>console.error('broken')</script>", "console: broken"),
        ("<script>throw new Error('thrown')</script>", "uncaught: thrown"),
        ("<script>Promise.reject(new Error('thrown'))</script>", "uncaught: thrown"),
        ("<script>alert('hello')</script>", "dialog: alert hello"),
        ("<script>confirm('sure?')</script>", "dialog: confirm sure?"),
        ("<img src='https://example.com/a.png' alt=''>", "foreign request: https://example.com/"),
        ("<script>fetch('//example.com/a').catch(() => 0)</script>", "foreign request: http://ex"),
        ("<script src='/static/nothing.js'></script>", "answer: 404 GET"),
        ("<link rel='stylesheet' href='/static/nothing.css'>", "console: Refused to apply style"),
    ],
)
def test_a_bad_page_is_found_out(page, watches, html, fault):
    watches[0].expect(".")
    put(page, GOOD + html)
    page.wait_for_load_state("networkidle")
    assert any(found.startswith(fault) for found in watches[0].faults), watches[0].faults


@pytest.mark.parametrize(
    ("html", "directive"),
    [
        ("<button id='b' onclick='document.title = 1'>b</button>", "script-src-attr"),
        ("<script>document.title = 1</script>", "script-src-elem"),
        ("<p style='color: red'>red</p>", "style-src-attr"),
        ("<style>p { color: red }</style>", "style-src-elem"),
    ],
)
def test_what_the_policy_prevents_is_found_out(page, watches, html, directive):
    watches[0].expect(".")
    policy = {"Content-Security-Policy": "default-src 'self'"}
    put(page, GOOD + html, **policy)
    page.wait_for_load_state("networkidle")
    faults = watches[0].unexpected + watches[0].faults
    assert any(found.startswith(f"content policy: {directive}") for found in faults), faults


def test_a_failing_server_is_found_out(page, watches):
    watches[0].expect("^answer: 503 GET .*/broken")
    page.route("**/broken", lambda route: route.fulfill(status=503, body="no"))
    put(page, GOOD)
    page.evaluate("() => fetch('/broken')")
    assert watches[0].faults
    assert not watches[0].unexpected


def test_refusals_and_lost_connections_are_no_faults(page, watches):
    put(page, GOOD)
    page.evaluate("() => fetch('/v1/sessions/1')")
    page.context.set_offline(True)
    assert page.evaluate("() => fetch('/v1/auth/me').catch((error) => error.name)") == "TypeError"
    assert watches[0].faults == []


def test_a_fault_fails_its_test(chromium, request, running_product):
    watched = []
    opening = open_page.__wrapped__(chromium, request, watched)
    page = next(opening)(running_product)
    put(page, GOOD + "<script>console.error('broken')</script>")
    with pytest.raises(pytest.fail.Exception, match="On the page: console: broken"):
        next(opening)


def test_modules_run_under_the_policy_of_pages(modules, watches):
    watches[0].expect("style-src")
    sent = modules.evaluate(
        "async () => Object.keys(await import('/static/youworker/js/net.js')).sort()"
    )
    assert "ApiError" in sent
    style = modules.evaluate(
        """() => { const p = document.createElement('p'); p.setAttribute('style', 'color: red');
                   return p.style.color; }"""
    )
    assert style == ""


def test_grave_faults_of_accessibility_fail(page):
    put(page, GOOD)
    check_accessibility(page)
    put(page, GOOD + "<input type='text'>")
    with pytest.raises(AssertionError, match="critical: label"):
        check_accessibility(page)


def test_pages_that_are_too_wide_fail(page):
    put(page, GOOD)
    check_width(page)
    put(page, GOOD + "<pre>" + "long" * 200)
    with pytest.raises(AssertionError, match="pixels wide"):
        check_width(page)


def test_screenshots_are_taken_when_asked_for(page, monkeypatch, tmp_path):
    put(page, GOOD)
    monkeypatch.delenv("SCREENSHOTS", raising=False)
    assert take_screenshots(page, "good") == []
    monkeypatch.setenv("SCREENSHOTS", str(tmp_path))
    taken = take_screenshots(page, "good")
    assert len(taken) == 6
    assert all(path.stat().st_size for path in taken)


def test_an_origin_is_scheme_and_place():
    assert origin_of("http://127.0.0.1:8000/a?b#c") == "http://127.0.0.1:8000"


def test_an_empty_page_has_the_policy_of_its_path(page):
    open_empty(page, "/sign-in")
    assert page.evaluate("() => document.body.children.length") == 0
