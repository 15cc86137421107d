"""Every text is translated, and the catalogues are what the sources say."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Message
from django.conf import settings

from tools import messages

PAGE = """{% load i18n %}
  <p title='don"t'>{% translate "Hello" %} ((( {{ name|default:_("nobody") }}
      {% blocktranslate trimmed count n=n %}
        One {{ thing }}
      {% plural %}
        {{ n }} things, 5% more
      {% endblocktranslate %}
 </p>
{% translate "May" context "month" %}
"""
PYTHON = """
from django.utils.translation import gettext_lazy as _, pgettext_lazy, ngettext_lazy
NAMES = [_("one " "two"), pgettext_lazy("month", "May"), ngettext_lazy("day", "days")]
"""
REFUSALS = """
from youworker.core.exceptions import Conflict, InvalidInput
TAKEN = "Somebody else has %(name)s already."
CODE, UNUSED = "a code", "This is said by nobody here."
raise Conflict(TAKEN, name=1) if CODE else InvalidInput("%(part)s cannot be read.")
"""
MODULE = """
import { t } from "./i18n.js";
const words = `a ${t("in a template")} b`;
t("Hello {name}", { name: a / 2 });
/x"/.test(words) && t("after a quote");
"""


@pytest.mark.slow
def test_nothing_is_missing_or_wrong():
    assert messages.problems() == []


def test_no_module_with_words_for_people_is_left_out():
    left_out = [
        path.relative_to(messages.ROOT).as_posix()
        for app in messages.APPS
        for path in (messages.ROOT / app).rglob("*.py")
        if messages.LEFT_OUT.intersection(path.parts) and "tests" not in path.parts
        if " gettext" in path.read_text()
    ]

    assert left_out == []


def test_every_language_but_that_of_the_sources_has_catalogues():
    assert {"en", *messages.LANGUAGES} == {code for code, _ in settings.LANGUAGES}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "page.html",
            PAGE,
            {
                (None, "Hello"),
                (None, "nobody"),
                (None, ("One %(thing)s", "%(n)s things, 5%% more")),
                ("month", "May"),
            },
        ),
        ("models.py", PYTHON, {(None, "one two"), ("month", "May"), (None, ("day", "days"))}),
        (
            "services.py",
            REFUSALS,
            {
                (None, "Somebody else has %(name)s already."),
                (None, "%(part)s cannot be read."),
            },
        ),
        (
            "page.js",
            MODULE,
            {(None, "in a template"), (None, "Hello {name}"), (None, "after a quote")},
        ),
    ],
)
def test_messages_are_found(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)

    found = messages.messages_in(tmp_path, "djangojs" if name == "page.js" else "django")

    assert {(each.context, each.id) for each in found if each.id} == expected


def test_words_that_packages_have_not_translated_are_ours_to_translate():
    source, scripts = messages.Catalog(), messages.Catalog()

    messages.add_borrowed(source, "youworker", "django", "it")
    messages.add_borrowed(scripts, "youworker", "djangojs", "it")

    assert "Filters" in source
    assert "Save" not in source, "Django has translated it"
    assert "Choose all %s" in scripts
    assert "Available %s" not in scripts, "Django has translated it"


@pytest.mark.parametrize("folder", ["tests", "migrations", "vendor"])
def test_what_no_user_sees_is_left_out(tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "page.html").write_text(PAGE)

    assert not messages.messages_in(tmp_path, "django")


@pytest.fixture
def app(tmp_path, monkeypatch):
    """An app with one page; its folder."""
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "APPS", ("app",))
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "page.html").write_text('{% translate "Hello {name}" %}')
    return tmp_path / "app"


def translate(app, old, new):
    catalog = app / "locale/it/LC_MESSAGES/django.po"
    text = catalog.read_text()
    assert old in text
    catalog.write_text(text.replace(old, new))


def test_a_catalogue_is_made_kept_and_ended(app, capsys):
    assert messages.main("--check") == 1
    assert messages.main() == 0
    assert "'Hello {name}': is not translated" in capsys.readouterr().out

    translate(app, 'msgid "Hello {name}"\nmsgstr ""', 'msgid "Hello {name}"\nmsgstr "Ciao {name}"')
    assert "the .mo file says something else" in "".join(messages.problems())
    assert messages.main() == 0
    assert messages.main("--check") == 0

    (app / "page.html").write_text('{% translate "Hello {name}" %} {% translate "Bye" %}')
    assert "is not what the sources say" in messages.problems()[0]
    messages.main()
    assert messages.problems() == ["app/locale/it/LC_MESSAGES/django.po: 'Bye': is not translated"]

    (app / "page.html").unlink()
    messages.main()
    assert messages.problems() == []
    assert [path for path in app.rglob("*") if path.is_file()] == []


def test_what_lacks_a_form_stays_english(app):
    plural = (
        "{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
    )
    (app / "page.html").write_text(plural)
    messages.main()

    translate(app, 'msgstr[0] ""', 'msgstr[0] "%(n)s giorno"')
    messages.main()
    path = app / "locale/it/LC_MESSAGES/django.po"
    with path.with_suffix(".mo").open("rb") as file:
        lacking = messages.translations(messages.read_mo(file))
    problems = messages.problems()
    translate(app, 'msgstr[1] ""', 'msgstr[1] "%(n)s giorni"')
    messages.main()

    assert lacking == {}
    assert len(problems) == 1
    assert "is not translated" in problems[0]
    assert messages.problems() == []


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (Message("Hello", ""), "is not translated"),
        (Message("Hello", "Ciao", flags=["fuzzy"]), "is fuzzy"),
        (Message(("%(n)s day", "%(n)s days"), ("%(n)s giorno", "")), "is not translated"),
        (
            Message("%(a)s came", "%(b)s venne", flags=["python-format"]),
            "unknown named placeholder",
        ),
        (Message("{a} came", "venne"), "does not fill in {a}"),
    ],
)
def test_faults_are_told(message, fault):
    assert fault in "".join(messages.faults(message))


def test_two_apps_say_the_same(app, monkeypatch):
    other = app.with_name("other")
    other.mkdir()
    (other / "page.html").write_text('{% translate "Hello {name}" %}')
    monkeypatch.setattr(messages, "APPS", ("app", "other"))
    messages.main()

    empty = 'msgid "Hello {name}"\nmsgstr ""'
    translate(app, empty, empty.replace('str ""', 'str "Ciao {name}"'))
    translate(other, empty, empty.replace('str ""', 'str "Salve {name}"'))
    messages.main()

    assert [each.partition(": ")[2] for each in messages.problems()] == [
        "'Hello {name}': app/locale/it/LC_MESSAGES/django.po translates it otherwise"
    ]
