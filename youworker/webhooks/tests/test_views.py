"""Webhooks over the API and in the admin."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils.html import escape
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from youworker.webhooks import services
from youworker.webhooks.enums import SUBSCRIBABLE
from youworker.webhooks.models import Delivery, Endpoint
from youworker.webhooks.signing import new_secret
from youworker.webhooks.tests.receivers import endpoint_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback_allowed")]
URL = "http://127.0.0.1:9/hook"
ADMIN = "/admin/webhooks/endpoint/"


@pytest.fixture
def staff():
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def client(staff):
    made = APIClient()
    made.force_authenticate(staff)
    return made


@pytest.fixture
def pages(staff):
    made = Client()
    made.force_login(staff)
    return made


def test_a_secret_is_shown_once(client):
    made = client.post("/v1/webhooks", {"url": URL, "actions": ["*"]}, format="json")
    path = f"/v1/webhooks/{made.json()['id']}"

    assert made.status_code == 201
    assert made.json()["secret"] == Endpoint.objects.get().secret
    assert "secret" not in client.get(path).json()
    assert "secret" not in client.get("/v1/webhooks").json()["results"][0]
    rotated = client.post(f"{path}/rotate-secret").json()["secret"]
    assert rotated == Endpoint.objects.get().secret != made.json()["secret"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": URL},
        {"url": URL, "actions": []},
        {"url": URL, "actions": ["fly"]},
        {"url": "http://10.0.0.1", "actions": ["*"]},
    ],
)
def test_nonsense_is_refused_at_its_field(client, body):
    refused = client.post("/v1/webhooks", body, format="json")

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["attr"].partition(".")[0] in {"url", "actions"}


def test_it_is_changed_paused_resumed_tried_and_removed(client):
    path = f"/v1/webhooks/{endpoint_at(URL).pk}"

    changed = client.patch(path, {"actions": ["user.login"], "state": "gone"}, format="json")
    paused = client.post(f"{path}/pause")
    refused = client.post(f"{path}/test")
    resumed = client.post(f"{path}/resume")
    tried = client.post(f"{path}/test")

    assert (changed.json()["actions"], changed.json()["state"]) == (["user.login"], "active")
    assert paused.json()["state"] == "paused"
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "webhook_paused")
    assert resumed.json()["state"] == "active"
    assert (tried.status_code, tried.json()["action"]) == (202, "webhook.test")
    again = client.post(f"{path}/deliveries/{tried.json()['id']}/resend")
    assert again.status_code == 202
    other = endpoint_at(URL).pk
    strange = f"/v1/webhooks/{other}/deliveries/{tried.json()['id']}/resend"
    assert client.post(strange).status_code == 404
    assert client.delete(path).status_code == 204
    assert client.get(f"{path}/deliveries").status_code == 404


def test_everything_that_can_be_told_is_listed(client):
    assert client.get("/v1/webhooks/actions").json() == {"actions": list(SUBSCRIBABLE)}
    assert client.post("/v1/webhooks/actions").status_code == 405
    assert client.put(f"/v1/webhooks/{endpoint_at(URL).pk}").status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_lists_keep_the_same_number_of_queries(count, client, staff, django_assert_num_queries):
    for _ in range(count):
        endpoint = endpoint_at(URL)
    for _ in range(count):
        services.send_test(endpoint, actor=staff)

    with django_assert_num_queries(1):
        assert len(client.get("/v1/webhooks").json()["results"]) == count
    with django_assert_num_queries(2):  # the webhook, then the page
        found = client.get(f"/v1/webhooks/{endpoint.pk}/deliveries").json()["results"]
    assert len(found) == count


def test_staff_add_one_in_the_admin_and_see_its_secret_once(pages):
    form = {"url": URL, "description": "Siem", "actions": ["user.login", "run.end"]}

    assert "Told actions" in pages.get(f"{ADMIN}add/").content.decode()
    refused = pages.post(f"{ADMIN}add/", {**form, "url": "http://10.0.0.1/"})
    made = pages.post(f"{ADMIN}add/", form)

    endpoint = Endpoint.objects.get()
    assert b"not a public address" in refused.content
    assert endpoint.secret in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert sorted(endpoint.actions) == ["run.end", "user.login"]
    shown = pages.get(f"{ADMIN}{endpoint.pk}/change/").content.decode()
    assert endpoint.secret not in shown
    assert "user.login" in shown


def test_staff_change_and_rotate_in_the_admin(pages):
    endpoint = endpoint_at(URL, actions=["user.login"])
    page = f"{ADMIN}{endpoint.pk}/"
    former = endpoint.secret

    pages.post(f"{page}change/", {"url": URL, "description": "New", "actions": ["*"]})
    asked = pages.get(f"{page}rotate-secret/")
    assert Endpoint.objects.get().secret == former
    rotated = pages.post(f"{page}rotate-secret/")

    endpoint = Endpoint.objects.get()
    assert (endpoint.description, endpoint.actions) == ("New", ["*"])
    assert former not in asked.content.decode() + rotated.content.decode()
    assert endpoint.secret in rotated.content.decode()
    assert endpoint.secrets == [endpoint.secret, former]
    assert pages.get(f"{ADMIN}{UserFactory().pk}/rotate-secret/").status_code in {302, 404}


def test_actions_of_the_admin(pages):
    endpoint = endpoint_at(URL)

    def act(name, page=ADMIN, row=endpoint):
        body = {"action": name, "_selected_action": [str(row.pk)]}
        return pages.post(page, body, follow=True).content.decode()

    act("pause")
    assert Endpoint.objects.get().state == "paused"
    assert "resume it first" in act("send_test")
    act("resume")
    act("send_test")
    delivery = Delivery.objects.get()
    Delivery.objects.update(
        status="failed", log=[{"at": "t", "status": None, "ms": 3, "error": "<b>"}]
    )
    shown = pages.get(f"/admin/webhooks/delivery/{delivery.pk}/change/").content.decode()
    assert "t · - · 3 ms · &lt;b&gt;" in shown
    assert "<pre>" not in shown
    assert escape(json.dumps(delivery.event.data)) in shown
    act("resend", "/admin/webhooks/delivery/", delivery)
    assert Delivery.objects.get().status == "pending"
    assert str(delivery.event_id) in shown
    assert pages.get(f"{ADMIN}?state=active").status_code == 200
    pages.post(f"{ADMIN}{endpoint.pk}/delete/", {"post": "yes"})
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    ("right", "allowed"),
    [
        ("view_endpoint", {"list", "actions", "get"}),
        ("add_endpoint", {"create"}),
        ("change_endpoint", {"patch", "rotate-secret", "pause", "resume", "test"}),
        ("delete_endpoint", {"delete"}),
        ("view_delivery", {"deliveries"}),
        ("change_delivery", {"resend"}),
    ],
)
def test_the_api_asks_for_the_rights_of_the_console(right, allowed):
    endpoint = endpoint_at(URL)
    sent = services.send_test(endpoint, actor=UserFactory(is_staff=True))
    clerk = UserFactory(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename=right))
    client = APIClient()
    client.force_authenticate(clerk)
    path = f"/v1/webhooks/{endpoint.pk}"
    acts = {
        "list": lambda: client.get("/v1/webhooks"),
        "actions": lambda: client.get("/v1/webhooks/actions"),
        "get": lambda: client.get(path),
        "create": lambda: client.post("/v1/webhooks", {}, format="json"),
        "patch": lambda: client.patch(path, {"description": "T"}, format="json"),
        "pause": lambda: client.post(f"{path}/pause"),
        "resume": lambda: client.post(f"{path}/resume"),
        "test": lambda: client.post(f"{path}/test"),
        "rotate-secret": lambda: client.post(f"{path}/rotate-secret"),
        "deliveries": lambda: client.get(f"{path}/deliveries"),
        "resend": lambda: client.post(f"{path}/deliveries/{sent.pk}/resend"),
        "delete": lambda: client.delete(path),
    }

    codes = {name: act().status_code for name, act in acts.items()}

    assert {name for name, code in codes.items() if code != 403} == allowed
    assert Endpoint.objects.exists() == ("delete" not in allowed)


def test_staff_without_the_right_see_no_page():
    endpoint = endpoint_at(URL, secret=new_secret())
    clerk = Client()
    clerk.force_login(UserFactory(is_staff=True))

    assert clerk.get(ADMIN).status_code == 403
    assert clerk.post(f"{ADMIN}{endpoint.pk}/rotate-secret/").status_code == 403
    assert not Endpoint.objects.exclude(former_secret="").exists()
