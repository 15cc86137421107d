"""What Markdown becomes in the browser."""

from pathlib import Path

import pytest

RENDERING = (Path(__file__).parent / "rendering.js").read_text()
CORPUS = (Path(__file__).parent / "corpus.md").read_text()
SLOWEST_MS = 100


def run(page, act, source, **given):
    return page.evaluate(RENDERING, {"act": act, "source": source, **given})


@pytest.fixture
def plain(shared_modules):
    """Render without enhancing."""
    return lambda source: run(shared_modules, "plain", source).strip()


@pytest.fixture
def enhanced(shared_modules):
    """Render and enhance."""
    return lambda source, **options: run(shared_modules, "html", source, options=options).strip()


@pytest.fixture
def shown(shared_modules):
    """Render and enhance, and give the page that shows it."""

    def show(source, **options):
        run(shared_modules, "show", source, options=options)
        return shared_modules

    return show


def test_text_is_marked_up(plain):
    assert plain("a **b** *c* ~~d~~ `e`") == (
        '<p dir="auto">a <strong>b</strong> <em>c</em> <s>d</s> <code>e</code></p>'
    )


def test_markup_in_a_text_is_text(plain):
    assert plain("<b>x</b> &amp; &copy;") == '<p dir="auto">&lt;b&gt;x&lt;/b&gt; &amp; ©</p>'


def test_headings_stand_below_those_of_the_page(plain):
    assert plain("# a\n## b\n##### c") == (
        '<h3 dir="auto">a</h3>\n<h4 dir="auto">b</h4>\n<h6 dir="auto">c</h6>'
    )


def test_tasks_are_boxes_that_are_text(plain):
    assert plain("- [x] a\n- [ ] b\n- [y] c") == (
        '<ul>\n<li class="task" dir="auto">☑ a</li>\n<li class="task" dir="auto">☐ b</li>\n'
        '<li dir="auto">[y] c</li>\n</ul>'
    )


def test_columns_are_aligned_by_classes(plain):
    made = plain("|a|b|\n|:-:|-:|\n|c|d|")

    assert '<th dir="auto" class="center-aligned">a</th>' in made
    assert '<td dir="auto" class="end-aligned">d</td>' in made
    assert made.startswith('<div class="table-scroll"><table class="table">')


def test_a_link_says_where_it_leads(plain):
    assert plain("[words](https://example.org/a)") == (
        '<p dir="auto"><a href="https://example.org/a" rel="noopener noreferrer nofollow" '
        'target="_blank" title="https://example.org/a" data-host="example.org">words</a></p>'
    )


def test_an_address_is_a_link_that_says_its_host_already(plain):
    made = plain("see https://example.org/a. And README.md")

    assert ">https://example.org/a</a>. And README.md</p>" in made
    assert "data-host" not in made


@pytest.mark.parametrize(
    "source",
    [
        "[https://bank.example/?evil.example](https://evil.example)",
        "[bank.example, at evil.example](https://evil.example)",
        "[https://**bank.example**/evil.example](https://evil.example)",
        "[bank.example](mailto:x@evil.example)",
        "https://bank.example@evil.example/",
        "[evil.example.bank.example](https://evil.example)",
    ],
)
def test_words_that_name_another_host_first_do_not_hide_the_true_one(plain, source):
    assert 'data-host="evil.example"' in plain(source)


@pytest.mark.parametrize(
    "source",
    [
        "[example.org](https://example.org/a)",
        "[**example.org**/a](https://example.org/a)",
        "https://EXAMPLE.org:8443/a?b#c",
        "write to ann@example.org",
    ],
)
def test_words_that_are_the_address_say_the_host(plain, source):
    assert "<a " in plain(source)
    assert "data-host" not in plain(source)


def test_a_host_that_looks_like_another_is_shown_as_it_is(plain):
    assert 'data-host="xn--xample-2of.org"' in plain("[x](https://\u0435xample.org/)")


@pytest.mark.parametrize("address", ["/sign-out", "//evil.example", "ftp://a.b", "javascript:x"])
def test_other_addresses_are_no_links(plain, address):
    assert "<a" not in plain(f"[x]({address})")


def test_a_picture_is_its_address(plain):
    assert plain("![secret](https://evil.example/p.png)") == (
        '<p dir="auto"><span class="image" dir="auto">'
        "Image: secret: https://evil.example/p.png</span></p>"
    )


def test_definitions_make_no_links_of_citations(plain):
    made = plain("See [1].\n\n[1]: https://example.org")

    assert made.startswith('<p dir="auto">See [1].</p>\n<p dir="auto">[1]: <a')


