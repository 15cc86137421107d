"""What the tests of groups look at."""

import threading

from auditlog.models import LogEntry
from django.db import connection, transaction

from groups.models import Membership

MEETING_SECONDS = 0.5


def audited():
    """The audit lines so far: action, target, and who was concerned."""
    return [
        (line.additional_data["action"], line.object_pk, line.additional_data.get("user"))
        for line in LogEntry.objects.order_by("id")
    ]


def roles(group):
    """Who is what."""
    return dict(Membership.objects.filter(group=group).values_list("user__username", "role"))


def at_once(*acts):
    """Carry out acts on connections of their own; the errors they ended with.

    Each waits before its commit until the others have come as far, or give up because they
    are held up. So acts that do not lock see nothing of each other, in every run.
    """
    meeting, errors = threading.Barrier(len(acts)), []

    def carry_out(act):
        try:
            with transaction.atomic():
                act()
                meet(meeting)
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            errors.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=carry_out, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def meet(meeting):
    """Wait for the others, but not for ever."""
    try:
        meeting.wait(MEETING_SECONDS)
    except threading.BrokenBarrierError:
        return


def code_of(answer):
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["errors"][0]["code"]


def attr_of(answer):
    """The status and the field of a refusal."""
    return answer.status_code, answer.json()["errors"][0]["attr"]


def names(answer):
    """The names in a list."""
    return [row["name"] for row in answer.json()["results"]]
