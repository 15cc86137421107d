"""An answer whose web process is killed while somebody reads it."""

import httpx2
import pytest

from youworker.tests.browser.chatting import begin, expect_end, wait_for_tokens
from youworker.tests.support.waiting import wait_until


@pytest.fixture
def reader(mortal_product, open_page, people):
    return open_page(mortal_product, people(mortal_product))


def test_an_answer_ends_though_its_process_was_killed(reader, mortal_product, watches):
    # There is nobody who could answer for a moment.
    watches[0].expect("^answer: 50[23]")
    answer = begin(reader, "[[tokens=300,rate=20]]")
    wait_for_tokens(answer, 20)
    killed = mortal_product.web
    killed.kill()
    wait_until(lambda: mortal_product.web.pid != killed.pid, despite=(RuntimeError,))
    ready = f"{mortal_product.base_url}/health/ready"
    wait_until(lambda: httpx2.get(ready).is_success, despite=(httpx2.HTTPError,))

    # Either all of it, or as far as it came, said to be interrupted and open to another attempt.
    expect_end(answer)
    text = answer.inner_text()
    assert text.split().count("tok") >= 20
    status = answer.get_attribute("data-status")
    assert status == "succeeded" or answer.get_by_role("button", name="Try again").is_visible()
