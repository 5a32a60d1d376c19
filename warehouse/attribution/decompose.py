"""Taking the change between two releases apart: the path from A to B, the parts of each number, the passages behind each cause."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from entente.errors import BadInput
from warehouse.attribution.causes import ALL, IN_ORDER, RULES, Cause
from warehouse.attribution.numbers import add_estimates, add_numbers, make_units
from warehouse.attribution.pairs import make_pairs
from warehouse.attribution.states import Sides, compare_scores, make_state
from warehouse.database import quiet
from warehouse.export.bundle import DATABASE
from warehouse.export.plan import score_columns_in
from warehouse.failures import explained
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns, ScoreDimension

DIMENSIONS = ("stage", "realization", "stance")
"""The dimensions whose shares are compared unless others are asked for."""


class Attribution:
    """The change between two releases, taken apart; made by `attribution`, open for its block.

    Attributes:
        a, b: the row of `release` of each.
        dimensions: the dimensions whose shares were compared.
    """

    def __init__(self, connection: Connection, a: dict[str, Any], b: dict[str, Any], dimensions: Sequence[str]) -> None:
        self._connection = connection
        self.a, self.b = a, b
        self.dimensions = tuple(dimensions)

    def causes(self) -> list[dict[str, Any]]:
        """Return for each cause, in order, what it means and how many passages came, went, moved or changed by it."""
        counted = self._rows(
            "SELECT cause, count(*) FILTER (change = 'came') AS came, count(*) FILTER (change = 'went') AS went, "
            "count(*) FILTER (change = 'moved') AS moved, count(*) FILTER (change = 'relabelled') AS relabelled, "
            "count(*) FILTER (change = 'rescored') AS rescored, count(*) FILTER (change = 'coded') AS coded "
            "FROM work.main.changed_passages GROUP BY cause"
        )
        found = {row.pop("cause"): row for row in counted}
        nothing = dict.fromkeys(("came", "went", "moved", "relabelled", "rescored", "coded"), 0)
        return [{"cause": one.name, "meaning": one.meaning, **found.get(one.name, nothing)} for one in ALL]

    def changes(self, level: str | None = None) -> list[dict[str, Any]]:
        """Return every number that moved, the largest change first: its cell, before, after, the change, and each cause's part.

        `before` or `after` is None where the cell has no passages there; then there is no change to take apart, and the parts are None.

        Args:
            level: only this one of `numbers.LEVELS`; None for all.
        """
        parts = ", ".join(f'"{one.name}"' for one in ALL)
        return self._rows(
            f"SELECT measure, dimension, label, level, igo, country_iso3, year, before, after, change, {parts} FROM work.main.changes "
            "WHERE $level IS NULL OR level = $level ORDER BY abs(change) DESC NULLS LAST, "
            "measure, dimension, label, level, igo, country_iso3, year",
            {"level": level},
        )

    def passages(self, cause: str) -> list[dict[str, Any]]:
        """Return the passages behind a cause: identifiers, what changed, place and labels before and after, and the text where it is shipped.

        Raises:
            BadInput: when there is no such cause.
        """
        names = [one.name for one in ALL]
        if cause not in names:
            raise BadInput(f"There is no cause {cause!r}; there are {', '.join(names)}.")
        return self._rows(
            "SELECT c.passage_id, c.document_id, c.change, c.before, c.after, coalesce(y.text, x.text) AS text "
            "FROM work.main.changed_passages c "
            "LEFT JOIN b.passages y ON y.passage_id = c.passage_id LEFT JOIN work.main.passage_pairs q ON q.b_id = c.passage_id "
            "LEFT JOIN a.passages x ON x.passage_id = coalesce(q.a_id, c.passage_id) WHERE c.cause = $cause "
            "ORDER BY c.document_id, c.passage_id, c.change",
            {"cause": cause},
        )

    def _rows(self, query: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        cursor = self._connection.execute(query, parameters) if parameters else self._connection.execute(query)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextlib.contextmanager
def attribution(
    a: Path, b: Path, dimensions: Sequence[str] = DIMENSIONS, told: Callable[[str, int, int], None] = lambda *_step: None
) -> Iterator[Attribution]:
    """Take the change from release `a` to release `b` apart.

    Args:
        a, b: published databases, or folders of releases.
        dimensions: dimensions with one label a passage whose shares are compared; those that neither release has are an error.
        told: is called before each step with its cause, its number and the number of steps.

    Yields:
        The outcome; it can be asked within the block.

    Raises:
        BadInput: when a file is no release of Entente, or a dimension is not known.
    """
    places = [_database(path) for path in (a, b)]
    with (
        tempfile.TemporaryDirectory(prefix="entente-diff-") as folder,
        explained(places[0]),
        duckdb.connect(":memory:") as connection,
    ):
        quiet(connection)
        # What does not fit into memory goes to the folder; nothing of it is kept.
        connection.execute(f"SET temp_directory = '{folder.replace(chr(39), chr(39) * 2)}'")
        connection.execute("ATTACH ':memory:' AS work")
        for name, place in zip("ab", places, strict=True):
            _attach(connection, place, name)
        sides = _sides(connection)
        _check_dimensions(sides, dimensions)
        _prepare(connection, sides, dimensions)
        _walk(connection, sides, dimensions, told)
        _take_apart(connection)
        yield Attribution(connection, _release(connection, "a"), _release(connection, "b"), dimensions)


def _database(path: Path) -> Path:
    place = path / DATABASE if path.is_dir() else path
    if not place.is_file():
        raise BadInput(f"{path} is no release: there is no file {place}. Name a published database or the folder of a release.")
    return place


def _attach(connection: Connection, place: Path, name: str) -> None:
    quoted = str(place).replace("'", "''")
    with explained(place):
        connection.execute(f"ATTACH '{quoted}' AS {name} (READ_ONLY)")
    tables = {
        str(table)
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [name]).fetchall()
    }
    if not {"release", "documents", "passages", "scores", "annotations", "samples", "missions"} <= tables:
        raise BadInput(
            f"{place} is no published database of Entente. Name the file of `entente publish` or a folder of `entente release`."
        )
    if not {"coders", "sample_frames", "sample_frame_units"} <= tables:
        raise BadInput(
            f"{place} was published by an Entente that did not yet keep how samples were drawn and what coders are; such a file cannot be "
            "compared. Publish anew with this one, from the warehouse of then."
        )


def _sides(connection: Connection) -> Sides:
    found, models = [], []
    for name in "ab":
        connection.execute(f"USE {name}")
        found.append(score_columns_in(connection))
        promoted = connection.execute("SELECT max(model_version) FROM models WHERE state = 'promoted'").fetchall()
        models.append(promoted[0][0])
    connection.execute("USE work.main")
    in_a, in_b = (
        frozenset(
            {one.name for one in columns.dimensions}
            | {f"p_{one.name}__{value}" for one in columns.dimensions for value in one.categories}
        )
        for columns in found
    )
    codes = connection.execute("SELECT (SELECT count(*) FROM a.gold) + (SELECT count(*) FROM b.gold)").fetchall()[0][0]
    return Sides(_union(*found), _reworded(connection), models[0], models[1], in_a, in_b, bool(codes))


def _union(a: ScoreColumns, b: ScoreColumns) -> ScoreColumns:
    """Return the dimensions of both, B's first, each with the categories of both."""
    categories = {one.name: list(one.categories) for one in b.dimensions}
    multi = {one.name: one.multi for one in (*a.dimensions, *b.dimensions)}
    for one in a.dimensions:
        known = categories.setdefault(one.name, [])
        known += [value for value in one.categories if value not in known]
    return ScoreColumns(tuple(ScoreDimension(name, tuple(values), multi[name]) for name, values in categories.items()))


