"""A published database that never was: release A in which some of the causes have happened already."""

# ruff: noqa: S608  # statements are put together of names of this room and of names read from the databases' own catalogues
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from warehouse.attribution.causes import (
    CODEBOOK,
    CODES,
    DESCRIPTIONS,
    EXTRACTION,
    FILES,
    MODEL,
    NEW,
    THRESHOLDS,
    WITHDRAWN,
    Cause,
)
from warehouse.estimates.statements import estimate_statements
from warehouse.migrations import read_sql
from warehouse.release import COPIED
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns, ScoreDimension
from warehouse.views import view_statements


@dataclass(frozen=True, slots=True)
class Sides:
    """What is known of the two releases beforehand.

    Attributes:
        columns: the dimensions of both, with the categories of both.
        reworded: dimensions that the two codebooks word otherwise.
        model_a, model_b: the promoted model of each, or None.
        has_codes: whether either has gold codes, without which there are no corrected estimates.
        in_a, in_b: the columns of `scores` on each side.
    """

    columns: ScoreColumns
    reworded: frozenset[str]
    model_a: str | None
    model_b: str | None
    in_a: frozenset[str]
    in_b: frozenset[str]
    has_codes: bool

    @property
    def model(self) -> str:
        """Return the model version under whose name a state holds its scores, whichever model they are by."""
        return self.model_b or self.model_a or ""


# Columns are read from the side whose turn it has; `side` is 'a' or 'b' for each document.
_BY_DOCUMENT = ("pages", "extractions")
_FROM_B = ("sources", "files", "models", "release")


def make_state(connection: Connection, sides: Sides, happened: Collection[Cause]) -> None:
    """Make the schema `state` with tables, views and macros as in a published database, and make it the current one.

    Documents and passages have the identifiers of release B where they are in both.

    Args:
        connection: the working database, attached as `work`, with the pairs made (`pairs.make_pairs`, `compare_scores`).
        sides: what is known of the releases.
        happened: the causes that have happened.
    """
    connection.execute("USE work.main; DROP SCHEMA IF EXISTS work.state CASCADE; CREATE SCHEMA work.state; USE work.state")
    _documents(connection, happened)
    _passages(connection, happened)
    _scores(connection, sides, happened)
    _codes(connection, happened)
    _others(connection, sides, happened)
    for statement in view_statements(sides.columns):
        connection.execute(statement)
    if sides.has_codes:
        for statement in estimate_statements(sides.columns):
            connection.execute(statement)


def _documents(connection: Connection, happened: Collection[Cause]) -> None:
    described = "b" if DESCRIPTIONS in happened else "a"
    parts = [
        f"SELECT d.* REPLACE (p.b_id AS document_id) FROM {described}.documents d JOIN work.main.document_pairs p "
        f"ON p.{described}_id = d.document_id WHERE p.a_id IS NOT NULL AND p.b_id IS NOT NULL"
    ]
    if WITHDRAWN not in happened:
        parts.append(
            "SELECT d.* FROM a.documents d JOIN work.main.document_pairs p ON p.a_id = d.document_id WHERE p.b_id IS NULL"
        )
    if NEW in happened:
        parts.append(
            "SELECT d.* FROM b.documents d JOIN work.main.document_pairs p ON p.b_id = d.document_id WHERE p.a_id IS NULL"
        )
    connection.execute(f"CREATE TABLE documents AS {' UNION ALL BY NAME '.join(parts)}")
    connection.execute(
        "CREATE TABLE sides AS SELECT d.document_id, p.a_id, p.b_id, CASE WHEN p.a_id IS NULL THEN 'b' WHEN p.b_id IS NULL THEN 'a' "
        "WHEN p.a_file = p.b_file THEN $same ELSE $other END AS side "
        "FROM documents d JOIN work.main.document_pairs p ON coalesce(p.b_id, p.a_id) = d.document_id",
        {"same": "b" if EXTRACTION in happened else "a", "other": "b" if FILES in happened else "a"},
    )


