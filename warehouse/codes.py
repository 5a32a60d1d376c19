"""Codes in the warehouse: taken in once, never changed, and read back as rows."""

# ruff: noqa: S608  # statements are put together of constants of this room
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from models.types import CodeRow
from warehouse.arrow import insert
from warehouse.transactions import Connection, raise_content_version

KINDS = ("person", "language model", "simulation")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: new codes, codes that were there already, and passages that the warehouse does not hold.

    `kinds` are the coders of whom something else was said before: the name, what he was, and what he is from now on.
    """

    new: int
    known: int
    unknown_passages: tuple[str, ...]
    kinds: tuple[tuple[str, str, str], ...] = ()


def annotation_id(row: CodeRow) -> str:
    """Return the identifier of a code, made of all that it says: the same code twice is one code."""
    at = "" if row.coded_at is None else row.coded_at.isoformat()
    said = (
        row.passage_id, row.coder, row.dimension, "" if row.value is None else f"={row.value}", row.codebook_version, at, row.status,
        row.tool or "", row.note or "", ";".join(row.flag), row.reason or "",
    )  # fmt: skip
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:24]


def store_codes(
    connection: Connection,
    rows: Sequence[CodeRow],
    at: datetime,
    imported_from: str,
    derived_from: Sequence[str | None] | None = None,
) -> Imported:
    """Write codes that are not there yet; to be called within a transaction.

    Args:
        connection: the open warehouse.
        rows: the codes.
        at: when they came (UTC without zone); the time of codes for which nobody wrote one down.
        imported_from: the file they came in, or what made them.
        derived_from: for each code, the one it was moved from when the codebook changed.
    """
    places = {
        str(passage): (document, file, text)
        for passage, document, file, text in connection.execute(
            "SELECT p.passage_id, p.document_id, d.file_sha256, p.text_sha256 FROM passages p JOIN documents d USING (document_id)"
        ).fetchall()
    }
    fresh: dict[str, dict[str, Any]] = {}
    for n, row in new_codes(connection, rows, at):
        identifier = annotation_id(row)
        document, file, text = places.get(row.passage_id, (None, None, None))
        fresh[identifier] = {
            "annotation_id": identifier,
            "passage_id": row.passage_id,
            "document_id": document,
            "file_sha256": file,
            "text_sha256": row.text_sha256 or text,
            "coder": row.coder,
            "dimension": row.dimension,
            "value": row.value,
            "status": row.status,
            "codebook_version": row.codebook_version,
            "tool": row.tool,
            "coded_at": row.coded_at,
            "note": row.note,
            "flag": list(row.flag),
            "reason": row.reason,
            "derived_from": None if derived_from is None else derived_from[n],
            "imported_from": imported_from,
        }
    insert(connection, "annotations", list(fresh.values()))
    if fresh:
        raise_content_version(connection)
    unknown = {row.passage_id for row in rows} - places.keys()
    return Imported(len(fresh), len(rows) - len(fresh), tuple(sorted(unknown)))


def new_codes(connection: Connection, rows: Sequence[CodeRow], at: datetime) -> list[tuple[int, CodeRow]]:
    """Return the codes that are not in the warehouse yet, each with its place in `rows` and a time.

    A code without a time is held against the coder's standing code of that passage and dimension: what says the same is known, what
    differs is new and of now, so that a coder may also return to an earlier answer.

    Args:
        connection: the open warehouse.
        rows: the codes.
        at: now (UTC without zone).
    """
    there: set[str] = set()
    standing: dict[tuple[str, ...], CodeRow] = {}
    for identifier, row in read_codes_with_ids(connection):
        # Also by what it says with the time that it got: an export of codes without a time has it.
        there |= {identifier, annotation_id(row)}
        standing[_asked(row)] = row
    fresh = []
    for n, row in enumerate(rows):
        timed = row
        if row.coded_at is None:
            before = standing.get(_asked(row))
            if before is not None and replace(row, coded_at=before.coded_at, text_sha256=before.text_sha256) == before:
                continue
            # What was coded by a clock ahead of this one must not stand above its correction.
            last = before.coded_at if before is not None else None
            timed = replace(row, coded_at=at if last is None or last < at else last + timedelta(microseconds=1))
        identifier = annotation_id(timed)
        if identifier not in there:
            there.add(identifier)
            fresh.append((n, timed))
    return fresh


def _asked(row: CodeRow) -> tuple[str, ...]:
    """Return what a code answers; codes of different major versions of the codebook do not stand for one another."""
    return row.passage_id, row.coder, row.dimension, row.status, row.codebook_version.split(".")[0]


def standing_codes(connection: Connection, major: str) -> list[CodeRow]:
    """Return each coder's latest codes under a major version of the codebook."""
    return list({_asked(row): row for row in read_codes(connection, major=major)}.values())


