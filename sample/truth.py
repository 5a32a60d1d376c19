"""What a perfect reading of a sample file would give, by the unit rules of the codebook (section 2).

One line a passage; and one line a file with everything that must not occur in a codable passage: running heads, footnotes, tables, lists
of the annexes, the cover's notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sample.records import AnnexList, Heading, LetteredList, Paragraph, Report, Table
from sample.typeset import Typeset


@dataclass(slots=True)
class _Path:
    headings: tuple[str, ...] = ()

    def enter(self, heading: Heading) -> None:
        self.headings = (*self.headings[: heading.level - 1], heading.text)


def truth_of(report: Report, file: str, pages: Typeset | None) -> Iterator[dict[str, Any]]:
    """Yield the lines of the truth for one file of a report; `pages` is None for a format without pages."""
    path = _Path()
    order = 0
    for index, block in enumerate(report.blocks):
        if isinstance(block, Heading):
            path.enter(block)
        elif isinstance(block, Paragraph):
            order += 1
            yield _passage(report, file, pages, order, (index, 0), block, path.headings, "paragraph", block.text, None)
        elif isinstance(block, LetteredList):
            for place, item in enumerate(block.items, start=1):
                order += 1
                text = f"{block.lead_in} ({chr(96 + place)}) {item}"
                yield _passage(report, file, pages, order, (index, place), block, path.headings, "list_item", text, block.lead_in)
    yield {
        "record": "not_codable",
        "file": file,
        "running_heads": sorted({head for page in pages.pages for head in page.heads})
        if pages
        else [report.symbol, report.page_notice],
        "footnotes": [note.text for block in report.blocks if isinstance(block, Paragraph) for note in block.footnotes],
        "tables": [
            [block.caption, *block.columns, *(cell for row in block.rows for cell in row if cell)]
            for block in report.blocks
            if isinstance(block, Table)
        ],
        "annex_lists": [list(block.entries) for block in report.blocks if isinstance(block, AnnexList)],
        "cover": [report.organization, report.notice, report.title],
    }


def _passage(
    report: Report,
    file: str,
    pages: Typeset | None,
    order: int,
    place: tuple[int, int],
    block: Paragraph | LetteredList,
    headings: tuple[str, ...],
    kind: str,
    text: str,
    lead_in: str | None,
) -> dict[str, Any]:
    first, last = pages.places[place] if pages else (None, None)
    return {
        "record": "passage",
        "file": file,
        "order": order,
        "page": first,
        "page_last": last,
        "scanned": first is not None and report.scanned_page in (first, last),
        "para_no": str(block.number),
        "headings": list(headings),
        "kind": kind,
        "lead_in": lead_in,
        "text": text,
        "language": report.language,
        "codable": True,
        "source": block.source if isinstance(block, Paragraph) else None,
        "codes": dict(block.codes) if block.codes is not None else None,
    }
