"""Fixtures of these tests."""

import os
from itertools import count

import pytest
from django.db import connection
from django.test import Client

from accounts.tests.factories import UserFactory
from documents import embedding
from documents.enums import Provider
from documents.models import EmbeddingModel
from documents.search.frequencies import sampler
from documents.search.query import embedded
from documents.services import embedding_leases
from documents.services.embeddings import build_index
from documents.tests.fakes import LetterEmbedder
from youworker.tests.support.leases import long_lease_end


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Word counts and vectors of another test mean nothing."""
    sampler.forget()
    embedded.cache_clear()
    yield
    sampler.forget()
    embedded.cache_clear()


@pytest.fixture(autouse=True)
def _long_pauses(monkeypatch):
    """A slow machine does not try again what a test looks at."""
    monkeypatch.setattr(embedding_leases, "lease_end", long_lease_end)


@pytest.fixture
def ada(db):
    """Somebody with documents."""
    return UserFactory(username="ada")


@pytest.fixture
def browser(ada):
    """Where they are signed in."""
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def letters(db, monkeypatch):
    """The active embedding model, without weights."""
    return use_model(monkeypatch, LetterEmbedder(), active=True)


@pytest.fixture
def use(db, monkeypatch):
    """Registers an embedder as a model, active or beside the active one."""
    return lambda embedder, *, active: use_model(monkeypatch, embedder, active=active)


def use_model(monkeypatch, embedder, *, active):
    model = EmbeddingModel.objects.create(
        provider=Provider.OPENAI,
        name=embedder.name,
        dimensions=embedder.dimensions,
        active=active,
    )
    connection.check_constraints()  # an index cannot be made while checks are pending
    build_index(model, concurrently=False)
    register_embedder(monkeypatch, embedder)
    return model


def register_embedder(monkeypatch, embedder):
    """Let a double stand for the model of its name."""
    key = (os.getpid(), Provider.OPENAI, embedder.name, embedder.dimensions)
    monkeypatch.setitem(embedding.loaded, key, embedder)


@pytest.fixture(autouse=True)
def _first_turn(monkeypatch):
    """Begin to count the turns of embedding: every fifth looks for back-fill first."""
    monkeypatch.setattr(embedding_leases, "turns", count(1))
