"""The World Bank's documents (`search.worldbank.org/api/v2|v3/wds`) and their files (`documents.worldbank.org`).

Shape: the fields of recorded and transcribed answers of 2017 and 2026 with invented content, wrapped as they are there.
"""

from __future__ import annotations

import re
from typing import Any

from sources.replica.content import MEDIA_TYPES, Content, serve
from sources.replica.messages import Answer, Request, json_answer, not_found, zulu
from sources.replica.naming import ENGLISH_NAMES, slug, worldbank_file, worldbank_guid, worldbank_id, worldbank_text
from sources.replica.world import Document, World

_SERVICE = "worldbank"
_MOST_ROWS = 500
_NO_TEXT = b"The system was not able to generate the text version of this document."


class DocumentSearch:
    """Answers for `search.worldbank.org`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        found = re.fullmatch(r"/api/(v[23])/wds", request.plain_path)
        if found is None:
            return not_found()
        asked = request.parameters
        rows = min(_whole(asked.get("rows"), 10), _MOST_ROWS)
        offset = _whole(asked.get("os"), 0)
        documents = [
            document for document in self._world.documents(_SERVICE) if not document.withdrawn and _fits(document, asked)
        ]
        if asked.get("srt") == "docdt":
            documents.sort(key=lambda one: (one.published, one.number), reverse=asked.get("order") == "desc")
        is_old = found[1] == "v2" and self._world.habits.wds_shape == "2017"
        fields = {name for name in asked.get("fl", "*").split(",") if name}
        listed = {
            worldbank_id(document.number) if is_old else f"D{worldbank_id(document.number)}": _selected(
                self._fields(document, found[1], is_old), fields
            )
            for document in documents[offset : offset + rows]
        }
        page = offset // rows + 1 if rows else 1
        numbers: dict[str, object] = {"rows": rows, "os": offset, "page": page, "total": len(documents)}
        if is_old:
            numbers = {"rows": rows, "os": str(offset) if offset else "", "page": str(page), "total": str(len(documents))}
        return json_answer({**numbers, "documents": {**listed, "facets": {}}})

    def _fields(self, document: Document, version: str, is_old: bool) -> dict[str, Any]:
        title = _broken_lines(document.title)
        date = document.published
        language = ENGLISH_NAMES.get(document.languages[0] if document.languages else "en", "English")
        fields: dict[str, Any] = {
            "id": worldbank_id(document.number),
            "guid": worldbank_guid(document.number),
            "url": f"http://documents.worldbank.org/curated/en/{worldbank_guid(document.number)}/{slug(document)}",
            "display_title": [{"display_title": title}] if is_old else document.title,
            "docna": {"cdata!": title} if is_old else {"0": {"docna": document.title}},
            "repnme": {"cdata!": title},
            "docdt": f"{date:%d-%b-%Y}" if version == "v3" and _is_odd(document) else f"{date.isoformat()}T00:00:00Z",
            "disclosure_date": zulu(document.created),
            "datestored": zulu(document.updated),
            "disclstat": "Disclosed",
            "docty": "Working Paper" if document.kind == "monitoring_report" else "Report",
            "majdocty": "Publications & Research",
            "count": ",".join(place.name for place in document.places),
            "admreg": "Invented region,Invented region",
            "lang": language,
            "available_in": language,
            "projectid": f"P{990_000 + document.number}",
            "projn": f"XA-Invented project -- P{990_000 + document.number}",
            "repnb": f"AUS{document.number:05}",
            "volnb": "1",
            "totvolnb": "1",
            "keywd": {"0": {"cdata!": "labour, third party monitoring, harvest"}},
            "teratopic": "Social Protections and Labor",
            "subtopic": "Labor Standards",
            "authors": {"authr": document.body or "Invented,Author"},
            "entityids": {"entityid": f"0902{document.number:012}_1_0"},
            "seccl": "Public",
        }
        if document.abstract:
            fields["abstracts"] = {"cdata!": _broken_lines(document.abstract)}
        file = document.file(document.languages[0], ("pdf",)) if document.languages else None
        if file is not None:
            fields["pdfurl"] = worldbank_file(document, file)
            fields["txturl"] = worldbank_text(document)
        return fields


class DocumentFiles:
    """Answers for `documents.worldbank.org`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Answer:
        """Answer one request: a PDF, or a text layer that some documents do not have (and says so with status 200)."""
        wanted = f"http://documents.worldbank.org{request.path}"
        for document in self._world.documents(_SERVICE):
            if document.withdrawn or worldbank_guid(document.number) not in request.path:
                continue
            for file in document.main_files():
                if worldbank_file(document, file) == wanted:
                    return serve(request, file.content, MEDIA_TYPES[file.file_format], file.modified)
            if worldbank_text(document) == wanted and document.is_out:
                text = _NO_TEXT if _is_odd(document) else f"{document.title}\n\n{document.abstract}\n".encode()
                return serve(request, Content(held=text), "text/plain; charset=utf-8", document.updated)
        return not_found(purpose="file")


def _fits(document: Document, asked: dict[str, str]) -> bool:
    text = f"{document.title} {document.subtitle} {document.abstract} {document.body} third party monitoring".casefold()
    language = ENGLISH_NAMES.get(document.languages[0] if document.languages else "en", "English")
    day = document.published.isoformat()
    return (
        all(word in text for word in re.findall(r"\w+", asked.get("qterm", "").casefold()))
        and all(word in document.title.casefold() for word in re.findall(r"\w+", asked.get("display_title", "").casefold()))
        and asked.get("count_exact", "") in ("", *(place.name for place in document.places))
        and asked.get("lang_exact", "") in ("", language)
        and asked.get("docty_exact", "") in ("", "Working Paper" if document.kind == "monitoring_report" else "Report")
        and asked.get("projectid", "") in ("", f"P{990_000 + document.number}")
        and asked.get("repnb_exact", "") in ("", f"AUS{document.number:05}")
        and asked.get("strdate", "") <= day
        and day <= (asked.get("enddate") or "9999")
    )


def _is_odd(document: Document) -> bool:
    """Return whether a document is one of those without text layer, whose date v3 writes in words."""
    return document.number % 4 == 2


def _selected(fields: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return fields if "*" in names or not names else {name: value for name, value in fields.items() if name in names | {"id"}}


def _broken_lines(text: str) -> str:
    """Return a text with the line breaks and the indentation that wrapped texts have."""
    words = text.split(" ")
    return "\n            ".join(" ".join(words[at : at + 6]) for at in range(0, len(words), 6))


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default
