"""Routes of the analytics under `/v1`."""

from django.urls import path

from youworker.analytics import views

urlpatterns = [
    path("analytics/overview", views.OverviewView.as_view()),
    path("analytics/tokens-timeline", views.TokensTimelineView.as_view()),
    path("analytics/tool-performance", views.ToolPerformanceView.as_view()),
    path("analytics/tool-timeline", views.ToolTimelineView.as_view()),
    path("analytics/ingestion-stats", views.IngestionStatsView.as_view()),
    path("analytics/session-activity", views.SessionActivityView.as_view()),
    path("analytics/unanswered-questions", views.UnansweredQuestionsView.as_view()),
]
