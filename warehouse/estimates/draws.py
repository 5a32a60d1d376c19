"""Random labels from the probabilities, whole and consistent: for firsts, sequences and durations, which no correction makes unbiased.

Dimensions are drawn one given the others, so that no draw combines what the codebook excludes. Each draw has a calibration of its own: the
probabilities of a category are multiplied by what the document says of it, by a factor for all countries and by one of the organization and
country, whose logarithms are drawn around what the gold sample says (`calibration.py`); without gold passages they vary with the priors'
spread. Draws come of hashes: the same each time.
"""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Sequence

from warehouse.estimates.document_context import context_factors
from warehouse.types import ScoreColumns, ScoreDimension

ELIGIBLE = (
    "FROM scores s JOIN passages p ON p.passage_id = s.passage_id AND p.document_id = s.document_id "
    "WHERE s.model_version IN (SELECT model_version FROM models WHERE state = 'promoted') AND NOT p.is_duplicate AND NOT p.is_summary"
)
"""What is drawn from: the promoted model's scores of passages that are no repetitions or summaries."""

_WANTED = "(wanted_igo IS NULL OR d.igo = wanted_igo) AND (wanted_country IS NULL OR d.country_iso3 = wanted_country)"
_ORDER = ("voice", "stage", "stance")
_CONTESTED = "drawn_stance IN ('contestation', 'mixed')"
_APPLIES = {
    "realization": ("stage", "drawn_stage <> 'none'", "not_applicable"),
    "contestation_locus": ("stance", _CONTESTED, "not_applicable"),
    "contestation_object": ("stance", _CONTESTED, "not_applicable"),
    "contestation_intensity": ("stance", _CONTESTED, "0"),
    "cooperation_intensity": ("stance", "drawn_stance IN ('cooperation', 'mixed')", "0"),
    "mode": ("stance", "drawn_stance <> 'neutral'", "not_applicable"),
}
"""Dimension: what it hangs on, when it applies, and its value when it does not."""


def label_draws_statement(columns: ScoreColumns) -> list[str]:
    """Return the statement for the macro `label_draws(draws, wanted_igo := NULL, wanted_country := NULL)`, or none without dimensions.

    Args:
        columns: the scored dimensions; those that take one value are drawn.
    """
    singles = [one for one in columns.dimensions if not one.multi and one.categories]
    if not singles:
        return []
    singles.sort(key=lambda one: _ORDER.index(one.name) if one.name in _ORDER else len(_ORDER))
    names = {one.name for one in singles}
    drawn = ", ".join(_one(one, place, names) for place, one in enumerate(singles))
    shown = ", ".join(f'drawn_{one.name} AS "{one.name}"' for one in singles)
    categories = [(one, applicable(one, names)) for one in singles]
    changed = ", ".join(
        f'coalesce(c."p_{one.name}__{each}", 0) * x."x_{one.name}__{each}" AS "p_{one.name}__{each}"'
        for one, some in categories
        for each in some
    )
    return [
        "CREATE MACRO label_draws(draws, wanted_igo := NULL, wanted_country := NULL) AS TABLE WITH factors AS ("
        f"{factors_query(singles)}), eligible AS (SELECT s.*, d.igo, d.country_iso3 {ELIGIBLE.replace(' WHERE', _OF_DOCUMENTS, 1)} "
        f"AND {_WANTED}), contexts AS ({context_factors(categories, 'eligible')}), "
        f"chosen AS (SELECT c.* REPLACE ({changed}) FROM eligible c JOIN contexts x USING (document_id)) "
        f"SELECT draw, passage_id, document_id, {shown} FROM (SELECT f.draw, s.passage_id, s.document_id, {drawn} "
        "FROM chosen s JOIN factors f ON f.igo IS NOT DISTINCT FROM s.igo AND f.country_iso3 IS NOT DISTINCT FROM s.country_iso3)"
    ]


_OF_DOCUMENTS = " JOIN documents d ON d.document_id = s.document_id WHERE"


