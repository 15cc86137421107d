"""Model servers: adding, changing and removing them, and keeping what is seen of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from chat.enums import ServerKind, ServerState
from chat.exceptions import ConfiguredServer
from chat.llm.circuit import circuit
from chat.llm.endpoints import refresh_endpoints
from chat.llm.probing.facts import Facts
from chat.model_servers import ModelServer, ServedModel
from youworker import audit
from youworker.core.config import config
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import Forbidden, InvalidInput
from youworker.upstream.address import address_of, shown_url
from youworker.upstream.configured import chat_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from accounts.models import User
    from chat.llm.probing.looking import Look
    from chat.llm.probing.speaking import Tried
    from youworker.upstream.endpoint import Endpoint

# What is changed of a server of the environment; the rest stands there.
OF_CONFIGURED = ("name", "position", "enabled", "max_runs", "context_tokens")
OF_OTHERS = (*OF_CONFIGURED, "url")
SEEN = ("tools", "reasoning", "vision")
LEARNT = (*SEEN, "context_tokens", "context_assumed", "longest_context", "checked_at")
LONGEST_NAME = 120


@transaction.atomic
def save_model_server(
    server: ModelServer, *, key: str | None = None, fields: Sequence[str], actor: User | None
) -> ModelServer:
    """Add a server, or change the named fields of one; without a `key` the stored one stays.

    A key belongs to its address: it is forgotten when that changes and no other one is given.
    Raises `Forbidden`, `ConfiguredServer` and `InvalidInput`.
    """
    require_staff(actor)
    is_new = server._state.adding  # noqa: SLF001 -- Django's own
    allowed = OF_CONFIGURED if server.is_configured else OF_OTHERS
    named = [name for name in fields if name in allowed]
    if server.is_configured and key:
        raise ConfiguredServer("The key of this server stands in the environment.")
    former = "" if is_new else ModelServer.objects.get(pk=server.pk).address
    if server.is_configured:
        server.url = ModelServer.objects.get(pk=server.pk).url
    server.url = server.url.strip().rstrip("/")
    server.address = address_of(server.url)
    if key is not None:
        server.key = key
    elif former and former != server.address:
        server.key = ""
    check_server(server)
    if former != server.address or key is not None:
        server.state, server.last_error, server.kind = ServerState.UNKNOWN, "", ServerKind.UNKNOWN
        server.told_runs = None
    try:
        with transaction.atomic():
            write_row(server)
    except IntegrityError as error:
        # Somebody else took the name or the address at this moment.
        raise InvalidInput("There is a model server of this name already.", attr="name") from error
    told = sorted({*named, *(("key",) if key is not None else ())})
    audit.record("admin.settings.update", actor=actor, target=server, fields=told)
    after_commit(refresh_endpoints)
    after_commit(partial(queue_task, "chat.tasks.look_at_models"))
    return server


def write_row(server: ModelServer) -> None:
    """Add a row, or write everything of one that staff or a change of its address may change."""
    if server._state.adding:  # noqa: SLF001 -- Django's own
        server.save(force_insert=True)
    else:
        server.save_fields(*OF_OTHERS, "address", "key", "state", "last_error", "kind", "told_runs")


def check_server(server: ModelServer) -> None:
    """Raise for a value the row may not have, and for an address or name of another one."""
    try:
        server.clean_fields(exclude=["key"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(messages[0], attr=name) from error
    refuse_clash(server.pk, name=server.name, url=server.url)


def refuse_clash(pk: UUID, *, name: str, url: str) -> None:
    """Raise `InvalidInput` for a name or an address that another server has."""
    others = ModelServer.objects.exclude(pk=pk)
    if others.filter(address=address_of(url.strip())).exists():
        raise InvalidInput("There is a model server at this address already.", attr="url")
    if others.filter(name=name).exists():
        raise InvalidInput("There is a model server of this name already.", attr="name")


@transaction.atomic
def delete_model_server(server: ModelServer, *, actor: User | None) -> None:
    """Remove a server with what was found of its models; one of the environment stays there."""
    require_staff(actor)
    if server.is_configured:
        raise ConfiguredServer(
            "This server stands in the environment (LLM_BASE_URL). It can be switched off."
        )
    audit.record("admin.settings.update", actor=actor, target=server, fields=["deleted"])
    server.delete()
    after_commit(refresh_endpoints)


def require_staff(actor: User | None) -> None:
    """Raise `Forbidden` for anybody but staff and the console (None)."""
    if actor is not None and not actor.is_staff:
        raise Forbidden("Model servers are managed by staff.")


@transaction.atomic
def sync_configured() -> None:
    """Give each server of the environment its row, and take those of former ones away."""
    configured = chat_endpoints(config.llm)
    addresses = [endpoint.address for endpoint in configured]
    ModelServer.objects.filter(is_configured=True).exclude(address__in=addresses).delete()
    known = set(ModelServer.objects.values_list("address", flat=True))
    for place, endpoint in enumerate(configured, start=1):
        # One that staff added as well stays theirs.
        if endpoint.address in known:
            continue
        known.add(endpoint.address)
        row = ModelServer(
            name=free_name(endpoint),
            url=shown_url(endpoint.url),
            address=endpoint.address,
            is_configured=True,
            position=place,
        )
        ModelServer.objects.bulk_create([row], ignore_conflicts=True)


def free_name(endpoint: Endpoint) -> str:
    """A name for a server that no other row has: its host, else its address."""
    for name in (endpoint.name, endpoint.address):
        if not ModelServer.objects.filter(name=name[:LONGEST_NAME]).exists():
            return name[:LONGEST_NAME]
    return f"{endpoint.name[:80]} {endpoint.address[-36:]}"


@transaction.atomic
def store_look(server: ModelServer, look: Look) -> None:
    """Keep what was seen of a server; of one that did not answer the models stay as they were."""
    state = ServerState.FAILED if look.error else ServerState.OK
    rows = ModelServer.objects.filter(pk=server.pk)
    if not rows.update(
        kind=look.kind,
        state=state,
        last_error=look.error,
        latency_ms=look.latency_ms,
        checked_at=Now(),
    ):
        return
    if look.error:
        return
    rows.update(told_runs=look.told_runs)
    circuit.note_answer(server.address)
    # A server that lists nothing at the moment may be starting.
    if look.models:
        server.models.exclude(name__in=list(look.models)).delete()
    known = {row.name: row for row in server.models.all()}
    news = [ServedModel(server=server, name=name) for name in look.models if name not in known]
    for row in (*known.values(), *news):
        learn(row, look.models.get(row.name, Facts()))
    ServedModel.objects.bulk_create(news, ignore_conflicts=True)
    for row in known.values():
        row.save_fields(*LEARNT)
    after_commit(refresh_endpoints)


def learn(row: ServedModel, facts: Facts) -> None:
    """Take what a server says of a model; what the model itself showed counts more."""
    for name in SEEN:
        said = getattr(facts, name)
        if said is not None and (row.probed_at is None or getattr(row, name) is None):
            setattr(row, name, said)
    # A window that is only assumed does not replace one that was seen.
    if facts.context_tokens and not (facts.context_assumed and knows_window(row)):
        row.context_tokens, row.context_assumed = facts.context_tokens, facts.context_assumed
    row.longest_context = facts.longest_context or row.longest_context
    row.checked_at = timezone.now()


def knows_window(row: ServedModel) -> bool:
    """Whether the window of a model was seen rather than assumed."""
    return row.context_tokens is not None and not row.context_assumed


def store_tried(row: ServedModel, tried: Tried) -> None:
    """Keep what a model showed when it was asked; what it did not come to show stays."""
    changes: dict[str, Any] = {"error": tried.error, "probed_at": Now(), "updated_at": Now()}
    shown: Mapping[str, Any] = {
        name: getattr(tried, name) for name in (*SEEN, "tokens_per_second", "first_token_ms")
    }
    changes |= {name: value for name, value in shown.items() if value is not None}
    ServedModel.objects.filter(pk=row.pk).update(**changes)
