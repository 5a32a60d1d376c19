"""`document_sums`: what estimates need of every document and quantity, so that any grouping of documents is a small query.

A table that publishing makes: a million passages take seconds.
"""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import re

from warehouse.estimates.quantities import Quantity, quantities_of
from warehouse.types import ScoreColumns


def document_sums_statements(columns: ScoreColumns) -> list[str]:
    """Return the statements that make the table; one row a document and quantity, over scored passages that are no duplicates or summaries."""
    sums = ("model_y", "model_z", "label_y", "label_z", *GOLD_SUMS)
    quantities = quantities_of(columns)
    # One plan with all quantities takes the planner seconds; plans of a few take none.
    parts = [quantities[start : start + _AT_ONCE] for start in range(0, len(quantities), _AT_ONCE)]
    return [
        # One thread: sums of floating numbers depend on their order, and a release shall have the same bytes when it is built twice.
        "SET threads = 1",
        f"CREATE TEMP TABLE eligible_scores AS {eligible_scores(columns)}",
        f"CREATE TEMP TABLE eligible_gold AS {eligible_gold(columns)}",
        "CREATE TEMP TABLE document_sums_to_be (document_id VARCHAR, quantity VARCHAR, category VARCHAR, is_share BOOLEAN, "
        "lowest DOUBLE, highest DOUBLE, passages BIGINT, "
        f"{', '.join(f'{name} DOUBLE' for name in sums)}, coder_kinds VARCHAR[])",
        *(_insert(part) for part in parts),
        "CREATE TABLE document_sums AS SELECT * FROM document_sums_to_be ORDER BY quantity, category, document_id",
        "DROP TABLE document_sums_to_be",
        "DROP TABLE eligible_scores",
        "DROP TABLE eligible_gold",
        "RESET threads",
    ]


def eligible_scores(columns: ScoreColumns) -> str:
    """Return the query for the promoted model's scores of passages that are no repetitions or summaries; sets are written `a;b`."""
    labels = "".join(
        f', array_to_string(s."{one.name}", \';\') AS "{one.name}"' if one.multi else f', s."{one.name}"'
        for one in columns.dimensions
    )
    replaced = f" EXCLUDE ({', '.join(_quoted(one.name) for one in columns.dimensions)})" if columns.dimensions else ""
    return (
        f"SELECT s.*{replaced}{labels} FROM scores s "
        "JOIN passages p ON p.passage_id = s.passage_id AND p.document_id = s.document_id "
        "WHERE s.model_version IN (SELECT model_version FROM models WHERE state = 'promoted') AND NOT p.is_duplicate AND NOT p.is_summary "
        "ORDER BY s.document_id, p.ordinal, s.passage_id"
    )


def eligible_gold(columns: ScoreColumns) -> str:
    """Return the query for the gold codes that correct estimates.

    A code without a known probability of having been drawn corrects nothing. Nor does one of another major version of the codebook, whose
    words may mean something else.
    """
    return (
        f"SELECT g.*{_implied(columns)} FROM gold g WHERE g.inclusion_prob > 0 "
        "AND split_part(g.codebook_version, '.', 1) = (SELECT split_part(max(codebook_version), '.', 1) FROM codebook_dimensions) "
        "ORDER BY g.passage_id"
    )


_AT_ONCE = 8


def _implied(columns: ScoreColumns) -> str:
    """Return what fills in the answers that the codebook's constraints leave no choice about (C1, C6, C7), which coders may leave blank."""
    names = {one.name for one in columns.dimensions}
    implied = {
        "realization": ("stage", "stage = 'none'"),
        "contestation_locus": ("stance", "stance IN ('cooperation', 'neutral')"),
        "mode": ("stance", "stance = 'neutral'"),
    }
    filled = [
        f"CASE WHEN {name} IS NULL AND {when} THEN 'not_applicable' ELSE {name} END AS {name}"
        for name, (needed, when) in implied.items()
        if {name, needed} <= names
    ]
    return f" REPLACE ({', '.join(filled)})" if filled else ""


