"""What pages cost in the browser: their size, how soon they can be used, how smoothly they live."""

from __future__ import annotations

import json
import re
import statistics
import time
from typing import TYPE_CHECKING

from youworker.tests.bench import Figure, at_most
from youworker.tests.bench.chat import product_with_model
from youworker.tests.bench.product import make_people, run_command
from youworker.tests.support.chromium import sign_in, started_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request

    from youworker.tests.bench.product import Person, Product

FILL = "from youworker.tests.bench.web_rows import fill; print(fill({name!r}))"
ROUNDS = 5
KEYS = "a question that somebody types while much is on the page"
IN_DOM = 300
# As long as answers are.
ANSWER = {"tokens": 3000, "rate": 100}
MEBIBYTE, KIBIBYTE = 2**20, 2**10
PATIENCE_MS = 60_000
# Runs before each page: when its last message was drawn, and what moved or was late since.
WATCH = """
window.bench = {drawn: 0, shift: 0, late: 0, longest: 0, key: 0};
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) bench.shift += entry.value;
})).observe({type: "layout-shift", buffered: true});
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (/^key|^input/.test(entry.name)) bench.key = Math.max(bench.key, entry.duration);
})).observe({type: "event", durationThreshold: 16});
let before = performance.now();
requestAnimationFrame(function look(now) {
  const gap = now - before;
  before = now;
  if (gap > bench.longest) bench.longest = gap;
  if (gap > 100) bench.late += 1;
  if (!bench.drawn) {
    const last = [...document.querySelectorAll('[data-test="message"]')].at(-1);
    const place = last?.querySelector("[data-rendered]") && last.getBoundingClientRect();
    if (place && place.top < innerHeight && place.bottom > 0) bench.drawn = now;
  }
  requestAnimationFrame(look);
});
"""
READY = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
TYPED_INTO = '[data-test="composer"] textarea'


def run(minutes: float = 1.0) -> list[Figure]:
    """Measure the pages of a scratch installation that talks to our model double."""
    with product_with_model(LOG_LEVEL="ERROR") as product, started_chromium() as browser:
        person = make_people(product, 1)[0]
        filled = run_command(
            product.environment, "shell", "-v0", "-c", FILL.format(name=person.username)
        )
        session = json.loads(filled)["session"]
        figures = first_page(browser, product, person)
        figures += long_conversation(browser, product, person, session)
        figures += library(browser, product, person)
        return figures + streaming(browser, product, person, minutes)


def opened(browser: Browser, product: Product, person: Person) -> BrowserContext:
    """A browser that has seen nothing of the product yet, with somebody signed in."""
    context = browser.new_context(base_url=product.base_url)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCH)
    sign_in(context, person.username, person.password)
    return context


def first_page(browser: Browser, product: Product, person: Person) -> list[Figure]:
    """A new conversation in a browser that has nothing of ours."""
    bodies, heads, waits, shifts = [], [], [], []
    for _ in range(ROUNDS):
        context = opened(browser, product, person)
        page = context.new_page()
        requests = noted_requests(page)
        page.goto("/chat", wait_until="networkidle")
        sent = [request.sizes() for request in requests]
        bodies.append(sum(each["responseBodySize"] for each in sent) / KIBIBYTE)
        heads.append(sum(each["responseHeadersSize"] for each in sent) / KIBIBYTE)
        waits.append(page.evaluate(READY))
        shifts.append(page.evaluate("() => bench.shift"))
        context.close()
    return [
        at_most("first page, compressed", statistics.median(bodies), "KiB", 150),
        Figure("first page, headers of its answers besides", statistics.median(heads), "KiB"),
        at_most("first page, usable", statistics.median(waits), "ms", 1000),
        at_most("first page, layout shift", max(shifts), "", 0.02),
    ]


def noted_requests(page: Page) -> list[Request]:
    """The requests of a page that are answered from now on."""
    noted: list[Request] = []

    def note(request: Request) -> None:
        noted.append(request)

    page.on("requestfinished", note)
    return noted


