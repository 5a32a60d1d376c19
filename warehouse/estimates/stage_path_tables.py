"""The tables `stage_paths` and `stage_arrivals`: what the ordered-step model makes of a database's documents, written when publishing."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.arrow import insert
from warehouse.estimates.gold_passages import gold_passages
from warehouse.estimates.quantities import Quantity, quantities_of
from warehouse.estimates.stage_path_evidence import confusion_of, evidence_of
from warehouse.estimates.stage_path_model import VERSION, fit, posterior
from warehouse.estimates.stage_path_records import CLASSES, STATES, effective, years_of
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MIN_DOCUMENTS = 3
MIN_EVIDENCE = 5.0
REASONS = ("too few documents", "too little that is evidence of a step")
LEVEL = 0.95

_DIGITS = 4
"""Of a probability: machines differ in the last digits of a sum, and a release shall be the same wherever it is built."""


def stage_path_statements(columns: ScoreColumns) -> list[str]:
    """Return the statements that make the empty tables; none where the codebook lacks what they are about."""
    if not _classes(columns):
        return []
    # The version stands here so that other numbers are another release.
    return [
        f"/* ordered-step model {VERSION} */ CREATE TABLE stage_paths (igo VARCHAR, country_iso3 VARCHAR, year INTEGER, stage VARCHAR, "
        "p_at_step DOUBLE, is_in_set BOOLEAN, p_reached DOUBLE, p_setback DOUBLE, n_documents INTEGER, n_gold_passages INTEGER, "
        "coder_kinds VARCHAR[], reason VARCHAR)",
        "CREATE TABLE stage_arrivals (igo VARCHAR, country_iso3 VARCHAR, stage VARCHAR, p_reached DOUBLE, expected_year DOUBLE, "
        "lower INTEGER, median INTEGER, upper INTEGER, p_in_interval DOUBLE, first_year INTEGER, last_year INTEGER, n_documents INTEGER, "
        "n_gold_passages INTEGER, coder_kinds VARCHAR[], reason VARCHAR)",
    ]


def write_stage_paths(connection: Connection, columns: ScoreColumns) -> None:
    """Fill the tables that `stage_path_statements` has made; `document_sums`, `gold` and what they build on must be there."""
    classes = _classes(columns)
    if not classes:
        return
    documents = _documents(connection, classes)
    if len(documents.pair) == 0:
        return
    gold = gold_passages(connection, *classes)
    code = np.where(gold.code.any(axis=1), gold.code.argmax(axis=1), CLASSES)
    kinds = sorted({kind for some in gold.coder_kinds for kind in some})
    probabilities = np.hstack([gold.model, np.maximum(1 - gold.model.sum(axis=1, keepdims=True), 0.0)])
    passages = float(documents.passages.sum())
    shares = np.append(documents.counts.sum(axis=0), 0.0) / max(passages, 1.0)
    shares[CLASSES] = max(1 - shares.sum(), 1e-6)
    confusion = confusion_of(probabilities, code, gold.weight, shares)
    evidence = evidence_of(documents.pair, documents.year, documents.counts, documents.passages, confusion)
    known, years = fit(evidence), years_of(evidence)
    found = posterior(evidence, known, years)
    worth = np.bincount(documents.pair, documents.counts.sum(axis=1) * effective(evidence, known), len(years))
    number = np.bincount(documents.pair, minlength=len(years))
    reason = np.select([number < MIN_DOCUMENTS, worth < MIN_EVIDENCE], REASONS, "")
    steps = [one.category.partition(":")[0] for one in classes[0][STATES:]]
    paths, arrivals = [], []
    for pair, (igo, country, first) in enumerate(documents.names):
        why, length = str(reason[pair]) or None, int(years[pair])
        said = (len(code), kinds, why)
        state, below = found.state[pair, :length], found.below[pair, :length]
        reached = np.column_stack([np.ones(length), 1 - below])
        in_year = np.bincount(documents.year[documents.pair == pair], minlength=length)
        inside = smallest_sets(state)
        for year in range(length):
            for step in range(STATES):
                numbers: tuple[Any, ...] = (
                    _rounded(state[year, step]), bool(inside[year, step]), _rounded(reached[year, step]), _rounded(found.back[pair, year])
                )  # fmt: skip
                paths.append(
                    (
                        igo,
                        country,
                        first + year,
                        steps[step],
                        *(numbers if why is None else (None,) * 4),
                        int(in_year[year]),
                        *said,
                    )
                )
        for step in range(STATES):
            when = _arrival(reached[:, step], first) if why is None else (None,) * 6
            arrivals.append((igo, country, steps[step], *when, first, first + length - 1, int(number[pair]), *said))
    _insert(connection, "stage_paths", paths)
    _insert(connection, "stage_arrivals", arrivals)


def smallest_sets(state: Floats, level: float = LEVEL) -> NDArray[np.bool_]:
    """Return which states are in the smallest set that has at least the level of probability; over the last axis."""
    order = np.argsort(-state, axis=-1, kind="stable")
    ranked = np.take_along_axis(state, order, -1)
    before = ranked.cumsum(axis=-1) - ranked
    inside = np.empty(state.shape, bool)
    np.put_along_axis(inside, order, before < level, -1)
    return inside


def _arrival(reached: Floats, first: int) -> tuple[Any, ...]:
    """The chance of having arrived by the last year, the mean year of arrival if so, the interval, and the interval's own probability."""
    chance = np.diff(reached, prepend=0.0)
    last = float(reached[-1])
    mean = float(chance @ np.arange(len(chance)) / last) if last > 0 else 0.0

    def quantile(level: float) -> int | None:
        return int(np.searchsorted(reached, level)) if last >= level else None

    tail = (1 - LEVEL) / 2
    low, middle, high = quantile(tail), quantile(0.5), quantile(1 - tail)
    inside = (float(reached[high]) if high is not None else 1.0) - (float(reached[low - 1]) if low else 0.0)
    # Not to have arrived is in the interval where its end is open.
    inside = inside if low is not None else 1 - last
    years = (None if one is None else first + one for one in (low, middle, high))
    return (_rounded(last), round(first + mean, 2) if last >= tail else None, *years, _rounded(inside))


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)


