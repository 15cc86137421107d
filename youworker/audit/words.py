"""What was done, in words: for every action of the log."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

WORDS: dict[str, Any] = {
    "user.login": gettext_lazy("Signed in"),
    "user.logout": gettext_lazy("Signed out"),
    "user.update": gettext_lazy("Account changed"),
    "user.delete": gettext_lazy("Account deleted"),
    "user.api_key.create": gettext_lazy("API key made"),
    "user.api_key.rotate": gettext_lazy("API key replaced"),
    "user.api_key.revoke": gettext_lazy("API key revoked"),
    "group.create": gettext_lazy("Group made"),
    "group.update": gettext_lazy("Group changed"),
    "group.delete": gettext_lazy("Group deleted"),
    "group.restore": gettext_lazy("Group restored"),
    "group.purge": gettext_lazy("Group removed for good"),
    "group.member.add": gettext_lazy("Member added"),
    "group.member.remove": gettext_lazy("Member removed"),
    "group.member.role_change": gettext_lazy("Role of a member changed"),
    "group.service_account.create": gettext_lazy("Service account made"),
    "group.service_account.delete": gettext_lazy("Service account ended"),
    "collection.create": gettext_lazy("Collection made"),
    "collection.update": gettext_lazy("Collection changed"),
    "collection.delete": gettext_lazy("Collection deleted"),
    "collection.purge": gettext_lazy("Collection removed for good"),
    "collection.share": gettext_lazy("Collection shared"),
    "collection.unshare": gettext_lazy("Collection no longer shared"),
    "document.upload": gettext_lazy("Document added"),
    "document.update": gettext_lazy("Document changed"),
    "document.delete": gettext_lazy("Document deleted"),
    "document.restore": gettext_lazy("Document restored"),
    "document.purge": gettext_lazy("Document removed for good"),
    "document.access": gettext_lazy("Document opened"),
    "document.share": gettext_lazy("Document shared"),
    "document.unshare": gettext_lazy("Document no longer shared"),
    "chat.session.create": gettext_lazy("Conversation begun"),
    "chat.session.delete": gettext_lazy("Conversation deleted"),
    "chat.session.restore": gettext_lazy("Conversation restored"),
    "chat.session.purge": gettext_lazy("Conversation removed for good"),
    "source.create": gettext_lazy("Source set up"),
    "source.update": gettext_lazy("Source changed"),
    "source.delete": gettext_lazy("Source removed"),
    "chat.history.clear": gettext_lazy("All conversations removed"),
    "tool.policy.change": gettext_lazy("Policy of a tool changed"),
    "tool.approve": gettext_lazy("Call of a tool decided"),
    "tool.call": gettext_lazy("Tool called"),
    "mcp_connection.create": gettext_lazy("Tool server connected"),
    "mcp_connection.delete": gettext_lazy("Tool server disconnected"),
    "mcp_server.create": gettext_lazy("Tool server added"),
    "mcp_server.update": gettext_lazy("Tool server changed"),
    "mcp_server.delete": gettext_lazy("Tool server removed"),
    "data.export": gettext_lazy("Copy of all data"),
    "data.erase": gettext_lazy("Data erased"),
    "admin.user.create": gettext_lazy("Account made"),
    "admin.user.delete": gettext_lazy("Account removed by an administrator"),
    "admin.settings.update": gettext_lazy("Settings changed by an administrator"),
    "admin.read_private": gettext_lazy("Private content read by an administrator"),
    "auth.login.failed": gettext_lazy("Sign-in failed"),
    "auth.unauthorized": gettext_lazy("Access refused"),
    "auth.token.expired": gettext_lazy("Expired key used"),
    "auth.suspicious_activity": gettext_lazy("Many failed sign-ins"),
    "key.rotate": gettext_lazy("Encryption key rotated"),
    "backup.create": gettext_lazy("Backup made"),
    "backup.restore": gettext_lazy("Backup restored"),
    "webhook.create": gettext_lazy("Webhook set up"),
    "webhook.update": gettext_lazy("Webhook changed"),
    "webhook.delete": gettext_lazy("Webhook removed"),
    "webhook.pause": gettext_lazy("Webhook paused"),
    "webhook.resume": gettext_lazy("Webhook resumed"),
    "webhook.secret.rotate": gettext_lazy("Secret of a webhook replaced"),
}
# What of an account was changed (`user.update`), where it keeps others out.
PARTS: dict[str, Any] = {
    "password": gettext_lazy("Password changed"),
    "second_factor": gettext_lazy("Second factor changed"),
    "recovery_codes": gettext_lazy("Recovery codes made"),
}
RESULT_WORDS: dict[str, Any] = {
    "ok": gettext_lazy("Succeeded"),
    "denied": gettext_lazy("Denied"),
    "failed": gettext_lazy("Failed"),
}


def named(action: str) -> str:
    """An action in words, with the name by which it is looked up."""
    return f"{WORDS[action]} ({action})" if action in WORDS else action