def read_codes(connection: Connection, sample_id: str | None = None, major: str | None = None) -> list[CodeRow]:
    """Return all codes, or those of a sample's passages, in a fixed order; only those of a major version of the codebook where one is named."""
    return [
        row
        for _identifier, row in read_codes_with_ids(connection, sample_id)
        if major is None or row.codebook_version.split(".")[0] == major
    ]


def read_codes_with_ids(connection: Connection, sample_id: str | None = None) -> list[tuple[str, CodeRow]]:
    """Return codes as `read_codes` does, each with its identifier."""
    where = "" if sample_id is None else "WHERE passage_id IN (SELECT passage_id FROM samples WHERE sample_id = ?) "
    rows = connection.execute(
        "SELECT annotation_id, passage_id, coder, dimension, value, codebook_version, coded_at, status, tool, note, flag, reason, text_sha256 "
        f"FROM annotations {where}ORDER BY passage_id, coder, coded_at, dimension, annotation_id",
        [] if sample_id is None else [sample_id],
    ).fetchall()
    return [(str(row[0]), _row_of(row)) for row in rows]


def _row_of(row: Sequence[Any]) -> CodeRow:
    _id, passage, coder, dimension, value, version, at, status, tool, note, flag, reason, text = row
    return CodeRow(passage, coder, dimension, value, version, at, status, tool, note, tuple(flag or ()), reason, text)


def say_coders(connection: Connection, coders: Iterable[tuple[str, str, str | None]], at: datetime) -> None:
    """Write down what coders are (name, kind, description), within the caller's transaction; the latest word holds.

    What is known already is not written again, and no description is lost to one who gives none.
    """
    known = {
        str(coder): (str(kind), about)
        for coder, kind, about in connection.execute("SELECT coder, kind, description FROM coders").fetchall()
    }
    for coder, kind, told in coders:
        before = known.get(coder, ("", None))
        description = told if told is not None else before[1]
        if before == (kind, description):
            continue
        connection.execute("DELETE FROM coders WHERE coder = ?", [coder])
        connection.execute("INSERT INTO coders VALUES (?, ?, ?, ?)", [coder, kind, description, at])
        raise_content_version(connection)


def coder_kinds(connection: Connection) -> dict[str, str]:
    """Return what each coder is, where somebody has said it."""
    return {str(coder): str(kind) for coder, kind in connection.execute("SELECT coder, kind FROM coders").fetchall()}


def known_coders(connection: Connection) -> set[str]:
    """Return the name of everybody who has coded or decided, or of whom somebody has said what he is."""
    rows = connection.execute("SELECT coder FROM annotations UNION SELECT coder FROM coders").fetchall()
    return {str(coder) for (coder,) in rows}


def documents_of_codes(connection: Connection) -> dict[str, str]:
    """Return the document of each coded passage, where it is known."""
    rows = connection.execute("SELECT DISTINCT passage_id, document_id FROM annotations WHERE document_id IS NOT NULL").fetchall()
    return {str(passage): str(document) for passage, document in rows}
