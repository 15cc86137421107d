"""What the views of groups share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404

from groups import services
from groups.models import Group
from youworker.common.api import ActorView

if TYPE_CHECKING:
    from uuid import UUID


class GroupView(ActorView):
    """Finds groups for the caller; those he is not in look absent."""

    scopes = {"read": "account", "write": "account"}

    def group(self, group_id: UUID, *, deleted: bool = False) -> Group:
        """A group of the caller's, as he is shown it; 404 for any other."""
        groups: Any = Group.all_objects if deleted else Group.objects
        rows = groups.visible_to(self.actor).with_role_of(self.actor).with_member_count()
        group: Group = get_object_or_404(rows, pk=group_id)
        return group

    def managed(self, group_id: UUID) -> Group:
        """A group the caller is an admin of; 403 for other members."""
        group = self.group(group_id)
        services.require_admin(group, actor=self.actor)
        return group
