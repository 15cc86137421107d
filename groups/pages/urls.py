"""Routes of the groups' pages, `/groups` and below."""

from django.urls import path

from groups.pages import groups, members, service_accounts

GROUP = "groups/<uuid:group_id>"
ACCOUNT = f"{GROUP}/service-accounts/<uuid:pk>"

urlpatterns = [
    path("groups", groups.GroupsPage.as_view(), name="groups"),
    path(GROUP, groups.GroupPage.as_view(), name="group"),
    path(f"{GROUP}/settings", groups.SettingsPage.as_view(), name="group-settings"),
    path(f"{GROUP}/delete", groups.DeleteGroupPage.as_view(), name="group-delete"),
    path(f"{GROUP}/restore", groups.RestoreGroupPage.as_view(), name="group-restore"),
    path(f"{GROUP}/members", members.AddMemberPage.as_view(), name="member-add"),
    path(f"{GROUP}/members/<uuid:user_id>/role", members.RolePage.as_view(), name="member-role"),
    path(
        f"{GROUP}/members/<uuid:user_id>/remove",
        members.RemoveMemberPage.as_view(),
        name="member-remove",
    ),
    path(
        f"{GROUP}/service-accounts",
        service_accounts.ServiceAccountsPage.as_view(),
        name="service-accounts",
    ),
    path(ACCOUNT, service_accounts.ServiceKeysPage.as_view(), name="service-account"),
    path(
        f"{ACCOUNT}/remove",
        service_accounts.RemoveServiceAccountPage.as_view(),
        name="service-account-remove",
    ),
    path(
        f"{ACCOUNT}/keys/<uuid:key_id>/revoke",
        service_accounts.RevokeServiceKeyPage.as_view(),
        name="service-key-revoke",
    ),
]