def _passages(connection: Connection, happened: Collection[Cause]) -> None:
    # Texts are not needed for counting; what repeats another document is found again among the documents of this state.
    kept = "p.* EXCLUDE (duplicate_of) REPLACE (s.document_id AS document_id, {id} AS passage_id, '' AS text, CAST(NULL AS VARCHAR) AS lead_in, "
    kept += "p.is_duplicate AND p.duplicate_of IS NULL AS is_duplicate)"
    connection.execute(
        f"CREATE TABLE passages AS SELECT {kept.format(id='coalesce(q.b_id, p.passage_id)')} FROM a.passages p "
        "JOIN sides s ON s.a_id = p.document_id AND s.side = 'a' LEFT JOIN work.main.passage_pairs q ON q.a_id = p.passage_id "
        f"UNION ALL BY NAME SELECT {kept.format(id='p.passage_id')} FROM b.passages p JOIN sides s ON s.b_id = p.document_id AND s.side = 'b'"
    )
    connection.execute(f"CREATE TABLE marked AS {read_sql('schema/published')['passages']}")
    connection.execute("DROP TABLE passages; ALTER TABLE marked RENAME TO passages")
    for table in _BY_DOCUMENT:
        parts = [
            f"SELECT t.* REPLACE (s.document_id AS document_id) FROM {side}.{table} t JOIN sides s "
            f"ON s.{side}_id = t.document_id AND s.side = '{side}'"
            for side in ("a", "b")
        ]
        connection.execute(f"CREATE TABLE {table} AS {' UNION ALL BY NAME '.join(parts)}")


def _scores(connection: Connection, sides: Sides, happened: Collection[Cause]) -> None:
    """Scores of comparable passages change column by column, with codebook, model or thresholds; others with their passages."""
    codebook, thresholds = ("b" if cause in happened else "a" for cause in (CODEBOOK, THRESHOLDS))
    # One and the same model answers otherwise only where it was given something else: another heading, another language.
    rescored = "s.side" if sides.model_a == sides.model_b else f"'{'b' if MODEL in happened else 'a'}'"
    chosen, from_a, from_b = [], [], []
    for dimension in sides.columns.dimensions:
        for column in (dimension.name, *_probabilities(dimension)):
            a, b = (_value(alias, column, dimension, names) for alias, names in (("x", sides.in_a), ("y", sides.in_b)))
            if dimension.name in sides.reworded:
                value = {"a": a, "b": b}[codebook]
            else:
                value = f"CASE WHEN q.is_same THEN {b if thresholds == 'b' else a} WHEN {rescored} = 'b' THEN {b} ELSE {a} END"
            # A passage that only one side has scored has only that side's values.
            both = f"CASE WHEN y.passage_id IS NULL THEN {a} WHEN x.passage_id IS NULL THEN {b} ELSE {value} END"
            chosen.append(f'{both} AS "{column}"')
            from_a.append(f'{a} AS "{column}"')
            from_b.append(f'{b} AS "{column}"')
    marks = [
        f"CASE WHEN {rescored} = 'b' THEN coalesce(y.{one}, x.{one}) ELSE coalesce(x.{one}, y.{one}) END AS {one}"
        for one in _MARKS
    ]
    head = "h.passage_id, h.document_id, CAST($model AS VARCHAR) AS model_version"
    alone = "LEFT JOIN work.main.passage_pairs q ON q.b_id = h.passage_id"
    connection.execute(
        f"CREATE TABLE scores AS SELECT {head}, {', '.join([*marks, *chosen])} FROM passages h JOIN sides s USING (document_id) "
        "JOIN work.main.score_pairs q ON q.b_id = h.passage_id "
        "LEFT JOIN a.scores x ON x.passage_id = q.a_id LEFT JOIN b.scores y ON y.passage_id = q.b_id "
        f"WHERE CASE WHEN {rescored} = 'b' THEN y.passage_id IS NOT NULL ELSE x.passage_id IS NOT NULL END "
        f"UNION ALL BY NAME SELECT {head}, {', '.join(f'x.{one}' for one in _MARKS)}, {', '.join(from_a)} FROM passages h "
        f"JOIN sides s USING (document_id) {alone} JOIN a.scores x ON x.passage_id = coalesce(q.a_id, h.passage_id) "
        "WHERE s.side = 'a' AND q.comparable IS NOT TRUE "
        f"UNION ALL BY NAME SELECT {head}, {', '.join(f'y.{one}' for one in _MARKS)}, {', '.join(from_b)} FROM passages h "
        f"JOIN sides s USING (document_id) {alone} JOIN b.scores y ON y.passage_id = h.passage_id "
        "WHERE s.side = 'b' AND q.comparable IS NOT TRUE",
        {"model": sides.model},
    )