@pytest.mark.parametrize(
    "source",
    [
        "$5 and $10",
        "$ x$ and $y $",
        "US$5, A$6",
        "\\$x$",
        "`$x$`",
        "$a `b$` c",
        "$",
        "$$",
        "$$ $$",
        "a \\\\(x) b",
        "\\(x",
        "\\[x",
    ],
)
def test_money_and_code_are_no_formulas(plain, source):
    assert "math" not in plain(source)


@pytest.mark.parametrize(
    ("source", "formula"),
    [
        ("a $x^2$, b", '<span class="math" dir="ltr">$x^2$</span>'),
        ("\\(a_1\\)", '<span class="math" dir="ltr">\\(a_1\\)</span>'),
        ("a $$x$$ b", '<span class="math display" dir="ltr">$$x$$</span>'),
        ("a \\[x\\] b", '<span class="math display" dir="ltr">\\[x\\]</span>'),
        ("$$\na\n+ b\n= c\n$$", '<span class="math display" dir="ltr">$$\na\n+ b\n= c\n$$</span>'),
        ("text\n\\[\n# a\n\\]", '<span class="math display" dir="ltr">\\[\n# a\n\\]</span>'),
        ("- $$\n  x\n  $$", '<span class="math display" dir="ltr">$$\nx\n$$</span>'),
        ("$a*b*c$", '<span class="math" dir="ltr">$a*b*c$</span>'),
    ],
)
def test_formulas_stay_as_they_are_written(plain, source, formula):
    assert formula in plain(source)


def test_formulas_are_set_as_mathml(shown):
    page = shown("a $x^2$ and\n\n$$\n\\sum_{i=1}^n i\n$$\n\nand $\\frac{$")

    assert page.locator("math").count() == 2
    assert page.locator("math msup").text_content() == "x2"
    assert page.locator("math[display=block] munderover").count() == 1
    assert page.locator(".math.unread").text_content() == "$\\frac{$"
    written = page.locator(".math").evaluate_all("all => all.map((one) => one.dataset.formula)")
    assert written == ["$x^2$", "$$\n\\sum_{i=1}^n i\n$$", ""]


def test_code_has_its_colours_and_stays_what_it_is(shown):
    code = "def f(x):\n    return '<b>'  # é\n"
    page = shown(f"```python title=x\n{code}```\n")

    assert page.locator(".code-language").text_content() == "python"
    assert page.locator("pre code").text_content() == code
    assert page.locator(".hljs-keyword").first.text_content() == "def"


@pytest.mark.parametrize("language", ["", "nothing-known", "__proto__", "constructor"])
def test_code_in_an_unknown_language_stays_plain(shown, language):
    page = shown(f"```{language}\nx = 1\n```\n")

    assert page.locator("pre code").inner_html() == "x = 1\n"


def test_code_is_copied(shown):
    page = shown("```\na <b>\n```\n\n```\nsecond\n```\n")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy code").first.click()
    page.get_by_role("button", name="Copied").wait_for()

    assert page.evaluate("navigator.clipboard.readText()") == "a <b>\n"
    page.get_by_role("button", name="Copy code").nth(1).wait_for()


CITATIONS = [
    {
        "index": 1,
        "title": "Guide.pdf",
        "page": 41,
        "heading": "Standbys",
        "excerpt": "It replays <b>the</b> WAL.",
        "document_id": "d1",
        "supported": True,
    },
    {
        "index": 2,
        "title": "Gone.pdf",
        "page": None,
        "heading": "",
        "excerpt": "q",
        "document_id": None,
        "supported": False,
    },
]


def test_known_citations_are_buttons(shown):
    page = shown("a [1] b [2] c [3] `[1]` [01]\n\n```\n[1]\n```\n", citations=CITATIONS)

    names = page.locator("[data-test=citation]").evaluate_all("all => all.map(b => b.ariaLabel)")
    assert names == [
        "Citation 1: Guide.pdf, page 41",
        "Citation 2: Gone.pdf, not found in the source",
        "Citation 1: Guide.pdf, page 41",
    ]
    assert "[3]" in page.locator(".md p").text_content()


