"""Document symbols of the United Nations and the ILO, taken apart: the key for comparison, the family, and which document one amends.

A symbol is read from its form, not from a list of organs, as new organs appear every year. `A/HRC/44/47/Add.1/Rev.2` is the second revision
of the addendum `A/HRC/44/47/Add.1`, which belongs to `A/HRC/44/47`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sources.texts import squeeze

SuffixKind = Literal["ADD", "CORR", "REV"]
ParentKind = Literal["addendum_of", "corrigendum_of", "revision_of"]

_LONGEST = 120
_PARENT_KINDS: dict[str, ParentKind] = {"ADD": "addendum_of", "CORR": "corrigendum_of", "REV": "revision_of"}
# A language mark, a footnote star, a job number or a closing stop that was printed behind the symbol.
_BEHIND = re.compile(
    r"(?:\s*\*+|(?<=\d)\s*\((?:[EFSRAC]|ENGLISH|FRENCH|SPANISH)\)|\s*\[[^\]]*\d\d[^\]]*\]|\s+\(?(?:GE\.|N)?\d{2}-\d{5,6}\)?"
    r"(?:\s*\([EFSRAC]\))?|[\s,;:.]+)$"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("⁄∕", "/"))
# One segment between slashes. A blank may stand before a bracket, within one, and after words such as Part.
_SEGMENT = re.compile(
    r"[A-Z0-9](?:[A-Z0-9.&_-]|\.(?: )(?=\d)| (?=\())*(?:(?:PART|VOL|NO|SUPP|SUPPL|SUPPLEMENT|ANNEX|RECORD NO)\.? [A-Z0-9.]+)?"
    r"(?: ?\([^()/]{1,60}(?:/[^()/]{1,20})?\))*(?: ?\[[A-Z](?:-[A-Z])?\])?"
)
_FIRST_SEGMENT = re.compile(r"[A-Z]{1,10}(?:\.\d{1,4}(?:-\d+)?)?")
_SUFFIX = re.compile(r"(?P<kind>ADD|CORR|REV)\.(?P<number>[0-9A-Z]+(?:-[0-9]+)?)(?P<part>(?: \([^()]+\))*)")
_BRACKET_SUFFIX = re.compile(r" \((?P<kind>ADD|CORR|REV)\.(?P<number>[0-9A-Z]+)\)$")
_WHOLLY_SESSION = re.compile(r"(?:\d+[A-Z]?|(?:S|ES|SS)-[0-9IVX]+|[IVXL]+)")
_JOINT = re.compile(r"(?<=[\d)])-(?=[A-Z]{1,6}(?:\.\d+)?/)")
_ILO = re.compile(r"(?P<family>GB|ILC|GC)\.(?P<session>\d+(?:-\d+)?)")
# Families in which three letters alone between slashes stand for a State.
_OF_STATES = frozenset(
    ["CCPR/C", "CRC/C", "CAT/C", "CAT/OP", "CEDAW/C", "CERD/C", "CMW/C", "CRPD/C", "CED/C", "HRI/CORE", "E/C.12", "A/HRC/WG.6"],
)
_NO_STATES = frozenset(("NGO", "CRP", "INF", "GEN"))
# What a person may type in lower case; anything else must come in capitals, else `and/or 2` would be a symbol.
_FAMILIES_IN_LOWER_CASE = re.compile(
    "A|S|E|T|ST|CCPR|CRC|CAT|CEDAW|CERD|CMW|CRPD|CED|HRI|DP|DC|TD|UNEP|UNODC|FCCC|JIU|ISBA|ECE|GB|ILC|GC|CD|PBC|LC|TRANS"
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A document symbol, taken apart. All parts but `text` are in upper case.

    Attributes:
        text: as the source wrote it, in one line, without stars and job numbers.
        key: for comparison; equal keys are the same document. One blank before an opening bracket, none around slashes.
        base: the key without its closing chain of addenda, corrigenda and revisions.
        addendum, corrigendum, revision: the number of the last of each kind in the chain, e.g. `1` or `1-3`.
        family: the organ's part, e.g. `A/HRC`, `A/HRC/WG.6`, `CRC/C`, `S/RES`, `GB`.
        session: the session or year, e.g. `44`, `2026`, `S-33`, `340`.
        number: what is left, e.g. `52`, `6 (SECT. 3)`, `PV.64`, `CO/6-7`, `INS/12`.
        country_code: three letters that stand for the State in symbols of the treaty bodies and the universal periodic review; unchecked.
        parent: the key of the document that this one adds to, corrects or revises; None where it stands for itself.
        parent_kind: what it is to its parent.
        joint: the single keys where one document has several symbols (`A/79/775-S/2025/11`); else empty.
    """

    text: str
    key: str
    base: str
    addendum: str | None
    corrigendum: str | None
    revision: str | None
    family: str
    session: str | None
    number: str | None
    country_code: str | None
    parent: str | None
    parent_kind: ParentKind | None
    joint: tuple[str, ...]


