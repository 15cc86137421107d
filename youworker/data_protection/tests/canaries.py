"""A user with something in every place, each marked with one word that can be looked for."""

from pathlib import Path

import orjson
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from accounts.models import LinkedIdentity, User
from accounts.services import create_api_key, grant_of
from accounts.tests.factories import UserFactory, second_factor_for
from accounts.tickets import issue_ticket
from chat.events import log_key
from chat.tests.factories import (
    CitationFactory,
    MessageFactory,
    RunFactory,
    SessionFactory,
    ToolRunFactory,
)
from documents.models import Tag
from documents.tests.factories import CollectionFactory, DocumentFactory, store_bytes, write
from groups.tests.factories import GroupFactory, MembershipFactory
from ingestion.enums import Stage
from ingestion.tests.factories import ItemFactory
from ingestion.tests.factories import RunFactory as IngestionRunFactory
from mcp.tests.factories import ConnectionFactory
from quotas.enums import UsageKind
from quotas.models import Quota
from quotas.services import record_usage
from youworker.core.ids import uuid7
from youworker.core.models import IdempotentRequest
from youworker.core.redis import sync_redis


def furnish(word):
    """A user whose every row, file and key says `word`."""
    user = User.objects.create_user(
        word, f"{word}@example.org", "pass", display_name=word, first_name=word, last_name=word
    )
    create_api_key(user, name=word, scopes=["chat"], actor=user)
    issue_ticket(grant_of(user))
    second_factor_for(user)
    LinkedIdentity.objects.create(user=user, issuer="https://id.example", subject=word)
    Quota.objects.create(user=user, documents=5)
    ConnectionFactory(user=user, issuer=f"https://{word}.example", scope=word)
    LogEntry.objects.create(
        user=UserFactory(),
        action_flag=1,
        object_id=str(uuid7()),
        object_repr=f"quota of {word}",
        content_type=ContentType.objects.get_for_model(Quota),
    )
    key = user.api_keys.get()
    record_usage(UsageKind.RUN, user.pk, key_id=key.pk, tokens_in=5)
    MembershipFactory(user=user, group=GroupFactory(name=f"group of {word}'s team"))
    shelf = CollectionFactory(owner=user, name=word, description=word)
    file = store_bytes(f"content {word}".encode())
    document = DocumentFactory(
        owner=user,
        collection=shelf,
        title=word,
        uri=f"../../{word}.txt",
        stored_file=file,
    )
    document.tags.add(Tag.objects.create(name=word))
    passages = write(document, f"text {word}", heading=word)
    talk(user, word, document, passages[0])
    run = IngestionRunFactory(owner=user, target=word, tags=[word])
    ItemFactory(run=run, name=word, uri=word, document=document, stage=Stage.READY)
    IdempotentRequest.objects.create(user=user, key=word, fingerprint=word, answer={"x": word})
    sync_redis().set(f"yw:asgi:group:ingestion.{user.pk.hex}", word)
    return user


def talk(user, word, document, passage):
    session = SessionFactory(user=user, title=word)
    question = MessageFactory(session=session, content=f"question {word}", comment=word)
    run = RunFactory(session=session, question=question, options={"word": word})
    CitationFactory(message=run.answer, document=document, passage=passage, title=word, quote=word)
    ToolRunFactory(
        session=session, run=run, message=run.answer, arguments={"q": word}, result_preview=word
    )
    sync_redis().xadd(log_key(run.pk), {"t": "token", "d": word})


def database_text():
    """Every row of every table as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608
            found += [(table, row[0]) for row in cursor.fetchall()]
    return found


def redis_text():
    """Every key of Redis with its value."""
    redis = sync_redis()
    return [(key.decode(), repr((key, redis.dump(key)))) for key in redis.scan_iter("*")]


def files_text():
    """Every file's name and content."""
    roots = [Path(django_settings.MEDIA_ROOT), Path(django_settings.EXPORTS_ROOT)]
    found = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return [(str(path), str(path) + path.read_bytes().decode("latin-1")) for path in found]


def traces_of(*words):
    """Where any of the words is found."""
    places = database_text() + redis_text() + files_text()
    return sorted({place for place, text in places if any(word in text for word in words)})


def as_json(path):
    return orjson.loads(path.read_bytes())
