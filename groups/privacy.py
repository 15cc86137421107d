"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    OTHERS,
    TECHNICAL,
    TIMES,
    DataPolicy,
    ErasureAction,
    names,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "groups.Group",
        owners=("memberships__user",),
        file="groups",
        exported=names("id name description retention_days deleted_at", TIMES),
        not_exported=not_exported(OTHERS, "members"),
        erasure_action=ErasureAction.KEPT,
        reason="belongs to the group; the membership goes",
    ),
    DataPolicy(
        "groups.Membership",
        owners=("user",),
        file="memberships",
        exported=names("id group role", TIMES),
        also={"group_name": "group.name"},
        not_exported=not_exported(TECHNICAL, "user"),
    ),
    DataPolicy(
        "groups.ServiceAccount",
        owners=("user",),
        file="service-account",
        exported=names("id group ended_at", TIMES),
        not_exported=not_exported(TECHNICAL, "user") | not_exported(OTHERS, "created_by"),
    ),
    DataPolicy(
        "groups.LegalHold",
        owners=("user",),
        not_exported=not_exported(
            "is the company's record of a proceeding",
            "id created_at updated_at user group reason set_by released_by released_at",
        ),
    ),
)
