"""Passages that say the same: in the same words, or nearly so, as an earlier one of their organization."""

# ruff: noqa: S608  # a statement is put together of a file of this room
from __future__ import annotations

from collections.abc import Iterable

from warehouse.migrations import read_sql
from warehouse.transactions import Connection


def repeated_passages(connection: Connection) -> dict[str, str]:
    """Return for each codable passage that repeats others, or is repeated, one passage that stands for all of them.

    Two passages belong together when one is the other's `duplicate_of` as it will be published, or their texts are the same; and so do two
    that belong to the same third one.
    """
    published = read_sql("schema/published")["passages"]
    pairs = connection.execute(
        f"SELECT passage_id, duplicate_of FROM ({published}\n) WHERE duplicate_of IS NOT NULL UNION ALL "
        "SELECT passage_id, first FROM (SELECT passage_id, min(passage_id) OVER (PARTITION BY text_sha256) AS first FROM passages "
        "WHERE is_codable AND text_sha256 IS NOT NULL) WHERE first <> passage_id ORDER BY ALL"
    ).fetchall()
    return _joined((str(one), str(other)) for one, other in pairs)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    head: dict[str, str] = {}

    def find(name: str) -> str:
        while head.setdefault(name, name) != name:
            # Halving the way keeps long chains short.
            head[name] = head[head[name]]
            name = head[name]
        return name

    for one, other in pairs:
        first, second = sorted((find(one), find(other)))
        head[second] = first
    return {name: find(name) for name in list(head)}