def factors_query(dimensions: Sequence[ScoreDimension]) -> str:
    """Return the query for the factors of each of `draws` draws and each organization and country that is wanted.

    Columns: `draw`, `igo`, `country_iso3` and `m_<dimension>__<category>`. The part that all countries share is the same in all of them.
    """
    factors = ", ".join(
        f"coalesce(exp(max(effect) FILTER (WHERE quantity = '{one.name}' AND category = '{category}')), 0) "
        f'AS "m_{one.name}__{category}"'
        for one in dimensions
        for category in one.categories
    )
    known = ", ".join(f"'{one.name}'" for one in dimensions)
    shared = _normal("c.quantity", "c.category", "t.draw")
    own = _normal("c.quantity", "c.category", "t.draw", "coalesce(c.igo, '')", "coalesce(c.country_iso3, '')")
    return (
        f"SELECT draw, igo, country_iso3, {factors} FROM (SELECT t.draw, c.igo, c.country_iso3, c.quantity, c.category, "
        f"c.centre + c.own_centre + c.spread * {shared} + c.own_spread * {own} "
        "AS effect FROM (SELECT unnest(range(draws)) AS draw) t CROSS JOIN (SELECT p.igo, p.country_iso3, c.*, "
        "coalesce(o.centre, 0) AS own_centre, coalesce(o.spread, c.country_spread) AS own_spread "
        f"FROM calibration c CROSS JOIN (SELECT DISTINCT d.igo, d.country_iso3 FROM documents d WHERE {_WANTED}) p "
        "LEFT JOIN calibration_by_country o ON o.igo IS NOT DISTINCT FROM p.igo AND o.country_iso3 IS NOT DISTINCT FROM p.country_iso3 "
        f"AND o.quantity = c.quantity AND o.category = c.category WHERE c.quantity IN ({known})) c) GROUP BY draw, igo, country_iso3"
    )


def _normal(*keys: str) -> str:
    """SQL for a standard normal number that depends on the keys alone (Box and Muller)."""

    def uniform(salt: str) -> str:
        return f"(md5_number_lower(concat_ws('|', '{salt}', {', '.join(keys)})) / 18446744073709551616.0)"

    return f"(sqrt(-2 * ln(greatest({uniform('u')}, 1e-12))) * cos(2 * pi() * {uniform('v')}))"


def applicable(dimension: ScoreDimension, names: set[str]) -> list[str]:
    """Return the categories among which a dimension is drawn: without that of passages to which it does not apply, where others say which.

    Args:
        dimension: any.
        names: of all scored dimensions.
    """
    gate = _APPLIES.get(dimension.name)
    return [one for one in dimension.categories if not (gate and gate[0] in names and one == gate[2])]


def _one(dimension: ScoreDimension, place: int, names: set[str]) -> str:
    column = f"drawn_{dimension.name}"
    categories = applicable(dimension, names)
    gate = _APPLIES.get(dimension.name)
    if gate and gate[0] in names:
        inner = _pick(dimension, categories, place)
        if dimension.name == "cooperation_intensity" and "voice" in names:
            inner = f"CASE WHEN drawn_voice = 'host_government' THEN '1' ELSE {inner} END"
        return f"CASE WHEN {gate[1]} THEN {inner} ELSE '{gate[2]}' END AS {column}"
    return f"{_pick(dimension, categories, place)} AS {column}"


def _pick(dimension: ScoreDimension, categories: list[str], place: int) -> str:
    # One hash has two halves of 32 bits; a dimension takes one of them.
    bits = f"md5_number_lower(concat_ws('|', s.passage_id, f.draw, {place // 2}))"
    half = f"({bits} >> 32)" if place % 2 == 0 else f"({bits} & 4294967295)"
    terms = [f'coalesce(s."p_{dimension.name}__{one}" * f."m_{dimension.name}__{one}", 0)' for one in categories]
    total = " + ".join(terms)
    uniform = f"({half} / 4294967296.0) * ({total})"
    whens = "".join(f" WHEN {uniform} < {' + '.join(terms[: n + 1])} THEN '{one}'" for n, one in enumerate(categories[:-1]))
    return f"CASE{whens} ELSE '{categories[-1]}' END" if whens else f"'{categories[-1]}'"
