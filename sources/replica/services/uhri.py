"""The export of the Universal Human Rights Index (`dataex.ohchr.org`, `uhri.ohchr.org`): one array of paragraphs, sent while it is made.

Shape: the eighteen keys of a row as they were seen in 2025, with invented text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime

from sources.replica.content import is_not_modified
from sources.replica.messages import Answer, Chunks, Request, http_date, not_found, text_answer
from sources.replica.naming import stable_uuid
from sources.replica.world import Document, World

_PATHS = {
    "dataex.ohchr.org": "/uhri/export-results/export-full-en.json",
    "uhri.ohchr.org": "/api/uhri/export-results/export-full-en.json",
}
_SERVICE = "uhri"
_ROWS_A_PIECE = 100
_BODIES = {
    "CAT": "SPT",
    "CEDAW": "CEDAW",
    "CRC": "CRC",
    "CCPR": "CCPR",
    "CERD": "CERD",
    "CMW": "CMW",
    "CRPD": "CRPD",
    "CED": "CED",
}
_TYPES = ("- Concerns/Observations", "- Recommendations", "- Positive aspects")
_THEMES = ("Right to work", "Administration of justice & fair trial", "Freedom of association")


class HumanRightsIndex:
    """Answers for `dataex.ohchr.org` and `uhri.ohchr.org`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        path = request.plain_path
        if path == _PATHS.get(request.host):
            return self._export(request)
        if request.host == "uhri.ohchr.org" and (path == "/en/our-data-api" or path.startswith("/en/document/")):
            return text_answer("<!DOCTYPE html><html><head><title>UHRI</title></head><body></body></html>")
        if path.startswith("/uhri/api/"):
            return text_answer("Unauthorized", "text/plain", 401)
        return not_found()

    def _export(self, request: Request) -> Answer:
        rebuilt, tag = self._state()
        validators = {"ETag": tag, "Last-Modified": http_date(rebuilt)}
        if is_not_modified(request, tag, rebuilt):
            return Answer(304, validators)
        headers = {**validators, "Content-Type": "application/json"}
        return Answer(200, headers, Chunks(lambda: export(self._world), None))

    def _state(self) -> tuple[datetime, str]:
        """Return when the export was last different, and its tag."""
        stamps = self._world.by_stamp(_SERVICE)
        last = stamps[-1][0] if stamps else self._world.now
        mark = "|".join(f"{number}:{stamp.isoformat()}" for stamp, number in stamps)
        return last, f'"{hashlib.sha256(mark.encode()).hexdigest()[:16]}"'


def export(world: World) -> Iterator[bytes]:
    """Yield the export of a world piece by piece; nobody holds it as a whole."""
    yield b"["
    held: list[str] = []
    is_first = True
    for number in world.numbers(_SERVICE):
        document = world.document(number)
        if document is None or document.withdrawn:
            continue
        for row in rows_of(document):
            held.append(("" if is_first else ",\n") + json.dumps(row, ensure_ascii=False))
            is_first = False
            if len(held) == _ROWS_A_PIECE:
                yield "".join(held).encode()
                held.clear()
    yield "".join(held).encode()
    yield b"]"


def rows_of(document: Document) -> Iterator[dict[str, object]]:
    """Yield the paragraphs of a document as rows of the export."""
    symbol = document.symbols[0]
    is_upr = document.kind == "upr_report"
    country = document.places[0].name if document.places else "all States"
    for paragraph in range(1, document.n_paragraphs + 1):
        kind = _TYPES[(document.number + paragraph) % len(_TYPES)]
        yield {
            "AnnotationId": stable_uuid("annotation", document.number * 100_000 + paragraph),
            "DocumentId": stable_uuid("document", document.number),
            "Symbol": symbol,
            "AnnotationType": kind,
            "Body": f"- {_body(document)}",
            "Countries": [place.name for place in document.places],
            "Regions": ["Invented region"],
            "Text": f"<p>{paragraph}. The replica of the world invents this paragraph on {country} &amp; its partners.</p>",
            "PublicationDate": f"{document.published.isoformat()}T00:00:00",
            "PublicationDateOnUhri": document.updated.strftime("%Y-%m-%dT%H:%M:%S.827"),
            "Themes": [_THEMES[paragraph % len(_THEMES)]],
            "AffectedPersons": ["Children"] if paragraph % 2 else [],
            "Sdgs": ["8.8 - Universal labour rights and safe working environments"],
            "UprCycle": "3" if is_upr else None,
            "UprSession": ["41"] if is_upr else [],
            "UprPositions": ["Supported"] if is_upr else [],
            "UprRecommendingCountry": ["Castrel"] if is_upr else [],
            "UprRecommendingRegions": ["Invented region"] if is_upr else [],
        }


def _body(document: Document) -> str:
    if document.kind == "upr_report":
        return "UPR"
    head = document.symbols[0].partition("/")[0]
    return _BODIES.get(head, document.body or "Special Procedures")
