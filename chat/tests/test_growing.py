"""An answer that grows looks in the end as if it had been rendered at once."""

import random
from pathlib import Path

import pytest

CORPUS = (Path(__file__).parents[2] / "youworker/tests/browser/corpus.md").read_text()
# Shows the pieces one after the other; gives what stands there at each stop and what should.
GROW = """async ({ source, cuts, stops }) => {
  const { Growing } = await import("/static/chat/growing.js");
  const { render } = await import("/static/youworker/js/markdown.js");
  const place = document.createElement("div");
  document.body.append(place);
  const finished = [];
  const growing = new Growing(place, (block) => finished.push(block));
  const faults = [];
  const compare = (text) => {
    const wanted = [...render(text).children].map((block) => block.outerHTML);
    const found = [...place.children].map((block) => block.outerHTML);
    if (found.join("\\n") !== wanted.join("\\n") || place.childNodes.length !== found.length) {
      faults.push({ text, found, wanted });
    }
  };
  for (const cut of cuts) {
    growing.show(source.slice(0, cut));
    if (stops) compare(source.slice(0, cut));
  }
  growing.finish(source);
  compare(source);
  if (finished.some((block, at) => block !== place.children[at])) faults.push("finished blocks");
  return faults.slice(0, 1);
}"""
TRICKY = {
    "a line that turns out to be text": "abc\n#tag\n\n***bold*** b\n***\nc\n",
    "a heading by underlining": "abc\n-\n- item\n\ndef\n===\nghi",
    "an open fence": "a\n\n```py\nfor a in b:\n    ``` \n\n\nc\n```\nd\n~~~\n```\n~~~~\ne",
    "a fence that never ends": "a\n\n```\nb\n\n\nc",
    "a fence in a list": "1. a\n\n   ```sh\n   b\n   ```\n2. c\n\nd",
    "an indented fence": "a\n\n  ```\n  b\n    c\n  ```\nd",
    "a formula that never ends": "abc\n\\[ x + y\n\n- a\n- b\n\ndef",
    "a table": "abc\n\n| a | b |\n|---|---|\n| c | d |\n| e | f |\n\ng",
    "a loose list": "- a\n- b\n\n- c\n\n    d\n\n1. e\n2. f",
    "a quotation": "> a\n> b\nc\n\n> d\n\n> e",
    "line ends of other systems": "a\r\n\r\n- b\r\n- c\r\n\r\n```\r\nd\r\n\r\ne\r\n```\r\nf\rg",
    "code by indentation": "a\n\n    b\n\n    c\nd",
    "letters of two units": "😀 **😀**\n\n```\n😀\n😀\n```\n😀",
    "tabs and nothings": "-\ta\n\n\tb\n\n\0c\n\n```\n\0d\n```\n\n   \n",
}


@pytest.mark.parametrize("source", TRICKY.values(), ids=TRICKY)
def test_each_prefix_is_shown_as_it_would_be_rendered(shared_modules, source):
    cuts = list(range(1, len(source.encode("utf-16-le")) // 2 + 1))
    assert shared_modules.evaluate(GROW, {"source": source, "cuts": cuts, "stops": True}) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_text_cut_at_random_places_is_shown_as_it_would_be_rendered(shared_modules, seed):
    chance = random.Random(seed)
    cuts = sorted(chance.sample(range(len(CORPUS)), 12 + 20 * seed))
    assert shared_modules.evaluate(GROW, {"source": CORPUS, "cuts": cuts, "stops": True}) == []


def test_finished_blocks_are_never_touched_again(shared_modules):
    touched = shared_modules.evaluate(
        """async (source) => {
          const { Growing } = await import("/static/chat/growing.js");
          const place = document.createElement("div");
          document.body.append(place);
          const touched = [];
          const growing = new Growing(place, (block) => {
            new MutationObserver((changes) => touched.push(...changes.map(({ type }) => type)))
              .observe(block, { subtree: true, childList: true, characterData: true });
          });
          for (let at = 1; at < source.length; at += 7) growing.show(source.slice(0, at));
          growing.finish(source);
          await new Promise((resume) => setTimeout(resume));
          return touched;
        }""",
        CORPUS,
    )
    assert touched == []


def test_text_that_is_taken_back_goes(shared_modules):
    left = shared_modules.evaluate(
        """async () => {
          const { Growing } = await import("/static/chat/growing.js");
          const place = document.createElement("div");
          const growing = new Growing(place);
          growing.show("a\\n\\nb\\n\\nc\\n\\nd\\n\\ne");
          growing.show("a\\n\\nx");
          growing.show("a\\n\\nxy");
          const half = place.textContent;
          growing.show("");
          return [half, place.childNodes.length];
        }"""
    )
    assert left == ["axy", 0]


def test_a_selection_stays_while_the_text_grows(shared_modules):
    selected = shared_modules.evaluate(
        """async () => {
          const { Growing } = await import("/static/chat/growing.js");
          const place = document.createElement("div");
          document.body.append(place);
          const growing = new Growing(place);
          growing.show("one two\\n\\nthree four");
          const [first, last] = [...place.children].map((block) => block.firstChild);
          getSelection().setBaseAndExtent(first, 4, last, 5);
          growing.show("one two\\n\\nthree four five\\n\\nsix\\n\\nseven\\n\\neight");
          growing.finish("one two\\n\\nthree four five\\n\\nsix\\n\\nseven\\n\\neight\\n");
          return getSelection().toString();
        }"""
    )
    assert selected.split() == ["two", "three"]


def test_a_long_open_fence_costs_no_parsing(shared_modules):
    longest = shared_modules.evaluate(
        """async () => {
          const { Growing } = await import("/static/chat/growing.js");
          const place = document.createElement("div");
          const growing = new Growing(place);
          let source = "```\\n" + "line of code\\n".repeat(20000);
          growing.show(source);
          const began = performance.now();
          for (let n = 0; n < 50; n += 1) {
            source += "more\\n";
            growing.show(source);
          }
          return (performance.now() - began) / 50;
        }"""
    )
    assert longest < 5
