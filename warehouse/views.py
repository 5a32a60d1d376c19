"""The views and macros that analysts use: plain ones from `schema/views`, and those whose columns the codebook decides."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from warehouse.migrations import read_sql
from warehouse.types import ScoreColumns, ScoreDimension

_REQUIRES = "-- requires:"


def view_statements(columns: ScoreColumns) -> list[str]:
    """Return the statements that make all views and macros, each after those it builds on.

    A file in `schema/views` may begin with `-- requires: stage realization`; it is left out when the codebook lacks such a dimension.
    """
    return [
        *read_sql("schema/coding").values(),
        _gold(columns),
        _labels(columns),
        _evidence(columns),
        *fitting("schema/views", columns).values(),
    ]


def fitting(folder: str, columns: ScoreColumns) -> dict[str, str]:
    """Return the SQL files of a folder whose required dimensions are all scored, by name, in order."""
    names = {dimension.name for dimension in columns.dimensions}
    chosen = {}
    for name, text in read_sql(folder).items():
        first = text.partition("\n")[0]
        needed = set(first.removeprefix(_REQUIRES).split()) if first.startswith(_REQUIRES) else set()
        if needed <= names:
            chosen[name] = text
    return chosen


def _labels(columns: ScoreColumns) -> str:
    more = "".join(f", {_label_and_probability(dimension)}" for dimension in columns.dimensions)
    return (
        f"CREATE VIEW labels AS SELECT passage_id, document_id, model_version, is_familiar, uncertain{more} FROM scores "
        "WHERE model_version IN (SELECT model_version FROM models WHERE state = 'promoted')"
    )


def _label_and_probability(dimension: ScoreDimension) -> str:
    name = dimension.name
    if dimension.multi:
        return f'"{name}"' + "".join(f', "p_{name}__{category}"' for category in dimension.categories)
    whens = " ".join(f"WHEN '{category}' THEN \"p_{name}__{category}\"" for category in dimension.categories)
    return f'"{name}", CASE "{name}" {whens} END AS "p_{name}"' if whens else f'"{name}"'


def _evidence(columns: ScoreColumns) -> str:
    more = ""
    for dimension in columns.dimensions:
        more += f', l."{dimension.name}"'
        probabilities = (
            [f"p_{dimension.name}__{one}" for one in dimension.categories] if dimension.multi else [f"p_{dimension.name}"]
        )
        more += "".join(f', l."{one}"' for one in probabilities if dimension.categories)
    return (
        "CREATE VIEW evidence AS SELECT d.document_id, d.igo, d.body, d.country_iso3, d.country_name, d.doc_type, d.published, d.symbol, "
        "d.title, p.passage_id, p.ordinal, p.page_first, p.page_last, p.para_no, array_to_string(p.heading_path, ' > ') AS heading, p.kind, "
        f"p.language, p.text, p.n_words, p.is_codable, p.is_summary, p.is_duplicate, l.model_version, "
        f"l.is_familiar, l.uncertain{more}, d.mission_id, d.url "
        "FROM passages p JOIN documents d ON d.document_id = p.document_id "
        "LEFT JOIN labels l ON l.passage_id = p.passage_id AND l.document_id = p.document_id"
    )


def _gold(columns: ScoreColumns) -> str:
    """One row a passage: settled codes (see the view `settled_codes`); lists are written `a;b`; what is in dispute is null and counted.

    The inclusion probability is that of all gold samples together: samples are drawn independently of one another, so a passage that could
    have come by several is in with 1 minus the product of the probabilities that it is not. A sample counts once all its passages have
    been coded: what was drawn and is waiting tells nothing yet, and those who were coded first need not be like the others.
    """
    settled = "settled_by IN ('adjudicated', 'agreed')"
    more = "".join(
        f", max(value) FILTER (WHERE dimension = '{dimension.name}' AND {settled}) AS \"{dimension.name}\""
        for dimension in columns.dimensions
    )
    return (
        "CREATE VIEW gold AS WITH complete AS (SELECT s.sample_id FROM samples s "
        "LEFT JOIN (SELECT DISTINCT passage_id FROM settled_codes) c USING (passage_id) WHERE s.purpose = 'gold' "
        "GROUP BY s.sample_id HAVING count(*) = count(c.passage_id)), framed AS ("
        "SELECT u.sample_id, u.passage_id, u.inclusion_probability FROM sample_frame_units u JOIN sample_frames f USING (sample_id) "
        "WHERE f.purpose = 'gold' AND sample_id IN (FROM complete) UNION ALL "
        "SELECT sample_id, passage_id, inclusion_probability FROM samples "
        "WHERE sample_id IN (FROM complete) AND sample_id NOT IN (SELECT sample_id FROM sample_frames)), "
        "drawn AS (SELECT passage_id, 1 - product(1 - inclusion_probability) AS inclusion_prob FROM framed "
        "WHERE passage_id IN (SELECT passage_id FROM samples WHERE sample_id IN (FROM complete)) GROUP BY passage_id) "
        f"SELECT passage_id, arg_max(codebook_version, TRY_CAST(string_split(codebook_version, '.') AS INTEGER[])) AS codebook_version"
        f"{more}, any_value(inclusion_prob) AS inclusion_prob, "
        "count(*) FILTER (WHERE settled_by = 'open') AS n_open, "
        "list_sort(list_distinct(flatten(list(coder_kinds)))) AS coder_kinds "
        f"FROM settled_codes LEFT JOIN drawn USING (passage_id) GROUP BY passage_id HAVING bool_or({settled})"
    )