def _insert(quantities: list[Quantity]) -> str:
    model = ", ".join(_model_sums(one) for one in quantities)
    gold = ", ".join(_gold_values(one) for one in quantities)
    return (
        "INSERT INTO document_sums_to_be BY NAME WITH model_sums AS ("
        f"SELECT document_id, unnest([{model}], max_depth := 2) FROM eligible_scores s GROUP BY document_id), gold_values AS ("
        "SELECT s.document_id, 1.0::DOUBLE / g.inclusion_prob AS w, coalesce(g.coder_kinds, []) AS coder_kinds, "
        f"unnest([{gold}], max_depth := 2) "
        "FROM eligible_scores s JOIN eligible_gold g USING (passage_id)), gold_sums AS ("
        "SELECT document_id, quantity, category, count(*) FILTER (WHERE z > 0) AS gold_passages, sum(w) AS weight, sum(w * y) AS gold_y, "
        "sum(w * z) AS gold_z, sum(w * y * y) AS gold_yy, sum(w * f_y) AS weighted_model_y, sum(w * f_z) AS weighted_model_z, "
        "list_sort(list_distinct(flatten(list(coder_kinds)))) AS coder_kinds "
        "FROM gold_values WHERE y IS NOT NULL AND z IS NOT NULL GROUP BY document_id, quantity, category) "
        "SELECT document_id, quantity, category, is_share, lowest, highest, passages, model_y, model_z, label_y, label_z, "
        + ", ".join(f"coalesce({name}, 0) AS {name}" for name in GOLD_SUMS)
        + ", coalesce(coder_kinds, []) AS coder_kinds"
        + " FROM model_sums LEFT JOIN gold_sums USING (document_id, quantity, category)"
    )


_COLUMN = re.compile(r'\{x\}\.("?\w+"?)')
GOLD_SUMS = ("gold_passages", "weight", "gold_y", "gold_z", "gold_yy", "weighted_model_y", "weighted_model_z")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _number(expression: str, is_share: bool) -> str:
    return f"({expression})::DOUBLE" if not is_share else f"({expression})::INTEGER::DOUBLE"


def _model_sums(one: Quantity) -> str:
    label_y = _number(one.holds_y.format(x="s"), one.is_share)
    label_z = f"sum({_number(one.holds_z.format(x='s'), True)})" if one.holds_z else "count(*)::DOUBLE"
    model_z = f"sum({one.model_z})" if one.model_z else "count(*)::DOUBLE"
    return (
        f"{{'quantity': '{one.name}', 'category': '{one.category}', 'is_share': {str(one.is_share).lower()}, "
        f"'lowest': {one.bounds[0]!r}::DOUBLE, 'highest': {one.bounds[1]!r}::DOUBLE, 'passages': count(*), "
        f"'model_y': sum({one.model_y}), 'model_z': {model_z}, 'label_y': sum({label_y}), 'label_z': {label_z}}}"
    )


def gold_expressions(one: Quantity) -> tuple[str, str]:
    """Return the numerator and denominator of a quantity by its codes, as SQL over `g`; nothing where a code that is needed is missing."""
    y = _number(one.holds_y.format(x="g"), one.is_share)
    z = _number(one.holds_z.format(x="g"), True) if one.holds_z else "1.0::DOUBLE"
    # SQL finds "no" where one of two answers is no and the other missing, and nothing where it would be "yes": then only noes would count.
    asked = sorted(set(_COLUMN.findall(f"{one.holds_y} {one.holds_z or ''}")))
    y = f"CASE WHEN {' AND '.join(f'g.{name} IS NOT NULL' for name in asked)} THEN {y} END" if len(asked) > 1 else y
    return y, z


def label_expressions(one: Quantity) -> tuple[str, str]:
    """Return the same by the predicted labels, as SQL over `s`."""
    return _number(one.holds_y.format(x="s"), one.is_share), (
        _number(one.holds_z.format(x="s"), True) if one.holds_z else "1.0::DOUBLE"
    )


def _gold_values(one: Quantity) -> str:
    y, z = gold_expressions(one)
    f_z = one.model_z or "1.0::DOUBLE"
    return f"{{'quantity': '{one.name}', 'category': '{one.category}', 'y': {y}, 'z': {z}, 'f_y': {one.model_y}, 'f_z': {f_z}}}"
