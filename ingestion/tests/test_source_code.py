"""Source code is divided where something is defined in it."""

import argparse
from pathlib import Path

import pytest

from ingestion.parsing import source_code
from ingestion.parsing.reading import parse_file
from ingestion.parsing.source_code import GRAMMARS, outline

ROOT = Path(__file__).parents[2]


def shown(text, name):
    return [(found.level, found.title) for found in outline(text, name)]


WRITTEN = {
    "a.py": (
        "import x\n\n# Why.\n@dec\nclass Pot:\n    SIZE = 1\n\n    @staticmethod\n"
        "    def boil(self):\n        def inner():\n            pass\n\n\n"
        "async def naïve():\n    pass\n",
        [(1, "Pot"), (2, "boil"), (3, "inner"), (1, "naïve")],
    ),
    "a.ts": (
        "// Why.\nexport class Pot<T> {\n  boil(x: number): string { return 'é' }\n}\n"
        "export interface Shape {\n  area(): number\n}\n"
        "export const double = (a: number) => 2 * a\n",
        [(1, "Pot"), (2, "boil"), (1, "Shape"), (2, "area"), (1, "double")],
    ),
    "a.tsx": ("export default function App() {\n  return <b>ü</b>\n}\n", [(1, "App")]),
    "a.js": ("class A {\n  b() {}\n}\nfunction c() {}\n", [(1, "A"), (2, "b"), (1, "c")]),
    "A.java": (
        "class A {\n  /** d */\n  int m() { return 1; }\n}\ninterface B {}\n",
        [(1, "A"), (2, "m"), (1, "B")],
    ),
    "a.c": (
        "/* c */\nstatic int\nadd(int a)\n{\n  return a;\n}\nstruct p { int x; };\n",
        [(1, "add"), (1, "p")],
    ),
    "a.hpp": (
        "template <typename T>\nclass Pot {\n  void boil(T x) {}\n};\n"
        "int Pot::cool() { return 1; }\n",
        [(1, "Pot"), (2, "boil"), (1, "cool")],
    ),
    "a.go": (
        "package a\n\n// Foo does.\nfunc Foo() {}\n\nfunc (s *T) Bar() {}\n\ntype T struct{}\n",
        [(1, "Foo"), (1, "Bar"), (1, "T")],
    ),
    "a.rs": (
        "/// Doc.\n#[derive(Debug)]\nstruct A { x: i32 }\n"
        "impl A {\n    fn new() -> A { A { x: 1 } }\n}\n",
        [(1, "A"), (1, "new")],
    ),
    "a.rb": (
        "module M\n  class A\n    def b\n    end\n  end\nend\n",
        [(1, "M"), (2, "A"), (3, "b")],
    ),
    "a.php": (
        "<?php\nclass A {\n  function m() {}\n}\nfunction f() {}\n",
        [(1, "A"), (2, "m"), (1, "f")],
    ),
    "a.cs": (
        "namespace A.B {\n  /// Doc.\n  public class C {\n"
        "    public int M(int x) { return 1; }\n  }\n}\n",
        [(1, "A.B"), (2, "C"), (3, "M")],
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_definitions_of_every_language_are_found(name):
    text, expected = WRITTEN[name]

    assert shown(text, name) == expected


def test_every_grammar_that_is_named_is_installed():
    assert all(source_code.compiled(grammar) for grammar in set(GRAMMARS.values()))


def test_a_definition_begins_with_the_line_of_what_is_said_about_it():
    text = WRITTEN["a.py"][0]

    starts = [text[found.offset :].splitlines()[0] for found in outline(text, "a.py")]

    assert starts == ["# Why.", "    @staticmethod", "        def inner():", "async def naïve():"]
    text = WRITTEN["a.c"][0]
    assert [text[found.offset :][:7] for found in outline(text, "a.c")] == ["/* c */", "struct "]


def test_passages_of_a_real_file_are_definitions_with_their_names():
    path = Path(argparse.__file__)

    parsed = parse_file(path, "text/plain", name="argparse.py")

    text = parsed.text
    assert all(text[passage.start : passage.end] == passage.text for passage in parsed.passages)
    said = {passage.heading for passage in parsed.passages}
    assert "HelpFormatter > _Section > format_help" in said
    (found,) = (p for p in parsed.passages if p.text.startswith("def parse_known_args"))
    assert found.heading == "ArgumentParser > parse_known_args"
    whole = [p for p in parsed.passages if p.text.startswith(("def ", "class ", "@"))]
    # The others go on with what is longer than a passage.
    assert len(whole) > len(parsed.passages) / 2


def test_modules_of_a_page_are_read_as_well():
    path = ROOT / "chat" / "static" / "chat" / "composer.js"

    assert (1, "Composer") in shown(path.read_text(), "composer.js")


def test_what_tells_no_code_has_no_outline():
    for name in ("a.txt", "py", "", ".", "a.", "LICENSE", "a.py.txt"):
        assert outline("def a():\n    pass\n", name) == []
    assert outline("", "a.py") == []
    assert outline("x" * (source_code.LONGEST_CODE + 1), "a.py") == []
    assert shown("\ufeffdef a():\n    pass\n", "A.PY") == [(1, "a")]


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize(
    "made", ["(" * 20_000, "{" * 20_000, "\x00\ud800" * 999, "<" * 20_000, "$ ? ;;; ) (" * 2_000]
)
def test_what_only_says_that_it_is_code_is_text(made, name):
    assert outline(made, f"a.{name}") == []


def test_what_takes_long_is_text(monkeypatch):
    monkeypatch.setattr(source_code, "SECONDS", -1.0)

    assert outline("def a():\n    pass\n" * 1000, "a.py") == []


def test_text_of_another_language_before_it_moves_no_definition():
    text = "# 食べる ü \U0001f98a\n\n\ndef a():\n    pass\n"
    (found,) = outline(text, "a.py")

    assert text[found.offset :].startswith("def a()")


def test_names_are_compared_without_reading_the_file_for_each():
    class Watched(bytes):
        taken = 0

        def __getitem__(self, part):
            found = super().__getitem__(part)
            type(self).taken += len(found) if isinstance(part, slice) else 1
            return found

    data = Watched(b"f();" * 20_000)
    assert list(source_code.definitions(data, source_code.GRAMMARS["js"])) == []
    assert Watched.taken < 1000 * len(data)
