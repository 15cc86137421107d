"""Making the company that does not exist, and taking it out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction

from accounts.models import User
from chat.models import Session
from documents.models import Document
from groups.models import Group
from ingestion.models import IngestionRun
from youworker.analytics.daily import forget_days
from youworker.core.exceptions import Conflict, InvalidInput
from youworker.demo.conversations import write_conversations
from youworker.demo.library import write_library
from youworker.demo.people import DOMAIN, PREFIX, make_company
from youworker.demo.tables import is_marked

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from youworker.core.managers import SoftDeleteQuerySet
    from youworker.demo.plan import Plan

FEWEST_USERS = 6
MOST_DAYS = 3650
# Documents or conversations that go by one statement.
BATCH = 2_000
# What the people own, by the column that leads to them; in the order in which it goes.
OWNED = (
    ("chat_citation", "message_id IN (SELECT id FROM chat_message WHERE {of_sessions})"),
    ("chat_toolrun", "user_id = ANY(%(people)s)"),
    ("chat_message", "{of_sessions}"),
    ("chat_run", "user_id = ANY(%(people)s)"),
    ("ingestion_ingestionitem", "run_id IN (SELECT id FROM ingestion_ingestionrun WHERE {owned})"),
    ("documents_passageembedding", "{of_documents}"),
    ("documents_embeddingtask", "{of_documents}"),
    ("documents_passage", "{of_documents}"),
    ("quotas_usageevent", "user_id = ANY(%(people)s)"),
    ("quotas_tokenusage", "user_id = ANY(%(people)s)"),
)
PARTS = {
    "owned": "owner_id = ANY(%(people)s)",
    "of_sessions": "session_id IN (SELECT id FROM chat_session WHERE user_id = ANY(%(people)s))",
    "of_documents": (
        "document_id IN (SELECT id FROM documents_document WHERE owner_id = ANY(%(people)s))"
    ),
}
STATISTICS = (
    *("chat_message", "chat_run", "chat_session", "chat_toolrun", "chat_citation"),
    *("documents_document", "documents_passage", "ingestion_ingestionitem", "quotas_usageevent"),
)


def demo_users() -> list[UUID]:
    """The people who do not exist: marked by their ids, their names and their addresses."""
    rows = User.objects.filter(username__startswith=PREFIX, email__endswith=f"@{DOMAIN}")
    return [pk for pk in rows.values_list("pk", flat=True) if is_marked(pk)]


def demo_groups() -> list[UUID]:
    """Their groups."""
    rows = Group.all_objects.filter(name__startswith="Demo: ").values_list("pk", flat=True)
    return [pk for pk in rows if is_marked(pk)]


def require_plan(plan: Plan, *, beside_people: bool) -> None:
    """Refuse a company that is too small, a second one, and one beside people who exist."""
    if plan.users < FEWEST_USERS or not 0 < plan.days <= MOST_DAYS:
        raise InvalidInput(
            "The company has %(least)s people at least, and 1 to %(most)s days.",
            least=FEWEST_USERS,
            most=MOST_DAYS,
        )
    if demo_users():
        raise Conflict("The demonstration data are here already: take them out with --remove.")
    if not beside_people and User.objects.filter(is_superuser=False).exists():
        raise Conflict("There are people on this installation: say --beside-people to go on.")


def seed_demo(
    plan: Plan,
    *,
    beside_people: bool = False,
    tell_documents: Callable[[int], object],
    tell_messages: Callable[[int], object],
) -> None:
    """Write the company; what an interruption leaves is taken out by `remove_demo`.

    Raises `Conflict` and `InvalidInput`.
    """
    require_plan(plan, beside_people=beside_people)
    try:
        with transaction.atomic():
            company = make_company(plan)
    except IntegrityError as error:
        raise Conflict("A user or a group has a name of the demonstration already.") from error
    quotable = write_library(plan, company, tell_documents)
    write_conversations(plan, company, quotable, tell_messages)
    forget_days()
    renew_statistics()


def renew_statistics() -> None:
    """Let the database know how large the tables are now; lists are counted by that."""
    with connection.cursor() as cursor:
        for table in STATISTICS:
            cursor.execute(f'ANALYZE "{table}"')


@transaction.atomic
def remove_demo() -> int:
    """Take the company out with everything its people own; how many rows went."""
    people = demo_users()
    removed = 0
    with connection.cursor() as cursor:
        for table, condition in OWNED:
            where = condition.format(**PARTS)
            cursor.execute(f'DELETE FROM "{table}" WHERE {where}', {"people": people})  # noqa: S608 -- constants
            removed += cursor.rowcount
    # The rest goes with whatever others have put there; what there is most of, some at a time.
    for rows in (
        Session.all_objects.filter(user__in=people),
        IngestionRun.all_objects.filter(owner__in=people),
        Document.all_objects.filter(owner__in=people),
    ):
        removed += remove_rows(rows)
    removed += User.objects.filter(pk__in=people).delete()[0]
    for group in Group.all_objects.filter(pk__in=demo_groups()):
        removed += group.hard_delete()[0]
    forget_days()
    return removed


def remove_rows(rows: SoftDeleteQuerySet[Any]) -> int:
    """Remove rows for good, some at a time; how many went with them."""
    removed = 0
    while chosen := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        removed += rows.filter(pk__in=chosen).hard_delete()[0]
    return removed
