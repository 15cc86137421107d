"""Every security event leaves a line that says who, what, whence and how it ended, and no more."""

from __future__ import annotations

from contextvars import Context

import pytest
from auditlog.models import LogEntry

from youworker.audit import ACTIONS
from youworker.tests.audit_events import ADDRESS, CANARY, CAUSE, PASSWORD, World
from youworker.tests.audit_events import EVENTS as CONTENT_EVENTS
from youworker.tests.audit_events_people import PEOPLE_EVENTS

pytestmark = pytest.mark.django_db

EVENTS = [*CONTENT_EVENTS, *PEOPLE_EVENTS]
# Tested where they need more than a test's transaction, or not there yet.
ELSEWHERE = {"auth.suspicious_activity", "backup.create", "backup.restore"}


def test_there_are_enough_events():
    assert len(EVENTS) >= 60
    assert len({event.name for event in EVENTS}) == len(EVENTS)
    assert {event.action for event in EVENTS} == ACTIONS - ELSEWHERE


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_event(event):
    world = World()

    # A context of its own: neither the caller nor the cause of an earlier request is left.
    Context().run(event.act, world)

    line = LogEntry.objects.filter(additional_data__action=event.action).latest("pk")
    actor = getattr(world, event.by)
    details = line.additional_data
    assert line.actor == actor
    assert details["actor"] == (str(actor.pk) if actor else None)
    assert details["result"] == event.result
    assert line.remote_addr == (ADDRESS if event.http else None)
    assert line.cid == (CAUSE if event.http else None)
    assert details["key"] == (str(world.keys[event.by].pk) if event.key else None)
    everything = str(list(LogEntry.objects.values())).casefold()
    for private in (CANARY, PASSWORD, *world.secrets):
        assert private.casefold() not in everything
