"""How many labels one model gives otherwise than another, over the passages that both have scored."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from warehouse.codebook import score_columns_of
from warehouse.transactions import Connection


def changed_labels(connection: Connection, before: str, after: str) -> tuple[int, dict[str, int]]:
    """Return how many passages both models have scored, and by dimension how many of them have another label now."""
    names = [dimension.name for dimension in score_columns_of(connection).dimensions]
    counts = "".join(f', count(*) FILTER (b."{name}" IS DISTINCT FROM a."{name}")' for name in names)
    ((both, *changed),) = connection.execute(
        f"SELECT count(*){counts} FROM scores b JOIN scores a ON a.passage_id = b.passage_id AND a.document_id = b.document_id "
        "WHERE b.model_version = ? AND a.model_version = ?",
        [before, after],
    ).fetchall()
    return int(both), {name: int(number) for name, number in zip(names, changed, strict=True)}
