"""How many documents of each source and year there are, beside how many a person expects: a source that shrinks is noticed."""

from __future__ import annotations

from collections.abc import Mapping

from entente.errors import BadInput
from warehouse.transactions import Connection
from warehouse.types import ExpectedCounts

Counts = Mapping[str, Mapping[int | None, int]]
"""Documents by source and year of publication; None stands for documents without a date."""


def counts_by_source_and_year(connection: Connection) -> dict[str, dict[int | None, int]]:
    """Return the documents of each source (of the record that stands for the document) by year of publication."""
    rows = connection.execute(
        "SELECT r.source_id, year(d.published) AS year, count(*) FROM documents d JOIN records r ON r.record_id = d.record_id "
        "GROUP BY ALL ORDER BY ALL NULLS LAST"
    ).fetchall()
    found: dict[str, dict[int | None, int]] = {}
    for source_id, year, number in rows:
        found.setdefault(str(source_id), {})[None if year is None else int(year)] = int(number)
    return found


def bounds_of(counts: Counts, this_year: int) -> dict[str, dict[int | None, tuple[int, int | None]]]:
    """Return bounds to be reviewed, made of what is there.

    A past year shall not lose a document, and may gain a fifth or five; the running year and documents without a date have no upper bound.
    """
    return {
        source: {
            year: (number, None if year is None or year >= this_year else number + max(5, number // 5))
            for year, number in years.items()
        }
        for source, years in counts.items()
    }


def compare(connection: Connection, expected: ExpectedCounts | None) -> tuple[str, ...]:
    """Compare what is there with what is expected; returns what is worth a look.

    Raises:
        BadInput: when there are fewer documents than a reviewed file expects, and it must hold; names sources and years.
    """
    if expected is None:
        return ()
    there = counts_by_source_and_year(connection)
    missing, notes = [], []
    for source, years in expected.bounds.items():
        for year, (fewest, most) in years.items():
            number = there.get(source, {}).get(year, 0)
            if number < fewest:
                missing.append(f"{source} {_year(year)}: {number} documents, at least {fewest} expected")
            elif most is not None and number > most:
                notes.append(f"{source} {_year(year)}: {number} documents, at most {most} expected")
    notes += [f"{source}: no counts are expected of this source yet" for source in there if source not in expected.bounds]
    if missing and expected.must_hold and expected.is_reviewed:
        raise BadInput(
            f"Documents are missing; the published file stays as it was. {'; '.join(missing)}. If that is right, change the numbers in "
            f"{expected.origin} (`entente warehouse counts --write` makes them anew from what is there)."
        )
    if missing and not expected.is_reviewed:
        notes.append(f"{expected.origin} was reviewed by nobody yet: put a name under `reviewed`, so that its counts hold")
    return (*missing, *notes)


def _year(year: int | None) -> str:
    return "without a date" if year is None else str(year)
