"""Every list in every order: pages neither repeat rows nor leave any out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import F
from django.db.models.functions import Lower
from django.test import RequestFactory
from django.urls import get_resolver
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import UserFactory
from documents.models import Document
from documents.tests.factories import CollectionFactory, DocumentFactory
from groups.models import Group
from groups.tests.factories import MembershipFactory
from youworker.core.api.pagination import StrictLimitOffsetPagination, in_total_order
from youworker.tests.matrix.discovery import patterns
from youworker.tests.support.openapi import openapi_document

ONE_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ROWS, PAGE = 60, 7


def equal_documents(user):
    """Documents that differ in nothing a list is ordered by."""
    collection = CollectionFactory(owner=user)
    DocumentFactory.create_batch(ROWS, owner=user, collection=collection, title="Same")
    Document.objects.update(created_at=ONE_MOMENT, updated_at=ONE_MOMENT, size=1)


def equal_groups(user):
    """Groups of one moment; their names differ by a rule of the house."""
    MembershipFactory.create_batch(ROWS, user=user)
    Group.objects.update(created_at=ONE_MOMENT)


MAKERS = {"/v1/documents": equal_documents, "/v1/groups": equal_groups}


def wishes():
    """Each path whose list can be ordered, with each order that its description names."""
    paths = openapi_document()["paths"]
    for path, methods in paths.items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["name"] == "ordering":
                schema = parameter["schema"]
                for order in schema.get("enum") or schema["items"]["enum"]:
                    yield path, order


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "order"), list(wishes()))
def test_pages_of_equal_rows_hold_each_row_once(path, order):
    user = UserFactory()
    MAKERS[path](user)
    client = APIClient()
    client.force_authenticate(user)

    seen = []
    for offset in range(0, ROWS, PAGE):
        wanted = {"ordering": order, "limit": PAGE, "offset": offset}
        seen += [row["id"] for row in client.get(path, wanted).json()["results"]]

    assert len(seen) == len(set(seen)) == ROWS


def paginated():
    """The views that answer with pages."""
    classes = {getattr(view, "cls", None) for _path, view in patterns(get_resolver())}
    found = [view for view in classes if getattr(view, "pagination_class", None)]
    return sorted(found, key=lambda view: view.__name__)


@pytest.mark.parametrize("view", paginated(), ids=lambda view: view.__name__)
def test_every_list_is_paged_by_the_one_who_completes_orders(view):
    assert issubclass(view.pagination_class, StrictLimitOffsetPagination)


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        (User.objects.all(), ("username", "pk")),
        (User.objects.order_by(), ("pk",)),
        (User.objects.order_by("-email"), ("-email", "pk")),
        (User.objects.order_by("email", "-pk"), ("email", "-pk")),
        (User.objects.order_by("id"), ("id",)),
        (User.objects.order_by("pk", "email"), ("pk", "email", "pk")),
        (User.objects.order_by(Lower("email").desc()), (Lower("email").desc(), "pk")),
        (User.objects.order_by(F("email").asc(nulls_last=True)),
         (F("email").asc(nulls_last=True), "pk")),
    ],
)  # fmt: skip
def test_an_order_is_completed_by_the_id(rows, order):
    assert in_total_order(rows).query.order_by == order


@pytest.mark.django_db
@pytest.mark.parametrize(
    "model", [*filter(site.is_registered, apps.get_models())], ids=lambda model: model._meta.label
)
def test_every_column_of_the_staffs_pages_gives_a_total_order(model):
    page = site.get_model_admin(model)
    staff = UserFactory(is_staff=True, is_superuser=True)
    unique = {field.name for field in model._meta.fields if field.unique} | {"pk"}
    columns = len(page.get_list_display(asked_by(staff))) + 1

    for wanted in [{}, *({ORDER_VAR: column} for column in range(1, columns))]:
        request = asked_by(staff, wanted)
        changes = page.get_changelist_instance(request)
        order = changes.get_ordering(request, changes.root_queryset)
        assert unique & {str(term).removeprefix("-") for term in order}, (wanted, order)


def asked_by(user, wanted=None):
    """A request for a list of rows."""
    request = RequestFactory().get("/admin/", wanted)
    request.user = user
    return request
