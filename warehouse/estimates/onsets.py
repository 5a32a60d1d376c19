"""Macros on label draws for one organization and country: onsets of steps, their order, time to compliance and uptake.

They draw labels for one dyad at a time, because draws for a whole corpus take minutes. Results are
distributions over draws, never majority votes. Where too few gold passages tell of the classifier's errors, estimates have no interval but a
reason: the draws would vary by what is believed beforehand.
"""

# ruff: noqa: S608  # statements are put together of names of this room
from __future__ import annotations

from warehouse.estimates.step_draws import NEEDED, step_draws_statement
from warehouse.types import ScoreColumns

MIN_GOLD_OF_DRAWS = 50
"""Gold passages of the organization with a code for stage; `python -m benchmarks.coverage_draws` shows how far intervals hold with 60."""

MIN_COUNTRIES_OF_DRAWS = 10
"""Countries with such gold passages that an interval needs for a country that has few of its own: the gold of fewer countries cannot tell how
much the classifier's errors differ from country to country."""

REASON = "too few gold passages"
REASON_COUNTRIES = "gold passages of too few countries"

_DYAD = f"wanted_igo, wanted_country, draws := 200, min_gold := {MIN_GOLD_OF_DRAWS}"
_DRAWN = (
    "steps_drawn AS MATERIALIZED (FROM step_draws(draws, wanted_igo, wanted_country)), "
    # The table has a row for each category; each says how many passages of the dimension were coded.
    "coded AS (SELECT coalesce(sum(n_gold_passages), 0)::BIGINT AS gold_passages, "
    f"CASE WHEN coalesce(sum(n_gold_passages), 0) < min_gold THEN '{REASON}' "
    "WHEN coalesce(sum(n_gold_passages) FILTER (WHERE country_iso3 IS NOT DISTINCT FROM wanted_country), 0) < min_gold "
    f"AND count(DISTINCT country_iso3) < {MIN_COUNTRIES_OF_DRAWS} THEN '{REASON_COUNTRIES}' END AS reason "
    "FROM (SELECT DISTINCT igo, country_iso3, n_gold_passages FROM calibration_by_country WHERE quantity = 'stage' "
    "AND (wanted_igo IS NULL OR igo = wanted_igo)))"
)
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
        "count(*) / draws AS p_reached, CASE WHEN g.reason IS NULL THEN quantile_disc(first_seen, 0.025) END AS lower, "
        "quantile_disc(first_seen, 0.5) AS median, CASE WHEN g.reason IS NULL THEN quantile_disc(first_seen, 0.975) END AS upper, "
        "draws AS draws, g.gold_passages, g.reason FROM onset CROSS JOIN coded g GROUP BY stage, g.gold_passages, g.reason "
        "ORDER BY median, stage",
        f"CREATE MACRO stage_order({_DYAD}) AS TABLE WITH {_DOC_STEP}, steps AS (SELECT unnest({steps}) AS stage), "
        "pairs AS (SELECT a.stage AS earlier, b.stage AS later, t.draw, x.first_seen AS first_a, y.first_seen AS first_b FROM steps a "
        "JOIN steps b ON a.stage <> b.stage CROSS JOIN (SELECT unnest(range(draws)) AS draw) t "
        "LEFT JOIN onset x ON x.draw = t.draw AND x.stage = a.stage LEFT JOIN onset y ON y.draw = t.draw AND y.stage = b.stage) "
        "SELECT wanted_igo AS igo, wanted_country AS country_iso3, earlier, later, "
        # A step that was never seen comes after one that was; where neither was, nothing is said.
        "avg(coalesce(first_a < coalesce(first_b, DATE '9999-12-31'), false)::INT) "
        "FILTER (WHERE first_a IS NOT NULL OR first_b IS NOT NULL) AS p_before, "
        "avg((first_a = first_b)::INT) FILTER (WHERE first_a IS NOT NULL AND first_b IS NOT NULL) AS p_same_day, "
        "count(*) FILTER (WHERE first_a IS NOT NULL AND first_b IS NOT NULL) / draws AS p_both_reached, "
        "g.gold_passages, g.reason FROM pairs CROSS JOIN coded g GROUP BY earlier, later, g.gold_passages, g.reason "
        "HAVING count(first_a) + count(first_b) > 0 ORDER BY earlier, later",
        f"CREATE MACRO time_to_compliance({_DYAD}) AS TABLE WITH {_DOC_STEP}, begun AS (SELECT draw, first_seen AS start_date FROM onset "
        "WHERE stage = 'initiation'), ended AS (SELECT b.draw, min(s.published) AS end_date FROM begun b JOIN doc_step s ON s.draw = b.draw "
        "AND s.stage = 'compliance' AND s.published > b.start_date GROUP BY b.draw), "
        "last AS (SELECT max(published) AS last_seen FROM documents WHERE igo = wanted_igo AND country_iso3 = wanted_country) "
        "SELECT wanted_igo AS igo, wanted_country AS country_iso3, b.draw, b.start_date, e.end_date, e.end_date IS NULL AS is_censored, "
        "date_diff('month', b.start_date, coalesce(e.end_date, l.last_seen)) AS months, "
        "g.gold_passages, g.reason FROM begun b LEFT JOIN ended e USING (draw) CROSS JOIN last l CROSS JOIN coded g ORDER BY b.draw",
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
        "count(*) AS documents FROM followed GROUP BY draw), over_draws AS (SELECT avg(share) AS estimate, stddev_samp(share) AS deviation, "
        "quantile_cont(share, 0.025) AS below, quantile_cont(share, 0.975) AS above, avg(documents) AS mean_documents, count(*) AS draws "
        "FROM shares) SELECT wanted_igo AS igo, wanted_country AS country_iso3, estimate, CASE WHEN reason IS NULL THEN deviation END "
        "AS standard_error, CASE WHEN reason IS NULL THEN below END AS lower, CASE WHEN reason IS NULL THEN above END AS upper, "
        "mean_documents, o.draws, gold_passages, reason FROM over_draws o CROSS JOIN coded",
    ]