def _reworded(connection: Connection) -> frozenset[str]:
    """Return the dimensions whose question, categories or definitions are not the same in both."""
    rows = connection.execute(
        "WITH words AS (SELECT 'a' AS side, dimension, '' AS category, question AS words FROM a.codebook_dimensions "
        "UNION ALL SELECT 'b', dimension, '', question FROM b.codebook_dimensions "
        "UNION ALL SELECT 'a', dimension, category, definition FROM a.codebook_categories "
        "UNION ALL SELECT 'b', dimension, category, definition FROM b.codebook_categories) "
        "SELECT DISTINCT dimension FROM (SELECT dimension, category, words FROM words GROUP BY ALL HAVING count(DISTINCT side) = 1)"
    ).fetchall()
    return frozenset(str(name) for (name,) in rows)


def _check_dimensions(sides: Sides, dimensions: Sequence[str]) -> None:
    known = [one.name for one in sides.columns.dimensions if not one.multi]
    for name in dimensions:
        if name not in known:
            raise BadInput(
                f"There is no dimension {name!r} with one label a passage in these releases; there are {', '.join(known) or 'none'}."
            )


def _prepare(connection: Connection, sides: Sides, dimensions: Sequence[str]) -> None:
    make_pairs(connection)
    compare_scores(connection, sides)
    connection.execute(
        "CREATE TABLE work.main.numbers (step INTEGER, measure VARCHAR, dimension VARCHAR, label VARCHAR, level VARCHAR, igo VARCHAR, "
        "country_iso3 VARCHAR, year BIGINT, value DOUBLE)"
    )
    connection.execute("CREATE TABLE work.main.known_labels (dimension VARCHAR, label VARCHAR)")
    for name in dimensions:
        for side in "ab":
            there = connection.execute(
                "SELECT count(*) FROM duckdb_columns() WHERE database_name = ? AND table_name = 'scores' AND column_name = ?",
                [side, name],
            ).fetchall()
            if there[0][0]:
                connection.execute(
                    f'INSERT INTO work.main.known_labels SELECT DISTINCT ?, "{name}" FROM {side}.scores WHERE "{name}" IS NOT NULL',
                    [name],
                )
    connection.execute("CREATE OR REPLACE TABLE work.main.known_labels AS SELECT DISTINCT * FROM work.main.known_labels")
    connection.execute(
        "CREATE TABLE work.main.changed_passages ("
        "cause VARCHAR, passage_id VARCHAR, document_id VARCHAR, change VARCHAR, before VARCHAR, after VARCHAR)"
    )


