"""A question of another host, answered by the agent as a run like any other."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from accounts.types import AccessGrant
from chat import services
from chat.models import Run, Session
from chat.runs.manager import accept, request_stop
from chat.views.chat import answer_to_the_end, stored_result
from mcp.builtin.library import acting_user, named_collections
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.db import run_in_thread
from youworker.core.exceptions import Conflict, UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from chat.services import AcceptedMessage
    from mcp.calls import CallContext

# Other hosts give up on a call that shows no sign of life for a minute as a rule.
SIGN_SECONDS = 10.0
LONGEST_SECONDS = 900.0
ITSELF = "A conversation cannot ask YouWorker, which is making its answer."
TOO_LONG = "The answer took too long and was stopped."


async def ask_agent(
    context: CallContext,
    question: str,
    *,
    session_id: UUID | None,
    model: str,
    collections: list[str] | None,
    enable_web: bool,
    show_life: Callable[[float], Awaitable[None]],
) -> dict[str, Any]:
    """The end of a run that answers the question; stopped when nobody waits for it any more.

    `show_life` is told now and then for how many seconds the answer has been made.
    """
    post = partial(
        post_question,
        context,
        question,
        session_id=session_id,
        model=model,
        collections=collections,
        enable_web=enable_web,
    )
    posted = await run_in_thread(post)
    grant = AccessGrant(context.user_id, key_id=context.key_id)
    answering = asyncio.create_task(answer_to_the_end(posted, grant))
    try:
        await wait_for_end(answering, show_life)
        result: dict[str, Any] = answering.result() or {}
    except BaseException:
        # Whoever asked has left, or lost their access: nobody would read the answer.
        answering.cancel()
        await asyncio.shield(request_stop(posted.run_id))
        raise
    result = result or await run_in_thread(stored_result, posted.run_id)
    return {**result, "session_id": posted.session_id, "run_id": posted.run_id}


async def wait_for_end(
    answering: asyncio.Task[Any], show_life: Callable[[float], Awaitable[None]]
) -> None:
    """Wait for an answer, with signs of life; raises `UpstreamUnavailable` when time is up."""
    waited = 0.0
    while waited < LONGEST_SECONDS:
        done, _ = await asyncio.wait({answering}, timeout=SIGN_SECONDS)
        if done:
            return
        waited += SIGN_SECONDS
        await show_life(waited)
    raise UpstreamUnavailable(TOO_LONG)


def post_question(
    context: CallContext,
    question: str,
    *,
    session_id: UUID | None,
    model: str,
    collections: list[str] | None,
    enable_web: bool,
) -> AcceptedMessage:
    """Store the question, which a run answers; raises what the one-call route raises."""
    user = acting_user(context)
    check_rate_limit("CHAT_MESSAGE", user)
    # Whoever adds us to the tools of our own agent would have it ask itself for ever.
    if Run.objects.active().filter(correlation_id=context.correlation_id).exists():
        raise Conflict(ITSELF)
    services.check_model(model)
    options: dict[str, Any] = {"enable_web": enable_web}
    if collections:
        options["collections"] = named_collections(collections, user)
    post = partial(
        services.post_chat,
        text=question,
        session=Session(pk=session_id) if session_id else None,
        model=model,
        options=options,
        actor=user,
    )
    return accept(post, launches=False)
