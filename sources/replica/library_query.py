"""The query language of the record API, as far as it is documented: parsed once, then asked of one document after the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby

from sources.replica.marc import Field, un_fields
from sources.replica.naming import dlx_id
from sources.replica.world import Document

_LOGICAL: dict[str, tuple[tuple[str, str], ...]] = {
    "symbol": (("191", "az"), ("791", "a")),
    "title": (("245", "abc"),),
    "body": (("981", "a"), ("710", "a")),
    "subject": (("650", "a"), ("651", "a")),
    "date": (("269", "a"),),
    "author": (("245", "c"), ("700", "a"), ("710", "a")),
    "agenda": (("991", "ab"),),
    "series": (("191", "b"),),
    "notes": (("500", "a"), ("520", "a")),
    "type": (("089", "b"), ("989", "abc")),
    "country_org": (("651", "a"), ("710", "a")),
    "related_docs": (("993", "a"),),
}
_TERM = re.compile(
    r"""\s*(?:
      (?P<operator>AND|OR|NOT)(?=\s|$)
    | (?P<stamp>updated|created)(?P<compare>[<>:])\s*(?P<day>\S+)
    | (?:(?P<field>[a-z_]+|\d{3}(?:__[a-z0-9])?):)?
      (?P<value>'[^']*'|"[^"]*"|/(?:[^/\\]|\\.)+/(?=\s|$)|[^\s'":](?:[^\s:]|:(?!['"]))*)
    )\s*""",
    re.VERBOSE,
)


class BadQuery(Exception):
    """A query that the server answers with an error; `status` says with which."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class Subject:
    """A document as a query sees it; its record is made only when a clause asks for it."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def fields(self) -> list[Field]:
        """The record of the Library's own database."""
        return un_fields(self.document, "dlx")

    def values(self, tag: str | None, codes: str) -> list[str]:
        """Return the values of a field's subfields; of all fields where no tag is named."""
        return [value for field in self.fields if tag in (None, field.tag) for value in field.all(codes)]


Clause = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: one of the groups must hold as a whole."""

    groups: tuple[tuple[Clause, ...], ...]

    def matches(self, document: Document) -> bool:
        """Return whether a document is found."""
        subject = Subject(document)
        return any(all(clause(subject) for clause in group) for group in self.groups)


def parse(text: str) -> Query:
    """Parse a query; words without an operator between them must all be found.

    Raises:
        BadQuery: 422 for what is no query, 500 for a range in brackets (as the real server does).
    """
    if re.search(r":\s*\[", text):
        raise BadQuery("range in brackets", 500)
    clauses: list[tuple[str, Clause]] = []
    operator, is_negated = "", False
    position = 0
    while position < len(text.rstrip()):
        found = _TERM.match(text, position)
        if found is None:
            raise BadQuery(f"not understood near {text[position : position + 20]!r}")
        position = found.end()
        word = found["operator"]
        if word == "NOT":
            if not operator or is_negated:
                raise BadQuery("NOT stands only after AND or OR")
            is_negated = True
        elif word:
            if operator or not clauses:
                raise BadQuery(f"{word} stands between two clauses")
            operator = word
        else:
            clause = _clause(found)
            clauses.append((operator or "AND", _not(clause) if is_negated else clause))
            operator, is_negated = "", False
    if operator or is_negated:
        raise BadQuery("ends with an operator")
    return Query(_groups(clauses))


def _groups(clauses: list[tuple[str, Clause]]) -> tuple[tuple[Clause, ...], ...]:
    """Return the clauses in groups: AND binds tighter than OR."""
    numbered: list[tuple[int, Clause]] = []
    group = 0
    for operator, clause in clauses:
        group += operator == "OR"
        numbered.append((group, clause))
    if not numbered:
        return ((),)
    return tuple(tuple(clause for _, clause in members) for _, members in groupby(numbered, key=lambda pair: pair[0]))


def _not(clause: Clause) -> Clause:
    return lambda subject: not clause(subject)


def _clause(found: re.Match[str]) -> Clause:
    if found["stamp"]:
        return _stamp_clause(found["stamp"], found["compare"], found["day"])
    field, value = found["field"], found["value"]
    if field == "id":
        if not value.isdigit():
            raise BadQuery(f"id:{value} is no number")
        return lambda subject: dlx_id(subject.document.number) == int(value)
    places: tuple[tuple[str | None, str], ...]
    if field is None:
        places = ((None, ""),)
    elif field in _LOGICAL:
        places = _LOGICAL[field]
    elif field[0].isdigit():
        places = ((field[:3], field[5:]),)
    else:
        raise BadQuery(f"no field {field!r}")
    test = _value_test(value)
    return lambda subject: any(test(one) for tag, codes in places for one in subject.values(tag, codes))


def _stamp_clause(stamp: str, compare: str, day: str) -> Clause:
    """Whole days: `>` is after the day, `<` before it, `:` on it; of the readings that the facts allow, the one that finds least."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise BadQuery(f"{day!r} is no day") from None

    def clause(subject: Subject) -> bool:
        moment = subject.document.updated if stamp == "updated" else subject.document.created
        stamped = moment.date()
        if compare == ":":
            return stamped == wanted
        return stamped > wanted if compare == ">" else stamped < wanted

    return clause


def _value_test(value: str) -> Callable[[str], bool]:
    if value.startswith("'"):
        return lambda one: one.casefold() == value[1:-1].casefold()
    if value.startswith('"'):
        phrase = _words(value)
        return lambda one: _contains(_words(one), phrase)
    if value.startswith("/") and value.endswith("/") and len(value) > 1:
        try:
            pattern = re.compile(value[1:-1], re.IGNORECASE)
        except re.error:
            raise BadQuery(f"{value} is no regular expression") from None
        return lambda one: pattern.search(one) is not None
    if value == "*":
        return lambda one: bool(one)
    if "*" in value:
        whole = re.compile(".*".join(re.escape(part) for part in value.split("*")), re.IGNORECASE)
        return lambda one: whole.fullmatch(one) is not None
    words = _words(value)
    return lambda one: _contains(_words(one), words)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _contains(words: list[str], wanted: list[str]) -> bool:
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)) if wanted else False
