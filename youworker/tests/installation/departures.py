"""Copies of people's data, and people who leave, in every state."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.enums import ErasureStatus, ExportStatus
from accounts.models import DataExport, Erasure, User
from groups.models import Group
from groups.retention import place_hold
from youworker.data_protection.erasures import erase_users, request_erasure
from youworker.data_protection.exports import make_exports, request_export
from youworker.tests.installation.people import NEVER, make_person


def make_departures() -> dict[str, Any]:
    """Exports and erasures; a line of the staff pages' own log beside them."""
    root, ada = User.objects.get(username="root"), User.objects.get(username="ada")
    note_change(root)
    ready = request_export(ada, actor=ada)
    make_exports()
    DataExport.objects.filter(pk=ready.pk, status=ExportStatus.READY).update(expires_at=NEVER)
    DataExport.objects.create(user=ada, status=ExportStatus.FAILED, error_code="lost", attempts=3)
    queued = request_export(ada, actor=ada)
    gone = ask_for_erasure("gone", root)
    erase_users()
    place_hold(user=make_person("held"), reason="a case that is open", actor=root)
    held = ask_for_erasure("held", root)
    leaving = ask_for_erasure("leaver", root)
    found = set(Erasure.objects.values_list("status", flat=True))
    if found != {ErasureStatus.DONE, ErasureStatus.HELD, ErasureStatus.QUEUED}:
        raise RuntimeError(f"erasures are {found}")
    return {
        "export_ready": str(ready.pk),
        "export_queued": str(queued.pk),
        "gone": str(gone.subject),
        "held": str(held.subject),
        "leaving": str(leaving.subject),
    }


def ask_for_erasure(name: str, actor: User) -> Erasure:
    """The wish to erase somebody, who is made for it."""
    user = User.objects.filter(username=name).first() or make_person(name)
    return request_erasure(user, actor=actor)


def note_change(actor: User) -> None:
    """A line of Django's own log of its staff pages."""
    group = Group.objects.get(name="Readers")
    LogEntry.objects.create(
        user=actor,
        action_flag=CHANGE,
        object_id=str(group.pk),
        object_repr=str(group),
        content_type=ContentType.objects.get_for_model(Group),
        change_message="changed the description",
    )
