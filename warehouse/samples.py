"""Samples in the warehouse: a draw with its whole frame, written once and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from entente.errors import BadInput
from models.types import Withheld
from warehouse.arrow import insert
from warehouse.frames import Frame
from warehouse.transactions import Connection, raise_content_version, transaction


@dataclass(frozen=True, slots=True)
class SampleRow:
    """What is known of a sample beside its units; `options` and `filters` are what was asked for, `drawn_at` is UTC without zone."""

    sample_id: str
    purpose: str
    design: str
    options: Mapping[str, Any]
    filters: Mapping[str, Any]
    strata: Sequence[str]
    seed: int
    codebook_version: str
    model_version: str | None
    supplement_of: str | None
    drawn_at: datetime


def store_sample(
    connection: Connection, row: SampleRow, frame: Frame, probabilities: Sequence[float], drawn: Sequence[bool]
) -> bool:
    """Write a sample with its frame in one transaction; returns False, and writes nothing, when it is there already.

    Args:
        connection: the open warehouse.
        row: what is known of it.
        frame: the eligible units.
        probabilities: the inclusion probability of each unit of the frame.
        drawn: whether each unit was drawn.
    """
    if connection.execute("SELECT count(*) FROM sample_frames WHERE sample_id = ?", [row.sample_id]).fetchall()[0][0]:
        return False
    pairs = list(zip(frame.units, probabilities, strict=True))
    with transaction(connection):
        connection.execute(
            "INSERT INTO sample_frames BY NAME SELECT ? AS sample_id, ? AS purpose, ? AS design, ? AS options, ? AS filters, ? AS strata, "
            "? AS frame_size, ? AS frame_documents, ? AS frame_hash, ? AS n_left_out, ? AS n_drawn, ? AS codebook_version, "
            "? AS model_version, ? AS supplement_of, ? AS seed, ? AS drawn_at",
            [
                row.sample_id, row.purpose, row.design, json.dumps(dict(row.options), sort_keys=True),
                json.dumps(dict(row.filters), sort_keys=True), list(row.strata), len(frame.units),
                len({unit.document_id for unit in frame.units}), frame.hash, frame.left_out, sum(map(bool, drawn)), row.codebook_version,
                row.model_version, row.supplement_of, row.seed, row.drawn_at,
            ],
        )  # fmt: skip
        insert(
            connection,
            "sample_frame_units",
            [
                {
                    "sample_id": row.sample_id,
                    "passage_id": unit.passage_id,
                    "document_id": unit.document_id,
                    "text_sha256": unit.text_sha256,
                    "stratum": unit.stratum or None,
                    "inclusion_probability": float(probability),
                }
                for unit, probability in pairs
            ],
        )
        insert(
            connection,
            "samples",
            [
                {
                    "sample_id": row.sample_id,
                    "passage_id": unit.passage_id,
                    "design": row.design,
                    "stratum": unit.stratum or None,
                    "inclusion_probability": float(probability),
                    "drawn_at": row.drawn_at,
                    "seed": row.seed,
                    "purpose": row.purpose,
                }
                for (unit, probability), taken in zip(pairs, drawn, strict=True)
                if taken
            ],
        )
        raise_content_version(connection)
    return True


def list_samples(connection: Connection) -> list[dict[str, Any]]:
    """Return every sample, the oldest first, with how many of its passages have codes."""
    return _dicts(
        connection,
        "SELECT f.* EXCLUDE (options, filters), f.options::VARCHAR AS options, f.filters::VARCHAR AS filters, "
        "(SELECT count(DISTINCT s.passage_id) FROM samples s JOIN annotations a USING (passage_id) WHERE s.sample_id = f.sample_id) AS n_coded "
        "FROM sample_frames f ORDER BY f.drawn_at, f.sample_id",
        [],
    )


def read_sample(connection: Connection, sample_id: str) -> dict[str, Any]:
    """Return the facts of one sample.

    Raises:
        BadInput: when there is none of this name.
    """
    found = [row for row in list_samples(connection) if row["sample_id"] == sample_id]
    if not found:
        raise BadInput(f"There is no sample {sample_id!r}; `entente sample list` shows those there are.")
    return found[0]


def sampled_passages(connection: Connection, sample_id: str) -> list[dict[str, Any]]:
    """Return the drawn passages of a sample in an order of their own (by a hash, so that nobody codes a document in one go).

    Raises:
        BadInput: when there is no such sample.
    """
    read_sample(connection, sample_id)
    return _dicts(
        connection,
        "SELECT s.passage_id, s.stratum, s.inclusion_probability, p.document_id, d.igo, d.doc_type, p.page_first, p.para_no, "
        "array_to_string(p.heading_path, ' > ') AS heading, p.text, p.text_sha256 FROM samples s "
        "LEFT JOIN passages p USING (passage_id) LEFT JOIN documents d USING (document_id) WHERE s.sample_id = ? "
        "ORDER BY md5(s.sample_id || s.passage_id)",
        [sample_id],
    )


def withheld_from_training(connection: Connection) -> Withheld:
    """Return the passages of gold samples, by identifier and by text: no model may learn from them."""
    rows = connection.execute(
        "SELECT s.passage_id, coalesce(u.text_sha256, p.text_sha256), p.text FROM samples s "
        "LEFT JOIN sample_frame_units u USING (sample_id, passage_id) LEFT JOIN passages p USING (passage_id) WHERE s.purpose = 'gold'"
    ).fetchall()
    return Withheld.of(
        (str(identifier) for identifier, _hash, _text in rows),
        (str(digest) for _identifier, digest, _text in rows if digest is not None),
        (str(text) for _identifier, _hash, text in rows if text is not None),
    )


def _dicts(connection: Connection, query: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
    cursor = connection.execute(query, list(parameters))
    names = [str(column[0]) for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
