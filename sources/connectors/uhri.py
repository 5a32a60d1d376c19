"""The Universal Human Rights Index: one large export of paragraphs, which names the documents that they are from.

The export is fetched to the disk, only where it has changed, and read in a stream: of its hundreds of megabytes no more is kept than a few
words for each document. It lists everything by its nature, so a document that is no longer in it is gone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from entente.errors import BadInput
from sources.connector_settings import read_settings
from sources.countries import default_countries
from sources.description import Query, SourceDescription
from sources.selection import LocalQueries, passes
from sources.symbols import parse_symbol
from sources.types import DocumentMetadata, Page, Record
from sources.uhri_export import Export, ExportedDocument, read_export
from sources.un_files import FileRoutes, Files, links_for
from sources.web.errors import Refused
from sources.web.results import NotModified, Validators

if TYPE_CHECKING:
    from sources.web.client import Client

_NO_FILES = Files({}, ())


class UhriSettings(BaseModel):
    """What `settings` of the description may say.

    Attributes:
        addresses: roles of `base_urls` in the order in which they are tried.
        max_mb: a larger export is refused.
        shrunk_share: an export with fewer rows than this share of the last one is not taken for complete.
        files: how files are found.
        document_page: address of a document for people; `{document_id}` stands for its number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: Annotated[tuple[str, ...], Field(min_length=1)] = ("export",)
    max_mb: Annotated[int, Field(ge=1)] = 2000
    shrunk_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    files: FileRoutes = FileRoutes()
    document_page: str = ""


