"""What every page shares: somebody is signed in, writes are counted, refusals are readable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, View
from rest_framework.permissions import SAFE_METHODS

from youworker.core.api.rate_limits import OTHER_WRITES, check_rate_limit, rate
from youworker.core.exceptions import DomainError, InvalidInput, NotFound, RateLimited

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

FormT = TypeVar("FormT", bound=BaseForm)

# What the page does when a session has ended: it asks for the password and sends again.
SIGNED_OUT = "yw-signed-out"
REFUSED_FORM = 422
SERVER_ERROR = 500


class Page(View):
    """A page of somebody who is signed in: `actor`.

    What they send counts against the preset `write_limit`, as the API's writes do.
    """

    http_method_names = ["get", "post", "head", "options"]
    write_limit: ClassVar[str] = OTHER_WRITES

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        rate(cls.write_limit)

    @property
    def actor(self) -> User:
        """The signed-in user; anybody else is sent to the sign-in page first."""
        return cast("User", self.request.user)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let signed-in people in, and count what they send."""
        if not request.user.is_authenticated:
            return answer_signed_out(request)
        if request.method not in SAFE_METHODS:
            check_rate_limit(self.write_limit, request.user)
        self.prepare(*args, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    def prepare(self, *args: Any, **ids: Any) -> None:
        """Look for what the page is about, before anything is done with it."""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **ids: Any) -> HttpResponse:
        """Lead on whoever opens an address that only takes forms, as after a refused one.

        Of an empty answer browsers say that the site is broken.
        """
        if request.method in SAFE_METHODS:
            raise NotFound("This address only takes forms. Go back to the page with the form.")
        return super().http_method_not_allowed(request, *args, **ids)


class FormPage(Page, FormView[FormT], Generic[FormT]):
    """A form: GET shows it, POST carries it out, and a refusal stands in the form.

    `partial_name` is the template of the form alone, which htmx gets.
    """

    partial_name = ""

    def carry_out(self, form: FormT) -> HttpResponseBase:
        """Do what a valid form asks for; the rules' refusals may be raised."""
        raise NotImplementedError

    def form_valid(self, form: FormT) -> HttpResponse:
        """Carry the form out, or show why that was refused."""
        try:
            return cast("HttpResponse", self.carry_out(form))
        except DomainError as error:
            if error.status >= SERVER_ERROR or isinstance(error, RateLimited):
                raise
            add_refusal(form, error)
            return self.form_invalid(form)

    def form_invalid(self, form: FormT) -> HttpResponse:
        """Show the form with what is wrong in it; nothing that was typed is lost."""
        answer = super().form_invalid(form)
        answer.status_code = REFUSED_FORM
        return answer

    def get_template_names(self) -> list[str]:
        """The form alone for htmx, else the whole page."""
        if self.partial_name and is_htmx(self.request):
            return [self.partial_name]
        return super().get_template_names()


class DialogPage(FormPage[FormT], Generic[FormT]):
    """A form that stands alone: in a dialog over another page, or on a page of its own.

    `heading` and `submit` are its words, `note` says what it does, `section` is where it belongs.
    With `is_plain` the browser sends it from a dialog, too, and loads what it leads to.
    """

    template_name = "youworker/form_page.html"
    partial_name = "youworker/_dialog_form.html"
    heading: StrOrPromise = ""
    submit: StrOrPromise = gettext_lazy("Save")
    note: StrOrPromise = ""
    section = ""
    is_plain = False

    def back_url(self) -> str:
        """The page it belongs to."""
        raise NotImplementedError

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """The words around the form."""
        return super().get_context_data(
            heading=self.heading,
            submit=self.submit,
            note=self.note,
            section=self.section,
            is_plain=self.is_plain,
            back=self.back_url(),
            **context,
        )


class ActPage(Page):
    """What a button does: carried out, and told on the page it leads back to.

    `next` in the form is that page; `back` names the route where it is missing.
    """

    http_method_names = ["post"]
    back = "home"

    def act(self, *args: Any, **ids: Any) -> str:
        """Do it; what there is to say about it. The rules' refusals may be raised."""
        raise NotImplementedError

    def back_url(self) -> str:
        """Where the browser goes afterwards."""
        return own_page(self.request, self.request.POST.get("next")) or reverse(self.back)

    def post(self, request: HttpRequest, **ids: Any) -> HttpResponse:
        """Do it and go back; what the rules refuse is told there."""
        try:
            told = self.act(**ids)
        except DomainError as error:
            if error.status >= SERVER_ERROR or isinstance(error, (RateLimited, NotFound)):
                raise
            messages.error(request, error.in_words())
        else:
            if told:
                messages.success(request, told)
        return answer_redirect(request, self.back_url())


def add_refusal(form: BaseForm, error: DomainError) -> None:
    """Put a refusal beside the field it is about, else above the form."""
    attr = error.attr if isinstance(error, InvalidInput) else None
    form.add_error(attr if attr in form.fields else None, error.in_words())


def is_htmx(request: HttpRequest) -> bool:
    """Whether a part of a page is wanted, and not a page."""
    return request.headers.get("HX-Request") == "true"


def answer_signed_out(request: HttpRequest) -> HttpResponse:
    """Send somebody to the sign-in page, and back afterwards; a part of a page is told instead."""
    if is_htmx(request):
        answer = HttpResponse(status=401)
        answer["HX-Trigger"] = SIGNED_OUT
        answer["HX-Reswap"] = "none"
        return answer
    return HttpResponseRedirect(sign_in_url(request))


def own_page(request: HttpRequest, wanted: object) -> str:
    """A page of this host; empty for anything else."""
    text = wanted if isinstance(wanted, str) else ""
    ours = url_has_allowed_host_and_scheme(
        text, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return text if ours else ""


def page_of_form(request: HttpRequest) -> str:
    """The page of ours on which a form stood, as the browser tells; empty when it does not."""
    url = urlsplit(own_page(request, request.headers.get("Referer")))
    return f"{url.path}?{url.query}" if url.query else url.path


def sign_in_url(request: HttpRequest) -> str:
    """The sign-in page that leads back here, or to the page of a form that was sent."""
    is_read = request.method in SAFE_METHODS
    wanted = request.get_full_path() if is_read else page_of_form(request)
    return sign_in_before(wanted)


def sign_in_before(wanted: str) -> str:
    """The sign-in page that leads to a page of ours; empty is the start."""
    query = urlencode({"next": wanted}) if wanted and wanted != "/" else ""
    return f"{reverse('sign-in')}?{query}" if query else reverse("sign-in")


def answer_redirect(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page, also out of a part of a page."""
    if is_htmx(request):
        answer = HttpResponse(status=204)
        # Encoded as a redirect's `Location` is: headers hold neither line breaks nor letters.
        answer["HX-Redirect"] = iri_to_uri(url)
        return answer
    return HttpResponseRedirect(url)


def answer_done(request: HttpRequest, message: str, url: str) -> HttpResponse:
    """Say on the next page that something was done."""
    messages.success(request, message)
    return answer_redirect(request, url)
