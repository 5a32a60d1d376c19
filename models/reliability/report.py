"""The agreement of coders as a report: every dimension of the codebook against its target, with intervals by a bootstrap over documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from models.codebook import NOT_APPLICABLE, Codebook, Dimension
from models.reliability.coefficients import Distance, Floats, Sums, ac1, alpha, masi, nominal, ordinal, percentage, sums_of
from models.resampling import interval, resample_weights
from models.types import CodeRow

Values = Mapping[tuple[str, str], str]
"""The value that a coder gave, by (passage, coder)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate with its 95% interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class CategoryAgreement:
    """One category against all others: `codes` counts how often it was given, `agreement` is the share of its codes that a second one met."""

    category: str
    codes: int
    alpha: Figure
    ac1: Figure
    agreement: float | None


@dataclass(frozen=True, slots=True)
class DimensionAgreement:
    """One dimension. `verdict` holds alpha against the codebook: reached, with caution, below minimum, no minimum, not defined."""

    dimension: str
    metric: str
    passages: int
    documents: int
    alpha: Figure
    ac1: Figure
    percentage: Figure
    target: float
    minimum: float | None
    verdict: str
    categories: tuple[CategoryAgreement, ...]
    confusions: dict[str, dict[str, dict[str, int]]]
    drift: dict[str, float | None]
    with_secondary: float | None = None


def agreement(
    rows: Iterable[CodeRow], codebook: Codebook, documents: Mapping[str, str], *, draws: int = 1000, seed: int = 0
) -> list[DimensionAgreement]:
    """Return the agreement on every dimension that two coders or more have coded.

    A coder's latest code of a passage counts; adjudicated codes are no coder's and are left out.

    Args:
        rows: codes of all coders.
        codebook: its dimensions, scales and targets.
        documents: the document of each passage; a passage that is not there counts as a document of its own.
        draws: resamples of documents for the intervals.
        seed: of the resampling.
    """
    by_dimension: dict[str, dict[tuple[str, str], CodeRow]] = defaultdict(dict)
    for row in rows:
        if row.status == "adjudicated" or row.value is None:
            continue
        key = (row.passage_id, row.coder)
        before = by_dimension[row.dimension].get(key)
        if before is None or (row.coded_at is not None and (before.coded_at is None or row.coded_at >= before.coded_at)):
            by_dimension[row.dimension][key] = row
    secondary = {key: row.value for key, row in by_dimension.get("stage_secondary", {}).items() if row.value is not None}
    found = []
    for dimension in codebook.dimensions:
        told = by_dimension.get(dimension.id, {})
        if len({coder for _passage, coder in told}) > 1:
            found.append(_of_dimension(dimension, told, documents, secondary, draws, seed))
    return found


def _of_dimension(
    dimension: Dimension,
    rows: Mapping[tuple[str, str], CodeRow],
    documents: Mapping[str, str],
    secondary: Values,
    draws: int,
    seed: int,
) -> DimensionAgreement:
    values = {key: str(row.value) for key, row in rows.items()}
    metric = dimension.reliability.metric
    if dimension.may_not_apply and "where both" in metric:
        apart = {passage for (passage, _coder), value in values.items() if value == NOT_APPLICABLE}
        values = {key: value for key, value in values.items() if key[0] not in apart}
    scale, distance = _scale(dimension, values.values())
    sums, passages, count = _sums(values, scale, documents)
    weights = resample_weights(len(sums.paired), seed, draws)
    figure = _figure(alpha(_whole(sums), distance), alpha(sums.weighted(weights), distance))
    periods: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for key, value in values.items():
        if (at := rows[key].coded_at) is not None:
            periods[f"{at:%Y-%m}"][key] = value
    drift = {}
    if len(periods) > 1:
        for period, some in sorted(periods.items()):
            part, _passages, _count = _sums(some, scale, documents)
            drift[period] = _number(alpha(_whole(part), distance)[0])
    return DimensionAgreement(
        dimension.id,
        metric,
        passages,
        count,
        figure,
        _figure(ac1(_whole(sums)), ac1(sums.weighted(weights))),
        _figure(percentage(_whole(sums)), percentage(sums.weighted(weights))),
        dimension.reliability.target,
        dimension.reliability.minimum,
        _verdict(figure.value, dimension),
        tuple(_category(one, dimension, values, documents, draws, seed) for one in dimension.category_ids),
        _confusions(values),
        drift,
        _with_secondary(values, secondary) if dimension.secondary_allowed else None,
    )


