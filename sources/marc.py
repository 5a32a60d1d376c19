"""Reading MARC: the XML form (by namespace, whatever its prefix) and the UN Library's own JSON form become one frozen record type."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from entente.errors import EntenteError

MARCXML = "http://www.loc.gov/MARC21/slim"

_TAG = re.compile(r"[0-9A-Z]{3}")
# What XML 1.0 cannot carry, and halves of characters that JSON can; some services send them, and they are no part of any title.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_NOT_FIELDS = frozenset({"_id", "created", "updated", "user", "created_user", "basket", "files"})


class NotMarc(EntenteError):
    """The bytes or the object are no MARC at all; a connector turns this into a refusal that names the address."""


@dataclass(frozen=True, slots=True)
class MarcField:
    """One field.

    Attributes:
        tag: three characters.
        value: the text of a control field (00X); empty for others.
        indicators: two characters, blank where nothing is said; empty for control fields.
        subfields: pairs of code and text, in order, texts without surrounding blanks and never empty.
    """

    tag: str
    value: str = ""
    indicators: str = ""
    subfields: tuple[tuple[str, str], ...] = ()

    def first(self, code: str) -> str | None:
        """Return the text of the first subfield with this code."""
        return next((text for own, text in self.subfields if own == code), None)

    def joined(self, codes: str, separator: str = " ") -> str:
        """Return the texts of all subfields whose code is one of `codes`, in the field's order."""
        return separator.join(text for own, text in self.subfields if own in codes)


@dataclass(frozen=True, slots=True)
class MarcRecord:
    """One record.

    Attributes:
        leader: 24 characters, or empty.
        fields: in the order of the record.
        problems: what could not be read, in words; the rest of the record stands.
        raw: the record as it came, as text of its own (XML or JSON).
    """

    leader: str
    fields: tuple[MarcField, ...]
    problems: tuple[str, ...] = ()
    raw: str = ""

    def all(self, *tags: str) -> tuple[MarcField, ...]:
        """Return all fields with one of these tags, in the order of the record."""
        return tuple(one for one in self.fields if one.tag in tags)

    def control(self, tag: str) -> str | None:
        """Return the text of the first control field with this tag."""
        return next((one.value for one in self.fields if one.tag == tag and one.value), None)

    def first(self, tag: str, code: str) -> str | None:
        """Return the first text of this subfield in any field of this tag."""
        return next(iter(self.texts(tag, code)), None)

    def texts(self, tag: str, code: str) -> tuple[str, ...]:
        """Return all texts of this subfield in all fields of this tag."""
        return tuple(text for one in self.fields if one.tag == tag for own, text in one.subfields if own == code)


def parse_marcxml(data: bytes) -> Iterator[MarcRecord]:
    """Yield the records of a MARCXML document, wherever in it they stand, one after the other.

    Elements without any namespace are taken too: the UN Library's record API writes them so.

    Args:
        data: the bytes of a `collection`, of one `record`, or of an answer that has records inside.

    Raises:
        NotMarc: when the bytes are no XML (records before the fault have been yielded) or hold neither records nor an empty collection.
    """
    seen = False
    root: str | None = None
    names = (f"{{{MARCXML}}}record", "record")
    try:
        # Entities are not resolved and nothing is loaded from elsewhere: the bytes are foreign.
        for event, element in etree.iterparse(
            io.BytesIO(data), events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
        ):
            if event == "start":
                root = root or element.tag
            elif element.tag in names and _holds_marc(element):
                seen = True
                yield marc_of_element(element)
                element.clear()
    except etree.XMLSyntaxError as error:
        raise NotMarc(f"no MARCXML: {error.msg}") from None
    if not seen and _local(root or "") != "collection":
        raise NotMarc(f"no MARCXML: the document is a {_local(root or 'nothing')} without records.")


