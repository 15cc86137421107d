"""What former versions stored, taken over by migrations."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts import authenticators, services
from accounts.models import Authenticator, LinkedIdentity
from accounts.tests.factories import UserFactory, code_of
from youworker.encryption import crypto, rotation
from youworker.encryption.keyring import check_keys

pytestmark = pytest.mark.django_db

SECRET = "WIGD6ZTJQDPN3HCUYYBFSQNEYCNXSBMS"
# A seed and the codes that allauth 65 made of it.
SEED = "5eed" * 20
CODES = [
    "91193544",
    "68468927",
    "75967387",
    "99245245",
    "38225615",
    "68477549",
    "53568682",
    "27060712",
    "55181347",
    "37264973",
]
TABLES = """
CREATE TABLE mfa_authenticator (
    id bigserial PRIMARY KEY, user_id uuid REFERENCES accounts_user, type varchar(20), data jsonb,
    created_at timestamptz DEFAULT now(), last_used_at timestamptz
);
CREATE TABLE account_emailaddress (id serial PRIMARY KEY, user_id uuid REFERENCES accounts_user);
CREATE TABLE account_emailconfirmation (
    id serial PRIMARY KEY, email_address_id int REFERENCES account_emailaddress
);
CREATE TABLE socialaccount_socialapp (id serial PRIMARY KEY);
CREATE TABLE socialaccount_socialaccount (
    id serial PRIMARY KEY, user_id uuid REFERENCES accounts_user, provider varchar(200),
    uid varchar(191), date_joined timestamptz DEFAULT now()
);
CREATE TABLE socialaccount_socialtoken (
    id serial PRIMARY KEY, account_id int REFERENCES socialaccount_socialaccount,
    app_id int REFERENCES socialaccount_socialapp
);
"""


@pytest.fixture
def ada():
    return UserFactory(username="ada")


@pytest.fixture
def former():
    """The tables of the former version; rows are put into them by `add`."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)


def add(table, **values):
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])  # noqa: S608


def add_factor(user, kind, name, secret, **data):
    token = crypto.encrypt(secret, context=f"mfa.{kind}:{user.pk}")
    add("mfa_authenticator", user_id=user.pk, type=kind, data=json.dumps({name: token, **data}))


def move():
    with connection.schema_editor() as editor:
        import_module("accounts.migrations.0008_move_from_allauth").move(apps, editor)
    # Rows that point nowhere would show here.
    connection.check_constraints()


def tables():
    return set(connection.introspection.table_names())


def test_a_new_installation_has_nothing_to_move():
    before = tables()

    move()

    assert tables() == before


def test_second_factors_work_as_before(former, ada):
    add_factor(ada, "totp", "secret", SECRET, step=5)
    add_factor(ada, "recovery_codes", "seed", SEED, used_mask=0b1000000101)

    move()

    row = Authenticator.objects.get(kind="totp")
    assert (row.secret, row.last_step) == (SECRET, 5)
    assert services.second_factor_of(ada)["recovery_codes_left"] == 7
    assert rotation.rotate(dry_run=True).damaged == 0
    assert authenticators.use_code(ada, code_of(SECRET))
    assert [authenticators.use_code(ada, code) for code in CODES] == [
        number not in {0, 2, 9} for number in range(10)
    ]
    assert not {table for table in tables() if table.startswith(("mfa", "social", "account_"))}


def test_a_used_step_stays_used(former, ada):
    step = 2**40
    add_factor(ada, "totp", "secret", SECRET, step=step)

    move()

    assert not authenticators.use_code(ada, code_of(SECRET))


def test_a_secret_that_cannot_be_read_is_no_free_pass(former, ada):
    other = UserFactory()
    add_factor(other, "totp", "secret", SECRET, step=0)
    with connection.cursor() as cursor:
        # A secret of somebody else in place of the own one.
        cursor.execute("UPDATE mfa_authenticator SET user_id = %s", [ada.pk])

    move()

    assert services.second_factor_of(ada)["totp"]["enabled"]
    assert not authenticators.use_code(ada, code_of(SECRET))
    assert rotation.rotate(dry_run=True).damaged == 1


def test_wrong_keys_move_nothing(former, ada, settings):
    check_keys()
    add_factor(ada, "totp", "secret", SECRET, step=0)

    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(ImproperlyConfigured):
        move()

    assert "mfa_authenticator" in tables()
    assert not Authenticator.objects.exists()


def test_identities_lead_to_the_same_users(former, ada):
    bob = UserFactory(username="bob")
    for user, issuer, subject in (
        (ada, "https://id.example", "1"),
        (bob, "https://id.example", "2"),
        (ada, "forward-auth", "ada"),
    ):
        add("socialaccount_socialaccount", user_id=user.pk, provider=issuer, uid=subject)

    move()

    found = LinkedIdentity.objects.values_list("issuer", "subject", "user__username")
    assert sorted(found) == [
        ("forward-auth", "ada", "ada"),
        ("https://id.example", "1", "ada"),
        ("https://id.example", "2", "bob"),
    ]


def test_rights_and_lines_of_logs_go_on(former, ada):
    ContentType.objects.filter(app_label="accounts", model="linkedidentity").delete()
    kept = {}
    for app, model in (("socialaccount", "socialaccount"), ("account", "emailaddress")):
        content_type = ContentType.objects.create(app_label=app, model=model)
        right = Permission.objects.create(
            content_type=content_type, codename=f"view_{model}", name="Can view"
        )
        ada.user_permissions.add(right)
        kept[model] = content_type
    gone = ContentType.objects.create(app_label="socialaccount", model="socialapp")
    line = LogEntry.objects.create(user=ada, action_flag=1, content_type=kept["emailaddress"])

    move()

    ContentType.objects.clear_cache()
    assert ada.get_all_permissions() == {"accounts.view_linkedidentity"}
    moved = ContentType.objects.get(pk=kept["socialaccount"].pk)
    assert (moved.app_label, moved.model) == ("accounts", "linkedidentity")
    line.refresh_from_db()
    assert line.content_type_id == kept["emailaddress"].pk
    assert not ContentType.objects.filter(pk=gone.pk).exists()
