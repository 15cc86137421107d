"""Where `/` leads, and what somebody sets for themselves on any page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from django.views.generic import View

from accounts.services import update_profile
from youworker.core.api.rate_limits import OTHER_WRITES, check_rate_limit
from youworker.core.pages.base import Page, own_page
from youworker.core.pages.context import THEME_COOKIE, THEMES, YEAR, keep_preference
from youworker.core.pages.words import VERSION, words_in

if TYPE_CHECKING:
    from django.http import HttpRequest

DAY = 86400


class HomePage(Page):
    """The address people know."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead to the chat."""
        return HttpResponseRedirect(reverse("chat"))


class PreferencesPage(View):
    """Theme and language, changed in the menu of every page."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the theme in this browser, and the language in the account."""
        back = own_page(request, request.POST.get("next")) or reverse("home")
        answer = HttpResponseRedirect(back)
        theme, language = request.POST.get("theme"), request.POST.get("language")
        if theme in THEMES:
            keep_preference(answer, THEME_COOKIE, theme)
        if language in dict(settings.LANGUAGES):
            keep_preference(answer, settings.LANGUAGE_COOKIE_NAME, language)
            if request.user.is_authenticated:
                check_rate_limit(OTHER_WRITES, request.user)
                update_profile(request.user, language=language, actor=request.user)
        return answer


@cache_control(max_age=DAY, public=True)
def show_icon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for an icon that no page names."""
    return HttpResponseRedirect(static("youworker/icon.svg"))


def show_words(request: HttpRequest, language: str) -> HttpResponse:
    """The words that modules need, in one language; kept where the address has their version."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    words = words_in(language)
    answer = HttpResponse(words.script, content_type="text/javascript; charset=utf-8")
    if request.GET.get(VERSION) == words.version:
        patch_cache_control(answer, public=True, max_age=YEAR, immutable=True)
    else:
        patch_cache_control(answer, no_cache=True)
    return answer


@require_safe
@xframe_options_sameorigin
def show_diagram_frame(request: HttpRequest) -> HttpResponse:
    """Where one diagram is drawn; what it is comes by message, and there is nothing to reach."""
    answer = render(request, "youworker/frame_diagram.html")
    # In a sandbox 'self' is nobody, so our origin is named. The library writes style elements.
    answer["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {request.scheme}://{request.get_host()}/static/; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-scripts"
    )
    return answer
