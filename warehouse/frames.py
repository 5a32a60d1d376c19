"""Sampling frames: which passages are eligible, with the facts that designs stratify and enrich by.

A passage that says again what an earlier document of the organization said is no unit: estimates leave repetitions out, so samples do too.
"""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from entente.errors import BadInput
from warehouse.codebook import probability_column, score_columns_of
from warehouse.migrations import read_sql
from warehouse.transactions import Connection

PURPOSES = ("gold", "training")
FACTS = {
    "igo": "d.igo",
    "body": "d.body",
    "country": "d.country_iso3",
    "doc_type": "d.doc_type",
    "year": "year(d.published)",
    "period": "(year(d.published) // 5 * 5) || '-' || (year(d.published) // 5 * 5 + 4)",
    "language": "coalesce(p.language, d.language)",
    "mission_kind": "d.mission_kind",
}
"""What a frame can be stratified by, beside the labels of the promoted model."""


@dataclass(frozen=True, slots=True)
class FrameFilter:
    """Which passages are eligible; an empty tuple or None lets all through. All passages are codable and no repetitions."""

    igo: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    doc_type: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    from_year: int | None = None
    to_year: int | None = None

    def facts(self) -> dict[str, Any]:
        """Return the filters that are set."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value not in ((), None)
        }


@dataclass(frozen=True, slots=True)
class FrameUnit:
    """An eligible passage. `score` is the probability that was asked for, `uncertainty` 1 minus the mean probability of the labels."""

    passage_id: str
    document_id: str
    text_sha256: str
    stratum: str
    score: float | None
    uncertainty: float | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """The eligible passages in the order of their identifiers, and how many were left out because they serve the other purpose."""

    units: tuple[FrameUnit, ...]
    left_out: int
    model_version: str | None

    @property
    def hash(self) -> str:
        """A SHA-256 over identifiers and text hashes: the same frame has the same hash."""
        digest = hashlib.sha256()
        for unit in self.units:
            digest.update(f"{unit.passage_id} {unit.text_sha256}\n".encode())
        return digest.hexdigest()


def read_frame(
    connection: Connection,
    filters: FrameFilter,
    purpose: str,
    *,
    strata: Sequence[str] = (),
    label: tuple[str, str] | None = None,
    with_text: bool = False,
    beyond: str | None = None,
) -> Frame:
    """Return the frame of a sample.

    Passages drawn for the other purpose are left out, and so are others with the very same text: gold must not be learned from, and what
    was learned from proves nothing.

    Args:
        connection: the open warehouse.
        filters: which passages are eligible.
        purpose: gold or training.
        strata: names of `FACTS`, or of dimensions (the promoted model's labels), that make the stratum of a passage.
        label: dimension and category whose probability is the score.
        with_text: whether the texts are wanted too.
        beyond: a sample; what was in its frame, or in that of a supplement of it, is no unit any more.

    Raises:
        BadInput: for an unknown purpose, fact, dimension, category or sample.
    """
    if purpose not in PURPOSES:
        raise BadInput(f"The purpose {purpose!r} is unknown; allowed: {', '.join(PURPOSES)}.")
    columns = score_columns_of(connection)
    dimensions = {one.name: one for one in columns.dimensions if not one.multi and one.categories}
    chosen = [_stratum_column(name, dimensions) for name in strata]
    stratum = (
        "concat_ws(' | ', " + ", ".join(f"coalesce(CAST({one} AS VARCHAR), '?')" for one in chosen) + ")" if chosen else "''"
    )
    score = "NULL" if label is None else f's."{_checked_label(label, {one.name: one.categories for one in columns.dimensions})}"'
    uncertainty = uncertainty_expression(dimensions)
    where, parameters = conditions(filters)
    earlier = "SELECT NULL WHERE false"
    if beyond is not None:
        if not connection.execute("SELECT count(*) FROM sample_frames WHERE sample_id = ?", [beyond]).fetchall()[0][0]:
            raise BadInput(f"There is no sample {beyond!r}; `entente sample list` shows those there are.")
        earlier = (
            "SELECT u.passage_id FROM sample_frame_units u JOIN sample_frames f USING (sample_id) "
            "WHERE f.sample_id = ? OR f.supplement_of = ?"
        )
        parameters = [*parameters, beyond, beyond]
    query = (
        f"WITH passages AS ({read_sql('schema/published')['passages'].strip().rstrip(';')}), "
        "promoted AS (SELECT * FROM scores WHERE model_version IN (SELECT model_version FROM models WHERE state = 'promoted')), "
        "other AS (SELECT s.passage_id, p.text_sha256 FROM samples s LEFT JOIN passages p USING (passage_id) WHERE s.purpose <> ? "
        "UNION ALL SELECT s.passage_id, u.text_sha256 FROM samples s JOIN sample_frame_units u USING (sample_id, passage_id) "
        "WHERE s.purpose <> ?) "
        f"SELECT p.passage_id, p.document_id, p.text_sha256, {stratum}, {score}, {uncertainty}, {'p.text' if with_text else 'NULL'}, "
        "p.passage_id IN (SELECT passage_id FROM other) OR p.text_sha256 IN (SELECT text_sha256 FROM other WHERE text_sha256 IS NOT NULL), "
        "s.model_version "
        "FROM passages p JOIN documents d USING (document_id) "
        "LEFT JOIN promoted s ON s.passage_id = p.passage_id AND s.document_id = p.document_id "
        f"WHERE p.is_codable AND NOT p.is_duplicate{where} AND p.passage_id NOT IN ({earlier}) ORDER BY p.passage_id"
    )
    rows = connection.execute(query, [purpose, purpose, *parameters]).fetchall()
    units = tuple(FrameUnit(*row[:7]) for row in rows if not row[7])
    versions = {row[8] for row in rows if row[8] is not None}
    return Frame(units, len(rows) - len(units), max(versions) if versions else None)


def _stratum_column(name: str, dimensions: dict[str, Any]) -> str:
    if name in FACTS:
        return FACTS[name]
    if name in dimensions:
        return f's."{name}"'
    raise BadInput(f"Nothing can be stratified by {name!r}; allowed: {', '.join([*FACTS, *dimensions])}.")


def _checked_label(label: tuple[str, str], categories: dict[str, tuple[str, ...]]) -> str:
    dimension, category = label
    if dimension not in categories:
        raise BadInput(f"{dimension!r} is no scored dimension; allowed: {', '.join(categories)}.")
    if category not in categories[dimension]:
        raise BadInput(f"{category!r} is no category of {dimension!r}; allowed: {', '.join(categories[dimension])}.")
    return probability_column(dimension, category)


def _quoted(name: str, categories: tuple[str, ...]) -> list[str]:
    return [f's."{probability_column(name, category)}"' for category in categories]


def uncertainty_expression(dimensions: dict[str, Any]) -> str:
    """Return how unsure the model is of a passage, as SQL over `s`: 1 minus the mean probability of its labels of these dimensions."""
    best = [f"greatest({', '.join(_quoted(name, one.categories))})" for name, one in dimensions.items()]
    return f"1 - ({' + '.join(best)}) / {len(best)}" if best else "NULL"


def conditions(filters: FrameFilter) -> tuple[str, list[Any]]:
    """Return what a filter asks for, as SQL over `d` and `p` that begins with AND, and its parameters."""
    text = ""
    parameters: list[Any] = []
    for name in ("igo", "body", "country", "doc_type", "language"):
        if wanted := getattr(filters, name):
            text += f" AND list_contains(?, {FACTS[name]})"
            parameters.append(list(wanted))
    if filters.from_year is not None:
        text += " AND year(d.published) >= ?"
        parameters.append(filters.from_year)
    if filters.to_year is not None:
        text += " AND year(d.published) <= ?"
        parameters.append(filters.to_year)
    return text, parameters
