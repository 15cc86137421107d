"""What the embedding server or the database will not take is the item's failure, not an outage."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import F

from accounts.tests.factories import UserFactory
from documents import search
from documents.enums import DocumentStatus
from documents.models import Document, EmbeddingTask, PassageEmbedding
from documents.tests.conftest import use_model
from documents.tests.fakes import NanEmbedder, PickyEmbedder
from documents.types import PassageDraft
from ingestion import services
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem
from ingestion.parsing.types import Parsed
from ingestion.pipeline import parse
from ingestion.pipeline.worker import work_for
from youworker.core.config import config
from youworker.tests.support.leases import LONG_PAUSE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user():
    return UserFactory()


def upload(user, incoming, *contents):
    files = [incoming(f"file{n}.txt", content) for n, content in enumerate(contents)]
    return services.start_upload(files, actor=user)


def work_until_given_up(run):
    """Work through every try; how many there were."""
    for attempt in range(1, 10):
        work_for(30)
        if not run.items.active().exists():
            return attempt
        for rows in (IngestionItem.objects, EmbeddingTask.objects):
            waiting = rows.filter(lease_until__isnull=False)
            waiting.update(lease_until=F("lease_until") - timedelta(seconds=LONG_PAUSE + 1))
    pytest.fail("It is tried for ever.")


@pytest.mark.parametrize(
    ("embedder", "code"), [(PickyEmbedder, "embedding_unusable"), (NanEmbedder, "not_storable")]
)
def test_vectors_nobody_can_store_are_given_up(user, incoming, monkeypatch, embedder, code):
    use_model(monkeypatch, embedder(), active=True)
    run = upload(user, incoming, "the zebra")

    assert work_until_given_up(run) == config.ingestion.max_attempts

    run.refresh_from_db()
    item = run.items.get()
    assert (run.status, item.stage, item.error_code) == (IngestionStatus.FAILED, Stage.FAILED, code)
    assert item.error_detail.endswith(".")
    assert item.document.status == DocumentStatus.FAILED
    assert len(search.search("zebra", mode="keyword", actor=user).results) == 1


def test_other_documents_get_their_vectors(user, incoming, monkeypatch):
    use_model(monkeypatch, PickyEmbedder(), active=True)
    run = upload(user, incoming, "the zebra", "the walrus")

    work_until_given_up(run)

    run.refresh_from_db()
    assert run.status == IngestionStatus.PARTIAL
    assert PassageEmbedding.objects.get().passage.text == "the walrus"


class FixedParser:
    """Finds the same in every file."""

    def __init__(self, *drafts):
        self.drafts = list(drafts)

    def parse(self, path, mime, *, name, heartbeat, **ways):
        return Parsed("", "text/plain", "simple", None, truncated=False, passages=self.drafts)


LONG = " ".join(f"word{n}" for n in range(200_000))
REFUSED = {
    "a page nobody has": PassageDraft(0, "text", "", 2**40, 0, 4),
    "too many words": PassageDraft(0, LONG, "", None, 0, len(LONG)),
    "the same place twice": PassageDraft(0, "text", "", None, 0, 2**31),
}


@pytest.mark.slow
@pytest.mark.parametrize("draft", REFUSED.values(), ids=REFUSED)
def test_text_the_database_refuses_is_given_up(user, incoming, monkeypatch, draft):
    monkeypatch.setattr(parse, "parser", lambda: FixedParser(draft))
    run = upload(user, incoming, "text")

    assert work_until_given_up(run) == config.ingestion.max_attempts

    assert run.items.get().error_code == "not_storable"
    assert not Document.all_objects.exists()


def test_a_database_that_is_away_counts_nothing(user, incoming, monkeypatch):
    run = upload(user, incoming, "text")

    def lose_connection(*_parts, **_options):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(parse, "store", lose_connection)

    with pytest.raises(OperationalError):
        work_for(30)

    item = run.items.get()
    assert (item.stage, item.attempts, item.failures) == (Stage.QUEUED, 0, 0)
