"""One's groups, and a group with its members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from groups import services
from groups.enums import Role
from groups.models import Group, Membership
from groups.pages.forms import ROLE_WORDS, GroupForm, MemberForm
from youworker.core.pages.base import ActPage, FormPage, Page, answer_done

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from accounts.models import User

MEMBERS_PER_PAGE = 100
WRITE_LIMIT = "MODERATE"


def group_of(user: User, group_id: UUID, *, deleted: bool = False) -> Group:
    """A group of the user's, with their role in it; 404 for any other."""
    groups: Any = Group.all_objects if deleted else Group.objects
    rows = groups.visible_to(user).with_role_of(user).with_member_count()
    group: Group = get_object_or_404(rows, pk=group_id)
    return group


def managed_by(user: User, group_id: UUID) -> Group:
    """A group the user is an admin of; 404 for strangers, 403 for other members."""
    group = group_of(user, group_id)
    services.require_admin(group, actor=user)
    return group


class GroupsPage(FormPage[GroupForm]):
    """The groups, those that can be restored, and a form for a new one."""

    write_limit = WRITE_LIMIT
    form_class = GroupForm
    template_name = "groups/groups.html"
    extra_context = {"section": "groups"}

    def carry_out(self, form: GroupForm) -> HttpResponse:
        """Make a group."""
        group = services.create_group(**form.cleaned_data, actor=self.actor)
        told = _("The group “%(name)s” was created. Add its members.") % {"name": group.name}
        return answer_done(self.request, told, reverse("group", args=[group.pk]))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        own = Group.objects.visible_to(self.actor).with_role_of(self.actor).with_member_count()
        deleted = Group.all_objects.managed_by(self.actor).deleted().sorted_by("name")
        return super().get_context_data(groups=own.sorted_by("name"), deleted=deleted, **context)


class GroupPage(Page, TemplateView):
    """A group with its members."""

    template_name = "groups/group.html"
    extra_context = {"section": "groups"}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        group = group_of(self.actor, self.kwargs["group_id"])
        return super().get_context_data(
            **group_context(self.actor, group, page=self.request.GET.get("page")), **context
        )


def group_context(user: User, group: Any, *, page: str | None = None) -> dict[str, Any]:
    """What the page of a group shows."""
    rows = Membership.objects.visible_to(user).filter(group=group).with_user().oldest_first()
    shown = Paginator(rows, MEMBERS_PER_PAGE).get_page(page)
    return {
        "section": "groups",
        "group": group,
        "is_admin": group.role == Role.ADMIN,
        "members": shown.object_list,
        "page_obj": shown,
        "roles": ROLE_WORDS,
        "member_form": MemberForm(),
    }


class SettingsPage(FormPage[GroupForm]):
    """Name and description of a group, for its admins."""

    write_limit = WRITE_LIMIT
    form_class = GroupForm
    template_name = "groups/settings.html"

    def prepare(self, group_id: UUID) -> None:
        self.group = managed_by(self.actor, group_id)

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.group.name, "description": self.group.description}

    def carry_out(self, form: GroupForm) -> HttpResponse:
        """Store what changed."""
        services.update_group(self.group, **form.cleaned_data, actor=self.actor)
        url = reverse("group", args=[self.group.pk])
        return answer_done(self.request, _("The group is stored."), url)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(section="groups", group=self.group, **context)


class DeleteGroupPage(ActPage):
    """Hides a group until it is restored."""

    write_limit = WRITE_LIMIT
    back = "groups"

    def act(self, group_id: UUID) -> str:
        group = group_of(self.actor, group_id)
        services.delete_group(group, actor=self.actor)
        return _("The group “%(name)s” is deleted; it can be restored here.") % {"name": group.name}


class RestoreGroupPage(ActPage):
    """Shows a deleted group again."""

    write_limit = WRITE_LIMIT
    back = "groups"

    def act(self, group_id: UUID) -> str:
        group = group_of(self.actor, group_id, deleted=True)
        services.restore_group(group, actor=self.actor)
        return _("The group “%(name)s” is restored.") % {"name": group.name}
