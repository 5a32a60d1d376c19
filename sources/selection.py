"""Which of the listed records count: the filters of a description, and the queries of sources that cannot be asked a question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from entente.errors import BadInput
from sources.description import Filters, Query, SourceDescription
from sources.symbols import symbol_key
from sources.texts import fold
from sources.types import Record

_RULES = ("symbol", "title", "types", "body")


def passes(record: Record, filters: Filters) -> bool:
    """Tell whether a record counts.

    A record without a year passes the years. A record without title, symbol, body, type or country does not pass a filter that asks for one,
    as nothing shows that it is meant.

    Raises:
        BadInput: when a pattern of `symbol_any` is no regular expression.
    """
    said = record.metadata
    title = fold(said.title or "")
    if filters.title_any and not _words(filters.title_any).search(title):
        return False
    if filters.title_none and _words(filters.title_none).search(title):
        return False
    if filters.symbol_any and not any(
        _pattern(pattern, "filters.symbol_any").match(symbol_key(said.symbol) or said.symbol or "")
        for pattern in filters.symbol_any
    ):
        return False
    if filters.bodies and fold(said.body or "") not in {fold(body) for body in filters.bodies}:
        return False
    if filters.doc_types and fold(said.doc_type or "") not in {fold(kind) for kind in filters.doc_types}:
        return False
    if filters.countries and said.country_iso3 not in filters.countries:
        return False
    if said.published is None:
        return True
    return (filters.year_from or 0) <= said.published.year <= (filters.year_to or 9999)


@dataclass(frozen=True, slots=True)
class _Rule:
    query: Query
    symbol: re.Pattern[str] | None
    title: re.Pattern[str] | None
    types: frozenset[str]
    body: re.Pattern[str] | None


class LocalQueries:
    """The queries of a source that lists everything and cannot be asked: their `parameters` are rules that are checked here.

    A rule may have `symbol` (a regular expression for the normalised symbol, from its beginning), `title` (one for the title in lower case
    without accents, anywhere), `types` (codes that must all be there, with blanks between them) and `body` (one for the body's name in lower
    case, from its beginning). All of a query's rules must hold; the first query whose rules hold says what the record is.
    """

    def __init__(self, description: SourceDescription) -> None:
        """Read the rules; raises `BadInput` naming the file, the query and the key."""
        if not description.queries:
            raise BadInput(
                f"configs/sources/{description.id}.yaml, key queries: at least one is needed, else nothing would count."
            )
        self._rules = [_rule(description, query) for query in description.queries]

    def first(
        self, symbols: Sequence[str], title: str | None, types: Sequence[str] = (), body: str | None = None
    ) -> Query | None:
        """Return the first query that means a document with this symbol (or one of these), title, types and body; None where none does."""
        keys = [symbol_key(symbol) or symbol.upper() for symbol in symbols]
        plain_title, plain_body = fold(title or ""), fold(body or "")
        for rule in self._rules:
            if rule.symbol is not None and not any(rule.symbol.match(key) for key in keys):
                continue
            if rule.title is not None and not rule.title.search(plain_title):
                continue
            if rule.types <= set(types) and (rule.body is None or rule.body.match(plain_body)):
                return rule.query
        return None


def _rule(description: SourceDescription, query: Query) -> _Rule:
    place = f"configs/sources/{description.id}.yaml, key queries ({query.id}).parameters"
    unknown = sorted(set(query.parameters) - set(_RULES))
    if unknown or not query.parameters:
        raise BadInput(f"{place}: {', '.join(unknown) or 'nothing'} where some of {', '.join(_RULES)} are due.")
    patterns = {key: _pattern(text, f"{place}.{key}") for key, text in query.parameters.items() if key != "types"}
    types = frozenset(query.parameters.get("types", "").split())
    return _Rule(query, patterns.get("symbol"), patterns.get("title"), types, patterns.get("body"))


@lru_cache(maxsize=256)
def _pattern(text: str, place: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise BadInput(f"{place}: {text!r} is no regular expression ({error}).") from None


@lru_cache(maxsize=64)
def _words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words only: `mission` does not mean `commission`."""
    return re.compile("|".join(rf"(?<!\w){re.escape(fold(phrase))}(?!\w)" for phrase in phrases))
