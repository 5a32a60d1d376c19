"""The search index of a published database: an inverted table for full text, vectors for search by meaning; no extension is needed.

It is made anew at each publication from the passages alone, so the same passages give the same index.
"""

# ruff: noqa: S608  # statements are put together of names and numbers of this room
from __future__ import annotations

from typing import Any

from warehouse.migrations import read_sql
from warehouse.transactions import Connection, transaction
from warehouse.types import SearchOptions

TABLES = ("search_terms", "search_postings", "search_passages")
_REQUIRES_MEANING = "-- requires: meaning"
_CHUNK = 50_000
_LONGEST_TERM = 40

_INDEX = """
CREATE TABLE search_passages AS
    SELECT (row_number() OVER (ORDER BY document_id, ordinal, passage_id) - 1)::UINTEGER AS passage_no, passage_id, text
    FROM passages ORDER BY passage_no;
CREATE TABLE search_counts AS
    SELECT passage_no, term, count(*)::UINTEGER AS n
    FROM (SELECT passage_no, unnest(search_tokens(text)) AS term FROM search_passages) WHERE length(term) <= {longest} GROUP BY ALL;
CREATE TABLE search_lengths AS SELECT passage_no, sum(n) AS n_terms FROM search_counts GROUP BY ALL;
CREATE TABLE search_terms AS
    SELECT (row_number() OVER (ORDER BY term) - 1)::UINTEGER AS term_no, term, n_passages::UINTEGER AS n_passages,
        round(ln(1 + ((SELECT count(*) FROM search_passages) - n_passages + 0.5) / (n_passages + 0.5)), 4)::FLOAT AS idf
    FROM (
        SELECT term, sum(n) AS n_passages FROM (
            SELECT term, 1 AS n FROM search_counts
            UNION ALL SELECT DISTINCT term, 0 FROM (SELECT unnest(search_tokens(word)) AS term FROM search_vocabulary)
        ) GROUP BY term
    ) ORDER BY term;
CREATE TABLE search_postings AS
    SELECT t.term_no, c.passage_no,
        round(c.n * 2.2 / (c.n + 1.2 * (0.25 + 0.75 * l.n_terms / (SELECT avg(n_terms) FROM search_lengths))), 3)::FLOAT AS weight
    FROM search_counts c JOIN search_terms t USING (term) JOIN search_lengths l USING (passage_no) ORDER BY t.term_no, c.passage_no;
DROP TABLE search_counts;
DROP TABLE search_lengths;
DROP TABLE search_vocabulary;
ALTER TABLE search_passages DROP COLUMN text;
"""


def search_statements(options: SearchOptions) -> list[str]:
    """Return the statements that make the macros of an index; none without one."""
    if options.kind == "none":
        return []
    texts = read_sql("schema/search").values()
    return [text for text in texts if options.vectors is not None or not text.startswith(_REQUIRES_MEANING)]


def search_mark(options: SearchOptions) -> list[str]:
    """Return what an index depends on beside the passages, so that a published file with another one is made anew."""
    return [options.kind, options.vectors.version if options.vectors else "", _INDEX, *search_statements(options)]


def build_index(connection: Connection, options: SearchOptions) -> None:
    """Make the index and its macros in a copy that is about to be published; does nothing where none is wanted."""
    if options.kind == "none":
        return
    macros = search_statements(options)
    words = list(options.vectors.vocabulary) if options.vectors else []
    with transaction(connection):
        connection.execute(macros[0])
        connection.execute("CREATE TABLE search_vocabulary AS SELECT unnest(?::VARCHAR[]) AS word", [words])
        for statement in _INDEX.format(longest=_LONGEST_TERM).split(";\n"):
            if statement.strip():
                connection.execute(statement)
        if options.vectors is not None:
            _add_vectors(connection, options.vectors.of)
        for statement in macros[1:]:
            connection.execute(statement)


def _add_vectors(connection: Connection, vectors_of: Any) -> None:
    """Give terms and passages their vectors: of a passage the sum over its terms of idf, weight and vector, at length 1, null for nothing."""
    import numpy as np

    rows = connection.sql("SELECT term, idf FROM search_terms ORDER BY term_no").to_arrow_table()
    vectors = np.round(np.asarray(vectors_of(rows.column("term").to_pylist()), dtype=np.float32), 4)
    weighted = vectors * rows.column("idf").to_numpy()[:, None] if len(vectors) else vectors.reshape(0, 64)
    connection.execute("ALTER TABLE search_terms RENAME TO search_terms_plain")
    connection.execute("ALTER TABLE search_passages RENAME TO search_passages_plain")
    connection.execute("CREATE TABLE search_terms AS SELECT *, NULL::FLOAT[64] AS vector FROM search_terms_plain LIMIT 0")
    connection.execute("CREATE TABLE search_passages AS SELECT *, NULL::FLOAT[64] AS vector FROM search_passages_plain LIMIT 0")
    for start in range(0, len(vectors), _CHUNK):
        _insert(connection, "search_terms", "term_no", start, vectors[start : start + _CHUNK])
    number = int(connection.execute("SELECT count(*) FROM search_passages_plain").fetchall()[0][0])
    for start in range(0, number, _CHUNK):
        found = connection.sql(
            f"SELECT passage_no, term_no, weight FROM search_postings WHERE passage_no >= {start} AND passage_no < {start + _CHUNK} "
            "ORDER BY passage_no, term_no"
        ).to_arrow_table()
        places = found.column("passage_no").to_numpy() - start
        sums = np.zeros((min(_CHUNK, number - start), weighted.shape[1]), dtype=np.float32)
        if len(places):
            parts = weighted[found.column("term_no").to_numpy()] * found.column("weight").to_numpy()[:, None]
            first = np.flatnonzero(np.r_[True, places[1:] != places[:-1]])
            sums[places[first]] = np.add.reduceat(parts, first, axis=0)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        units = np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
        _insert(connection, "search_passages", "passage_no", start, np.round(units, 3))
    connection.execute("DROP TABLE search_terms_plain")
    connection.execute("DROP TABLE search_passages_plain")


def _insert(connection: Connection, table: str, key: str, start: int, vectors: Any) -> None:
    import numpy as np
    import pyarrow

    there = np.any(vectors != 0, axis=1)
    lists = pyarrow.FixedSizeListArray.from_arrays(
        pyarrow.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1)), vectors.shape[1], mask=pyarrow.array(~there)
    )
    numbers = pyarrow.array(np.arange(start, start + len(vectors), dtype=np.uint32))
    connection.register("vectors_to_insert", pyarrow.table({key: numbers, "vector": lists}))
    try:
        connection.execute(
            f"INSERT INTO {table} SELECT p.*, v.vector FROM {table}_plain p JOIN vectors_to_insert v USING ({key}) ORDER BY p.{key}"
        )
    finally:
        connection.unregister("vectors_to_insert")


def index_bytes(connection: Connection) -> int:
    """Return how much of an open published file the index takes, in bytes: the blocks that its tables lie in."""
    there = [
        str(name)
        for (name,) in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE list_contains(?, table_name)", [list(TABLES)]
        ).fetchall()
    ]
    if not there:
        return 0
    blocks = " UNION ".join(f"SELECT block_id FROM pragma_storage_info('{name}') WHERE block_id >= 0" for name in there)
    ((number, size),) = connection.execute(
        f"SELECT count(*), any_value(block_size) FROM ({blocks}), pragma_database_size()"
    ).fetchall()
    return int(number or 0) * int(size or 0)
