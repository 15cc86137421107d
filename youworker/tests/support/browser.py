"""A pytest plugin: pages of the started product in Chromium, watched while they are used.

Playwright's own loop counts as running in the thread of a test until its module ends. So a module
with browser tests has no coroutines as tests and uses no model: what it needs is made over the API
or by commands, as `people` and `api` do.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from youworker.tests.support.chromium import sign_in, started_chromium
from youworker.tests.support.page_watch import PageWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import httpx2
    from playwright.sync_api import Browser, Page

    from youworker.tests.bench.product import Person, Product
    from youworker.tests.support.products import SharedProducts

# A machine that does other things is slow, too; what works does not use it up.
PATIENCE_MS = 90_000
# Made at once: a command takes seconds, each of them hundredths of one.
PEOPLE_AT_ONCE = 50
FAILED = pytest.StashKey[bool]()
# Of a page's text, the end of which is what the test came to.
MOST_SHOWN = 2000
FAILURES = Path(tempfile.gettempdir()) / "youworker-browser-failures"
EMPTY_PAGE = '<!doctype html><html lang="en"><title>Empty</title><body></body></html>'


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the browser, so that nobody can forget it."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
    """Note for the fixtures whether the test has failed."""
    report = yield
    if call.when != "teardown":
        item.stash[FAILED] = report.failed
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what is known of pages whose preparation failed: pytest shows it where a call did."""
    errors = terminalreporter.stats.get("error", [])
    unprepared = {report.nodeid for report in errors if report.when == "setup"}
    for report in terminalreporter.stats.get("", []):
        if report.when != "teardown" or report.nodeid not in unprepared:
            continue
        for title, text in report.sections:
            if "browser" in title:
                terminalreporter.section(f"{title} of {report.nodeid}", sep="-")
                terminalreporter.line(text)


@pytest.fixture(scope="session")
def running_product(shared_products: SharedProducts) -> Product:
    """The whole product, for every test that ends none of its processes and changes no setting."""
    from youworker.tests.bench.chat import product_with_model
    from youworker.tests.support.speech import whisper_folder

    product = product_with_model(LOG_LEVEL="ERROR", STT_MODEL_DIR=str(whisper_folder()))
    return shared_products.start("running_product", product)


@pytest.fixture(scope="session")
def quoting_product(shared_products: SharedProducts) -> Product:
    """The whole product as it is before anybody has named a model server."""
    from youworker.tests.bench.product import running_product

    return shared_products.start("quoting_product", running_product(LOG_LEVEL="ERROR"))


@pytest.fixture(scope="session")
def people() -> Callable[[Product], Person]:
    """Give somebody new at each call, with a password and a key: `people(product)`."""
    from youworker.tests.bench.product import make_people

    unused: dict[str, list[Person]] = {}
    rounds = itertools.count()

    def somebody(product: Product) -> Person:
        waiting = unused.setdefault(product.base_url, [])
        if not waiting:
            waiting += make_people(product, PEOPLE_AT_ONCE, called=f"guest{next(rounds)}n")
        return waiting.pop(0)

    return somebody


@pytest.fixture
def person(running_product: Product, people: Callable[[Product], Person]) -> Person:
    """Whose page `page` is."""
    return people(running_product)


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[Callable[..., httpx2.Client]]:
    """Open the API for somebody, to prepare what a page will show: `api(person)`."""
    import httpx2

    with ExitStack() as clients:

        def client(person: Person, product: Product | None = None) -> httpx2.Client:
            # Another product is not started for nothing.
            product = product or request.getfixturevalue("running_product")
            headers = {"Authorization": f"Bearer {person.api_key}"}
            return clients.enter_context(
                httpx2.Client(base_url=product.base_url, headers=headers, timeout=60)
            )

        yield client


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of a module's tests; a machine without it fails them."""
    with ExitStack() as running:
        try:
            browser = running.enter_context(started_chromium())
        except RuntimeError as error:
            pytest.fail(str(error), pytrace=False)
        yield browser


@pytest.fixture
def watches() -> list[PageWatch]:
    """What watches each browser context of the test, in the order in which they were opened."""
    return []


