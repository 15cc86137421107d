"""What other people's apps, and `youworker.core`, store about people."""

from youworker.core.data_policies import (
    SECRET,
    TECHNICAL,
    DataPolicy,
    ErasureAction,
    impersonal,
    names,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "common.IdempotentRequest",
        owners=("user",),
        not_exported=not_exported(TECHNICAL, "id user key fingerprint answer created_at"),
    ),
    impersonal("common.KeyFingerprint", "fingerprint created_at retired_at"),
    impersonal("common.AuditLink", "seq entry_id previous hash linked_at"),
    impersonal("common.AuditCheckpoint", "id seq hash created_at key mac"),
    DataPolicy(
        "auditlog.LogEntry",
        owners=("actor",),
        texts=("object_pk", "additional_data__actor", "additional_data__owner"),
        file="audit",
        exported=names("id timestamp object_pk object_repr cid remote_addr additional_data"),
        not_exported=not_exported(
            TECHNICAL,
            "content_type object_id action serialized_data changes changes_text actor actor_email "
            "remote_port",
        ),
        erasure_action=ErasureAction.KEPT,
        reason="proves what happened; the actor's row is gone, their id is a pseudonym",
    ),
    DataPolicy(
        "admin.LogEntry",
        owners=("user",),
        texts=("object_id",),
        file="admin-log",
        exported=names("id action_time object_id action_flag change_message"),
        not_exported=not_exported(TECHNICAL, "user content_type object_repr"),
    ),
    DataPolicy(
        "sessions.Session",
        owners=("sign_in__user",),
        not_exported=not_exported(SECRET, "session_key session_data expire_date"),
    ),
    impersonal("auth.Permission", "id name content_type codename"),
    impersonal("auth.Group", "id name permissions"),
    impersonal("contenttypes.ContentType", "id app_label model"),
)
