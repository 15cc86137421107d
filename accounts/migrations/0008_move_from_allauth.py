"""Takes over second factors and outside identities from allauth's tables, and drops those.

allauth is no longer installed, so its tables are read as they stand. A new installation has none.
"""

import hashlib
import hmac
import json

from django.core.exceptions import ImproperlyConfigured
from django.db import migrations

from youworker.encryption import crypto
from youworker.encryption.fields import Ciphertext

TABLES = (
    "account_emailconfirmation",
    "account_emailaddress",
    "mfa_authenticator",
    "socialaccount_socialtoken",
    "socialaccount_socialaccount",
    "socialaccount_socialapp",
)
LOGS = {"auditlog_logentry", "django_admin_log"}
APPS = ["account", "mfa", "socialaccount"]
# Rows of content types carry rights and lines of logs: where a model has a successor, they go on.
SUCCESSORS = {
    ("mfa", "authenticator"): ("authenticator", "authenticator"),
    ("socialaccount", "socialaccount"): ("linkedidentity", "linked identity"),
}
# As allauth derived them from the seed of a row.
RECOVERY_CODES, RECOVERY_DIGITS, RECOVERY_BYTES = 10, 8, 4


def move(apps, schema_editor):
    """Move what is there, then remove the tables."""
    with schema_editor.connection.cursor() as cursor:
        tables = set(schema_editor.connection.introspection.table_names(cursor))
        present = tables & set(TABLES)
        if not present:
            return
        require_right_keys(cursor)
        # Processes of the former version may run still.
        cursor.execute(f"LOCK TABLE {', '.join(sorted(present))} IN ACCESS EXCLUSIVE MODE")
        if "mfa_authenticator" in present:
            move_second_factors(apps.get_model("accounts", "Authenticator"), cursor)
        if "socialaccount_socialaccount" in present:
            move_identities(apps.get_model("accounts", "LinkedIdentity"), cursor)
        hand_over_rights(cursor, sorted(tables & LOGS))
        cursor.execute(f"DROP TABLE {', '.join(sorted(present))}")
        cursor.execute("DELETE FROM django_migrations WHERE app = ANY(%s)", [APPS])


def require_right_keys(cursor):
    """Refuse other keys: every secret would be taken for a damaged one, for good."""
    cursor.execute("SELECT fingerprint FROM common_keyfingerprint WHERE retired_at IS NULL")
    missing = {row[0] for row in cursor.fetchall()} - set(crypto.fingerprints())
    if missing:
        names = ", ".join(sorted(each[: crypto.SHOWN] for each in missing))
        raise ImproperlyConfigured(
            f"MESSAGE_ENCRYPTION_KEYS lacks {names} (fingerprint), which second factors may be "
            "encrypted with: put that key back before you upgrade."
        )


def move_second_factors(model, cursor):
    """Secrets of apps and recovery codes, encrypted anew for their new rows."""
    cursor.execute(
        "SELECT user_id, type, data::text, created_at, last_used_at FROM mfa_authenticator "
        "WHERE type IN ('totp', 'recovery_codes') ORDER BY id"
    )
    for user_id, kind, text, created_at, last_used_at in cursor.fetchall():
        data = json.loads(text)
        token = data["secret" if kind == "totp" else "seed"]
        try:
            secret = crypto.decrypt(token, context=f"mfa.{kind}:{user_id}")
        except crypto.Undecryptable:
            # Kept as it is: without its row, the password alone would suffice.
            secret = Ciphertext(token)
        else:
            if kind == "recovery_codes":
                secret = unused_codes(secret, data["used_mask"])
        model.objects.create(
            user_id=user_id,
            kind=kind,
            secret=secret,
            last_step=data.get("step", 0),
            created_at=created_at,
            last_used_at=last_used_at,
        )


def unused_codes(seed, used_mask):
    """The recovery codes of a seed that were not used."""
    digest, codes = hmac.new(seed.encode("ascii"), digestmod=hashlib.sha1), []
    for number in range(RECOVERY_CODES):
        digest.update(f"{number:3},".encode())
        value = int.from_bytes(digest.digest()[:RECOVERY_BYTES], "big") % 10**RECOVERY_DIGITS
        codes.append(f"{value:0{RECOVERY_DIGITS}}")
    return [code for number, code in enumerate(codes) if not used_mask >> number & 1]


def move_identities(model, cursor):
    """Who is linked to whom."""
    cursor.execute(
        "SELECT user_id, provider, uid, date_joined FROM socialaccount_socialaccount ORDER BY id"
    )
    model.objects.bulk_create(
        model(user_id=user_id, issuer=provider, subject=uid, created_at=date_joined)
        for user_id, provider, uid, date_joined in cursor.fetchall()
    )


def hand_over_rights(cursor, logs):
    """Staff who may look at the former rows may look at the new ones."""
    for former, (model, name) in SUCCESSORS.items():
        cursor.execute(
            """
            UPDATE django_content_type SET app_label = 'accounts', model = %s
            WHERE (app_label, model) = (%s, %s) AND NOT EXISTS (
                SELECT 1 FROM django_content_type WHERE (app_label, model) = ('accounts', %s)
            ) RETURNING id
            """,
            [model, *former, model],
        )
        for (content_type,) in cursor.fetchall():
            cursor.execute(
                """
                UPDATE auth_permission SET
                    codename = split_part(codename, '_', 1) || '_' || %s,
                    name = 'Can ' || split_part(codename, '_', 1) || ' ' || %s
                WHERE content_type_id = %s
                """,
                [model, name, content_type],
            )
    forget_rights(cursor, logs)


def forget_rights(cursor, logs):
    """Remove the rights to what is gone, and its content types where no log has lines about it."""
    theirs = (
        "SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id "
        "WHERE c.app_label = ANY(%s)"
    )
    for table, column in (
        ("accounts_user_user_permissions", "permission_id"),
        ("auth_group_permissions", "permission_id"),
        ("auth_permission", "id"),
    ):
        cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({theirs})", [APPS])
    unnamed = " ".join(
        f"AND NOT EXISTS (SELECT 1 FROM {table} WHERE content_type_id = c.id)" for table in logs
    )
    cursor.execute(
        f"DELETE FROM django_content_type c WHERE c.app_label = ANY(%s) {unnamed}", [APPS]
    )



class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_second_factors_and_identities"),
        ("common", "0003_key_rotation"),
    ]

    operations = [migrations.RunPython(move)]
