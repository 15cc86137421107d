"""Which content browsers may load on which pages: nothing by default, and never from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE, WASM_UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts

from youworker.core.config import config
from youworker.core.pages import is_for_programs

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

Directives = dict[str, list[str]]

# Answers for programs; a browser that shows one must not find anything to run in it.
NOTHING: Directives = {"default-src": [NONE], "frame-ancestors": [NONE]}
# The worker that reads PDF files compiles what decodes their pictures, and loads it itself.
PDF_WORKER: Directives = {
    "default-src": [NONE],
    "script-src": [SELF, WASM_UNSAFE_EVAL],
    "connect-src": [SELF],
    "frame-ancestors": [NONE],
}
PDF_WORKER_FILE = re.compile(r"/static/([0-9a-f]{12}/)?vendor/pdfjs/pdf\.worker\.min\.mjs")
# Browsers' own viewers style the page they put around a document.
PDF: Directives = {
    "default-src": [SELF],
    "style-src": [SELF, UNSAFE_INLINE],
    "frame-ancestors": [NONE],
}
# What pages of packages need beyond the setting: Alpine evaluates the expressions of its
# attributes, Swagger UI and Redoc write style elements, Redoc searches in a worker.
PAGES: dict[str, Directives] = {
    "/admin/": {
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
    },
    "/v1/docs": {"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]},
    "/v1/redoc": {
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "worker-src": ["blob:"],
    },
}
SIGN_IN = "/sign-in"


class PolicyMiddleware(CSPMiddleware):
    """Chooses the policy by path; what a view has set itself stays."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Do without the threads that Django's mixin would use for each half."""
        self.process_request(request)
        pending: Any = self.get_response(request)
        return self.process_response(request, await pending)

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 -- its signature
    ) -> PolicyParts:
        """The parts of the policy of one answer."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            config, replace = chosen(request.path_info, response.headers.get("Content-Type", ""))
            parts.config = parts.config or config
            parts.replace = {**replace, **(parts.replace or {})}
        return parts


def chosen(path: str, content_type: str) -> tuple[Directives | None, dict[str, Any]]:
    """The policy instead of the setting's, and what is different from it."""
    for prefix, exceptions in PAGES.items():
        if path.startswith(prefix) and content_type.startswith("text/html"):
            return None, exceptions
    if path == SIGN_IN and config.identity.oidc_issuer:
        # Browsers ask for it where the form's answer leads, too.
        return None, {"form-action": [SELF, origin_of(config.identity.oidc_issuer)]}
    if content_type.startswith("application/pdf"):
        return PDF, {}
    if PDF_WORKER_FILE.fullmatch(path):
        return PDF_WORKER, {}
    return (NOTHING, {}) if is_for_programs(path) else (None, {})


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))
