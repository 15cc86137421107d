"""The events of a run in the browser, whatever becomes of the connection."""

import json
from contextlib import suppress

import pytest
from playwright.sync_api import Error

FOLLOW = """async ({ seconds, after }) => {
  const { Feed } = await import("/static/chat/feed.js");
  const heard = [];
  const states = [];
  await new Promise((resolve) => {
    new Feed("r1", {
      after,
      onEvent: (type, data) => {
        heard.push([type, data.text ?? data.status ?? ""]);
        if (type === "done") resolve();
      },
      onState: (state) => {
        states.push(state);
        if (state === "gone") resolve();
      },
    });
    setTimeout(resolve, seconds * 1000);
  });
  return { heard, states };
}"""
EVENTS = "**/v1/runs/r1/events*"
RUN = "**/v1/runs/r1"


def frames(*events):
    return ": still here\n\n" + "".join(
        f"id: {seq}\nevent: {kind}\ndata: {json.dumps(data)}\n\n" for seq, kind, data in events
    )


def token(seq, text):
    return (seq, "token", {"text": text})


def done(seq):
    return (seq, "done", {"status": "succeeded"})


@pytest.fixture
def streams(modules):
    """Answer the requests for events one after the other; gives what was asked for."""
    asked = []

    def use(*answers, status="running"):
        left = list(answers)

        def answer(route):
            asked.append(route.request.url.rpartition("after=")[2])
            body = left.pop(0) if left else frames()
            if isinstance(body, int):
                return route.fulfill(status=body, body="{}")
            if body is None:
                return route.abort()
            return route.fulfill(content_type="text/event-stream", body=body)

        modules.route(EVENTS, answer)
        modules.route(RUN, lambda route: route.fulfill(json={"status": status, "error": None}))
        return asked

    return use


def follow(page, seconds=15, after=0):
    return page.evaluate(FOLLOW, {"seconds": seconds, "after": after})


def test_events_come_in_order(modules, streams):
    asked = streams(frames(token(1, "a"), token(2, "b"), done(3)))
    found = follow(modules)
    assert found["heard"] == [["token", "a"], ["token", "b"], ["done", "succeeded"]]
    assert asked == ["0"]


def test_numbers_that_were_seen_are_dropped_and_a_gap_is_asked_for(modules, streams):
    asked = streams(
        frames(token(1, "a"), token(1, "a"), token(4, "d")),
        frames(token(2, "b"), token(3, "c"), token(4, "d"), done(5)),
    )
    found = follow(modules)
    assert "".join(text for kind, text in found["heard"] if kind == "token") == "abcd"
    assert asked == ["0", "1"]


@pytest.mark.parametrize("trouble", [None, 502, 503])
def test_a_connection_that_breaks_is_opened_again_where_it_was(modules, streams, watches, trouble):
    watches[0].expect("answer: 50")
    asked = streams(frames(token(1, "a")), trouble, frames(token(2, "b"), done(3)))
    found = follow(modules)
    assert [text for _, text in found["heard"]] == ["a", "b", "succeeded"]
    assert asked == ["0", "1", "1"]
    assert "waiting" in found["states"]


def test_a_run_that_ended_unseen_ends_here(modules, streams):
    streams(frames(token(1, "a")), status="failed")
    assert follow(modules)["heard"] == [["token", "a"], ["done", "failed"]]


def test_a_run_that_is_gone_is_given_up(modules, streams):
    streams(404)
    modules.unroute(RUN)
    modules.route(RUN, lambda route: route.fulfill(status=404, body="{}"))
    found = follow(modules)
    assert found["states"][-1] == "gone"
    assert found["heard"] == []


def test_somebody_signed_out_goes_on_after_signing_in(modules, streams):
    asked = streams(401, frames(token(1, "a"), done(2)))
    modules.unroute(RUN)
    modules.route(RUN, lambda route: route.fulfill(status=401, body="{}"))
    modules.evaluate(
        """() => document.addEventListener("yw-signed-out", () => setTimeout(
          () => document.dispatchEvent(new CustomEvent("yw-signed-in")), 200))"""
    )
    found = follow(modules)
    assert found["states"] == ["signed-out", "live"]
    assert found["heard"][-1] == ["done", "succeeded"]
    assert asked == ["0", "0"]


def test_a_refusal_that_says_when_is_waited_for(modules, streams):
    streams()
    modules.unroute(EVENTS)
    answers = [
        {"status": 429, "headers": {"Retry-After": "2"}, "body": "{}"},
        {"content_type": "text/event-stream", "body": frames(done(1))},
    ]
    modules.route(EVENTS, lambda route: route.fulfill(**answers.pop(0)))
    took = modules.evaluate(
        "async (given) => { const began = performance.now();"
        f" await ({FOLLOW})(given); return performance.now() - began; }}",
        {"seconds": 15, "after": 0},
    )
    assert took >= 2000