def marc_of_element(element: Any) -> MarcRecord:
    """Return the record that an lxml element `record` holds; what cannot be read is named in `problems`, never raised."""
    leader = ""
    fields: list[MarcField] = []
    problems: list[str] = []
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = _local(child.tag)
        if name == "leader":
            leader = child.text or ""
            continue
        if name not in ("controlfield", "datafield"):
            problems.append(f"unknown element {name[:60]}")
            continue
        tag = child.get("tag", "")
        if not _TAG.fullmatch(tag):
            problems.append(f"{name} with tag {tag[:20]!r}")
        elif name == "controlfield":
            fields.append(MarcField(tag, value=_clean("".join(child.itertext()))))
        else:
            fields.append(_datafield(child, tag, problems))
    return MarcRecord(leader, tuple(fields), tuple(problems), etree.tostring(element, encoding="unicode", with_tail=False))


def parse_jmarc(content: object) -> MarcRecord:
    """Return the record that the UN Library's JSON form holds: a mapping of tags to lists; blanks among indicators are `_`.

    Raises:
        NotMarc: when it is no mapping; whatever is wrong inside is named in `problems`.
    """
    if not isinstance(content, Mapping):
        raise NotMarc(f"no record: {type(content).__name__} where a mapping of tags was due.")
    fields: list[MarcField] = []
    problems: list[str] = []
    for tag, values in content.items():
        if tag in _NOT_FIELDS:
            continue
        if not isinstance(tag, str) or not _TAG.fullmatch(tag) or not isinstance(values, list):
            problems.append(f"unknown key {str(tag)[:60]!r}")
            continue
        for value in values:
            if isinstance(value, str) and tag.startswith("00"):
                fields.append(MarcField(tag, value=_clean(value)))
            elif isinstance(value, Mapping) and not tag.startswith("00"):
                fields.append(_jmarc_field(value, tag, problems))
            else:
                problems.append(f"{tag}: {type(value).__name__} is no field")
    if not any(one.tag == "001" for one in fields) and isinstance(content.get("_id"), int):
        fields.insert(0, MarcField("001", value=str(content["_id"])))
    raw = json.dumps(content, skipkeys=True, default=str)
    return MarcRecord("", tuple(fields), tuple(problems), raw)


def _holds_marc(element: Any) -> bool:
    """An OAI answer without namespaces has `record` elements of its own; only those with MARC children are meant."""
    return element.tag != "record" or any(
        isinstance(child.tag, str) and child.tag in ("leader", "controlfield", "datafield") for child in element
    )


def _datafield(element: Any, tag: str, problems: list[str]) -> MarcField:
    subfields = []
    for child in element:
        if not isinstance(child.tag, str):
            continue
        code = child.get("code", "")
        if _local(child.tag) != "subfield" or len(code) != 1:
            problems.append(f"{tag}: {_local(child.tag)[:60]} with code {code[:20]!r}")
        elif text := _clean("".join(child.itertext())):
            subfields.append((code, text))
    indicators = _indicator(element.get("ind1")) + _indicator(element.get("ind2"))
    return MarcField(tag, indicators=indicators, subfields=tuple(subfields))


def _jmarc_field(content: Mapping[object, object], tag: str, problems: list[str]) -> MarcField:
    subfields = []
    raw_subfields = content.get("subfields")
    for one in raw_subfields if isinstance(raw_subfields, list) else [None]:
        code = one.get("code") if isinstance(one, Mapping) else None
        value = one.get("value", "") if isinstance(one, Mapping) else None
        if not isinstance(code, str) or len(code) != 1 or not isinstance(value, str):
            problems.append(f"{tag}: a subfield that has no code or no text")
        elif text := _clean(value):
            subfields.append((code, text))
    raw_indicators = content.get("indicators")
    both = list(raw_indicators) if isinstance(raw_indicators, list | tuple) else []
    indicators = "".join(_indicator(one) for one in [*both, None, None][:2])
    return MarcField(tag, indicators=indicators, subfields=tuple(subfields))


def _indicator(raw: object) -> str:
    return raw if isinstance(raw, str) and len(raw) == 1 and raw != "_" else " "


def _clean(text: str) -> str:
    return _CONTROL.sub("", text).strip()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
