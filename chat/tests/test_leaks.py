"""Nobody and no model is shown a passage that is not theirs, whatever is asked and revoked."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async

from chat import services
from chat.agent.types import TextDelta, ToolCall
from chat.runs.manager import launch
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.test_runs import safe_names, watched
from documents.models import CollectionShare, DocumentShare
from documents.tests.conftest import use_model
from documents.tests.fakes import LetterEmbedder
from youworker.tests.bench.leaks import MARK, Verdict, change_rights, furnish, interrogate

RUNS = 30


@pytest.fixture
def letters(db, monkeypatch):
    """The active embedding model, without weights."""
    return use_model(monkeypatch, LetterEmbedder(), active=True)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.django_db
def test_500_questions_show_no_foreign_passage(letters):
    library = furnish(20, 120)
    assert CollectionShare.objects.exists()
    assert DocumentShare.objects.exists()

    verdict = interrogate(library, 500)

    assert verdict.foreign == []
    # There was something to see, and something to hide.
    assert min(verdict.shown[where] for where in ("results", "prompts", "versions")) > 100
    marks = set(library.numbers.values())
    assert all(0 < len(library.visible(user)) < len(marks) for user in library.users)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
async def test_models_are_shown_what_their_users_may_read(letters, spoken_by, capfd, caplog):
    library = await sync_to_async(furnish)(6, 60)
    tool = (await sync_to_async(safe_names)())["semantic.query"]
    verdict = Verdict()

    for number in range(RUNS):
        await sync_to_async(change_rights)(library)
        user = library.users[number % len(library.users)]
        allowed = await sync_to_async(library.visible)(user)
        call = ToolCall("c", tool, {"query": "leave notice travel", "limit": 50})
        said = " ".join(f"It is told [{n}]." for n in range(1, 9))
        model = spoken_by(ScriptedModel([[call], [TextDelta(said)]]))
        session = await sync_to_async(SessionFactory)(user=user)
        posted = await sync_to_async(services.post_message)(session, text="How?", actor=user)
        await launch(posted.run_id)
        events = await watched(posted.run_id)
        verdict.look("prompts", str(model.seen), allowed)
        verdict.look("events", str(events), allowed)

    assert verdict.foreign == []
    assert min(verdict.shown["prompts"], verdict.shown["events"]) > RUNS
    logged = "".join(capfd.readouterr()) + caplog.text
    assert MARK.findall(logged) == []


def test_a_foreign_passage_would_be_noticed():
    verdict = Verdict()

    verdict.look("results", "told by canary7x and canary8x", {7})

    assert verdict.foreign == ["canary 8 in results"]
