"""What pages tell browsers of the imports of their modules."""

import re

import pytest

from youworker.core.templatetags import modules
from youworker.core.templatetags.modules import imports_of, preload_imports
from youworker.tests.test_page_sources import MODULES

SOURCES = {
    "a/first.js": 'import { x } from "./second.js";\nimport "../b/third.js";\n',
    "a/second.js": (
        'import {\n  long,\n  list,\n} from "./fourth.js";\nimport m from "../vendor/big.js";\n'
        'const later = () => import("./later.js");\n// import { y } from "./comment.js";\n'
    ),
    # Around in a circle.
    "b/third.js": 'export { z } from "../a/first.js";\n',
    "a/fourth.js": "export const long = 1;\n",
}
LINK = re.compile(r'<link rel="modulepreload" href="/static/\w+/([^"]+)">')


@pytest.fixture
def made_modules(monkeypatch):
    monkeypatch.setattr(modules, "source_of", lambda name: SOURCES.get(name, ""))
    imports_of.cache_clear()
    yield
    imports_of.cache_clear()


@pytest.mark.usefixtures("made_modules")
def test_what_a_module_needs_before_it_runs_is_found():
    assert imports_of("a/first.js") == (
        *("a/second.js", "b/third.js"),
        *("a/fourth.js", "vendor/big.js", "a/first.js"),
    )


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_import_is_there(name):
    assert all(one in MODULES or one.startswith("vendor/") for one in imports_of(name))


def test_no_import_is_overlooked():
    said = re.compile(r'^(?!\s*//).*\bfrom\s*"(\.[^"]+)"|^import "(\.[^"]+)"', re.MULTILINE)
    for name, path in MODULES.items():
        direct = said.findall(path.read_text())
        assert len(modules.IMPORT.findall(path.read_text())) == len(direct), name


def test_what_every_page_has_is_told_once():
    common = LINK.findall(preload_imports("youworker/js/app.js"))
    own = LINK.findall(preload_imports("chat/chat.js", "documents/library.js"))

    assert "youworker/js/net.js" in common
    assert {"vendor/markdown-it/markdown-it.min.js", "youworker/js/looks.js"} <= {*own}
    assert len({*common, *own}) == len(common) + len(own)


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError, match=r"chat/none\.js"):
        imports_of("chat/none.js")


@pytest.mark.django_db
def test_pages_tell_the_imports_of_their_modules(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("anna"))
    page = client.get("/documents").content.decode()

    assert LINK.findall(page) == [
        *imports_of("youworker/js/app.js"),
        *LINK.findall(preload_imports("documents/library.js")),
        *LINK.findall(preload_imports("ingestion/run.js", "ingestion/upload.js")),
    ]
