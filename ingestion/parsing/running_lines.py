"""Lines that pages repeat: running heads, feet and page numbers; and tables of contents."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# Lines at the top and at the bottom of a page that are looked at.
EDGE = 3
# Fewer pages may repeat a line by chance. Left and right pages often have heads of their own.
FEWEST_PAGES = 3
SHARE_OF_PAGES = 0.3
LONGEST_LINE = 200
NUMBER = re.compile(r"\d{1,6}")
MOST_NUMBERS = 6
FEWEST_DOTS = 4
LONGEST_NUMBER = 5
FEWEST_ENTRIES = 4


def without_running_lines(pages: Sequence[str], headings: Collection[str] = ()) -> list[str]:
    """The pages, of which only the first keeps a line that all repeat at their edges.

    Lines that differ by one number only are taken for the same when that number counts the
    pages. `headings` are lines that the layout sets apart: numbered ones are chapters.
    """
    split = [page.split("\n") for page in pages]
    repeated: set[tuple[int, int]] = set()
    places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, lines in enumerate(split):
        for line in edge_lines(lines):
            places[key_of(lines[line])].append((number, line))
    filled = sum(bool(page.strip()) for page in pages)
    for key, found in places.items():
        on_pages = len({number for number, _ in found})
        if on_pages < max(FEWEST_PAGES, filled * SHARE_OF_PAGES):
            continue
        for same in runs_of(key, [(*place, split[place[0]][place[1]]) for place in found]):
            numbered = any(line.strip() in headings for _, _, line in same) and "\0" in key
            if not numbered and len({page for page, _, _ in same}) >= FEWEST_PAGES:
                first = same[0][0]
                repeated.update((page, at) for page, at, _ in same if page != first)
    return [
        "\n".join(line for at, line in enumerate(lines) if (number, at) not in repeated).strip()
        for number, lines in enumerate(split)
    ]


def edge_lines(lines: list[str]) -> list[int]:
    """The numbers of the first and last lines of a page that are not empty."""
    filled = [at for at, line in enumerate(lines) if line.strip() and len(line) <= LONGEST_LINE]
    # Of a short page, not all: what stands between its edges is its content.
    if len(filled) <= 2 * EDGE:
        middle = len(filled) // 2
        return filled[:middle][:EDGE] + filled[middle + len(filled) % 2 :][-EDGE:]
    return filled[:EDGE] + filled[-EDGE:]


def key_of(line: str) -> str:
    """A line without its numbers."""
    return " ".join(NUMBER.sub("\0", line).split())


def runs_of(
    key: str, found: Iterable[tuple[int, int, str]]
) -> Iterable[list[tuple[int, int, str]]]:
    """Lines of one key that are the same: letter by letter, or but for the number of the page."""
    found = list(found)
    if "\0" not in key:
        return [found]
    exact: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
    counting: defaultdict[tuple[object, ...], list[tuple[int, int, str]]] = defaultdict(list)
    for page, at, line in found:
        numbers = [int(number) for number in NUMBER.findall(line)]
        exact[" ".join(line.split())].append((page, at, line))
        # A line of many numbers is a row of a table.
        for place, number in enumerate(numbers if len(numbers) <= MOST_NUMBERS else ()):
            others = (*numbers[:place], None, *numbers[place + 1 :])
            counting[(place, number - page, *others)].append((page, at, line))
    return [*exact.values(), *counting.values()]


def without_contents(pages: Sequence[str]) -> list[str]:
    """The pages without the entries of tables of contents; price lists and indexes are none."""
    entries: list[list[Entry]] = [[]]
    for page, text in enumerate(pages):
        found = [
            Entry(page, at, number)
            for at, line in enumerate(text.split("\n"))
            if (number := page_of_entry(line.strip())) is not None
        ]
        # Each goes on over neighbouring pages.
        if found and entries[-1] and page - entries[-1][-1].page > 1:
            entries.append([])
        entries[-1] += found
    counts = Counter(entry.page for run in entries for entry in run)
    gone = {
        (entry.page, entry.at)
        for run in entries
        for entry in run
        if counts[entry.page] >= FEWEST_ENTRIES and leads_on(run, len(pages))
    }
    return [
        "\n".join(line for at, line in enumerate(text.split("\n")) if (page, at) not in gone)
        for page, text in enumerate(pages)
    ]


class Entry(NamedTuple):
    """A line of a page that leads to a page."""

    page: int
    at: int
    number: int


def leads_on(entries: Sequence[Entry], pages: int) -> bool:
    """Whether lines that lead to pages are a table of contents: in order, to pages that exist."""
    numbers = [entry.number for entry in entries]
    return numbers == sorted(numbers) and numbers[-1] <= pages


def page_of_entry(line: str) -> int | None:
    """The page that an entry of a table of contents leads to, behind its dots."""
    leader = line.rstrip("0123456789")
    number = line[len(leader) :]
    title = leader.rstrip(" .\t")
    if not title or not 0 < len(number) <= LONGEST_NUMBER or len(line) > LONGEST_LINE:
        return None
    return int(number) if leader[len(title) :].count(".") >= FEWEST_DOTS else None
