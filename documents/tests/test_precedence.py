"""Which texts the embedding process computes first."""

import json
import threading

import numpy as np
import pytest

from documents.encoder import server
from documents.encoder.server import Precedence, answer_to


@pytest.fixture
def precedence(monkeypatch):
    made = Precedence()
    monkeypatch.setattr(server, "precedence", made)
    return made


class SteppingModel:
    """Takes one turn for each text, and tells when one begins."""

    def __init__(self):
        self.steps, self.began = [], threading.Event()

    def embed(self, texts, *, turn=None):
        for text in texts:
            if turn is None:
                self.steps.append(text)
                continue
            self.began.set()
            with turn():
                self.steps.append(text)
        return np.zeros((len(texts), 2), np.float32)

    def embed_question(self, question, prompt):
        return self.embed([prompt + question])[0]


def frame(*texts):
    return json.dumps(["name", 2, texts]).encode()


def question(text):
    return json.dumps(["name", 2, text, "ask: "]).encode()


@pytest.mark.parametrize("urgent", [frame("question"), question("question")])
def test_a_question_goes_before_the_rest_of_a_batch(precedence, monkeypatch, urgent):
    model = SteppingModel()
    monkeypatch.setattr(server, "loaded", lambda *_: model)
    with precedence.go_first():
        bulk = threading.Thread(target=answer_to, args=[frame("a", "b", "c")])
        bulk.start()
        model.began.wait(5)

        assert len(answer_to(urgent)) == 8
        before = list(model.steps)
    bulk.join()

    assert len(before) == 1
    assert before[0].endswith("question")
    assert model.steps == [*before, "a", "b", "c"]


def test_questions_without_end_do_not_stop_batches(precedence, monkeypatch):
    monkeypatch.setattr(server, "LONGEST_WAIT", 0.01)
    model = SteppingModel()
    monkeypatch.setattr(server, "loaded", lambda *_: model)

    with precedence.go_first():
        answer_to(frame("a", "b"))

    assert model.steps == ["a", "b"]


def test_no_more_batches_at_once_than_cores(precedence, monkeypatch):
    monkeypatch.setattr(precedence, "cores", threading.BoundedSemaphore(2))
    inside, most, free = [], [], threading.Barrier(2)

    def work():
        with precedence.take_turn():
            inside.append(1)
            most.append(len(inside))
            free.wait(5)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) == 2


def test_a_text_that_cannot_be_computed_holds_nobody_up(precedence, monkeypatch):
    def refuse(*_args):
        raise ValueError

    monkeypatch.setattr(server, "loaded", refuse)

    assert answer_to(frame("bad")) == b""
    assert precedence.urgent == 0