def parse_symbol(text: str | None) -> Symbol | None:
    """Return the symbol that a text consists of; None for anything else (also for identifiers of other kinds). Never raises.

    >>> symbol = parse_symbol("A/HRC/44/47/Add.1/Corr.1*")
    >>> symbol.key, symbol.base, symbol.parent, symbol.parent_kind
    ('A/HRC/44/47/ADD.1/CORR.1', 'A/HRC/44/47', 'A/HRC/44/47/ADD.1', 'corrigendum_of')
    """
    plain = squeeze(text or "")
    # Before anything else, as a page of running text may be offered here.
    written = _without_marks(plain) if len(plain) <= 2 * _LONGEST else ""
    if not written or len(written) > _LONGEST:
        return None
    key = _key(written)
    if not _is_symbol(written, key):
        return None
    base, chain = _chain(key)
    parent = _chain_without_last(key)
    last = dict(chain)
    family, session, number, country = _parts(base)
    joint = tuple(_JOINT.split(key))
    return Symbol(
        text=written,
        key=key,
        base=base,
        addendum=last.get("ADD"),
        corrigendum=last.get("CORR"),
        revision=last.get("REV"),
        family=family,
        session=session,
        number=number,
        country_code=country,
        parent=parent,
        parent_kind=_PARENT_KINDS[chain[-1][0]] if chain else None,
        joint=joint if len(joint) > 1 else (),
    )


def symbol_key(text: str | None) -> str | None:
    """Return the key for comparison of a symbol, or None where the text is none."""
    symbol = parse_symbol(text)
    return symbol.key if symbol else None


def symbol_for_file(symbol: Symbol | str) -> str:
    """Return a form of a symbol that can be a file's name: letters, digits, `.`, `-`, `_` and brackets only.

    >>> symbol_for_file("A/80/6 (Sect. 3)/Add.2")
    'A_80_6(SECT.3)_ADD.2'
    """
    key = symbol.key if isinstance(symbol, Symbol) else symbol_key(symbol) or squeeze(symbol).upper()
    return re.sub(r"[^A-Z0-9._()-]", "-", key.replace(" ", "").replace("/", "_")).lstrip(".") or "-"


def _without_marks(text: str) -> str:
    while True:
        shorter = _BEHIND.sub(
            "", text.lstrip("[").rstrip("]") if text.count("[") != text.count("]") or text.startswith("[") else text
        )
        if shorter == text:
            return text
        text = shorter


def _key(text: str) -> str:
    key = squeeze(text.translate(_DASHES).upper())
    key = re.sub(r" ?/ ?", "/", key)
    key = re.sub(r"\( ", "(", re.sub(r" \)", ")", key))
    key = re.sub(r"(?<=[^ (/])\(", " (", key)
    key = re.sub(r"\b(ADD|CORR|REV)(?:\. ?| )?(?=\d)", r"\1.", key)
    return re.sub(r"\b(SECT|VOL|NO)\.(?=[0-9A-Z])", r"\1. ", key)


def _is_symbol(written: str, key: str) -> bool:
    segments = _split(key)
    if len(segments) < 2 or not any(letter.isdigit() and letter.isascii() for letter in key):
        return False
    if not _FIRST_SEGMENT.fullmatch(segments[0]) or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return False
    first = written.partition("/")[0].strip()
    return first == first.upper() or _FAMILIES_IN_LOWER_CASE.fullmatch(segments[0].partition(".")[0]) is not None


def _split(key: str) -> list[str]:
    """Split at slashes outside brackets."""
    return re.split(r"/(?![^()]*\))", key)


def _chain(key: str) -> tuple[str, list[tuple[SuffixKind, str]]]:
    chain: list[tuple[SuffixKind, str]] = []
    while True:
        found = _last_suffix(key)
        if found is None:
            return key, chain[::-1]
        kind, number, key = found
        chain.append((kind, number))


def _chain_without_last(key: str) -> str | None:
    found = _last_suffix(key)
    return found[2] if found else None


def _last_suffix(key: str) -> tuple[SuffixKind, str, str] | None:
    """Return kind, number and what stands before the last suffix; None where there is none."""
    bracket = _BRACKET_SUFFIX.search(key)
    if bracket is not None and bracket.start():
        return bracket["kind"], bracket["number"], key[: bracket.start()]  # type: ignore[return-value]  # the expression allows no other
    segments = _split(key)
    match = _SUFFIX.fullmatch(segments[-1])
    if match is None or len(segments) < 3:
        return None
    return match["kind"], match["number"], "/".join(segments[:-1])  # type: ignore[return-value]  # as above


def _parts(base: str) -> tuple[str, str | None, str | None, str | None]:
    """Return family, session, number and the State's letters of a symbol without suffixes (of the first, where several are joined)."""
    segments = _split(_JOINT.split(base)[0])
    ilo = _ILO.fullmatch(segments[0])
    if ilo is not None:
        return ilo["family"], ilo["session"], "/".join(segments[1:]), None
    numeric = next(
        (index for index, segment in enumerate(segments) if index and re.match(r"\d|(?:S|ES|SS)-\d", segment)), len(segments)
    )
    country = None
    size = next((size for size in (2, 3) if "/".join(segments[:size]) in _OF_STATES), None)
    if size is not None:
        states = (i for i, one in enumerate(segments) if i >= size and re.fullmatch(r"[A-Z]{3}", one) and one not in _NO_STATES)
        place = next(states, None)
        if place is not None:
            country = segments[place]
            rest = [one for one in segments[min(place, numeric) :] if one != country]
            if place < numeric:
                return "/".join(segments[:place]), None, "/".join(rest) or None, country
            return "/".join(segments[:numeric]), rest[0], "/".join(rest[1:]) or None, country
    family = "/".join(segments[:numeric])
    rest = segments[numeric:]
    if not rest:
        return "/".join(segments[:-1]), None, segments[-1], None
    if len(rest) == 1:
        year = re.fullmatch(r"(?P<number>.+?) \((?P<session>\d{4}|[IVXL]+|S-[IVX]+)\)", rest[0])
        return (family, year["session"], year["number"], None) if year else (family, None, rest[0], None)
    return family, rest[0], "/".join(rest[1:]), None
