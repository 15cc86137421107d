"""What each kind of access means for each role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from youworker.tests.matrix.world import KEYS, PEOPLE, ROLES

if TYPE_CHECKING:
    from youworker.tests.matrix.world import Row

UNKNOWN = {"anonymous": 401, "deactivated": 401}
SOMEWHERE_ELSE = 302

# For each kind of access: who gets in (None), and the status of everybody else.
ADMITTED: dict[str, dict[str, int | None]] = {
    "signed_in": dict.fromkeys(PEOPLE),
    "own": {**dict.fromkeys(PEOPLE, 404), "owner": None},
    "readers": {**dict.fromkeys(PEOPLE, 404), "owner": None, "member": None, "group_admin": None},
    "writers": {**dict.fromkeys(PEOPLE, 404), "owner": None, "member": 403, "group_admin": 403},
    "members": {**dict.fromkeys(PEOPLE, 404), "owner": None, "member": None, "group_admin": None},
    "managers": {**dict.fromkeys(PEOPLE, 404), "owner": 403, "member": 403, "group_admin": None},
    # What a manager of the group may do to `member`, and `member` to themselves.
    "leavers": {**dict.fromkeys(PEOPLE, 404), "owner": 403, "member": None, "group_admin": None},
    # The page of the document says who may.
    "told_writers": {
        **dict.fromkeys(PEOPLE, 404),
        "owner": None,
        "member": 302,
        "group_admin": 302,
    },
    # Pages go back to the group and say there who may do this.
    "told_managers": {
        **dict.fromkeys(PEOPLE, 404),
        "owner": 302,
        "member": 302,
        "group_admin": None,
    },
    # Whoever may read it and writes golden questions; nobody here does both.
    "measurers": dict.fromkeys(PEOPLE, 404),
    "staff": {**dict.fromkeys(PEOPLE, 403), "staff": None, "root": None},
    # Staff with a right of the console, which `staff` here has not.
    "rightful_staff": {**dict.fromkeys(PEOPLE, 403), "root": None},
}


def expected(row: Row) -> dict[str, int]:
    """The status every role gets from a route."""
    if row.access == "public":
        return dict.fromkeys([*UNKNOWN, *PEOPLE, *KEYS, "staff_key:admin"], row.ok)
    if row.access == "signed_out":
        return dict.fromkeys(ROLES, row.ok) | dict.fromkeys(PEOPLE, SOMEWHERE_ELSE)
    admitted = ADMITTED[row.access]
    people = {role: row.ok if status is None else status for role, status in admitted.items()}
    if row.is_page:
        return dict.fromkeys(ROLES, SOMEWHERE_ELSE) | people
    keys = dict.fromkeys((*KEYS, "staff_key:admin"), row.refused_key)
    if row.scope:
        keys[f"key:{row.scope}"] = people["owner"]
        if row.scope == "admin":
            keys["staff_key:admin"] = people["staff"]
    return {**UNKNOWN, **people, **keys}
