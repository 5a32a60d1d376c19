"""`step_draws`: how many passages of each document are about each step in each draw, fast enough for a country of many thousand passages.

The law is that of `label_draws`: stage and realization of each passage, drawn with the same calibrations; for compliance also whether the
organization itself reports it favourably. What makes it fast: nothing is drawn that no step needs, random numbers come of integer
arithmetic on one hash a passage and one a draw, and passages are counted by numbers, not by names.
"""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Sequence

from warehouse.estimates.document_context import context_factors
from warehouse.estimates.draws import ELIGIBLE, applicable, factors_query
from warehouse.estimates.quantities import NOT_APPLICABLE
from warehouse.types import ScoreColumns, ScoreDimension

NEEDED = ("voice", "stage", "realization", "stance")
"""The dimensions that steps rest on."""

_SHOWN = ("realized", "prospective")
_FAVOURABLE = (("voice", "igo"), ("stance", "cooperation"))
_WHOLE = "4294967296.0::DOUBLE"


def step_draws_statement(columns: ScoreColumns) -> str:
    """Return the statement for the macro `step_draws(draws, wanted_igo, wanted_country)`.

    One row a draw, document, stage and realization (realized or prospective) that at least one passage has; documents without a date are left
    out. Compliance counts as realized only where the organization itself reports it with cooperation.

    Args:
        columns: the scored dimensions; those of `NEEDED` must be among them.
    """
    by_name = {one.name: one for one in columns.dimensions}
    dimensions = [by_name[name] for name in NEEDED]
    stage, realization = by_name["stage"], by_name["realization"]
    steps = [one for one in stage.categories if one != "none"]
    ways = [one for one in _SHOWN if one in realization.categories]
    # What is counted comes first, so that the lowest numbers are counted and whatever is left is not.
    stages = [*steps, *(one for one in stage.categories if one == "none")]
    realizations = [*ways, *(one for one in realization.categories if one not in (*ways, NOT_APPLICABLE))]
    scored = [(one, applicable(one, set(NEEDED))) for one in dimensions]
    keys = [f"{one.name}__{category}" for one, categories in scored for category in categories]
    scores = ", ".join(f's."p_{key}"' for key in keys)
    probabilities = ", ".join(f'coalesce(e."p_{key}", 0)::DOUBLE * x."x_{key}" AS "p_{key}"' for key in keys)
    favourable = " * ".join(_weight(by_name[name], category) for name, category in _FAVOURABLE)
    all_said = " * ".join(f"({_sum(by_name[name], by_name[name].categories)})" for name, _category in _FAVOURABLE)
    compliance = steps.index("compliance") + 1 if "compliance" in steps else 0
    realized = ways.index("realized") + 1 if "realized" in ways else 0
    draw_seeds = _seeds("concat_ws('|', 'draw', draw)", "draw")
    # Each layer names what the next compares: inside a CASE, DuckDB would work out the same sum again for every comparison.
    return (
        "CREATE MACRO step_draws(draws, wanted_igo, wanted_country) AS TABLE WITH "
        f"factors AS MATERIALIZED (SELECT *, {draw_seeds} FROM ({factors_query(dimensions)})), "
        "dated AS MATERIALIZED (SELECT document_id, published, igo, country_iso3, row_number() OVER (ORDER BY document_id)::INTEGER "
        "AS document_no FROM documents WHERE published IS NOT NULL AND (wanted_igo IS NULL OR igo = wanted_igo) "
        "AND (wanted_country IS NULL OR country_iso3 = wanted_country)), "
        f"eligible AS MATERIALIZED (SELECT s.document_id, s.passage_id, {scores} {ELIGIBLE} "
        "AND s.document_id IN (SELECT document_id FROM dated)), "
        f"chosen AS MATERIALIZED (SELECT d.document_no, d.igo, d.country_iso3, {_seeds('e.passage_id', 'passage')}, {probabilities} "
        f"FROM eligible e JOIN dated d USING (document_id) JOIN ({context_factors(scored, 'eligible')}) x USING (document_id)), "
        f"once AS (SELECT * EXCLUDE (igo, country_iso3), {_fold('xor(passage_a, draw_a)', 0)} AS once FROM (SELECT c.*, f.* EXCLUDE "
        "(igo, country_iso3) FROM chosen c JOIN factors f ON f.igo IS NOT DISTINCT FROM c.igo "
        "AND f.country_iso3 IS NOT DISTINCT FROM c.country_iso3)), "
        f"twice AS (SELECT *, {_fold('xor(xor(once, passage_b), draw_b)', 1)} AS twice FROM once), "
        f"summed AS (SELECT draw, document_no, {_fold('xor(twice, draw_a)', 2)} / {_WHOLE} AS of_stage, "
        f"{_fold('xor(twice, draw_b)', 3)} / {_WHOLE} AS of_way, {favourable} AS favourable, {all_said} AS all_said, "
        f"{_sums(stage, stages, 'stage')}, {_sums(realization, realizations, 'way')} FROM twice), "
        f"placed AS (SELECT *, of_stage * stage_{len(stages)} AS at_stage, of_way * way_{len(realizations)} AS at_way FROM summed), "
        f"numbered AS (SELECT *, {_number('stage', len(steps))} AS step_no, {_number('way', len(ways))} AS way_no FROM placed), "
        # A realized passage lies evenly below the sum of realized; the favourable part of it is what counts.
        f"counted AS (SELECT draw, document_no, step_no, way_no FROM (SELECT *, step_no = {compliance} AND way_no = {realized} "
        f"AND at_way * all_said >= way_{realized or 1} * favourable AS is_left_out FROM numbered) "
        f"WHERE step_no <= {len(steps)} AND way_no <= {len(ways)} AND NOT is_left_out) "
        f"SELECT t.draw, d.document_id, d.published, {_names(steps)}[t.step_no] AS stage, {_names(ways)}[t.way_no] AS realization, t.passages "
        "FROM (SELECT draw, document_no, step_no, way_no, count(*) AS passages FROM counted GROUP BY ALL) t JOIN dated d USING (document_no)"
    )


def _weight(dimension: ScoreDimension, category: str) -> str:
    return f'"p_{dimension.name}__{category}" * "m_{dimension.name}__{category}"'


def _sum(dimension: ScoreDimension, categories: Sequence[str]) -> str:
    return " + ".join(_weight(dimension, one) for one in categories)


def _sums(dimension: ScoreDimension, categories: Sequence[str], name: str) -> str:
    return ", ".join(f"{_sum(dimension, categories[:number])} AS {name}_{number}" for number in range(1, len(categories) + 1))


def _number(name: str, counted: int) -> str:
    """The number, from 1, of the category that was drawn; above `counted` for all others."""
    return f"({' + '.join(['1', *(f'(at_{name} >= {name}_{number})::TINYINT' for number in range(1, counted + 1))])})::TINYINT"


def _seeds(text: str, prefix: str) -> str:
    hashed = f"md5_number_lower({text})"
    return f"({hashed} >> 32)::UBIGINT AS {prefix}_a, ({hashed} & 4294967295)::UBIGINT AS {prefix}_b"


_ODD = (2654435769, 2246822519, 3266489917, 668265263)


def _fold(number: str, which: int) -> str:
    """Multiply a number of 32 bits and fold the upper half of the product onto the lower: a round of multiplicative hashing."""
    product = f"({number} * {_ODD[which]}::UBIGINT)"
    return f"xor({product} >> 32, {product} & 4294967295::UBIGINT)"


def _names(values: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{one}'" for one in values) + "]"
