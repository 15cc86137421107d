"""Hostile texts, rendered in the browser under the product's policy: whole, cut and joined.

The page's watcher fails a test for dialogs, foreign requests, errors and reports of the policy.
"""

import json
from pathlib import Path

import pytest

TEXTS = json.loads((Path(__file__).parents[1] / "data" / "hostile_texts.json").read_text())
RENDERING = (Path(__file__).parent / "rendering.js").read_text()
# What takes the square of its length would take minutes.
LONG = {
    "quotes": ">" * 20_000 + "x",
    "brackets": "[" * 20_000,
    "links": "[x](" * 10_000,
    "closed links": "[" * 5000 + "x" + "](y)" * 5000,
    "images": "![" * 10_000,
    "stars": "*a " * 10_000,
    "strong": "**a" * 10_000,
    "underscores": "_" * 20_000,
    "strikes": "~~a" * 10_000,
    "backticks": "`" * 20_000,
    "growing backticks": "".join("`" * n + " " for n in range(200)),
    "angles": "<" * 20_000,
    "entities": "&amp" * 10_000,
    "dollars": "$a " * 10_000,
    "money": "$5 and " * 5000,
    "formula marks": "\\(" * 10_000,
    "display marks": "\\[\n" * 5000,
    "lists": "".join("  " * n + "- x\n" for n in range(200)),
    "one line of lists": "- " * 5000 + "x",
    "table": "|a" * 2000 + "|\n" + "|-" * 2000 + "|\n" + ("|a" * 2000 + "|\n") * 5,
    "rows": "|a|b|\n|-|-|\n" + "|a|b|\n" * 3000,
    "addresses": "https://example.org/" * 2000,
    "at signs": "a@" * 10_000,
    "dots": "a." * 10_000,
    "marks": "[1] " * 5000,
    "headings": "# a\n" * 3000,
    "fences": "```\n" * 3000,
    "one fence": "```python\n" + "x = (" * 8000,
    "definitions": "[x]: y\n" * 5000,
    "references": "[x][y] " * 5000,
    "hard breaks": "a\\\n" * 5000,
    "html": "<b x='" * 5000,
    "comments": "<!--" * 5000,
    "deep mathematics": "$" + "{" * 2000 + "}" * 2000 + "$",
    "many formulas": "$x$ " * 1000,
    "everything": "x" * 500_000,
}
# They take less than 3 s, but beside much else ten times that.
SLOWEST_MS = 30_000
# A frame that was drawn in has a height, and a refused one is replaced by words.
DRAWN_OR_REFUSED = """() => {
  const place = document.querySelector(".diagram");
  return place?.querySelector("p") || place?.querySelector("iframe")?.style.height;
}"""

pytestmark = pytest.mark.timeout(300)


def run(page, act, **given):
    return page.evaluate(RENDERING, {"act": act, **given})


@pytest.mark.parametrize("kind", TEXTS)
def test_nothing_in_a_text_acts(shared_modules, kind):
    assert run(shared_modules, "judge", sources=TEXTS[kind]) == []
    assert shared_modules.evaluate("globalThis.pwned") is None


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_acts_when_texts_are_cut_and_joined(shared_modules, seed):
    sources = [text for texts in TEXTS.values() for text in texts]

    assert run(shared_modules, "judgePieces", sources=sources, seed=seed) == []
    assert shared_modules.evaluate("globalThis.pwned") is None


@pytest.mark.parametrize("name", LONG)
def test_long_and_deep_texts_take_a_moment(shared_modules, name):
    began = shared_modules.evaluate("performance.now()")

    found = run(shared_modules, "judge", sources=[LONG[name]])

    assert found == []
    assert shared_modules.evaluate("performance.now()") - began < SLOWEST_MS


def test_diagrams_reach_nothing_when_they_are_drawn(shared_modules):
    # Each loads the library anew, and takes a second.
    for source in TEXTS["diagrams"][::2]:
        run(shared_modules, "show", source=source)
        shared_modules.get_by_role("button", name="Show diagram").click()
        shared_modules.wait_for_function(DRAWN_OR_REFUSED)

    assert shared_modules.evaluate("globalThis.pwned") is None


def test_there_are_enough_texts():
    texts = [text for texts in TEXTS.values() for text in texts]

    assert len(set(texts)) == len(texts) >= 400


def test_markup_that_reaches_the_sanitizer_comes_out_harmless(shared_modules):
    markup = (
        "<a href='javascript:x' onx='y' id='i' class='dialog math'>a</a><img src='q'>"
        "<form><input name='n'></form><b class='toasts' hx-get='/x' data-test='send'>b</b>"
    )
    sanitize = """async (markup) => {
      const { sanitized } = await import("/static/youworker/js/safe.js");
      return [...sanitized(markup).children].map((element) => element.outerHTML).join("");
    }"""

    assert shared_modules.evaluate(sanitize, markup) == '<a class="math">a</a><b>b</b>'


def test_the_judge_sees_what_it_looks_for(shared_modules):
    source = "# [1] \\(x\\) [a](https://example.org)"
    spoil = """() => {
      const root = document.querySelector(".md");
      const link = root.querySelector("a");
      link.id = "i";
      link.href = "/sign-out";
      root.append(document.createElement("img"));
      return root.outerHTML;
    }"""

    assert run(shared_modules, "judge", sources=[source]) == []
    shared_modules.evaluate(spoil)

    assert len(run(shared_modules, "findings")) == 3
