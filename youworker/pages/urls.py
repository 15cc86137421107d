"""Routes of the pages that belong to no app."""

from django.urls import path

from youworker.pages import views

urlpatterns = [
    path("favicon.ico", views.show_icon, name="icon"),
    path("", views.HomePage.as_view(), name="home"),
    path("preferences", views.PreferencesPage.as_view(), name="preferences"),
    path("i18n/<slug:language>.js", views.show_words, name="i18n"),
    path("frame/diagram", views.show_diagram_frame, name="diagram-frame"),
]
