"""Questions asked on a page: accepted as the API accepts them, and shown with their answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from chat import services
from chat.forms import offered_collections
from chat.models import Run, Session
from chat.pages.showing import part_context, show_messages
from chat.runs.manager import accept
from chat.runs.statements import Latest
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.pages.base import is_htmx
from youworker.speech.configured import can_speak

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from chat.forms import AskForm
    from chat.models import Message
    from chat.services import AcceptedMessage

SETTINGS = ("model", "enable_tools", "enable_web", "system_prompt")


def begin_session(form: AskForm, *, actor: User) -> AcceptedMessage:
    """Accept the first question of a conversation."""
    check_rate_limit("CHAT_SESSION_CREATE", actor)
    wish, data = form.wish(), form.cleaned_data
    model = wish.pop("model", data["model"])
    services.check_model(model)
    collections = wish.pop("collections", ())
    wish.pop("limited", None)
    return accept(
        partial(
            services.post_chat,
            text=data["text"],
            session=None,
            model=model,
            collections=collections,
            options=wish | heard_options(form),
            attachments=data["attachments"],
            idempotency_key=key_of(form),
            actor=actor,
        )
    )


def continue_session(session: Session, form: AskForm, *, actor: User) -> AcceptedMessage:
    """Accept another question; the conversation keeps what was chosen for it."""
    data = form.cleaned_data
    change_settings(session, form.wish(), actor=actor)
    return accept(
        partial(
            services.post_message,
            session,
            text=data["text"],
            parent_id=data["parent"] or Latest.MESSAGE,
            options=heard_options(form),
            attachments=data["attachments"],
            idempotency_key=key_of(form),
            actor=actor,
        )
    )


def change_settings(session: Session, wish: dict[str, Any], *, actor: User) -> None:
    """Keep those settings of a conversation that differ from what they were.

    Chosen collections that its owner does not see any more stay chosen until others are.
    """
    changed = {
        name: wish[name]
        for name in SETTINGS
        if name in wish and wish[name] != getattr(session, name)
    }
    if wish and chooses_anew(session, wish, actor=actor):
        changed["collections"] = wish["collections"]
    if changed:
        services.check_model(changed.get("model", ""))
        services.update_session(session, **changed, actor=actor)


def chooses_anew(session: Session, wish: dict[str, Any], *, actor: User) -> bool:
    """Whether other collections are wished for than those that were shown as chosen."""
    if not wish["collections"]:
        return session.limited and not wish["limited"]
    offered = offered_collections(actor).filter(pk__in=session.alive_collection_ids)
    return set(wish["collections"]) != set(offered.values_list("pk", flat=True))


def ask_again(message: Message, *, text: str, key: UUID | None, actor: User) -> AcceptedMessage:
    """Accept a question in other words, beside the old one and with its files."""
    return accept(
        partial(
            services.post_message,
            message.session,
            text=text,
            parent_id=message.parent_id,
            repeats=message,
            idempotency_key=str(key or ""),
            actor=actor,
        )
    )


def answer_again(message: Message, *, model: str, actor: User) -> AcceptedMessage:
    """Begin another answer to the same question."""
    services.check_model(model)
    return accept(partial(services.regenerate, message, model=model, actor=actor))


def go_on(message: Message, *, model: str, actor: User) -> AcceptedMessage:
    """Begin the rest of an answer that broke off."""
    services.check_model(model)
    return accept(partial(services.continue_answer, message, model=model, actor=actor))


def heard_options(form: AskForm) -> dict[str, Any]:
    """What has the answer spoken, for whoever wants to hear it, where somebody speaks."""
    return {"speak": True} if form.cleaned_data["speak"] and can_speak() else {}


def key_of(form: AskForm) -> str:
    """What makes a question that is sent twice be asked once."""
    return str(form.cleaned_data["key"] or "")


def show_accepted(
    request: HttpRequest,
    posted: AcceptedMessage,
    *,
    with_question: bool = True,
    is_new: bool = False,
) -> HttpResponse:
    """Lead to the new answer, or show it where it is wanted as a part of the page."""
    run = Run.objects.get(pk=posted.run_id)
    session = Session(pk=posted.session_id)
    url = reverse("chat-session", args=[session.pk])
    if not is_htmx(request):
        return HttpResponseRedirect(f"{url}#m-{run.answer_id}", status=303)
    ids = (posted.message_id if with_question else None, run.answer_id)
    context = part_context(session, show_messages([pk for pk in ids if pk]))
    answer = render(request, "chat/_messages.html", context)
    answer["X-Session-ID"], answer["X-Run-ID"] = str(session.pk), str(run.pk)
    if is_new:
        answer["HX-Push-Url"] = url
    return answer
