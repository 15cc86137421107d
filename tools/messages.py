"""The translations of every app: `python -m tools.messages` brings them up to date.

What pages, modules and Python mark for translation goes into `APP/locale/LANGUAGE/LC_MESSAGES`:
`django.po`, and `djangojs.po` for modules; rooms of `youworker` share its catalogue. New messages
are left empty for a translator, those nobody uses are dropped, and `.mo` files are compiled beside.
With `--check` nothing is written: what is missing or wrong is told, and the exit status is 1.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from babel.messages.catalog import Message

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "chat", "documents", "groups", "ingestion", "mcp", "quotas", "youworker")
# English is what the sources say.
LANGUAGES = ("it",)
SUFFIXES = {"django": (".py", ".html", ".txt"), "djangojs": (".js",)}
# Other people's code, what no user sees, what was said once, and extensions we do not use.
LEFT_OUT = {
    *("vendor", "tests", "migrations", "contrib"),
    *("management", "embedding"),
}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **{f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext")},
    "npgettext_lazy": DEFAULT_KEYWORDS["npgettext"],
    "gettext_noop": None,
    # Translated when it is read: `youworker.core.words`.
    "phrased": None,
    "Sentence": None,
    "t": None,
    "tn": (1, 2),
}
# What a rule refuses is worded where it is raised, and translated where it is told.
REFUSALS = {
    node.name: None
    for app in APPS
    for path in (ROOT / app).rglob("exceptions.py")
    for node in ast.parse(path.read_text()).body
    if isinstance(node, ast.ClassDef)
}
SENTENCE = re.compile(r"[A-Z“`%].* .*\.")
# Without dates and names, so that a file changes only with its messages.
# Packages whose words lack a language of ours: they are translated with ours.
BORROWED = {
    "django": {"youworker": ("unfold",)},
    "djangojs": {"youworker": ("django.contrib.admin",)},
}
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""
# What `t()` and `str.format` fill in.
FILLED_IN = re.compile(r"\{\w*\}")


def main(*arguments: str) -> int:
    """Bring all catalogues up to date, and tell what is wrong with them."""
    only_check = "--check" in arguments
    if not only_check:
        for app in APPS:
            for path, source in app_sources(app):
                write_catalog(path, source)
    found = problems()
    print(*found, sep="\n", end="\n" if found else "")  # noqa: T201
    return int(only_check and bool(found))


def app_sources(app: str) -> Iterator[tuple[Path, Catalog]]:
    """Where the messages of an app belong in each language, and which ones it has now."""
    for domain in SUFFIXES:
        for language in LANGUAGES:
            source = messages_in(ROOT / app, domain)
            add_borrowed(source, app, domain, language)
            yield ROOT / app / "locale" / language / "LC_MESSAGES" / f"{domain}.po", source


def messages_in(folder: Path, domain: str) -> Catalog:
    """What the files of a folder mark for translation."""
    found = Catalog()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.suffix in SUFFIXES[domain] and not LEFT_OUT.intersection(inside):
            for _, message, comments, context in file_messages(path):
                found.add(message, auto_comments=comments, context=context)
    return found


def add_borrowed(source: Catalog, app: str, domain: str, language: str) -> None:
    """Add the words of the console's packages that Django has not translated."""
    catalogs = django_catalogs(domain, language)
    known = {forms(each.id) for catalog in catalogs for each in catalog if each.string}
    for package in BORROWED[domain].get(app, ()):
        for message in messages_in(package_folder(package), domain):
            if message.id and forms(message.id) not in known:
                source.add(message.id, context=message.context)


def django_catalogs(domain: str, language: str) -> Iterator[Catalog]:
    """Django's own translations of pages like the console's."""
    parts = ("conf", "contrib/admin", "contrib/auth") if domain == "django" else ("contrib/admin",)
    for part in parts:
        folder = package_folder("django") / part / "locale" / language / "LC_MESSAGES"
        compiled = folder / f"{domain}.mo"
        with compiled.open("rb") as file:
            yield read_mo(file)