class UhriConnector:
    """Lists the documents of the export that the queries of the description mean."""

    def __init__(self, description: SourceDescription) -> None:
        self._description = description
        self._settings = read_settings(description, UhriSettings)
        self._queries = LocalQueries(description)
        self._addresses = [description.base(role) for role in self._settings.addresses]
        if "{document_id}" not in self._settings.document_page and self._settings.document_page:
            raise BadInput(f"configs/sources/{description.id}.yaml, key settings.document_page: has no {{document_id}}.")

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List the export where it has changed; see `Connector.discover`."""
        before = _read_mark(watermark)
        meaning = self._meaning()
        target = client.state / "exports" / f"{self._description.id}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            fetched = self._fetch(client, target, before if before.get("meaning") == meaning else {})
            if fetched is None:
                yield Page(())
                return
            address, validators = fetched
            export = read_export(target, address)
        finally:
            target.unlink(missing_ok=True)
        is_whole = self._is_whole(export, before)
        mark = {
            "address": address,
            "etag": validators.etag,
            "last_modified": validators.last_modified,
            "meaning": meaning,
            "newest": export.newest,
            "rows": export.n_rows,
        }
        yield from self._pages(export, json.dumps(mark, sort_keys=True) if is_whole else None, is_complete=is_whole)

    def _fetch(self, client: Client, target: Path, before: Mapping[str, Any]) -> tuple[str, Validators] | None:
        """Fetch the export from the first address that gives it; None where the one of last time says that nothing has changed."""
        for place, address in enumerate(self._addresses, start=1):
            known = Validators(before.get("etag"), before.get("last_modified")) if before.get("address") == address else None
            try:
                result = client.download(address, target, max_bytes=self._settings.max_mb << 20, validators=known or None)
            except Refused:
                if place == len(self._addresses):
                    raise
                continue
            return None if isinstance(result, NotModified) else (address, result.validators)
        return None

    def _is_whole(self, export: Export, before: Mapping[str, Any]) -> bool:
        """An export that lost most of its rows, or its newest ones, is no proof that documents are gone."""
        rows, newest = before.get("rows"), before.get("newest")
        is_whole = True
        if isinstance(rows, int) and export.n_rows < rows * self._settings.shrunk_share:
            export.signal("unexpected_count", "rows", f"{export.n_rows} rows; {rows} the last time")
            is_whole = False
        if isinstance(newest, str) and export.newest < newest:
            export.signal("difference", "PublicationDateOnUhri", f"newest {export.newest or 'none'}; {newest} the last time")
            is_whole = False
        return is_whole

    def _pages(self, export: Export, watermark: str | None, *, is_complete: bool) -> Iterator[Page]:
        keys = sorted(export.documents)
        size = self._description.page_size
        for begin in range(0, max(1, len(keys)), size):
            chosen = [export.documents[key] for key in keys[begin : begin + size]]
            is_last = begin + size >= len(keys)
            records = tuple(
                record
                for document in chosen
                for record in self._records(document, export)
                if passes(record, self._description.filters)
            )
            yield Page(
                records=records,
                n_listed=len(chosen),
                watermark=watermark if is_last else None,
                signals=tuple(export.signals.values()) if is_last else (),
                is_complete=is_last and is_complete,
            )

    def _records(self, document: ExportedDocument, export: Export) -> Iterator[Record]:
        bodies = list(document.bodies) or [""]
        asked = (self._queries.first([document.symbol], None, (), body) for body in bodies)
        query = next((found for found in asked if found is not None), None)
        if query is None:
            return
        iso3, country = _country(document, export)
        raw = _raw(document)
        for language in self._description.languages:
            yield Record(
                source_id=self._description.id,
                record_key=f"{_key(document.symbol)}/{language}",
                location=None,
                metadata=self._metadata(document, query, language, iso3, country),
                links=links_for(document.symbol, language, _NO_FILES, self._settings.files),
                version=hashlib.sha256(raw.encode()).hexdigest()[:16],
                raw=raw,
            )

    def _metadata(
        self, document: ExportedDocument, query: Query, language: str, iso3: str | None, country: str | None
    ) -> DocumentMetadata:
        page = self._settings.document_page
        extra = {
            "query": query.id,
            "bodies": "; ".join(sorted(document.bodies)),
            "countries": "; ".join(sorted(document.countries)),
            "annotation_types": "; ".join(sorted(document.kinds)),
            "on_uhri": document.on_uhri,
            "uhri_document_id": document.document_id,
            "uhri_paragraphs": str(document.n_rows),
        }
        return DocumentMetadata(
            igo=query.igo,
            body=query.body or next(iter(sorted(document.bodies)), None),
            symbol=document.symbol,
            doc_type=query.doc_type,
            country_iso3=iso3,
            country_name=country,
            published=document.published,
            language=language,
            url=page.replace("{document_id}", document.document_id) if page and document.document_id else None,
            mission_kind=query.mission_kind,
            extra={name: text for name, text in extra.items() if text},
        )

    def _meaning(self) -> str:
        """A mark of all that decides what the export means here: where that changes, an unchanged export is read again."""
        said = self._description.model_dump_json(include={"queries", "filters", "languages", "settings"})
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def _country(document: ExportedDocument, export: Export) -> tuple[str | None, str | None]:
    countries = default_countries()
    found = {}
    for name in document.countries:
        country = countries.find(name)
        if country is not None:
            found[country.iso3] = country.name
        elif not countries.is_no_country(name):
            export.signal("unknown_value", "Countries", name)
    return next(iter(found.items())) if len(found) == 1 else (None, None)


def _raw(document: ExportedDocument) -> str:
    said = {
        "Symbol": document.symbol,
        "DocumentId": document.document_id,
        "Body": sorted(document.bodies),
        "Countries": sorted(document.countries),
        "AnnotationType": sorted(document.kinds),
        "PublicationDate": document.published.isoformat() if document.published else None,
        "PublicationDateOnUhri": document.on_uhri,
        "rows": document.n_rows,
    }
    return json.dumps(said, ensure_ascii=True)


def _key(symbol: str) -> str:
    parsed = parse_symbol(symbol)
    return parsed.key if parsed is not None else symbol


def _read_mark(watermark: str | None) -> Mapping[str, Any]:
    """Return what was kept of the last export; nothing where it cannot be read, which fetches the export anew."""
    try:
        content = json.loads(watermark or "{}")
    except ValueError:
        return {}
    if not isinstance(content, dict):
        return {}
    texts = ("address", "etag", "last_modified", "meaning", "newest")
    return {name: value for name, value in content.items() if value is None or isinstance(value, str if name in texts else int)}


CONNECTOR = UhriConnector
