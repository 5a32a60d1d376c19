"""What a whole document says of its lines before they can become blocks: furniture, size of the text, leading, hyphens, torn words."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from extractors.breaks import mend_breaks, torn_words
from extractors.furniture import furniture_of
from extractors.line import Line
from extractors.mend import Hyphens, hyphens_of
from extractors.page_lines import PageLines


@dataclass(slots=True)
class Habits:
    """Habits of one document; `body` is the type size of its text in points, `leading` the distance of baselines in type sizes."""

    furniture: Mapping[int, set[int]]  # indexes of lines by index of page
    counts: Counter[str]  # of the words that may have been torn apart, and of their pieces
    heads: dict[int, tuple[str, ...]] = field(default_factory=dict)  # text of the furniture by page number
    body: float = 10.0
    leading: float = 1.2
    hyphens: Hyphens = field(default_factory=Hyphens)
    is_bold: bool = False  # the text is set in a bold type throughout, or in one that only calls itself so: no headings by it


def habits_of(pages: Sequence[PageLines]) -> Habits:
    """Return the habits of a document, its pages looked at one by one, two or three times.

    Args:
        pages: in order, with all their lines; each is made anew for each look or stays as it is.
    """
    furniture = furniture_of((page.height, page.lines) for page in pages)
    habits = Habits(furniture, torn_words(lambda: _lines(pages, furniture)))
    sizes: Counter[float] = Counter()
    steps = array("d")
    bold = 0

    def texts() -> Iterator[str]:
        nonlocal bold
        for page in prepared(pages, habits):
            habits.heads[page.number] = tuple(line.text for line in page.heads)
            for line in page.lines:
                sizes[round(line.size * 2) / 2] += len(line.text)
                bold += len(line.text) if line.bold else 0
                yield line.text
            steps.extend(
                (b.bottom - a.bottom) / a.size
                for a, b in zip(page.lines, page.lines[1:], strict=False)
                if a.flow == b.flow and 0.8 < (b.bottom - a.bottom) / max(a.size, 1) < 3
            )

    habits.hyphens = hyphens_of(texts())
    if sizes:
        habits.body = max(sizes, key=lambda size: (sizes[size], size))
    if steps:
        habits.leading = median(steps)
    habits.is_bold = bold > 0.5 * sizes.total() > 0
    return habits


def prepared(pages: Sequence[PageLines], habits: Habits) -> Iterator[PageLines]:
    """Yield the pages with their furniture apart and the words of their lines mended."""
    for index, page in enumerate(pages):
        chosen = habits.furniture.get(index, set())
        page.heads = [line for place, line in enumerate(page.lines) if place in chosen]
        page.lines = [line for place, line in enumerate(page.lines) if place not in chosen]
        mend_breaks(page.lines, habits.counts)
        if habits.is_bold:
            for line in page.lines:
                line.bold = False
        yield page


def _lines(pages: Sequence[PageLines], furniture: Mapping[int, set[int]]) -> Iterator[Line]:
    for index, page in enumerate(pages):
        chosen = furniture.get(index, set())
        yield from (line for place, line in enumerate(page.lines) if place not in chosen)
