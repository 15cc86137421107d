"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    OTHERS,
    TECHNICAL,
    TIMES,
    Fate,
    Treatment,
    names,
    withheld,
)

TREATMENTS = (
    Treatment(
        "groups.Group",
        owners=("memberships__user",),
        file="groups",
        exported=names("id name description retention_days deleted_at", TIMES),
        withheld=withheld(OTHERS, "members"),
        fate=Fate.KEPT,
        reason="belongs to the group; the membership goes",
    ),
    Treatment(
        "groups.Membership",
        owners=("user",),
        file="memberships",
        exported=names("id group role", TIMES),
        also={"group_name": "group.name"},
        withheld=withheld(TECHNICAL, "user"),
    ),
    Treatment(
        "groups.ServiceAccount",
        owners=("user",),
        file="service-account",
        exported=names("id group ended_at", TIMES),
        withheld=withheld(TECHNICAL, "user") | withheld(OTHERS, "created_by"),
    ),
    Treatment(
        "groups.LegalHold",
        owners=("user",),
        withheld=withheld(
            "is the company's record of a proceeding",
            "id created_at updated_at user group reason set_by released_by released_at",
        ),
    ),
)