READ_IN_PIECES = """async (text) => {
  const { readEvents } = await import("/static/chat/feed.js");
  const bytes = new TextEncoder().encode(text);
  const found = new Set();
  for (let size = 1; size < 9; size += 1) {
    let at = 0;
    const body = new ReadableStream({
      pull(control) {
        if (at >= bytes.length) return control.close();
        control.enqueue(bytes.slice(at, (at += size)));
      },
    });
    const events = [];
    for await (const { seq, type, data } of readEvents(body)) events.push([seq, type, data]);
    found.add(JSON.stringify(events));
  }
  return [...found].map((text) => JSON.parse(text));
}"""


def test_events_cut_anywhere_are_put_together(modules):
    found = modules.evaluate(READ_IN_PIECES, frames(token(1, "è😀: \n"), (2, "done", {})))
    assert found == [[[1, "token", {"text": "è😀: \n"}], [2, "done", {}]]]


HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
BEGIN = """async () => {
  const { Feed } = await import("/static/chat/feed.js");
  globalThis.heard = [];
  globalThis.feed = new Feed("r1", {
    onEvent: (type, data) => heard.push(data.status ?? type),
    onState: (state) => heard.push(state),
    staysOpen: () => Boolean(globalThis.listens),
  });
}"""


@pytest.fixture
def hidden(modules):
    """A feed whose tab nobody has looked at for more than five seconds."""
    left_open, closed = [], []
    modules.clock.install()

    def leave_open(route):
        left_open.append(route)

    modules.route(EVENTS, leave_open)
    modules.on("requestfailed", lambda request: closed.append(request.url))
    with modules.expect_request(EVENTS):
        modules.evaluate(BEGIN)
    modules.evaluate(HIDE, arg=True)
    modules.clock.fast_forward(4000)
    assert closed == []
    # Whoever listens to it keeps it.
    modules.evaluate("globalThis.listens = true")
    modules.clock.fast_forward(2000)
    assert closed == []
    modules.evaluate("globalThis.listens = false")
    modules.clock.fast_forward(4000)
    with modules.expect_event("requestfailed"):
        modules.clock.fast_forward(2000)
    yield
    for route in left_open:
        with suppress(Error):
            route.abort()


@pytest.mark.usefixtures("hidden")
def test_a_tab_that_nobody_looks_at_gives_its_connection_up_and_asks(modules):
    modules.route(RUN, lambda route: route.fulfill(json={"status": "succeeded", "error": None}))
    modules.clock.fast_forward(16_000)
    modules.wait_for_function("() => heard.includes('succeeded')")
    assert modules.evaluate("heard") == ["hidden", "succeeded"]


@pytest.mark.usefixtures("hidden")
def test_a_tab_that_is_looked_at_again_goes_on_at_once(modules):
    with modules.expect_request(EVENTS):
        modules.evaluate(HIDE, arg=False)
    assert not modules.evaluate("feed.closed")


@pytest.fixture
def unreachable(modules, watches):
    """A feed whose server has been away for as many attempts as make the longest pause."""
    watches[0].expect("ERR_FAILED")
    modules.clock.install()
    modules.route(EVENTS, lambda route: route.abort())
    modules.route(RUN, lambda route: route.abort())
    with modules.expect_event("requestfailed", lambda request: "events" not in request.url):
        modules.evaluate(BEGIN)
    for _ in range(7):
        go_on(modules)


def go_on(page):
    """Let the longest pause pass, and the attempt behind it fail."""
    with page.expect_event("requestfailed", lambda request: "events" not in request.url):
        page.clock.fast_forward(5000)


@pytest.mark.usefixtures("unreachable")
def test_a_server_that_was_away_for_long_is_found_within_seconds(modules):
    modules.unroute(EVENTS)
    modules.route(
        EVENTS,
        lambda route: route.fulfill(
            content_type="text/event-stream", body=frames(token(1, "a"), done(2))
        ),
    )
    modules.clock.fast_forward(5000)
    modules.wait_for_function("() => heard.includes('succeeded')")
    assert modules.evaluate("heard.slice(-3)") == ["live", "token", "succeeded"]


@pytest.mark.parametrize("sign", ["visibilitychange", "online"])
@pytest.mark.usefixtures("unreachable")
def test_whoever_looks_or_has_a_network_again_does_not_wait(modules, sign):
    target = "document" if sign == "visibilitychange" else "globalThis"
    # Less than the shortest of the longest pauses.
    with modules.expect_request(EVENTS, timeout=1500):
        modules.evaluate(f"{target}.dispatchEvent(new Event('{sign}'))")


def test_a_server_that_says_nothing_about_a_run_is_asked_again(modules):
    left_open = []

    def leave_open(route):
        left_open.append(route)

    modules.route(EVENTS, lambda route: route.fulfill(status=200, body=""))
    modules.route(RUN, leave_open)
    with modules.expect_request(RUN):
        modules.evaluate(BEGIN)
    with modules.expect_request(EVENTS, timeout=15_000):
        pass
    for route in left_open:
        with suppress(Error):
            route.abort()
