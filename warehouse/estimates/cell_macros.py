"""The macros and views that give shares, means and ratios with intervals: the SQL of what `cells.py` does, for any grouping of documents."""

# ruff: noqa: S608  # statements are put together of names of this room
from __future__ import annotations

from warehouse.estimates.cells import MIN_DOCUMENTS, MIN_EXPECTED, MIN_GOLD, MIN_GOLD_DOCUMENTS, REASONS

SUPPORT = (
    f"min_documents := {MIN_DOCUMENTS}, min_gold := {MIN_GOLD}, min_gold_documents := {MIN_GOLD_DOCUMENTS}, "
    f"min_expected := {MIN_EXPECTED}"
)
"""The parameters by which an analyst asks for another support."""

_SUMS = (
    "s.quantity, s.category, s.is_share, s.lowest, s.highest, s.passages, s.model_y, s.model_z, s.label_y, s.label_z, s.gold_passages, "
    "s.weight, s.gold_y, s.gold_z, s.gold_yy, s.weighted_model_y, s.weighted_model_z, s.coder_kinds"
)


def macro(name: str, parameters: str, keys: str, source: str) -> str:
    """Return the statement that makes a table macro of estimates.

    Args:
        name: of the macro.
        parameters: its own parameters, before those of support.
        keys: the columns that make a cell, as `name, name`; the source gives them.
        source: a query for one row a document and cell: `pool`, the keys and the sums.
    """
    return f"CREATE MACRO {name}({parameters}, {SUPPORT}) AS TABLE {cells_query(keys, source)}"


