import pytest
from redis.exceptions import ConnectionError as RedisGone

from ingestion import events
from ingestion.tests.factories import RunFactory

pytestmark = pytest.mark.django_db


class Layer:
    """Counts what is sent."""

    def __init__(self):
        self.sent = []

    async def group_send(self, group, message):
        self.sent.append((group, message["run_id"]))


@pytest.fixture
def layer(monkeypatch):
    made = Layer()
    monkeypatch.setattr(events, "get_channel_layer", lambda: made)
    return made


def test_announce_drops_most_notices_and_no_final_one(layer):
    run = RunFactory()

    for _ in range(20):
        events.announce(run)
    events.announce(run, final=True)

    assert layer.sent == [(events.group_of(run.owner_id), str(run.pk))] * 2


def test_announce_survives_an_absent_redis(layer, monkeypatch):
    def gone():
        raise RedisGone

    monkeypatch.setattr(events, "sync_redis", gone)

    events.announce(RunFactory())

    assert layer.sent == []
