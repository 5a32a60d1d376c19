"""What a coder is shown of the passages of a sample, and the model's labels where they are asked for."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.types import CodingTask
from warehouse.codebook import score_columns_of
from warehouse.transactions import Connection


def coding_tasks(connection: Connection, sample_id: str) -> list[CodingTask]:
    """Return the passages of a sample with their neighbours, in an order by hash: nobody codes a document in one go.

    Passages that are not in the warehouse any more are left out.
    """
    return _tasks(connection, "SELECT passage_id FROM samples WHERE sample_id = ?", sample_id, sample_id)


def tasks_of_passages(connection: Connection, passage_ids: Sequence[str]) -> list[CodingTask]:
    """Return passages that are no sample as `coding_tasks` does."""
    return _tasks(connection, "SELECT unnest(?::VARCHAR[]) AS passage_id", sorted(set(passage_ids)), "")


def _tasks(connection: Connection, wanted: str, parameter: object, salt: str) -> list[CodingTask]:
    rows = connection.execute(
        f"WITH wanted AS ({wanted}), "
        "around AS (SELECT p.*, lag(p.text) OVER w AS before, lead(p.text) OVER w AS after FROM passages p "
        "WHERE p.document_id IN (SELECT document_id FROM passages JOIN wanted USING (passage_id)) "
        "WINDOW w AS (PARTITION BY p.document_id ORDER BY p.ordinal)) "
        "SELECT a.passage_id, a.text, a.text_sha256, array_to_string(a.heading_path, ' > '), coalesce(a.before, ''), coalesce(a.after, ''), "
        "coalesce(d.igo, ''), coalesce(d.doc_type, '') FROM around a JOIN documents d USING (document_id) JOIN wanted USING (passage_id) "
        "ORDER BY md5(? || a.passage_id)",
        [parameter, salt],
    ).fetchall()
    return [CodingTask(*map(str, row)) for row in rows]


def model_labels(connection: Connection, sample_id: str) -> tuple[str, Mapping[str, Mapping[str, str]]]:
    """Return the promoted model's version and its labels of the sample's passages; sets are written `a;b`."""
    columns = score_columns_of(connection).dimensions
    if not columns:
        return "", {}
    texts = ", ".join(f"array_to_string(list_sort(\"{one.name}\"), ';')" if one.multi else f'"{one.name}"' for one in columns)
    rows = connection.execute(
        f"SELECT passage_id, model_version, {texts} FROM labels WHERE passage_id IN (SELECT passage_id FROM samples WHERE sample_id = ?)",
        [sample_id],
    ).fetchall()
    found = {
        str(row[0]): {one.name: str(value) for one, value in zip(columns, row[2:], strict=True) if value is not None}
        for row in rows
    }
    return (str(rows[0][1]) if rows else ""), found
