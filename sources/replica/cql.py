"""The part of CQL that the replica's catalogue understands: `index relation "term"`, AND, OR, NOT, brackets, `sortBy`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sources.replica.naming import mms_id
from sources.replica.world import Document

_TOKEN = re.compile(r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<sign>>=|<=|==|<>|[=<>()])|(?P<word>[^\s"=<>()]+))""")
_BOOLEANS = ("and", "or", "not")
LANGUAGES = {"en": "eng", "fr": "fre", "es": "spa"}

Test = Callable[[Document], bool]


class CqlError(Exception):
    """A query that is answered with a diagnostic; `number` is its place in the SRU list of diagnostics."""

    def __init__(self, number: int, message: str, details: str) -> None:
        super().__init__(message)
        self.number = number
        self.details = details


@dataclass(frozen=True, slots=True)
class CqlQuery:
    """A parsed query: what is found, and whether by year from the latest or the earliest (None: as it comes)."""

    matches: Test
    is_latest_first: bool | None


def parse(text: str) -> CqlQuery:
    """Parse a query.

    Raises:
        CqlError: 10 for what is no query, 16 for an index that is not there, 19 for a relation that is not supported.
    """
    tokens = _tokens(text)
    cut = next((place for place, token in enumerate(tokens) if token.lower() == "sortby"), len(tokens))
    parser = _Parser(tokens[:cut])
    matches = parser.expression()
    if parser.rest:
        raise CqlError(10, "Query syntax error", parser.rest[0])
    return CqlQuery(matches, _order(tokens[cut + 1 :]))


def _order(tokens: list[str]) -> bool | None:
    if not tokens:
        return None
    if not tokens[0].startswith("alma.main_pub_date"):
        raise CqlError(16, "Unsupported index", tokens[0])
    return tokens[0].endswith("/sort.descending")


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if found is None:
            raise CqlError(10, "Query syntax error", text[position : position + 20])
        tokens.append(found[0].strip())
        position = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def expression(self) -> Test:
        """Read clauses and the words between them, from left to right as CQL wants it."""
        result = self._clause()
        while self.rest and self.rest[0].lower() in _BOOLEANS:
            result = _joined(self.rest.pop(0).lower(), result, self._clause())
        return result

    def _clause(self) -> Test:
        if self.rest and self.rest[0] == "(":
            self.rest.pop(0)
            inside = self.expression()
            if not self.rest or self.rest.pop(0) != ")":
                raise CqlError(10, "Query syntax error", "a bracket is not closed")
            return inside
        if len(self.rest) < 3 or self.rest[0].lower() in _BOOLEANS:
            raise CqlError(10, "Query syntax error", " ".join(self.rest))
        index, relation, term = self.rest[:3]
        del self.rest[:3]
        return _test(index, relation, term.removeprefix('"').removesuffix('"'))


def _joined(word: str, left: Test, right: Test) -> Test:
    if word == "and":
        return lambda document: left(document) and right(document)
    if word == "or":
        return lambda document: left(document) or right(document)
    return lambda document: left(document) and not right(document)


def _test(index: str, relation: str, term: str) -> Test:
    if index == "alma.main_pub_date":
        return _year_test(relation, term)
    if relation not in ("=", "=="):
        raise CqlError(19, "Unsupported relation", relation)
    words = re.findall(r"\w+", term.casefold())
    match index:
        case "alma.subjects":
            return lambda document: _has(f"ILO pub {' '.join(place.name for place in document.places)}", words)
        case "alma.language":
            return lambda document: term == LANGUAGES.get(document.languages[0] if document.languages else "en", "eng")
        case "alma.title":
            return lambda document: _has(f"{document.title} {document.subtitle}", words)
        case "alma.all_for_ui":
            return lambda document: _has(f"{document.title} {document.subtitle} {document.abstract} {document.body}", words)
        case "alma.mms_id":
            return lambda document: term == mms_id(document.number)
    raise CqlError(16, "Unsupported index", index)


def _year_test(relation: str, term: str) -> Test:
    compare: dict[str, Callable[[str], bool]] = {
        "=": lambda year: year == term,
        "==": lambda year: year == term,
        ">": lambda year: year > term,
        "<": lambda year: year < term,
        ">=": lambda year: year >= term,
        "<=": lambda year: year <= term,
    }
    if relation not in compare:
        raise CqlError(19, "Unsupported relation", relation)
    return lambda document: compare[relation](str(document.published.year))


def _has(text: str, words: list[str]) -> bool:
    known = re.findall(r"\w+", text.casefold())
    return all(word in known for word in words)
