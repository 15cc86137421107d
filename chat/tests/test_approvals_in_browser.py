"""Steps with tools, and those that wait for somebody's decision."""

import pytest

FIELD = '[data-test="composer"] textarea'
RUNNING = '[data-test="message"][data-role="assistant"][data-state="running"]'
SHOW = """(event) => import("/static/chat/steps.js").then(({ showStep }) =>
  showStep(document.querySelector("[data-role=assistant] .tools"), event))"""
CALL = {"tool_run_id": "c1", "tool": "mail.send", "args": {"to": "<b>anna</b>"}}


@pytest.fixture
def asked(page):
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    page.fill(FIELD, "[[tokens=3000,rate=20]] one")
    page.press(FIELD, "Enter")
    page.locator(RUNNING).wait_for()
    return page


def test_a_step_is_told_while_it_is_taken(asked):
    asked.evaluate(SHOW, {**CALL, "status": "start"})
    step = asked.locator('[data-tool="c1"]')
    assert step.locator(".tool-name").inner_text() == "mail.send"
    assert step.locator(".tool-state").inner_text() == "at work"
    asked.evaluate(
        SHOW, {**CALL, "status": "end", "latency_ms": 1234, "result_preview": "<img src=x>"}
    )
    assert step.locator(".tool-state").inner_text().startswith("1.2")
    step.locator("summary").click()
    assert "<b>anna</b>" in step.locator(".tool-args").inner_text()
    assert step.locator(".tool-result").inner_text() == "<img src=x>"
    assert asked.locator('[data-tool="c1"]').count() == 1

    failed = {**CALL, "tool_run_id": "c2", "status": "error", "result_preview": "It is off."}
    asked.evaluate(SHOW, {**failed, "error": "<i>È spento.</i>", "error_code": "permission_denied"})
    step = asked.locator('[data-tool="c2"]')
    assert step.locator(".error").text_content() == "<i>È spento.</i>"
    assert step.locator(".tool-result").count() == 0


def test_pictures_of_a_result_are_seen_in_its_step(asked):
    picture = {"id": "p1", "document_id": None, "name": "<b>chart</b>.png", "mime": "image/png"}
    text = {"id": "t1", "document_id": None, "name": "a.txt", "mime": "text/plain"}
    asked.route("**/v1/attachments/p1/thumbnail", lambda route: route.fulfill(status=204))
    files = [{**each, "status": "ready"} for each in (picture, text)]
    asked.evaluate(SHOW, {**CALL, "status": "end", "latency_ms": 5, "files": files})
    step = asked.locator('[data-tool="c1"]')
    assert step.get_attribute("open") is not None
    link = step.locator(".file a")
    assert link.inner_text() == "<b>chart</b>.png"
    assert link.get_attribute("href") == "/chat/attachments/p1/picture"
    assert step.locator(".file img").get_attribute("src") == "/v1/attachments/p1/thumbnail"
    assert step.locator(".file").count() == 2


@pytest.mark.parametrize(("button", "decision"), [("Allow once", "allow"), ("Deny", "deny")])
def test_a_decision_is_sent_and_the_form_goes(asked, button, decision):
    sent = []

    def accept(route):
        sent.append(route.request.post_data_json)
        route.fulfill(json={})

    asked.route("**/v1/runs/*/approvals/c1", accept)
    asked.evaluate(SHOW, {**CALL, "status": "approval"})
    asked.get_by_role("button", name=button).click()
    asked.locator("[data-tool] [data-approval]").wait_for(state="detached")
    assert sent == [{"decision": decision}]


def test_a_decision_that_comes_too_late_says_so(asked):
    body = {"type": "client_error", "errors": [{"code": "x", "detail": "Too late.", "attr": None}]}
    asked.route("**/v1/runs/*/approvals/c1", lambda route: route.fulfill(status=409, json=body))
    asked.evaluate(SHOW, {**CALL, "status": "approval"})
    asked.get_by_role("button", name="Allow once").click()
    asked.locator("#toasts").get_by_text("Too late.").wait_for()
    assert asked.locator("[data-tool] [data-approval]").count() == 0


def test_what_was_decided_elsewhere_takes_the_form_away(asked):
    asked.evaluate(SHOW, {**CALL, "status": "approval"})
    asked.locator("[data-tool] [data-approval]").wait_for()
    asked.evaluate(SHOW, {**CALL, "status": "start"})
    assert asked.locator("[data-tool] [data-approval]").count() == 0