@pytest.fixture
def open_page(
    chromium: Browser,
    request: pytest.FixtureRequest,
    watches: list[PageWatch],
) -> Iterator[Callable[..., Page]]:
    """Open empty pages, each in a context of its own: `open_page(product, person, locale="it")`.

    Without a person nobody is signed in. Further names are Playwright's for a new context. The
    test fails when something happened on a page that its watch does not expect.
    """
    pages: list[Page] = []
    with ExitStack() as contexts:

        def open_one(product: Any, person: Person | None = None, **options: Any) -> Page:
            url = getattr(product, "base_url", product)
            context = chromium.new_context(base_url=url, **options)
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            watches.append(PageWatch(context, url))
            if person is not None:
                sign_in(
                    context, person.username, person.password, locale=options.get("locale", "en")
                )
            pages.append(context.new_page())
            return pages[-1]

        yield open_one
        faults = faults_of(request.node, pages, watches)
    require_none(faults)


def faults_of(item: pytest.Item, pages: list[Page], watches: list[PageWatch]) -> list[str]:
    """What happened on a test's pages and should not have; evidence of a failure is kept."""
    faults = [fault for watch in watches for fault in watch.unexpected]
    has_failed = item.stash.get(FAILED, False)
    if faults or has_failed:
        keep_evidence(item, pages, watches)
    return faults


def require_none(faults: list[str]) -> None:
    """Fail a test on whose pages something happened."""
    if faults:
        pytest.fail("On the page: " + "; ".join(faults), pytrace=False)


@pytest.fixture
def page(open_page: Callable[..., Page], running_product: Product, person: Person) -> Page:
    """A page of the product, on which `person` is signed in; it has gone nowhere yet."""
    return open_page(running_product, person)


@pytest.fixture
def visitor(open_page: Callable[..., Page], running_product: Product) -> Page:
    """A page of the product on which nobody is signed in."""
    return open_page(running_product)


@pytest.fixture
def modules(page: Page) -> Page:
    """An empty page of the product's, in which a test imports modules under the real policy.

    `modules.evaluate("async () => (await import('/static/youworker/js/x.js')).f()")`
    """
    return open_empty(page, "/chat")


@pytest.fixture(scope="module")
def pages_of_module(
    chromium: Browser, running_product: Product, people: Callable[[Product], Person]
) -> Iterator[Callable[..., tuple[Page, PageWatch]]]:
    """Pages for all tests of a module, one for each way in which a context is made."""
    with ExitStack() as contexts:

        @cache
        def page_of(**options: Any) -> tuple[Page, PageWatch]:
            person = people(running_product)
            context = chromium.new_context(base_url=running_product.base_url, **options)
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            watch = PageWatch(context, running_product.base_url)
            locale = options.get("locale", "en")
            sign_in(context, person.username, person.password, locale=locale)
            return context.new_page(), watch

        yield page_of


@pytest.fixture
def shared_page(
    pages_of_module: Callable[..., tuple[Page, PageWatch]],
    request: pytest.FixtureRequest,
    watches: list[PageWatch],
) -> Iterator[Callable[..., Page]]:
    """Give a page of somebody signed in to tests that leave nothing behind: `shared_page()`.

    Names are Playwright's for a new context. A page of its own takes a test some seconds, most of
    them for a process of the browser.
    """
    pages: list[Page] = []

    def page_for_test(**options: Any) -> Page:
        page, watch = pages_of_module(**options)
        watch.begin_again()
        watches.append(watch)
        pages.append(page)
        return page

    yield page_for_test
    require_none(faults_of(request.node, pages, watches))


@pytest.fixture
def shared_modules(shared_page: Callable[..., Page]) -> Page:
    """Like `modules`, for tests that only evaluate: a page of their module's, emptied for each."""
    return open_empty(shared_page(), "/chat")


def open_empty(page: Page, path: str) -> Page:
    """Open a page with the headers that `path` has, and nothing in it."""

    def empty(route: Any) -> None:
        route.fulfill(response=route.fetch(), status=200, body=EMPTY_PAGE)

    page.route(path, empty)
    page.goto(path)
    page.unroute(path)
    return page


def keep_evidence(item: pytest.Item, pages: list[Page], watches: list[PageWatch]) -> None:
    """Keep what the pages of a failed test look like, and what they said."""
    FAILURES.mkdir(exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", item.name)
    lines = []
    for number, page in enumerate(pages):
        lines.append(page.url)
        if not page.is_closed():
            page.screenshot(path=FAILURES / f"{name}-{number}.png", full_page=True)
            (FAILURES / f"{name}-{number}.html").write_text(page.content())
            lines.append(page.locator("body").inner_text()[-MOST_SHOWN:])
    lines += [line for watch in watches for line in (*watch.faults, *watch.console)]
    item.add_report_section("teardown", "browser", "\n".join([f"{FAILURES}/{name}*", *lines]))
