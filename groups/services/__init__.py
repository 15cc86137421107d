"""What people, staff and other parts of the product do with groups."""

from groups.services.groups import create_group, delete_group, restore_group, update_group
from groups.services.mapping import group_map, sync_mapped_groups
from groups.services.members import add_member, change_role, remove_member
from groups.services.rights import require_admin
from groups.services.service_accounts import (
    create_service_account,
    create_service_key,
    remove_service_account,
    revoke_service_key,
)
from groups.services.withdrawal import remove_from_all_groups

__all__ = [
    "add_member",
    "change_role",
    "create_group",
    "create_service_account",
    "create_service_key",
    "delete_group",
    "group_map",
    "remove_from_all_groups",
    "remove_member",
    "remove_service_account",
    "require_admin",
    "restore_group",
    "revoke_service_key",
    "sync_mapped_groups",
    "update_group",
]