def cells_query(keys: str, source: str) -> str:
    """Return the query for the estimates of the cells of a source."""
    cell = f"{keys}, quantity, category"
    return f"""
WITH rows_of_cells AS ({source}),
pooled_rows AS (SELECT DISTINCT pool, document_id, quantity, category, passages, model_y, model_z, weight, gold_passages, gold_y, gold_z,
    weighted_model_y, weighted_model_z FROM rows_of_cells),
pool_totals AS (SELECT *, sum(gold_y) OVER w / nullif(sum(gold_z) OVER w, 0) AS ratio,
        (sum(gold_y) OVER w / nullif(sum(gold_z) OVER w, 0)) * nullif(sum(weighted_model_z) OVER w, 0) / nullif(sum(weighted_model_y) OVER w, 0)
            AS scale,
        sum(passages) OVER w AS all_passages, sum(weight) OVER w AS all_weight
    FROM pooled_rows WINDOW w AS (PARTITION BY pool, quantity, category)),
pool_residuals AS (SELECT *, model_y - ratio * model_z AS model, weighted_model_y - ratio * weighted_model_z AS weighted
    FROM pool_totals),
pool_parts AS (SELECT *, (gold_y - ratio * gold_z) / nullif(all_weight, 0) AS a,
        (model - passages * sum(model) OVER w / all_passages) / all_passages
        - (weighted - weight * sum(weighted) OVER w / nullif(all_weight, 0)) / nullif(all_weight, 0) AS b
    FROM pool_residuals WINDOW w AS (PARTITION BY pool, quantity, category)),
pools AS (SELECT pool, quantity, category, coalesce(any_value(scale), 1) AS scale,
        CASE WHEN sum(a * b) IS NULL OR coalesce(sum(b * b), 0) = 0 THEN 1.0
            ELSE least(1.0, greatest(0.0, -sum(a * b) / sum(b * b))) END AS tuning_weight
    FROM pool_parts GROUP BY ALL),
left_in_pools AS (SELECT r.*, (gold_y - ratio * gold_z) - p.tuning_weight * weighted AS left_over FROM pool_residuals r JOIN pools p
    ON p.pool IS NOT DISTINCT FROM r.pool AND p.quantity = r.quantity AND p.category = r.category),
off_in_pools AS (SELECT pool, quantity, category, passages, passages - 1 AS more, greatest(gold_passages - 1, 0) AS more_gold,
        CASE WHEN gold_passages > 0 THEN 1.0::DOUBLE ELSE 0 END AS coded,
        CASE WHEN gold_passages > 0 THEN (left_over - weight * sum(left_over) OVER w / all_weight) ** 2 * gold_passages / gold_z ** 2
            ELSE 0 END AS gold_variance,
        (model - passages * sum(model) OVER w / all_passages) ** 2 / passages AS model_variance
    FROM left_in_pools WINDOW w AS (PARTITION BY pool, quantity, category)),
alike AS (SELECT pool, quantity, category, {_slope("coded", "gold_variance", "more_gold")} AS gold_alike,
        {_slope("1.0::DOUBLE / passages", "model_variance", "more")} AS model_alike FROM off_in_pools GROUP BY ALL),
tuned AS (SELECT r.*, p.tuning_weight AS l, p.scale, a.gold_alike, a.model_alike FROM rows_of_cells r JOIN pools p
    ON p.pool IS NOT DISTINCT FROM r.pool AND p.quantity = r.quantity AND p.category = r.category
    JOIN alike a ON a.pool IS NOT DISTINCT FROM r.pool AND a.quantity = r.quantity AND a.category = r.category),
totals AS (SELECT *, sum(passages) OVER w AS n, nullif(sum(weight) OVER w, 0) AS g, nullif(sum(gold_z) OVER w, 0) AS gz,
        sum(gold_y) OVER w / nullif(sum(weight) OVER w, 0)
            + l * (sum(model_y) OVER w / sum(passages) OVER w - sum(weighted_model_y) OVER w / nullif(sum(weight) OVER w, 0)) AS y,
        sum(gold_z) OVER w / nullif(sum(weight) OVER w, 0)
            + l * (sum(model_z) OVER w / sum(passages) OVER w - sum(weighted_model_z) OVER w / nullif(sum(weight) OVER w, 0)) AS z
    FROM tuned WINDOW w AS (PARTITION BY {cell})),
residuals AS (SELECT *, y / nullif(z, 0) AS r,
        (gold_y - y / nullif(z, 0) * gold_z) - l * (weighted_model_y - y / nullif(z, 0) * weighted_model_z) AS gold_part,
        l * (model_y - y / nullif(z, 0) * model_z) AS model_part
    FROM totals),
centred AS (SELECT *, gold_z ** 2 / greatest(gold_passages, 1) * (1 + gold_alike * greatest(gold_passages - 1, 0)) AS adds_gold,
        passages * (1 + model_alike * (passages - 1)) AS adds_model,
        (gold_part - weight * sum(gold_part) OVER w / g) / g / sqrt(greatest(1 - gold_z / gz, 1e-9)) AS u,
        (model_part - passages * sum(model_part) OVER w / n) / n / sqrt(greatest(1 - passages / n, 1e-9)) AS v
    FROM residuals WINDOW w AS (PARTITION BY {cell})),
cells AS (SELECT {cell}, any_value(is_share) AS is_share, any_value(lowest) AS lowest, any_value(highest) AS highest,
        any_value(r) AS r, any_value(z) AS z,
        sum((u + v) ** 2) / any_value(z) ** 2 AS variance,
        coalesce(sum(u * u) ** 2 / greatest(sum(adds_gold) ** 2 / nullif(sum(adds_gold ** 2), 0) - 1, 1), 0)
            + coalesce(sum(v * v) ** 2 / greatest(sum(adds_model) ** 2 / sum(adds_model ** 2) - 1, 1), 0) AS df_parts,
        (sum(u * u) + sum(v * v)) ** 2 AS df_whole,
        (sum(gold_yy) - 2 * any_value(r) * sum(gold_y) + any_value(r) ** 2 * sum(gold_z)) / any_value(g) / any_value(z) ** 2 AS spread,
        count(*) AS documents, sum(passages)::BIGINT AS passages, sum(gold_passages)::BIGINT AS gold_passages,
        count(*) FILTER (WHERE gold_passages > 0) AS gold_documents, sum(label_y) / nullif(sum(label_z), 0) AS naive_estimate,
        sum(model_y) / nullif(sum(model_z), 0) AS model_estimate, any_value(l) AS tuning_weight, any_value(scale) AS scale,
        list_sort(list_distinct(flatten(list(coder_kinds)))) AS coder_kinds
    FROM centred GROUP BY {cell}),
judged AS (SELECT *, df_whole / nullif(df_parts, 0) AS df,
        least(greatest(model_estimate * scale, 0), 1) AS likely,
        least(greatest(r, lowest), highest) AS value, highest - lowest AS width,
        (least(greatest(r, lowest), highest) - lowest) / (highest - lowest) AS place,
        least(greatest((r - lowest) / (highest - lowest), 0.5 / nullif(gold_passages, 0)), 1 - 0.5 / nullif(gold_passages, 0)) AS kept
    FROM cells),
reasoned AS (SELECT *, CASE
        WHEN documents < min_documents THEN '{REASONS[0]}'
        WHEN gold_passages = 0 THEN '{REASONS[1]}'
        WHEN gold_passages < min_gold THEN '{REASONS[2]}'
        WHEN gold_documents < min_gold_documents THEN '{REASONS[3]}'
        WHEN is_share AND gold_passages * least(likely, 1 - likely) < min_expected THEN '{REASONS[4]}'
        WHEN NOT coalesce(z > 0, false) THEN '{REASONS[5]}'
        WHEN NOT coalesce(variance > 0, false) THEN '{REASONS[6]}' END AS reason,
        student_quantile(df) AS t, kept * (1 - kept) / (nullif(variance, 0) / width ** 2) AS size
    FROM judged),
bounded AS (SELECT *, (place + t * t / (2 * size)) / (1 + t * t / size) AS middle,
        t / (1 + t * t / size) * sqrt(place * (1 - place) / size + t * t / (4 * size * size)) AS half
    FROM reasoned)
SELECT {cell}, CASE WHEN reason IS NULL THEN value END AS estimate, CASE WHEN reason IS NULL THEN sqrt(variance) END AS standard_error,
    CASE WHEN reason IS NULL THEN lowest + width * greatest(0, middle - half) END AS lower,
    CASE WHEN reason IS NULL THEN lowest + width * least(1, middle + half) END AS upper,
    CASE WHEN reason IS NULL THEN df END AS degrees_of_freedom, CASE WHEN reason IS NULL THEN spread / variance END AS effective_sample_size,
    documents, passages, gold_passages, gold_documents, coder_kinds, naive_estimate, model_estimate, tuning_weight, is_share,
    lowest, highest, reason
FROM bounded"""