def _insert(connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    names = [str(name) for name, *_rest in connection.execute(f"DESCRIBE {table}").fetchall()]
    insert(connection, table, [dict(zip(names, row, strict=True)) for row in rows])


def _classes(columns: ScoreColumns) -> tuple[list[Quantity], str] | None:
    """The quantities that are evidence (each step realized, then each negated), and what of a passage must have been coded."""
    by_name = {one.name: one for one in columns.dimensions}
    if not {"stage", "realization"} <= by_name.keys():
        return None
    found = {(one.name, one.category): one for one in quantities_of(columns)}
    steps = [one for one in by_name["stage"].categories if one != "none"]
    if len(steps) != STATES or steps[-1] != "compliance":
        return None
    wanted = [("stage_realization", f"{step}:{how}") for how in ("realized", "negated") for step in steps]
    coded = "g.stage IS NOT NULL AND (g.stage = 'none' OR g.realization IS NOT NULL)"
    if "voice" in by_name:
        # A government's word that it complies is no step taken: the organization itself must find so.
        wanted[STATES - 1] = ("claims", "found_by_organization")
        coded += " AND (g.stage <> 'compliance' OR g.voice IS NOT NULL)"
    return ([found[one] for one in wanted], coded) if all(one in found for one in wanted) else None


@dataclass(frozen=True, slots=True)
class _Documents:
    names: list[tuple[str, str, int]]
    pair: Integers
    year: Integers
    counts: Floats
    passages: Floats


def _documents(connection: Connection, classes: tuple[list[Quantity], str]) -> _Documents:
    sums = ", ".join(
        f"max(s.model_y) FILTER (WHERE s.quantity = '{one.name}' AND s.category = '{one.category}')" for one in classes[0]
    )
    rows = connection.execute(
        f"SELECT d.igo, d.country_iso3, year(d.published), max(s.passages), {sums} FROM document_sums s JOIN documents d USING (document_id) "
        "WHERE d.igo IS NOT NULL AND d.country_iso3 IS NOT NULL AND d.published IS NOT NULL AND s.quantity IN ('stage_realization', 'claims') "
        "GROUP BY d.igo, d.country_iso3, d.published, d.document_id ORDER BY d.igo, d.country_iso3, d.published, d.document_id"
    ).fetchall()
    names: list[tuple[str, str, int]] = []
    pair = []
    for igo, country, year, *_numbers in rows:
        if not names or names[-1][:2] != (igo, country):
            names.append((igo, country, year))
        pair.append(len(names) - 1)
    first = np.array([names[one][2] for one in pair], np.int64)
    numbers = np.array([row[3:] for row in rows], np.float64).reshape(len(rows), CLASSES + 1)
    year = np.array([row[2] for row in rows], np.int64) - first
    return _Documents(names, np.array(pair, np.int64), year, numbers[:, 1:], numbers[:, 0])