def long_conversation(
    browser: Browser, product: Product, person: Person, session: str
) -> list[Figure]:
    """A conversation of 2,000 messages, opened at its end, then with many of them on the page."""
    context = opened(browser, product, person)
    page = context.new_page()
    waits = []
    for _ in range(ROUNDS):
        page.goto(f"/chat/{session}")
        page.wait_for_function("() => bench.drawn")
        waits.append(page.evaluate("() => bench.drawn"))
    page.wait_for_load_state("networkidle")
    shift = page.evaluate("() => bench.shift")
    shown = show_older(page)
    page.locator(TYPED_INTO).click()
    page.evaluate("() => { bench.key = 0; }")
    page.keyboard.type(KEYS, delay=50)
    page.wait_for_timeout(500)
    key = page.evaluate("() => bench.key")
    context.close()
    return [
        at_most("2,000 messages, open at the end", statistics.median(waits), "ms", 1000),
        at_most("2,000 messages, layout shift", shift, "", 0.02),
        Figure("messages on the page while a key is pressed", shown, ""),
        at_most("a key shows (16 ms or less count as nought)", key, "ms", 50),
    ]


def show_older(page: Page) -> int:
    """Scroll up until there are as many messages on the page as there ever are; their number."""
    messages = page.locator('[data-test="message"]')
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while (count := messages.count()) < IN_DOM and time.monotonic() < deadline:
        messages.first.scroll_into_view_if_needed()
        page.mouse.move(700, 300)
        page.mouse.wheel(0, -4000)
        page.wait_for_timeout(150)
    return count


def library(browser: Browser, product: Product, person: Person) -> list[Figure]:
    """The page of 10,000 documents, in a browser that has been there before."""
    context = opened(browser, product, person)
    page = context.new_page()
    waits = []
    for _ in range(ROUNDS + 1):
        page.goto("/documents", wait_until="networkidle")
        waits.append(page.evaluate(READY))
    context.close()
    return [at_most("10,000 documents, page", statistics.median(waits[1:]), "ms", 300)]


def streaming(browser: Browser, product: Product, person: Person, minutes: float) -> list[Figure]:
    """Answers of 100 tokens a second, one after the other."""
    context = opened(browser, product, person)
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    protocol.send("Performance.enable")
    page.goto("/chat")
    # What the first answer loads is there for good.
    ask(page, tokens=200)
    page.evaluate("() => { bench.longest = bench.late = bench.shift = 0; }")
    heap, busy, start = heap_of(protocol), metric(protocol, "TaskDuration"), time.monotonic()
    spent = 0.0
    while (time.monotonic() - start) < minutes * 60:
        began = time.monotonic()
        ask(page, tokens=ANSWER["tokens"])
        spent += time.monotonic() - began
    share = (metric(protocol, "TaskDuration") - busy) / spent
    seen = page.evaluate("() => bench")
    grown = (heap_of(protocol) - heap) / MEBIBYTE
    context.close()
    return [
        at_most("100 tokens/s: main thread", share * 100, "%", 50),
        at_most("100 tokens/s: longest frame", seen["longest"], "ms", 100),
        at_most("100 tokens/s: frames over 100 ms", seen["late"], "", 0),
        at_most("100 tokens/s: layout shift", seen["shift"], "", 0.02),
        at_most("100 tokens/s: growth of the heap", grown, "MiB", 16),
    ]


def ask(page: Page, *, tokens: int) -> None:
    """Ask the double for an answer in Markdown, and wait for its end."""
    rate = ANSWER["rate"]
    finished = page.locator('[data-role="assistant"][data-state="done"]')
    before = finished.count()
    page.locator(TYPED_INTO).fill(f"[[tokens={tokens},rate={rate},markdown]]")
    page.locator('[data-test="send"]').click()
    page.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}"))
    patience = PATIENCE_MS + tokens / rate * 1000
    finished.nth(before).wait_for(state="attached", timeout=patience)


def heap_of(protocol: CDPSession) -> float:
    """The bytes that scripts hold, after a collection."""
    protocol.send("HeapProfiler.collectGarbage")
    return metric(protocol, "JSHeapUsedSize")


def metric(protocol: CDPSession, name: str) -> float:
    """One of Chromium's counters."""
    rows = protocol.send("Performance.getMetrics")["metrics"]
    return float(next(row["value"] for row in rows if row["name"] == name))
