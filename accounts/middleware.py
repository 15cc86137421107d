"""Whose page asks, and in which language and time it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation

from accounts.services import note_use
from youworker.core.pages import is_for_programs
from youworker.core.zones import find_zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

# Whose page asks; another tab may have signed somebody else in.
PAGE_USER = "X-Page-User"


class PageUserMiddleware:
    """Takes whoever is signed in for nobody, where a page of somebody else asks.

    Pages and API alike then say that the session of that page has ended.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        page_user = request.headers.get(PAGE_USER, "")
        if page_user and page_user != str(request.user.pk):
            request.user = AnonymousUser()
        answer: HttpResponseBase = self.get_response(request)
        return answer


class AccountMiddleware:
    """Answers pages in the user's language and time zone, and notes that the session is used.

    Calls of programs are left alone: they say themselves what they want.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase
        if is_for_programs(request.path_info) or not request.user.is_authenticated:
            answer = self.get_response(request)
            return answer
        user: Any = request.user
        note_use(request.session)
        # Locale's own middleware has chosen for this thread before, and does so for each request.
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(find_zone(user.time_zone)):
            answer = self.get_response(request)
        return answer
