"""Static files below one digest: relative imports work, and browsers keep what they have.

`/static/<digest>/chat/live.js` is the file for as long as the digest is the current one, and
stays with the browser for a year. Other digests and `/static/chat/live.js` give the current file,
which the browser asks for each time.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware

from youworker.server.packing import PackedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.headers import Headers

    from django.http import HttpRequest, HttpResponseBase
    from whitenoise.responders import StaticFile

# Whose files are found beside ours; their versions stand for the contents.
PACKAGES = ("django", "django-unfold", "djangorestframework", "drf-spectacular-sidecar")
INSTALLED = Path(django.__file__).resolve().parents[1]
VENDORED = "vendor/"
LOCK = "vendor/vendor.lock"
VERSIONED = re.compile(r"/static/([0-9a-f]{12})/(.+)", re.DOTALL)
FOREVER = "public, max-age=31536000, immutable"
ASKED_EACH_TIME = "no-cache"
# A page in a sandbox has no origin, and may load only what everybody may.
FOR_SANDBOXES = ("/static/vendor/mermaid/", "/static/youworker/frame/")
COMPRESSIBLE = re.compile(r".*\.(css|html|icc|js|json|lock|map|mjs|svg|ttf|txt|wasm|xml)")


class DigestStorage(StaticFilesStorage):
    """Gives `{% static %}` the addresses below the current digest."""

    def url(self, name: str | None) -> str:
        """The address of a file."""
        return super().url(f"{compute_digest()}/{name}")


@cache
def compute_digest() -> str:
    """Compute what stands for all files, their contents and the versions of packages."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    for name, path in sorted(found_files()):
        content = hashlib.sha256(path.read_bytes()).hexdigest() if must_be_read(name, path) else ""
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()[:12]


def must_be_read(name: str, path: Path) -> bool:
    """Whether neither the lock nor a version stands for the content of a file."""
    if path.is_relative_to(INSTALLED):
        return False
    return name == LOCK or not name.startswith(VENDORED)


def found_files() -> Iterator[tuple[str, Path]]:
    """All static files by their names."""
    for finder in finders.get_finders():
        for name, storage in finder.list(None):
            yield name, Path(storage.path(name)).resolve()


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Serves static files with and without a digest in front of their names."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer for a file, else let the view do it."""
        answer: HttpResponseBase
        versioned = VERSIONED.fullmatch(request.path_info)
        if versioned is None:
            answer = super().__call__(request)
            return answer
        url = f"{self.static_prefix}{versioned[2]}"
        file = self.find_file(url) if self.autorefresh else self.files.get(url)
        answer = self.get_response(request) if file is None else self.serve(file, request)
        if file is not None and versioned[1] == compute_digest() and not self.autorefresh:
            answer.headers["Cache-Control"] = FOREVER
        return answer

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> Any:
        """A file with its headers."""
        file: StaticFile = super().get_static_file(path, url, stat_cache)
        # While they are developed, files change.
        if self.autorefresh or not COMPRESSIBLE.fullmatch(path):
            return file
        return PackedFile(file, path)

    def add_cache_headers(self, headers: Headers, path: str, url: str) -> None:
        """Say how long a file may be kept, and who may have it."""
        headers["Cache-Control"] = ASKED_EACH_TIME
        if COMPRESSIBLE.fullmatch(path):
            headers["Vary"] = "Accept-Encoding"
        if url.startswith(FOR_SANDBOXES):
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
