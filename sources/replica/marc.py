"""MARC records of the world's documents, written to the field tables of the UN Library and of the ILO's catalogue, in XML and in JSON.

The values are invented or come from the project's manifests; the shape follows the documented tables, not a recorded answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sources.replica.messages import zulu
from sources.replica.naming import (
    LANGUAGE_NAMES,
    digital_library_file,
    dlx_id,
    full_symbol_series,
    ilo_file_in_catalogue,
    ilo_page,
    iso_date,
    mms_id,
    recid,
    words_date,
)
from sources.replica.world import Document

MARC_NAMESPACE = "http://www.loc.gov/MARC21/slim"
_LEADER = "00000nam a2200000 a 4500"

_UN_KINDS: dict[str, tuple[tuple[str, ...], str, str]] = {
    # kind: codes of 089, resource type 989 b, 989 c
    "sg_mission_report": (("B15", "B16"), "Reports", "Secretary-General's Reports"),
    "country_visit_report": (("B04",), "Reports", "Annual and Sessional Reports"),
    "end_of_mission_statement": (("B04",), "Reports", "Annual and Sessional Reports"),
    "commission_of_inquiry": (("B04",), "Reports", "Annual and Sessional Reports"),
    "mission_report": (("B04",), "Reports", "Annual and Sessional Reports"),
    "concluding_observations": (("B24",), "Concluding Observations and Recommendations", ""),
    "resolution": (("B01",), "Resolutions and Decisions", ""),
    "verbatim_record": (("B03",), "Meeting Records", "Verbatim Records"),
    "letter": (("B18",), "Letters and Notes Verbales", ""),
}
_UN_OTHER = (("B16",), "Reports", "")
_ISSUING = {"A/HRC": "Human Rights Council", "S": "Security Council", "A": "General Assembly", "E": "Economic and Social Council"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field; a control field has a value and no subfields."""

    tag: str
    subfields: tuple[tuple[str, str], ...] = ()
    indicators: str = "  "
    value: str = ""

    def all(self, codes: str = "") -> Iterable[str]:
        """Yield the values of some subfields (all where none is named)."""
        if not self.subfields:
            yield self.value
        for code, value in self.subfields:
            if not codes or code in codes:
                yield value


def un_fields(document: Document, numbering: str) -> list[Field]:
    """Return the record of a UN document.

    Args:
        numbering: `dlx` as in the record API or `recid` as in the Digital Library, which notes the other number in 035.
    """
    record = recid(document.number)
    number = dlx_id(document.number) if numbering == "dlx" else record
    fields = [Field("001", value=str(number)), Field("005", value=document.updated.strftime("%Y%m%d%H%M%S.0"))]
    if numbering == "recid":
        fields.append(Field("035", (("a", f"(DHL){dlx_id(document.number)}"),)))
    codes, kind, detail = _UN_KINDS.get(document.kind, _UN_OTHER)
    fields += [Field("089", (("b", code),)) for code in codes]
    for symbol in document.symbols:
        series, session = full_symbol_series(symbol)
        fields.append(Field("191", (("a", symbol), ("b", series), *([("c", session)] if session else []))))
    title = [("a", f"{document.title} :" if document.subtitle else f"{document.title} /")]
    if document.subtitle:
        title.append(("b", f"{document.subtitle} /"))
    fields.append(Field("245", (*title, ("c", document.body or document.igo)), "10"))
    fields.append(Field("260", (("a", "[S.l.] :"), ("b", "UN,"), ("c", words_date(document)))))
    fields.append(Field("269", (("a", iso_date(document)),)))
    if document.abstract:
        fields.append(Field("520", (("a", document.abstract),)))
    fields.append(Field("650", (("a", "HUMAN RIGHTS"),), "17"))
    for place in document.places:
        fields.append(Field("651", (("a", place.name.upper()),), " 7"))
    if document.body:
        fields.append(Field("710", (("a", document.body),), "2 "))
    fields += [
        Field("856", (("u", digital_library_file(document, file)), ("y", LANGUAGE_NAMES.get(file.language, file.language))), "40")
        for file in document.main_files()
    ]
    if document.symbols:
        owner = next((name for head, name in _ISSUING.items() if document.symbols[0].startswith(f"{head}/")), "UN bodies")
        fields.append(Field("981", (("a", owner),)))
    fields.append(Field("989", (("a", "Documents and Publications"), ("b", kind), *([("c", detail)] if detail else []))))
    return fields