def _walk(connection: Connection, sides: Sides, dimensions: Sequence[str], told: Callable[[str, int, int], None]) -> None:
    """Count the numbers of A itself, of every state on the way, and of B itself; note the passages that each cause changes."""
    _count(connection, sides, 0, "a.main", dimensions)
    happened: list[Cause] = []
    for number, cause in enumerate((None, *IN_ORDER), start=1):
        told("reading" if cause is None else cause.name, number, len(IN_ORDER) + 1)
        if cause is not None:
            happened.append(cause)
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE before_units AS FROM seen; CREATE OR REPLACE TEMP TABLE before_codes AS FROM codes"
            )
        make_state(connection, sides, happened)
        _count(connection, sides, number, "work.state", dimensions)
        _see(connection, sides)
        if cause is not None:
            _note_changes(connection, cause, dimensions)
    _count(connection, sides, len(IN_ORDER) + 2, "b.main", dimensions)
    connection.execute("USE work.main; DROP SCHEMA work.state CASCADE")


def _count(connection: Connection, sides: Sides, step: int, schema: str, dimensions: Sequence[str]) -> None:
    make_units(connection, schema, dimensions)
    add_numbers(connection, step, dimensions)
    if sides.has_codes:
        add_estimates(connection, step, schema, dimensions)
        connection.execute("USE work.main")


def _see(connection: Connection, sides: Sides) -> None:
    """Keep what can be compared with the next state: the counted passages with a mark of their probabilities, and the codes."""
    values = ", ".join(f's."p_{one.name}__{value}"' for one in sides.columns.dimensions for value in one.categories)
    mark = f"hash(({values}))" if values else "0"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE seen AS SELECT u.*, {mark} AS mark FROM units u JOIN work.state.scores s USING (passage_id)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE codes AS SELECT passage_id, CAST(to_json(g) AS VARCHAR) AS codes FROM work.state.gold g"
    )


