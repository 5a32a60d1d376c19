"""The passages of each document, for finding them again in the stored file."""

from __future__ import annotations

from collections.abc import Iterator

from extractors.types import Box
from warehouse.transactions import Connection
from warehouse.types import DocumentToVerify, PassageToVerify


def documents_to_verify(connection: Connection) -> Iterator[DocumentToVerify]:
    """Yield every document that has passages, ordered by identifier; works on the warehouse and on a published database."""
    documents = connection.execute(
        # The file that was read: a newer one may have come that is still to be read.
        "SELECT e.document_id, e.file_sha256, f.file_format FROM extractions e JOIN files f USING (file_sha256) "
        "WHERE e.n_passages > 0 ORDER BY e.document_id"
    ).fetchall()
    for document_id, sha256, file_format in documents:
        rows = connection.execute(
            "SELECT passage_id, text, lead_in, page_first, page_last, boxes FROM passages WHERE document_id = ? ORDER BY ordinal",
            [document_id],
        ).fetchall()
        passages = tuple(
            PassageToVerify(passage_id, text, lead_in, first, last, tuple(Box(**box) for box in boxes))
            for passage_id, text, lead_in, first, last, boxes in rows
        )
        yield DocumentToVerify(document_id, sha256, file_format, passages)