def test_only_the_unsupported_sentence_of_a_citation_is_in_doubt(shown):
    source = "Thirty days [2][1]. The **moon** is made [2] of cheese [2].\n\n- Green [2]"
    start = source.index("The")
    page = shown(source, citations=CITATIONS, unsupported=[{"start": start, "end": start + 40}])

    marks = page.locator("[data-test=citation]").evaluate_all(
        "all => all.map(b => b.textContent + (b.matches('.doubtful') ? '!' : ''))"
    )
    assert marks == ["[2]", "[1]", "[2]!", "[2]!", "[2]"]
    page.get_by_role("button", name="Citation 2: Gone.pdf", exact=True).first.click()
    assert "Not found" not in page.get_by_role("dialog", name="Citation 2").text_content()


def test_a_citation_is_in_doubt_everywhere_if_a_sentence_is_not_found(shown):
    source = "Thirty days [2]. Cheese [2]."
    spans = [{"start": 17, "end": 28}, {"start": 900, "end": 910}]
    page = shown(source, citations=CITATIONS, unsupported=spans)

    assert page.locator("[data-test=citation].doubtful").count() == 2


def test_citations_that_come_later_are_added(shared_modules):
    made = run(shared_modules, "twice", "a [1] b [2]", citations=CITATIONS)

    assert made == ["[1]", "[2]"]


def test_a_citation_shows_its_passage_and_opens_its_document(shown):
    page = shown("a [1]", citations=CITATIONS)

    page.get_by_role("button", name="Citation 1").click()
    note = page.get_by_role("dialog", name="Citation 1")

    assert "It replays <b>the</b> WAL." in note.text_content()
    assert "page 41" in note.text_content()
    assert note.locator("b").count() == 0
    note.get_by_role("button", name="Open document").click()
    note.wait_for(state="detached")
    assert page.evaluate("globalThis.opened") == [["d1", "1"]]


def test_an_unsupported_list_is_marked_as_a_whole(shown):
    source = "Removed first:\n\n- cats\n- dogs [2]\n\nAnd birds [2]."
    end = source.index("\n\nAnd")
    page = shown(source, citations=CITATIONS, unsupported=[{"start": 0, "end": end}])

    marks = page.locator("mark.unsupported").all_text_contents()
    assert "".join("".join(marks).split()).startswith("Removedfirst:catsdogs")
    assert page.locator("[data-test=citation]").evaluate_all(
        "all => all.map(b => b.matches('.doubtful'))"
    ) == [True, False]


def test_a_citation_is_used_by_keyboard(shown):
    page = shown("a [1]", citations=CITATIONS)

    page.get_by_role("button", name="Citation 1").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Citation 1").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Open document"
    page.keyboard.press("Escape")

    page.get_by_role("dialog", name="Citation 1").wait_for(state="detached")
    assert page.evaluate("document.activeElement.dataset.index") == "1"


def test_a_document_that_is_no_longer_shared_keeps_its_quote(shown):
    page = shown("a [2]", citations=CITATIONS)

    page.get_by_role("button", name="Citation 2").click()
    note = page.get_by_role("dialog", name="Citation 2")

    assert "no longer shared with you" in note.text_content()
    assert note.locator("blockquote").text_content() == "q"
    assert note.get_by_role("button", name="Open document").count() == 0


def marked(page):
    return page.locator("mark.unsupported").all_text_contents()


@pytest.mark.parametrize(
    ("source", "sentence", "expected"),
    [
        (
            "It is so. It **never** lags [2]. End.",
            "It **never** lags [2].",
            ["It", "never", "lags"],
        ),
        ("- One is.\n- [Two](https://x.org) is.\n", "[Two](https://x.org) is.", ["Two", "is."]),
        ("| a | b |\n|---|---|\n| Right. | Wrong! |", "Wrong!", ["Wrong!"]),
        ("\U0001f600 Yes. No.", "No.", ["No."]),
        ("Nothing — here.", "—", []),
    ],
)
def test_an_unsupported_sentence_is_marked(shown, source, sentence, expected):
    start = source.index(sentence)
    where = [{"start": start, "end": start + len(sentence)}]

    page = shown(source, unsupported=where, citations=CITATIONS)

    assert marked(page) == expected


def test_of_two_equal_sentences_the_right_one_is_marked(shown):
    source = "# So\n\nIt lags.\n\nIt **lags**.\n\nIt lags."
    start = source.index("It **lags**.")

    page = shown(source, unsupported=[{"start": start, "end": start + 12}])

    assert page.locator("p:has(mark)").evaluate_all("all => all.map(p => p.innerHTML)") == [
        '<mark class="unsupported" title="Not found in the sources">It</mark> <strong>'
        '<mark class="unsupported" title="Not found in the sources">lags</mark></strong>.'
    ]


def test_offsets_that_mean_nothing_mark_nothing(shown):
    page = shown("a b", unsupported=[{"start": 50, "end": 60}, {"start": 2, "end": 1}])

    assert marked(page) == []