def _note_changes(connection: Connection, cause: Cause, dimensions: Sequence[str]) -> None:
    def packed(side: str) -> str:
        fields = ", ".join(f"{one} := {side}.{one}" for one in ("igo", "country_iso3", "year"))
        labels = "".join(f', "{one}" := {side}."{one}"' for one in dimensions)
        return f"CASE WHEN {side}.passage_id IS NOT NULL THEN CAST(to_json(struct_pack({fields}{labels})) AS VARCHAR) END"

    moved = " OR ".join(f"x.{one} IS DISTINCT FROM y.{one}" for one in ("igo", "country_iso3", "year"))
    relabelled = " OR ".join(f'x."{one}" IS DISTINCT FROM y."{one}"' for one in dimensions) or "false"
    connection.execute(
        f"INSERT INTO work.main.changed_passages SELECT $cause, passage_id, document_id, change, before, after FROM ("
        "SELECT coalesce(y.passage_id, x.passage_id) AS passage_id, coalesce(y.document_id, x.document_id) AS document_id, "
        "CASE WHEN x.passage_id IS NULL THEN 'came' WHEN y.passage_id IS NULL THEN 'went' "
        f"WHEN {moved} THEN 'moved' WHEN {relabelled} THEN 'relabelled' WHEN x.mark <> y.mark THEN 'rescored' END AS change, "
        f"{packed('x')} AS before, {packed('y')} AS after "
        "FROM before_units x FULL JOIN seen y ON y.passage_id = x.passage_id) WHERE change IS NOT NULL",
        {"cause": cause.name},
    )
    connection.execute(
        "INSERT INTO work.main.changed_passages SELECT $cause, coalesce(y.passage_id, x.passage_id), p.document_id, 'coded', x.codes, y.codes "
        "FROM before_codes x FULL JOIN codes y ON y.passage_id = x.passage_id JOIN work.state.passages p "
        "ON p.passage_id = coalesce(y.passage_id, x.passage_id) WHERE x.codes IS DISTINCT FROM y.codes",
        {"cause": cause.name},
    )


def _take_apart(connection: Connection) -> None:
    """Make `changes`: each number before and after, and what it moved by at each step.

    Where a cell has no passages in between, its number stays what it was, so that the parts still add up.
    """
    last = len(IN_ORDER) + 2
    by_step = {RULES.name: f"coalesce(sum(part) FILTER (step IN (1, {last})), 0)"}
    for number, cause in enumerate(IN_ORDER, start=2):
        by_step[cause.name] = f"coalesce(sum(part) FILTER (step = {number}), 0)"
    cell = "measure, dimension, label, level, igo, country_iso3, year"
    parts = ", ".join(
        f'CASE WHEN max(v0) IS NOT NULL AND max(vn) IS NOT NULL THEN {by_step[cause.name]} END AS "{cause.name}"' for cause in ALL
    )
    connection.execute(
        f"CREATE TABLE work.main.changes AS WITH cells AS (SELECT DISTINCT {cell} FROM work.main.numbers), "
        f"grid AS (SELECT c.*, t.step FROM cells c CROSS JOIN range({last + 1}) t(step)), "
        "filled AS (SELECT g.*, CASE WHEN g.measure IN ('passages', 'documents') THEN coalesce(n.value, 0) ELSE n.value END AS value "
        "FROM grid g "
        f"LEFT JOIN work.main.numbers n ON n.step = g.step AND n.measure = g.measure AND n.level = g.level "
        + "".join(f"AND n.{one} IS NOT DISTINCT FROM g.{one} " for one in ("dimension", "label", "igo", "country_iso3", "year"))
        + "), carried AS (SELECT *, last_value(value IGNORE NULLS) OVER w AS held FROM filled "
        f"WINDOW w AS (PARTITION BY {cell} ORDER BY step ROWS UNBOUNDED PRECEDING)), "
        f"moved AS (SELECT *, held - lag(held) OVER (PARTITION BY {cell} ORDER BY step) AS part, CASE WHEN step = 0 THEN value END AS v0, "
        f"CASE WHEN step = {last} THEN value END AS vn FROM carried) "
        f"SELECT {cell}, max(v0) AS before, max(vn) AS after, max(vn) - max(v0) AS change, {parts} FROM moved GROUP BY {cell} "
        "HAVING max(v0) IS DISTINCT FROM max(vn) OR max(abs(part)) > 0"
    )


def _release(connection: Connection, side: str) -> dict[str, Any]:
    cursor = connection.execute(
        f"SELECT released_at, built_by, release_key, model_version, codebook_version, documents, passages FROM {side}.release"
    )
    names = [column[0] for column in cursor.description or []]
    (row,) = cursor.fetchall()
    return dict(zip(names, row, strict=True))
