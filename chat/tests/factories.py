"""Rows for the chat tests."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat.enums import MessageRole, RunStatus, ToolRunStatus
from chat.models import Citation, Message, Run, Session, ToolGrant, ToolRun
from mcp.tests.factories import ToolFactory


class SessionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Session

    user = factory.SubFactory(UserFactory)
    title = "Replication"


class MessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Message

    session = factory.SubFactory(SessionFactory)
    role = MessageRole.USER
    content = "How do replicas follow the primary?"


class RunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Run

    session = factory.SubFactory(SessionFactory)
    user = factory.SelfAttribute("session.user")
    status = RunStatus.SUCCEEDED
    question = factory.SubFactory(MessageFactory, session=factory.SelfAttribute("..session"))
    answer = factory.SubFactory(
        MessageFactory,
        session=factory.SelfAttribute("..session"),
        role=MessageRole.ASSISTANT,
        content="They stream its log.",
    )


class CitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Citation

    message = factory.SubFactory(MessageFactory, role=MessageRole.ASSISTANT)
    index = factory.Sequence(lambda n: n + 1)
    title = "High availability"
    quote = "A standby follows the primary."
    supported = True


class ToolRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ToolRun

    session = factory.SubFactory(SessionFactory)
    user = factory.SelfAttribute("session.user")
    tool_name = "semantic.query"
    status = ToolRunStatus.SUCCEEDED
    arguments = {"query": "replica"}


class ToolGrantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ToolGrant

    user = factory.SubFactory(UserFactory)
    tool = factory.SubFactory(ToolFactory)
    tool_edition = factory.SelfAttribute("tool.edition")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))