def _scale(dimension: Dimension, values: Iterable[str]) -> tuple[list[str], Distance]:
    if dimension.kind == "multi":
        sets = sorted(set(values))
        return sets, masi([frozenset(filter(None, one.split(";"))) for one in sets])
    return list(dimension.category_ids), ordinal if dimension.kind == "ordinal" else nominal


def _sums(values: Values, scale: Sequence[str], documents: Mapping[str, str]) -> tuple[Sums, int, int]:
    """Return sums by document, the number of passages with two or more values, and the number of documents with one of those."""
    place = {value: n for n, value in enumerate(scale)}
    passages = {passage: n for n, passage in enumerate(sorted({passage for passage, _coder in values}))}
    counts = np.zeros((len(passages), len(scale)))
    for (passage, _coder), value in values.items():
        counts[passages[passage], place[value]] += 1
    names, document = np.unique([documents.get(passage, passage) for passage in passages], return_inverse=True)
    sums = sums_of(counts, document.astype(np.int64), len(names))
    return sums, int((counts.sum(axis=1) > 1).sum()), int((sums.paired > 0).sum())


def _category(
    category: str, dimension: Dimension, values: Values, documents: Mapping[str, str], draws: int, seed: int
) -> CategoryAgreement:
    given = {
        key: "yes" if (category in value.split(";") if dimension.kind == "multi" else category == value) else "no"
        for key, value in values.items()
    }
    sums, _passages, _count = _sums(given, ("no", "yes"), documents)
    weights = resample_weights(len(sums.paired), seed, draws)
    pairs = _whole(sums).coincidences[0]
    met = float(pairs[1].sum())
    return CategoryAgreement(
        category,
        sum(value == "yes" for value in given.values()),
        _figure(alpha(_whole(sums), nominal), alpha(sums.weighted(weights), nominal)),
        _figure(ac1(_whole(sums)), ac1(sums.weighted(weights))),
        float(pairs[1, 1]) / met if met else None,
    )


def _confusions(values: Values) -> dict[str, dict[str, dict[str, int]]]:
    """Return for each pair of coders how often the one gave this value (outer) and the other that one (inner)."""
    by_coder: dict[str, dict[str, str]] = defaultdict(dict)
    for (passage, coder), value in values.items():
        by_coder[coder][passage] = value
    tables: dict[str, dict[str, dict[str, int]]] = {}
    for one, other in combinations(sorted(by_coder), 2):
        table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for passage in sorted(by_coder[one].keys() & by_coder[other].keys()):
            table[by_coder[one][passage]][by_coder[other][passage]] += 1
        if table:
            tables[f"{one} x {other}"] = {mine: dict(yours) for mine, yours in table.items()}
    return tables


def _with_secondary(values: Values, secondary: Values) -> float | None:
    """Return the share of pairs of coders that agree when the second code of either is accepted."""
    by_passage: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for (passage, coder), value in values.items():
        by_passage[passage].append((value, secondary.get((passage, coder), "")))
    shares = []
    for codes in by_passage.values():
        pairs = list(combinations(codes, 2))
        if pairs:
            met = sum(one[0] == other[0] or one[0] == other[1] or one[1] == other[0] for one, other in pairs)
            shares.append(met / len(pairs))
    return float(np.mean(shares)) if shares else None


def _verdict(value: float | None, dimension: Dimension) -> str:
    if value is None:
        return "not defined"
    if value >= dimension.reliability.target:
        return "reached"
    if dimension.reliability.minimum is None:
        return "no minimum"
    return "with caution" if value >= dimension.reliability.minimum else "below minimum"


def _whole(sums: Sums) -> Sums:
    return sums.weighted(np.ones((1, len(sums.paired))))


def _figure(value: Floats, resampled: Floats) -> Figure:
    number, between = _number(float(value[0])), interval(resampled)
    return Figure(number) if number is None or between is None else Figure(number, *between)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def as_plain(found: Sequence[DimensionAgreement]) -> list[dict[str, Any]]:
    """Return the report as plain values, for JSON."""
    return [asdict(one) for one in found]