def package_folder(name: str) -> Path:
    """Where an installed package lies."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(name)
    return Path(found.origin).parent


Extracted = tuple[int, str | tuple[str, ...], list[str], str | None]


def file_messages(path: Path) -> Iterator[Extracted]:
    """The marked messages of one file, and the sentences of refusals."""
    text = path.read_text()
    if path.suffix == ".js":
        yield from extracted("javascript", text, KEYWORDS)
    elif path.suffix != ".py":
        # Django makes calls of the tags; the indentation of a page is none of Python's.
        calls = "\n".join(line.strip() for line in templatize(text).splitlines())
        yield from extracted("python", calls, KEYWORDS)
    else:
        if "gettext" in text or "core.words" in text:
            yield from extracted("python", text, KEYWORDS)
        if "exceptions import" in text:
            found = [*extracted("python", text, REFUSALS), *named_sentences(text)]
            # Not what stands within a call or a text that is put together there.
            yield from (each for each in found if SENTENCE.fullmatch(str(each[1])))


def named_sentences(text: str) -> Iterator[Extracted]:
    """What refusals say by a constant of their own module."""
    tree = ast.parse(text)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in REFUSALS and node.args and isinstance(node.args[0], ast.Name):
            said = constants.get(node.args[0].id)
            if said is not None:
                yield said.lineno, str(said.value), [], None


def extracted(method: str, text: str, keywords: dict[str, Any]) -> Iterator[Extracted]:
    """What stands in calls of these names."""
    options = {"encoding": "utf-8", "jsx": False, "parse_template_string": True}
    yield from extract(method, io.BytesIO(text.encode()), keywords, ("Translators:",), options)


def write_catalog(path: Path, source: Catalog) -> None:
    """Store a catalogue, when it changed, and what programs read of it."""
    if not source:
        path.unlink(missing_ok=True)
        path.with_suffix(".mo").unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    text = updated_text(path, source)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    if not is_compiled(path):
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, finished(catalog_at(path)))


def updated_text(path: Path, source: Catalog) -> str:
    """How a catalogue should read: the messages of now, with the translations it has."""
    catalog = catalog_at(path)
    catalog.update(source, no_fuzzy_matching=True)
    written = io.BytesIO()
    write_po(
        written,
        catalog,
        width=0,
        no_location=True,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
    )
    header = HEADER.format(language=path.parts[-3], plurals=catalog.plural_forms)
    return f"{header}{written.getvalue().decode().strip()}\n"


def catalog_at(path: Path) -> Catalog:
    """The catalogue of a file; an empty one when there is no file yet."""
    text = path.read_bytes() if path.exists() else b""
    return read_po(io.BytesIO(text), locale=path.parts[-3], charset="utf-8")


def is_compiled(path: Path) -> bool:
    """Whether the compiled catalogue says the same as its source."""
    compiled = path.with_suffix(".mo")
    if not compiled.exists():
        return False
    with compiled.open("rb") as file:
        return translations(read_mo(file)) == translations(finished(catalog_at(path)))


def forms(text: str | Sequence[str]) -> tuple[str, ...]:
    """The forms of a message, or of its translation; readers of Babel give them as they like."""
    return (text,) if isinstance(text, str) else tuple(text)


def text_of(context: str | bytes | None) -> str:
    """The context of a message, which Babel gives in bytes when it reads compiled ones."""
    return context.decode() if isinstance(context, bytes) else context or ""


def finished(catalog: Catalog) -> Catalog:
    """A catalogue without what lacks a form: an empty text would be shown instead of English."""
    for message in list(catalog):
        if message.id and not is_translated(message):
            catalog.delete(message.id, message.context)
    return catalog


def is_translated(message: Message) -> bool:
    """Whether every form of a message has its translation."""
    said = forms(message.string or "")
    return bool(said) and all(said) and not message.fuzzy


def translations(catalog: Catalog) -> dict[object, object]:
    """What a catalogue says for which message."""
    return {
        (text_of(message.context), forms(message.id)): forms(message.string or "")
        for message in catalog
        if message.id
    }


def problems() -> list[str]:
    """What is missing or wrong in all catalogues, in words for whoever mends it."""
    found = []
    said: dict[tuple[object, ...], tuple[object, Path]] = {}
    for app in APPS:
        for path, source in app_sources(app):
            name = path.relative_to(ROOT)
            if not source and not path.exists():
                continue
            if not path.exists() or path.read_text() != updated_text(path, source):
                found.append(f"{name}: is not what the sources say; run `make messages`")
            elif not is_compiled(path):
                found.append(f"{name}: the .mo file says something else; run `make messages`")
            for message in catalog_at(path):
                found += [f"{name}: {message.id!r}: {each}" for each in faults(message)]
                # Django makes one catalogue of all, so the first app's words would be everybody's.
                key = (path.parts[-3], path.name, message.context, forms(message.id))
                if not message.id or not is_translated(message):
                    continue
                other, where = said.setdefault(key, (message.string, name))
                if other != message.string:
                    found.append(f"{name}: {message.id!r}: {where} translates it otherwise")
    return found


def faults(message: Message) -> Iterator[str]:
    """What is wrong with one translation."""
    if not message.id:
        return
    if message.fuzzy:
        yield "is fuzzy"
    said = forms(message.string or "")
    if not all(said):
        yield "is not translated"
        return
    yield from (str(error) for error in message.check())
    wanted = set(FILLED_IN.findall(forms(message.id)[-1]))
    if set(FILLED_IN.findall(said[-1])) != wanted:
        yield f"does not fill in {', '.join(sorted(wanted)) or 'the same'}"


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
