"""Routes of the chat's pages."""

from django.urls import path

from chat.pages import approvals, attachments, conversations, messages, runs, sessions

IN_SESSION = "chat/<uuid:session_id>"
OF_MESSAGE = "chat/messages/<uuid:pk>"
OF_ATTACHMENT = "chat/attachments/<uuid:pk>"
OF_RUN = "chat/runs/<uuid:pk>"

urlpatterns = [
    path("chat", conversations.ChatPage.as_view(), name="chat"),
    path("chat/attach", attachments.AttachPage.as_view(), name="chat-attach"),
    path("chat/attach/found", attachments.AttachablePart.as_view(), name="chat-attachable"),
    path("chat/list", conversations.ListPage.as_view(), name="chat-list"),
    path("chat/said", conversations.SaidPage.as_view(), name="chat-said"),
    path(IN_SESSION, conversations.SessionPage.as_view(), name="chat-session"),
    path(f"{IN_SESSION}/messages", conversations.MessagesPart.as_view(), name="chat-messages"),
    path(f"{IN_SESSION}/rename", sessions.RenamePage.as_view(), name="chat-rename"),
    path(f"{IN_SESSION}/settings", sessions.SettingsPage.as_view(), name="chat-settings"),
    path(f"{IN_SESSION}/transcript", sessions.TranscriptPage.as_view(), name="chat-transcript"),
    path(f"{IN_SESSION}/print", sessions.PrintPage.as_view(), name="chat-print"),
    path(f"{IN_SESSION}/archive", sessions.ArchivePage.as_view(), name="chat-archive"),
    path(f"{IN_SESSION}/delete", sessions.DeletePage.as_view(), name="chat-delete"),
    path(f"{IN_SESSION}/restore", sessions.RestorePage.as_view(), name="chat-restore"),
    path(f"{IN_SESSION}/branch", sessions.BranchPage.as_view(), name="chat-branch"),
    path(OF_MESSAGE, messages.MessagePart.as_view(), name="chat-message"),
    path(f"{OF_MESSAGE}/edit", messages.EditPage.as_view(), name="chat-edit"),
    path(f"{OF_MESSAGE}/regenerate", messages.RegeneratePage.as_view(), name="chat-regenerate"),
    path(f"{OF_MESSAGE}/continue", messages.ContinuePage.as_view(), name="chat-continue"),
    path(f"{OF_MESSAGE}/summary", messages.SummaryPage.as_view(), name="chat-summary"),
    path(f"{OF_MESSAGE}/feedback", messages.FeedbackPage.as_view(), name="chat-feedback"),
    path(f"{OF_MESSAGE}/reasoning", messages.ReasoningPage.as_view(), name="chat-reasoning"),
    path(f"{OF_ATTACHMENT}/picture", attachments.PicturePage.as_view(), name="chat-picture"),
    path(f"{OF_ATTACHMENT}/keep", attachments.KeepPage.as_view(), name="chat-keep"),
    path("approvals", approvals.ApprovalsPage.as_view(), name="chat-approvals"),
    path("account/allowed-tools", approvals.GrantsPage.as_view(), name="account-grants"),
    path(
        "account/allowed-tools/<uuid:pk>/revoke",
        approvals.RevokeGrantPage.as_view(),
        name="grant-revoke",
    ),
    path(f"{OF_RUN}/stop", runs.StopPage.as_view(), name="chat-stop"),
    path(f"{OF_RUN}/tools/<uuid:tool_run_id>", runs.DecidePage.as_view(), name="chat-decide"),
]
