"""A question of somebody new, and its run."""

from __future__ import annotations

from asgiref.sync import sync_to_async

from chat import services
from chat.models import Run
from chat.runs.manager import launch
from chat.tests.factories import SessionFactory


async def ask():
    """Ask, and have it answered by this process; the id of the run."""
    session = await sync_to_async(SessionFactory)()
    post = sync_to_async(services.post_message)
    posted = await post(session, text="How?", actor=session.user)
    await launch(posted.run_id)
    return posted.run_id


async def stored(run_id):
    """The run as the database has it, with its answer."""
    return await Run.objects.select_related("answer").aget(pk=run_id)
