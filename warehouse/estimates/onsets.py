"""Macros on label draws for one organization and country: onsets of steps, their order, time to compliance and uptake.

They draw labels for one dyad at a time, because draws for a whole corpus take minutes. Results are
distributions over draws, never majority votes.
"""

# ruff: noqa: S608  # statements are put together of names of this room
from __future__ import annotations

from warehouse.estimates.step_draws import NEEDED, step_draws_statement
from warehouse.types import ScoreColumns

_DYAD = "wanted_igo, wanted_country, draws := 200"
_DRAWN = "steps_drawn AS MATERIALIZED (FROM step_draws(draws, wanted_igo, wanted_country))"
_DOC_STEP = (
    f"{_DRAWN}, "
    # One passage may be a slip; two of a document are a step.
    "doc_step AS (SELECT * FROM steps_drawn WHERE realization = 'realized' AND passages >= 2), "
    "onset AS (SELECT draw, stage, min(published) AS first_seen FROM doc_step GROUP BY ALL)"
)


def onset_statements(columns: ScoreColumns) -> list[str]:
    """Return the statements; none where the codebook lacks one of the dimensions."""
    if not set(NEEDED) <= {one.name for one in columns.dimensions if one.categories}:
        return []
    (stage,) = (one for one in columns.dimensions if one.name == "stage")
    steps = [one for one in stage.categories if one != "none"]
    return [
        step_draws_statement(columns),
        f"CREATE MACRO stage_onsets({_DYAD}) AS TABLE WITH {_DOC_STEP} SELECT wanted_igo AS igo, wanted_country AS country_iso3, stage, "
        "count(*) / draws AS p_reached, quantile_disc(first_seen, 0.025) AS lower, quantile_disc(first_seen, 0.5) AS median, "
        "quantile_disc(first_seen, 0.975) AS upper, draws AS draws FROM onset GROUP BY stage ORDER BY median, stage",
        f"CREATE MACRO stage_order({_DYAD}) AS TABLE WITH {_DOC_STEP}, steps AS (SELECT unnest({steps}) AS stage), "
        "pairs AS (SELECT a.stage AS earlier, b.stage AS later, t.draw, x.first_seen AS first_a, y.first_seen AS first_b FROM steps a "
        "JOIN steps b ON a.stage <> b.stage CROSS JOIN (SELECT unnest(range(draws)) AS draw) t "
        "LEFT JOIN onset x ON x.draw = t.draw AND x.stage = a.stage LEFT JOIN onset y ON y.draw = t.draw AND y.stage = b.stage) "
        "SELECT wanted_igo AS igo, wanted_country AS country_iso3, earlier, later, "
        # A step that was never seen comes after one that was; where neither was, nothing is said.
        "avg(coalesce(first_a < coalesce(first_b, DATE '9999-12-31'), false)::INT) "
        "FILTER (WHERE first_a IS NOT NULL OR first_b IS NOT NULL) AS p_before, "
        "avg((first_a = first_b)::INT) FILTER (WHERE first_a IS NOT NULL AND first_b IS NOT NULL) AS p_same_day, "
        "count(*) FILTER (WHERE first_a IS NOT NULL AND first_b IS NOT NULL) / draws AS p_both_reached "
        "FROM pairs GROUP BY earlier, later HAVING count(first_a) + count(first_b) > 0 ORDER BY earlier, later",
        f"CREATE MACRO time_to_compliance({_DYAD}) AS TABLE WITH {_DOC_STEP}, begun AS (SELECT draw, first_seen AS start_date FROM onset "
        "WHERE stage = 'initiation'), ended AS (SELECT b.draw, min(s.published) AS end_date FROM begun b JOIN doc_step s ON s.draw = b.draw "
        "AND s.stage = 'compliance' AND s.published > b.start_date GROUP BY b.draw), "
        "last AS (SELECT max(published) AS last_seen FROM documents WHERE igo = wanted_igo AND country_iso3 = wanted_country) "
        "SELECT wanted_igo AS igo, wanted_country AS country_iso3, b.draw, b.start_date, e.end_date, e.end_date IS NULL AS is_censored, "
        "date_diff('month', b.start_date, coalesce(e.end_date, l.last_seen)) AS months "
        "FROM begun b LEFT JOIN ended e USING (draw) CROSS JOIN last l ORDER BY b.draw",
        f"CREATE MACRO uptake_of_recommendations({_DYAD}, months := 60, min_passages := 2) AS TABLE WITH {_DRAWN}, "
        # Single passages would find nearly every recommendation followed: of some hundred, one is always drawn by mistake.
        "advice AS (SELECT * FROM steps_drawn WHERE stage = 'policy_influence' AND passages >= min_passages), "
        "asked AS (SELECT draw, document_id, published FROM advice WHERE realization = 'prospective'), "
        "done AS (SELECT DISTINCT draw, published FROM advice WHERE realization = 'realized'), followed AS (SELECT a.draw, a.document_id, "
        "bool_or(d.published IS NOT NULL) AS is_followed FROM asked a "
        # A recommendation of last year has not had its months yet.
        "JOIN (SELECT max(published) AS last_seen FROM documents WHERE igo = wanted_igo AND country_iso3 = wanted_country) l "
        "ON a.published + to_months(months) <= l.last_seen LEFT JOIN done d ON d.draw = a.draw AND d.published > a.published "
        "AND d.published <= a.published + to_months(months) GROUP BY ALL), shares AS (SELECT draw, avg(is_followed::INT) AS share, "
        "count(*) AS documents FROM followed GROUP BY draw) SELECT wanted_igo AS igo, wanted_country AS country_iso3, avg(share) AS estimate, "
        "stddev_samp(share) AS standard_error, quantile_cont(share, 0.025) AS lower, quantile_cont(share, 0.975) AS upper, "
        "avg(documents) AS mean_documents, count(*) AS draws FROM shares",
    ]