def _slope(kept: str, variance: str, further: str) -> str:
    """By how much the variance of a document per passage grows with its further passages, of what one passage has: `_alike` of `cells.py`."""
    s0, s1, s2 = f"sum({kept})", f"sum({kept} * {further})", f"sum({kept} * {further} ** 2)"
    t0, t1 = f"sum({kept} * {variance})", f"sum({kept} * {variance} * {further})"
    start = f"({t0} * {s2} - {t1} * {s1})"
    return f"CASE WHEN coalesce({start} > 0, false) THEN least(1.0, greatest(0.0, ({t1} * {s0} - {t0} * {s1}) / {start})) ELSE 1.0 END"


_JOINED = "FROM document_sums s JOIN documents d USING (document_id)"
_CHOSEN = "s.quantity = wanted AND (doc_types IS NULL OR list_contains(doc_types, d.doc_type))"


def country_source() -> str:
    """Return the query for the documents of each country in some years."""
    return (
        f"SELECT d.igo AS pool, s.document_id, d.igo, d.country_iso3, {_SUMS} {_JOINED} WHERE {_CHOSEN} "
        # Who asks for some years asks for documents known to be of these.
        "AND CASE WHEN d.published IS NULL THEN from_year = 0 AND to_year = 9999 "
        "ELSE year(d.published) BETWEEN from_year AND to_year END"
    )


def mission_source(keys: str, distinct: str = "") -> str:
    """Return the query for the documents of one type in the months before and after missions; mission reports are left out.

    Where missions are taken together (`distinct`), a document that is after one and before another is left out: it would be on both sides.
    """
    once = (
        "QUALIFY min(period) OVER (PARTITION BY s.document_id) = max(period) OVER (PARTITION BY s.document_id)"
        if distinct
        else ""
    )
    return (
        f"SELECT {distinct}m.igo AS pool, s.document_id, {keys}CASE WHEN d.published < m.start_date THEN 'before' ELSE 'after' END AS period, "
        f"{_SUMS} FROM missions m JOIN documents d ON d.igo = m.igo AND d.country_iso3 = m.country_iso3 "
        "AND d.published BETWEEN m.start_date - to_months(months) AND coalesce(m.end_date, m.start_date) + to_months(months) "
        "AND NOT (d.published BETWEEN m.start_date AND coalesce(m.end_date, m.start_date)) "
        "AND d.document_id <> coalesce(m.report_document_id, '') "
        "JOIN document_sums s ON s.document_id = d.document_id WHERE s.quantity = wanted AND d.doc_type = wanted_doc_type "
        f"{once}"
    )


def cell_statements() -> list[str]:
    """Return the statements for the general macros and for the questions of the codebook's section 9."""
    by_year = f"year(d.published) AS year, {_SUMS} {_JOINED} WHERE {_CHOSEN}"
    each = "m.mission_id, m.igo, m.country_iso3, "
    made = [
        macro("estimates_by_country_year", "wanted, doc_types := NULL", "igo, country_iso3, year",
              f"SELECT d.igo AS pool, s.document_id, d.igo, d.country_iso3, {by_year}"),
        macro("estimates_by_country", "wanted, from_year := 0, to_year := 9999, doc_types := NULL", "igo, country_iso3", country_source()),
        macro("estimates_by_year", "wanted, doc_types := NULL", "igo, year", f"SELECT d.igo AS pool, s.document_id, d.igo, {by_year}"),
        macro("estimates_by_doc_type", "wanted", "igo, doc_type",
              f"SELECT d.igo AS pool, s.document_id, d.igo, d.doc_type, {_SUMS} {_JOINED} WHERE s.quantity = wanted"),
        macro("before_after_missions", "wanted, wanted_doc_type, months := 24", "igo, period", mission_source("m.igo, ", "DISTINCT ")),
        macro("before_after_each_mission", "wanted, wanted_doc_type, months := 24", "mission_id, igo, country_iso3, period",
              mission_source(each)),
    ]  # fmt: skip
    return made + [f"CREATE VIEW {name} AS SELECT * EXCLUDE (quantity) FROM {query}" for name, query in _VIEWS.items()]


_VIEWS = {
    "contestation_by_country_year": "estimates_by_country_year('contested')",
    "contestation_sides_by_country_year": "estimates_by_country_year('contested_share_from')",
    "stage_by_country_year": "estimates_by_country_year('stage')",
    "claims_and_findings_by_country_year": "estimates_by_country_year('claims')",
    "setbacks_by_country_year": "estimates_by_country_year('setback')",
    "access_by_country_year": "estimates_by_country_year('access')",
    "quad_classes_by_country_year": "estimates_by_country_year('quad')",
    "tone_by_country_year": "estimates_by_country_year('tone')",
}
"""Section 9 by name."""