def ilo_fields(document: Document) -> list[Field]:
    """Return the record of an ILO publication as the catalogue has it."""
    codes = {"en": "eng", "fr": "fre", "es": "spa"}
    language = codes.get(document.languages[0] if document.languages else "en", "eng")
    year = document.published.year
    fields = [
        Field("001", value=mms_id(document.number)),
        Field("005", value=document.updated.strftime("%Y%m%d%H%M%S.0")),
        Field("008", value=f"{document.created:%y%m%d}s{year}    sz            000 0 {language} d"),
        Field("020", (("a", f"97892990{document.number:05}"),)),
        Field("024", (("a", f"10.54394/REPLICA{document.number:04}"), ("2", "doi")), "7 "),
        Field("041", (("a", language),), "0 "),
        Field("110", (("a", "ILO."), ("b", document.body)) if document.body else (("a", "ILO."),), "2 "),
        Field("245", (("a", document.title), *([("b", document.subtitle)] if document.subtitle else [])), "10"),
        Field("264", (("a", "Geneva :"), ("b", "ILO,"), ("c", str(year))), " 1"),
    ]
    if document.abstract:
        fields.append(Field("520", (("a", document.abstract),)))
    fields.append(Field("650", (("a", "ILO pub"),), " 7"))
    fields += [Field("651", (("a", place.name),), " 7") for place in document.places]
    for file in document.main_files():
        fields.append(Field("856", (("u", ilo_file_in_catalogue(document, file)), ("z", "Full text")), "40"))
    if document.main_files():
        fields.append(Field("856", (("u", ilo_page(document, document.languages[0])), ("z", "Web page")), "42"))
    return fields


def to_xml(fields: Iterable[Field], prefix: str = "", namespace: str | None = MARC_NAMESPACE) -> str:
    """Return a record as MARCXML.

    Args:
        prefix: the prefix of the namespace, e.g. `marc:`; both forms are seen.
        namespace: None leaves its declaration out (it stands further up, or nowhere).
    """
    name = prefix.rstrip(":")
    declaration = f" xmlns{':' + name if name else ''}={quoteattr(namespace)}" if namespace else ""
    parts = [f"<{prefix}record{declaration}><{prefix}leader>{_LEADER}</{prefix}leader>"]
    for field in fields:
        if field.subfields:
            one, two = (quoteattr(indicator) for indicator in field.indicators)
            parts.append(f'<{prefix}datafield tag="{field.tag}" ind1={one} ind2={two}>')
            for code, value in field.subfields:
                parts.append(f'<{prefix}subfield code="{code}">{escape(value)}</{prefix}subfield>')
            parts.append(f"</{prefix}datafield>")
        else:
            parts.append(f'<{prefix}controlfield tag="{field.tag}">{escape(field.value)}</{prefix}controlfield>')
    parts.append(f"</{prefix}record>")
    return "".join(parts)


def to_json(fields: Iterable[Field]) -> dict[str, Any]:
    """Return a record as the record API writes it: by tag, blank indicators as `_`, controlled terms with the number of their authority."""
    content: dict[str, list[Any]] = {}
    for field in fields:
        if not field.subfields:
            content.setdefault(field.tag, []).append(field.value)
            continue
        subfields: list[dict[str, Any]] = []
        for code, value in field.subfields:
            subfield: dict[str, Any] = {"code": code, "value": value}
            if (field.tag, code) in _CONTROLLED:
                subfield["xref"] = 100_000 + sum(value.encode())
            subfields.append(subfield)
        indicators = [indicator.replace(" ", "_") for indicator in field.indicators]
        content.setdefault(field.tag, []).append({"indicators": indicators, "subfields": subfields})
    return content


_CONTROLLED = {("191", "b"), ("191", "c"), ("650", "a"), ("651", "a"), ("710", "a"), ("981", "a"), ("991", "a")}

Fields = Callable[[Document], list[Field]]


def dublin_core(document: Document) -> str:
    """Return a document as `oai_dc`."""
    parts = [
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">',
        f"<dc:title>{escape(document.title)}</dc:title>",
        f"<dc:creator>{escape(document.body or document.igo)}</dc:creator>",
        f"<dc:date>{iso_date(document)}</dc:date>",
        *(f"<dc:identifier>{escape(symbol)}</dc:identifier>" for symbol in document.symbols),
        *(f"<dc:identifier>{escape(digital_library_file(document, file))}</dc:identifier>" for file in document.main_files()),
        f"<dc:description>{escape(document.abstract)}</dc:description>" if document.abstract else "",
        f"<dc:source>{zulu(document.created)}</dc:source>",
        "</oai_dc:dc>",
    ]
    return "".join(parts)
