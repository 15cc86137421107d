"""Routes of conversations under `/v1`."""

from django.urls import path

from chat.views import approvals, attachments, audio, chat, conversations, openai, responses
from youworker.core.api.formats import WhateverIsAccepted

sessions, messages = conversations.SessionViewSet, conversations.MessageViewSet
in_session, runs = conversations.SessionMessageViewSet, conversations.RunViewSet
files = attachments.AttachmentViewSet

urlpatterns = [
    path("sessions", sessions.as_view({"get": "list", "post": "create"})),
    path(
        "sessions/<uuid:pk>",
        sessions.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("sessions/<uuid:pk>/restore", sessions.as_view({"post": "restore"})),
    path(
        "sessions/<uuid:pk>/transcript",
        sessions.as_view({"get": "transcript"}, content_negotiation_class=WhateverIsAccepted),
    ),
    path("sessions/<uuid:pk>/summaries", conversations.SummaryViewSet.as_view({"get": "list"})),
    path("sessions/<uuid:pk>/messages", in_session.as_view({"get": "list", "post": "create"})),
    path("sessions/<uuid:pk>/attachments", files.as_view({"get": "list"})),
    path("attachments", files.as_view({"post": "begin"})),
    path("attachments/<uuid:pk>/keep", files.as_view({"post": "keep"})),
    path(
        "attachments/<uuid:pk>/picture",
        attachments.PictureView.as_view(),
        name="attachment-picture",
    ),
    path("attachments/<uuid:pk>/thumbnail", attachments.ThumbnailView.as_view()),
    path("messages", messages.as_view({"get": "list"})),
    path("messages/<uuid:pk>", messages.as_view({"get": "retrieve"})),
    path("messages/<uuid:pk>/regenerate", messages.as_view({"post": "regenerate"})),
    path("messages/<uuid:pk>/continue", messages.as_view({"post": "continue_answer"})),
    path("messages/<uuid:pk>/feedback", messages.as_view({"post": "feedback"})),
    path("runs/<uuid:pk>", runs.as_view({"get": "retrieve"})),
    path(
        "runs/<uuid:pk>/events",
        runs.as_view({"get": "events"}, content_negotiation_class=WhateverIsAccepted),
    ),
    path("runs/<uuid:pk>/stop", runs.as_view({"post": "stop"})),
    path(
        "runs/<uuid:pk>/approvals/<uuid:tool_run_id>",
        approvals.ApprovalViewSet.as_view({"post": "decide"}),
    ),
    path("approvals", approvals.ApprovalViewSet.as_view({"get": "list"})),
    path("tool-grants", approvals.ToolGrantViewSet.as_view({"get": "list"})),
    path("tool-grants/<uuid:pk>", approvals.ToolGrantViewSet.as_view({"delete": "destroy"})),
    path("chat/completions", openai.CompletionsView.as_view()),
    path("audio/transcriptions", audio.TranscriptionsView.as_view()),
    path("audio/speech", audio.SpeechView.as_view()),
    path("messages/<uuid:pk>/speech", audio.MessageSpeechView.as_view()),
    path("embeddings", openai.EmbeddingsView.as_view()),
    path("responses", responses.ResponsesView.as_view()),
    path("models", openai.ModelsView.as_view()),
    path("models/<path:name>", openai.ModelView.as_view()),
    path("chat", chat.OneCallView.as_view()),
    path("tool-runs", conversations.ToolRunViewSet.as_view({"get": "list"})),
]
