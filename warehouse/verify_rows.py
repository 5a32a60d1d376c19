"""The passages of each document, for finding them again in the stored file."""

from __future__ import annotations

from collections.abc import Iterator

from extractors.types import Box
from warehouse.transactions import Connection
from warehouse.types import DocumentToVerify, PassageToVerify


def documents_to_verify(connection: Connection) -> Iterator[DocumentToVerify]:
    """Yield every document that has passages, ordered by identifier; works on the warehouse and on a published database."""
    documents = connection.execute(
        "SELECT d.document_id, d.file_sha256, f.file_format FROM documents d JOIN files f USING (file_sha256) "
        "WHERE EXISTS (FROM passages p WHERE p.document_id = d.document_id) ORDER BY d.document_id"
    ).fetchall()
    for document_id, sha256, file_format in documents:
        rows = connection.execute(
            "SELECT passage_id, text, lead_in, page_first, page_last, boxes FROM passages WHERE document_id = ? ORDER BY ordinal",
            [document_id],
        ).fetchall()
        passages = tuple(PassageToVerify(*row[:5], tuple(Box(**box) for box in row[5])) for row in rows)
        yield DocumentToVerify(document_id, sha256, file_format, passages)
