"""Reading the export of the Universal Human Rights Index: very many paragraphs, streamed into one entry a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from sources.dates import parse_date
from sources.symbols import parse_symbol
from sources.texts import squeeze
from sources.types import Signal
from sources.web.errors import Refused

TAKEN = frozenset({"Symbol", "DocumentId", "Body", "Countries", "PublicationDate", "PublicationDateOnUhri", "AnnotationType"})
LEFT = {
    "AnnotationId": "number of the paragraph",
    "Text": "the paragraph; it is read from the document itself",
    "Regions": "follow from the countries",
    "Themes": "the Index's own labels of the paragraph",
    "AffectedPersons": "the Index's own labels of the paragraph",
    "Sdgs": "the Index's own labels of the paragraph",
    "UprCycle": "of recommendations that States make to one another",
    "UprSession": "of recommendations that States make to one another",
    "UprPositions": "of recommendations that States make to one another",
    "UprRecommendingCountry": "of recommendations that States make to one another",
    "UprRecommendingRegions": "of recommendations that States make to one another",
}
"""Keys of a row that are left aside, and why."""
_MOST_SIGNALS = 200
_DEEPEST = 20
# Stamps are compared as texts, which only this form allows.
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:T|$)", re.ASCII)
# The same symbols and days stand in row after row.
_symbol_of = lru_cache(maxsize=65_536)(parse_symbol)
_date_of = lru_cache(maxsize=65_536)(parse_date)


@dataclass(slots=True)
class ExportedDocument:
    """What the rows of one symbol say together."""

    symbol: str
    document_id: str = ""
    bodies: dict[str, None] = field(default_factory=dict)
    countries: dict[str, None] = field(default_factory=dict)
    kinds: dict[str, None] = field(default_factory=dict)
    published: date | None = None
    on_uhri: str = ""
    n_rows: int = 0


@dataclass(slots=True)
class Export:
    """What was read of an export."""

    documents: dict[str, ExportedDocument] = field(default_factory=dict)
    n_rows: int = 0
    newest: str = ""
    signals: dict[tuple[str, str, str], Signal] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def signal(self, kind: str, place: str, example: object) -> None:
        """Note what nobody has decided about; of unknown keys the first example stands for all."""
        text = squeeze(str(example))[:200]
        if len(self.signals) < _MOST_SIGNALS:
            self.signals.setdefault((kind, place, "" if kind == "unknown_field" else text), Signal(kind, place, text))

    def name(self, text: str) -> str:
        """The same few names stand in hundreds of thousands of rows: keep each once."""
        return self.names.setdefault(text, text)


def read_export(path: Path, address: str) -> Export:
    """Read an export in a stream.

    Args:
        path: the file.
        address: where it came from, for messages.

    Raises:
        Refused: `bad_answer` when it is no JSON, cut off, or has no rows; a single row that makes no sense is a signal.
    """
    import ijson

    export = Export()
    try:
        with path.open("rb") as stream:
            for row in _rows(ijson.basic_parse(stream, use_float=True)):
                export.n_rows += 1
                _add(export, row)
    except (ijson.JSONError, ValueError, ArithmeticError) as error:
        detail = f"the export is no whole JSON ({squeeze(str(error))[:120]}), after {export.n_rows} rows"
        raise Refused("bad_answer", address, detail) from None
    if not export.n_rows:
        raise Refused("bad_answer", address, "the export has no rows")
    return export


def _rows(events: Iterable[tuple[str, Any]]) -> Iterator[object]:
    """Yield the entries of the array at the top, built from the parser's events.

    The parser's own way to do so keeps the path to each value as a text, which deep nesting makes larger than any memory.

    Raises:
        ValueError: when there is no array at the top, or the nesting is deeper than a row can be.
    """
    stack: list[Any] = []
    key = ""
    for event, value in events:
        if event == "map_key":
            key = value
            continue
        if event in ("end_map", "end_array"):
            value = stack.pop()
            if len(stack) == 1:
                yield value
            continue
        if event == "start_map":
            value = {}
        elif event == "start_array":
            value = []
        if not stack:
            if event != "start_array":
                raise ValueError("no array at the top")
        elif len(stack) > 1:
            if isinstance(stack[-1], dict):
                stack[-1][key] = value
            else:
                stack[-1].append(value)
        elif event not in ("start_map", "start_array"):
            yield value
        if event in ("start_map", "start_array"):
            if len(stack) == _DEEPEST:
                raise ValueError(f"nested more than {_DEEPEST} deep")
            stack.append(value)


def _add(export: Export, row: object) -> None:
    if not isinstance(row, dict):
        export.signal("bad_value", "row", row)
        return
    for key in row.keys() - TAKEN - LEFT.keys():
        export.signal("unknown_field", str(key)[:60], row[key])
    symbol = _symbol_of(row["Symbol"]) if isinstance(row.get("Symbol"), str) else None
    if symbol is None:
        export.signal("bad_value", "Symbol", row.get("Symbol"))
        return
    document = export.documents.get(symbol.key)
    if document is None:
        document = export.documents[symbol.key] = ExportedDocument(symbol.text)
    document.n_rows += 1
    # The smallest, so that the order of the rows does not matter.
    document.document_id = min(filter(None, (document.document_id, _text(export, row, "DocumentId"))), default="")
    for name, place in (("Body", document.bodies), ("AnnotationType", document.kinds)):
        text = _text(export, row, name).lstrip("- ")
        if text:
            place[export.name(text)] = None
    for country in _texts(export, row, "Countries"):
        document.countries[export.name(country)] = None
    published = _text(export, row, "PublicationDate")
    found = _date_of(published)
    if found is not None:
        document.published = min(document.published or found[0], found[0])
    elif published:
        export.signal("bad_value", "PublicationDate", published)
    on_uhri = _text(export, row, "PublicationDateOnUhri")
    if on_uhri and not _ISO_DAY.match(on_uhri):
        export.signal("bad_value", "PublicationDateOnUhri", on_uhri)
        return
    document.on_uhri = max(document.on_uhri, on_uhri)
    export.newest = max(export.newest, on_uhri)


def _text(export: Export, row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    if isinstance(value, str):
        return squeeze(value)
    if value is not None:
        export.signal("bad_value", key, value)
    return ""


def _texts(export: Export, row: Mapping[str, object], key: str) -> list[str]:
    value = row.get(key)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [text for text in map(squeeze, value) if text]
    export.signal("bad_value", key, value)
    return []
