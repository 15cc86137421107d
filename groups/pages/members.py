"""Members of a group: taken in, given another role, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from groups import services
from groups.pages.forms import ROLE_WORDS, MemberForm
from groups.pages.groups import WRITE_LIMIT, group_context, group_of, managed_by
from youworker.core.exceptions import InvalidInput
from youworker.core.pages.base import ActPage, FormPage, answer_done

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse


class AddMemberPage(FormPage[MemberForm]):
    """Takes somebody in."""

    write_limit = WRITE_LIMIT
    http_method_names = ["post"]
    form_class = MemberForm
    template_name = "groups/group.html"

    def prepare(self, group_id: UUID) -> None:
        self.group = managed_by(self.actor, group_id)

    def carry_out(self, form: MemberForm) -> HttpResponse:
        """Take an active person in; a refusal stands beside the name."""
        name = User.normalize_username(form.cleaned_data["username"])
        person = User.objects.humans().filter(username=name).first()
        if person is None:
            raise InvalidInput("There is no active user of this name.", attr="username")
        try:
            services.add_member(
                self.group, user_id=person.pk, role=form.cleaned_data["role"], actor=self.actor
            )
        except InvalidInput as error:
            raise InvalidInput(error.template, attr="username", **error.details) from error
        told = _("%(name)s is a member now.") % {"name": person.shown_name}
        return answer_done(self.request, told, reverse("group", args=[self.group.pk]))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        own = super().get_context_data(**context)
        return {**own, **group_context(self.actor, self.group), "member_form": own["form"]}


class MemberAct(ActPage):
    """Something a button beside a member does; leads back to the group."""

    def back_url(self) -> str:
        return reverse("group", args=[self.kwargs["group_id"]])


class RolePage(MemberAct):
    """Makes a member an admin, or an admin a member."""

    write_limit = WRITE_LIMIT

    def act(self, group_id: UUID, user_id: UUID) -> str:
        group = managed_by(self.actor, group_id)
        role = self.request.POST.get("role", "")
        if role not in dict(ROLE_WORDS):
            raise InvalidInput("There is no such role.", attr="role")
        member = services.change_role(group, user_id=user_id, role=role, actor=self.actor)
        words = {"name": member.user.shown_name, "role": dict(ROLE_WORDS)[role]}
        return _("%(name)s has the role “%(role)s” now.") % words


class RemoveMemberPage(MemberAct):
    """Removes a member, or leaves."""

    write_limit = WRITE_LIMIT

    def act(self, group_id: UUID, user_id: UUID) -> str:
        group = group_of(self.actor, group_id)
        services.remove_member(group, user_id=user_id, actor=self.actor)
        self.left = user_id == self.actor.pk
        if self.left:
            return _("You have left “%(name)s”.") % {"name": group.name}
        return _("The member is removed.")

    def back_url(self) -> str:
        return reverse("groups") if getattr(self, "left", False) else super().back_url()
