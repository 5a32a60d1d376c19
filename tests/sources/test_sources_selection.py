"""What counts as a mission report is configuration: filters of a description and rules of sources that cannot be asked."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from entente.errors import BadInput
from sources.description import Filters, Query, SourceDescription
from sources.selection import LocalQueries, passes
from sources.types import DocumentMetadata, Record


def record(**said: object) -> Record:
    return Record("un-library", "1/en", None, DocumentMetadata(**said))  # type: ignore[arg-type]  # fields given by name


def described(*queries: Query) -> SourceDescription:
    return SourceDescription.model_validate(
        {
            "id": "un-oai",
            "name": "n",
            "publisher": "p",
            "connector": "un_oai",
            "gives": "records",
            "about": "a",
            "licence": "l",
            "confidence": "A",
            "hosts": [{"host": "example.org"}],
            "base_urls": {"oai": "https://example.org/oai2d"},
            "queries": [query.model_dump() for query in queries],
        }
    )


def test_without_filters_everything_passes() -> None:
    assert passes(record(), Filters())


def test_title_words_are_whole_words_without_case_and_accents() -> None:
    filters = Filters(title_any=("mission to", "Visite à"), title_none=("preparatory",))
    assert passes(record(title="Addendum : MISSION TO Orvania"), filters)
    assert passes(record(title="visite a Castrel"), filters)
    assert not passes(record(title="Commission to study peace"), filters)
    assert not passes(record(title="Preparatory mission to Orvania"), filters)
    assert not passes(record(), filters)


def test_symbols_are_normalised_before_they_are_compared() -> None:
    filters = Filters(symbol_any=(r"A/HRC/\d+/\d+/ADD\.\d+$",))
    assert passes(record(symbol=" a/hrc/990/12/Add.1 "), filters)
    assert not passes(record(symbol="A/HRC/990/12"), filters)
    assert not passes(record(), filters)


def test_bodies_types_and_countries_must_be_named_to_pass() -> None:
    filters = Filters(bodies=("Human Rights Council",), doc_types=("Report",), countries=("UZB",))
    assert passes(record(body="HUMAN RIGHTS COUNCIL", doc_type="report", country_iso3="UZB"), filters)
    assert not passes(record(body="Human Rights Council", doc_type="report"), filters)
    assert not passes(record(body="Security Council", doc_type="report", country_iso3="UZB"), filters)


def test_years_are_inclusive_and_a_record_without_a_year_passes() -> None:
    filters = Filters(year_from=2019, year_to=2020)
    assert passes(record(published=date(2019, 1, 1)), filters)
    assert passes(record(published=date(2020, 12, 31)), filters)
    assert not passes(record(published=date(2018, 12, 31)), filters)
    assert not passes(record(published=date(2021, 1, 1)), filters)
    assert passes(record(), filters)


def test_a_pattern_that_is_none_is_named() -> None:
    with pytest.raises(ValidationError, match=r"(?s)symbol_any.*regular expression"):
        Filters(symbol_any=("(",))


@given(st.text(), st.text(min_size=1))
def test_filters_never_fail_on_odd_titles(title: str, word: str) -> None:
    passes(record(title=title, symbol=title, body=title), Filters(title_any=(word,), title_none=(word,), symbol_any=("A/",)))


def test_the_first_query_whose_rules_all_hold_counts() -> None:
    queries = LocalQueries(
        described(
            Query(
                id="visits", parameters={"symbol": r"A/HRC/", "title": r"\b(visit|mission) to\b"}, mission_kind="country_visit"
            ),
            Query(id="missions", parameters={"symbol": r"S/\d{4}/", "types": "B15 B16"}, mission_kind="field_mission"),
        )
    )
    visit = queries.first(["A/HRC/990/12/Add.1"], "Addendum : Mission to Orvania")
    assert visit is not None
    assert visit.id == "visits"
    mission = queries.first(["A/99/1", "s/2098/12"], "Report", ["B16", "B15"])
    assert mission is not None
    assert mission.id == "missions"
    assert queries.first(["S/2098/12"], "Report", ["B16"]) is None
    assert queries.first(["A/HRC/990/12"], "Note") is None


@pytest.mark.parametrize(
    ("parameters", "message"), [({}, "nothing"), ({"symbols": "A/"}, "symbols"), ({"title": "("}, "regular expression")]
)
def test_wrong_rules_are_named_with_file_and_query(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=rf"un-oai\.yaml.*odd.*{message}"):
        LocalQueries(described(Query(id="odd", parameters=parameters)))


def test_a_source_without_queries_is_an_error() -> None:
    with pytest.raises(BadInput, match="at least one"):
        LocalQueries(described())
