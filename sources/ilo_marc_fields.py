"""Which fields of the ILO's catalogue cards are read, and which are not and why."""

from __future__ import annotations

import re

# Subfields that control the record itself (authority numbers, sources, linkage), in any field.
CONTROL_SUBFIELDS = frozenset("0123456789")

# Fields whose subfields are read; the others of these fields are signalled unless IGNORED_SUBFIELDS names them.
READ = {
    "020": "a",
    "024": "a",
    "041": "a",
    "086": "a",
    "088": "a",
    "100": "a",
    "110": "ab",
    "111": "a",
    "245": "abnp",
    "246": "a",
    "260": "c",
    "264": "c",
    "500": "a",
    "506": "a",
    "520": "ab",
    "540": "au",
    "650": "az",
    "651": "a",
    "700": "a",
    "710": "ab",
    "711": "a",
    "830": "av",
    "490": "av",
    "856": "u3yz",
}
IGNORED_SUBFIELDS = {
    "020": {"c": "price", "q": "binding", "z": "a cancelled number"},
    "024": {"q": "binding", "z": "a cancelled number"},
    "041": {"b": "languages of summaries", "h": "the language it was translated from", "f": "languages of contents"},
    "100": {
        "e": "the role",
        "q": "the fuller name",
        "d": "dates of a person",
        "c": "titles of a person",
        "u": "where a person works",
    },
    "110": {"e": "the role", "n": "number of the meeting", "d": "date of the meeting", "c": "place of the meeting"},
    "111": {"e": "the role", "n": "number of the meeting", "d": "date of the meeting", "c": "place of the meeting"},
    "245": {"c": "who is responsible stands in 1XX and 7XX", "h": "the medium"},
    "246": {"b": "the rest of another title", "i": "the kind of another title", "n": "a part", "p": "a part"},
    "260": {"a": "place", "b": "publisher"},
    "264": {"a": "place", "b": "publisher"},
    "506": {"f": "a code of access", "u": "an address of terms"},
    "540": {"f": "a code of terms"},
    "650": {"v": "the form", "x": "a part of the subject", "y": "a period"},
    "651": {"v": "the form", "x": "a part of the subject", "y": "a period"},
    "700": {
        "e": "the role",
        "t": "a work inside",
        "d": "dates of a person",
        "q": "the fuller name",
        "c": "titles of a person",
        "u": "where",
    },
    "710": {"e": "the role", "t": "a work inside", "n": "a number", "d": "a date", "c": "a place"},
    "711": {"e": "the role", "n": "number of the meeting", "d": "date of the meeting", "c": "place of the meeting"},
    "490": {"x": "the number of the series as a serial"},
    "830": {"x": "the number of the series as a serial", "n": "a part", "p": "a part"},
    "856": {"q": "the bytes decide what a file is", "s": "the size", "x": "notes of the cataloguers", "m": "whom to ask"},
}
IGNORED = {
    "006": "codes of the kind of material",
    "007": "codes of the kind of material",
    "010": "numbers of other catalogues",
    "015": "numbers of other catalogues",
    "016": "numbers of other catalogues",
    "022": "the number of a serial",
    "027": "numbers of other catalogues",
    "035": "numbers of other catalogues",
    "040": "who catalogued it",
    "042": "who catalogued it",
    "043": "codes of places; countries come from names",
    "044": "where it was published",
    "045": "codes of periods",
    "050": "shelf marks",
    "072": "codes of subjects",
    "080": "shelf marks",
    "082": "shelf marks",
    "084": "shelf marks",
    "090": "shelf marks",
    "099": "shelf marks",
    "130": "uniform titles",
    "240": "uniform titles",
    "242": "translated titles made by cataloguers",
    "247": "former titles",
    "250": "the edition",
    "263": "when it was expected",
    "300": "number of pages",
    "310": "how often a serial appears",
    "336": "codes of the kind of material",
    "337": "codes of the kind of material",
    "338": "codes of the kind of material",
    "340": "codes of the kind of material",
    "347": "codes of the kind of material",
    "362": "first and last issue of a serial",
    "501": "notes on the copy",
    "504": "note on the bibliography",
    "505": "table of contents",
    "515": "numbering of a serial",
    "516": "kind of the file",
    "525": "supplements",
    "530": "other forms of it",
    "533": "notes on a reproduction",
    "534": "notes on the original",
    "536": "who paid",
    "538": "what is needed to open it",
    "546": "the language in words; codes are read",
    "550": "who issues it",
    "580": "related serials",
    "583": "work of the cataloguers",
    "588": "from what it was described",
    "590": "notes of the library",
    "599": "notes of the library",
    "600": "persons as subjects",
    "610": "bodies as subjects",
    "611": "meetings as subjects",
    "630": "works as subjects",
    "648": "periods as subjects",
    "653": "free words",
    "655": "the form",
    "690": "subjects of the library's own list",
    "730": "related works",
    "740": "related titles",
    "765": "related works",
    "767": "related works",
    "770": "related works",
    "772": "related works",
    "773": "the work that it is a part of",
    "775": "other editions; each has a record of its own",
    "776": "other forms of it",
    "777": "related works",
    "780": "earlier titles of a serial",
    "785": "later titles of a serial",
    "787": "related works",
    "852": "where a copy stands",
    "866": "which issues are held",
    "880": "the same in another script",
    "887": "data of no MARC kind",
    "AVA": "where printed copies stand",
    "AVD": "where digital copies are kept; the addresses come from 856",
    "AVE": "where licensed copies are kept; the addresses come from 856",
}
_GROUP = re.compile(r"9\d\d|[A-Z]{3}|59\d|69\d|09\d")


def is_ignored(tag: str) -> bool:
    """Tell whether a whole field is passed over on purpose."""
    return tag in IGNORED or _GROUP.fullmatch(tag) is not None


def reason_for(place: str) -> str:
    """Return why a field (`300`) or a subfield (`245$c`) is ignored; raises `KeyError` for one that is not."""
    tag, _, code = place.partition("$")
    if code:
        return "control of the record" if code in CONTROL_SUBFIELDS else IGNORED_SUBFIELDS[tag][code]
    if tag not in IGNORED and _GROUP.fullmatch(tag):
        return "a field of the library's own"
    return IGNORED[tag]