def test_blocks_know_their_lines(shared_modules):
    found = run(
        shared_modules, "blocks", "# a\n\nb\nc\n\n- d\n- e\n\n```js\nf\n```\n$$\ng\n$$\n***\n"
    )

    assert [(block["start"], block["end"]) for block in found] == [
        (0, 1),
        (2, 4),
        (5, 8),
        (8, 11),
        (11, 14),
        (14, 15),
    ]
    assert found[3]["code"] == {"text": "f\n", "language": "js", "open": False}


@pytest.mark.parametrize(
    ("source", "is_open"),
    [
        ("```py", True),
        ("```py\nx", True),
        ("```py\nx\n``", True),
        ("````\n```", True),
        ("```py\nx\n```", False),
        ("~~~\n~~~~", False),
    ],
)
def test_an_open_fence_is_known(shared_modules, source, is_open):
    (block,) = run(shared_modules, "blocks", source)

    assert block["code"]["open"] is is_open


def test_all_blocks_together_are_the_whole(shared_modules):
    blocks = run(shared_modules, "blocks", CORPUS)

    assert "".join(block["html"] for block in blocks) == run(shared_modules, "plain", CORPUS)


def test_finished_blocks_stay_what_they_are(shared_modules):
    assert run(shared_modules, "frozen", CORPUS, seed=7, times=300, unfinished=2) == []


def test_with_whole_lines_only_the_last_block_is_unfinished(shared_modules):
    lines = CORPUS.splitlines(keepends=True)

    assert run(shared_modules, "frozenLines", CORPUS, lines=lines) == []


def test_a_long_answer_is_rendered_in_a_moment(shared_modules, record_property):
    source = (CORPUS * (1 + 17_000 // len(CORPUS)))[:17_000]

    took = run(shared_modules, "time", source, times=15)

    record_property("rendering_17_kb_ms", took)
    assert took < SLOWEST_MS


DIAGRAM = "```mermaid\ngraph TD; A[Start]-->B{ok?}\n```"


def test_a_diagram_is_drawn_in_a_frame_without_an_origin(shown):
    page = shown(DIAGRAM)

    page.get_by_role("button", name="Show diagram").click()
    frame = page.frame_locator("iframe[title=Diagram]")
    frame.get_by_text("ok?").wait_for()

    assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    page.wait_for_function("document.querySelector('iframe').offsetHeight > 150")
    inner = page.frames[1]
    assert inner.evaluate("origin") == "null"
    reached = """async () => {
      try { return document.cookie } catch (error) { return error.name }
    }"""
    assert inner.evaluate(reached) == "SecurityError"


def test_markup_in_a_diagram_is_text(shown):
    page = shown('```mermaid\ngraph TD; A["<i>x</i> y<br>z"]\n```')

    page.get_by_role("button", name="Show diagram").click()

    page.frame_locator("iframe").get_by_text("<i>x</i>").first.wait_for()


def test_a_diagram_is_taken_away_again(shown):
    page = shown(DIAGRAM)
    page.get_by_role("button", name="Show diagram").click()

    page.get_by_role("button", name="Hide diagram").click()

    page.locator("iframe").wait_for(state="detached")
    assert page.get_by_role("button", name="Show diagram").count() == 1


def test_what_is_no_diagram_is_said_beside_its_source(shown):
    page = shown("```mermaid\nno diagram <b>\n```")

    page.get_by_role("button", name="Show diagram").click()

    page.get_by_text("The diagram could not be drawn.").wait_for()
    assert page.locator("pre code").text_content() == "no diagram <b>\n"


MOVED = """async (source) => {
  const { render } = await import("/static/youworker/js/markdown.js");
  const { enhance } = await import("/static/youworker/js/enhance.js");
  const place = document.createElement("div");
  place.className = "md";
  place.append(render(source));
  document.querySelector("yw-chat .messages").append(place);
  const topOf = (node) => node.getBoundingClientRect().top;
  const top = () => topOf(place.querySelector("pre")) - topOf(place);
  const before = top();
  await enhance(place);
  return [before, top(), Boolean(place.querySelector(".code-head"))];
}"""


@pytest.mark.parametrize("language", ["python", ""])
def test_code_stays_where_it_was_when_its_head_comes(page, language):
    page.goto("/chat")
    before, after, has_head = page.evaluate(MOVED, f"```{language}\nx = 1\n```\n")
    assert has_head
    assert before > 0
    assert abs(after - before) < 1