_MARKS = ("is_familiar", "uncertain")


def _value(alias: str, column: str, dimension: ScoreDimension, names: frozenset[str]) -> str:
    if column in names:
        return f'{alias}."{column}"'
    # A category that the other codebook does not have has no probability there; a dimension that it does not have has no answer.
    return "CAST(0 AS FLOAT)" if column != dimension.name and dimension.name in names else "NULL"


def compare_scores(connection: Connection, sides: Sides) -> None:
    """Make `score_pairs` in the working database: the comparable pairs of passages, and whether both sides give the same probabilities."""
    compared = [
        f'x."{column}" IS NOT DISTINCT FROM y."{column}"'
        for dimension in sides.columns.dimensions
        if dimension.name not in sides.reworded
        for column in _probabilities(dimension)
        if column in sides.in_a & sides.in_b
    ]
    connection.execute(
        f"CREATE TABLE work.main.score_pairs AS SELECT q.a_id, q.b_id, {' AND '.join(compared) or 'true'} AS is_same "
        "FROM work.main.passage_pairs q "
        "LEFT JOIN a.scores x ON x.passage_id = q.a_id LEFT JOIN b.scores y ON y.passage_id = q.b_id WHERE q.comparable"
    )


def _probabilities(dimension: ScoreDimension) -> list[str]:
    return [f"p_{dimension.name}__{category}" for category in dimension.categories]


def _codes(connection: Connection, happened: Collection[Cause]) -> None:
    # What coders are and how samples were drawn decides what is gold, and with which probability.
    for table in ("coders", "sample_frames"):
        connection.execute(f"CREATE TABLE {table} AS FROM {'b' if CODES in happened else 'a'}.{table}")
    for table in ("annotations", "samples", "sample_frame_units"):
        query = (
            f"SELECT * FROM b.{table}"
            if CODES in happened
            else f"SELECT t.* REPLACE (coalesce(q.b_id, t.passage_id) AS passage_id) FROM a.{table} t "
            "LEFT JOIN work.main.passage_pairs q ON q.a_id = t.passage_id"
        )
        connection.execute(f"CREATE TABLE {table} AS {query}")


def _others(connection: Connection, sides: Sides, happened: Collection[Cause]) -> None:
    described = "b" if DESCRIPTIONS in happened else "a"
    connection.execute(
        "CREATE TABLE missions AS SELECT m.* REPLACE (coalesce(p.b_id, m.report_document_id) AS report_document_id) "
        f"FROM {described}.missions m LEFT JOIN work.main.document_pairs p ON p.{described}_id = m.report_document_id"
    )
    words = "b" if CODEBOOK in happened else "a"
    for table in ("codebook_dimensions", "codebook_categories"):
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {words}.{table}")
    for table in _FROM_B:
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM b.{table}")
    connection.execute("DELETE FROM models WHERE model_version = $model", {"model": sides.model})
    connection.execute(
        "INSERT INTO models BY NAME SELECT * REPLACE ('promoted' AS state) FROM (FROM b.models UNION ALL BY NAME FROM a.models) "
        "WHERE model_version = $model LIMIT 1",
        {"model": sides.model},
    )
    there = {
        str(name)
        for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'state'").fetchall()
    }
    rest = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'b'").fetchall()
    for (table,) in rest:
        # Ledgers and indexes: the views name them, no number is counted from them. Sums for estimates are made anew.
        if table not in there and table in COPIED:
            connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM b."{table}" LIMIT 0')
