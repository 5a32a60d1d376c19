"""The passages of each document, for finding them again in the stored file."""

from __future__ import annotations

from collections.abc import Iterator

from extractors.types import Box
from warehouse.transactions import Connection
from warehouse.types import DocumentToVerify, PassageToVerify

# A page that was a picture has no text in its file: what was recognized on it cannot be found there again.
_ON_A_PICTURE = (
    "EXISTS (FROM pages g WHERE g.document_id = p.document_id AND g.text_source = 'ocr' "
    "AND g.page BETWEEN p.page_first AND p.page_last)"
)


def recognized_passages(connection: Connection) -> int:
    """Return how many passages stand, wholly or in part, on pages that were pictures and were recognized here."""
    return int(connection.execute(f"SELECT count(*) FROM passages p WHERE {_ON_A_PICTURE}").fetchall()[0][0])  # noqa: S608  # ours


def documents_to_verify(connection: Connection) -> Iterator[DocumentToVerify]:
    """Yield every document that has passages, ordered by identifier; works on the warehouse and on a published database.

    Passages recognized on pictures are left out (see `recognized_passages`).
    """
    documents = connection.execute(
        # The file that was read: a newer one may have come that is still to be read.
        "SELECT e.document_id, e.file_sha256, f.file_format FROM extractions e JOIN files f USING (file_sha256) "
        "WHERE e.n_passages > 0 ORDER BY e.document_id"
    ).fetchall()
    for document_id, sha256, file_format in documents:
        rows = connection.execute(
            "SELECT passage_id, text, lead_in, page_first, page_last, boxes FROM passages p WHERE document_id = ? "  # noqa: S608  # ours
            f"AND NOT {_ON_A_PICTURE} ORDER BY ordinal",
            [document_id],
        ).fetchall()
        passages = tuple(
            PassageToVerify(passage_id, text, lead_in, first, last, tuple(Box(**box) for box in boxes))
            for passage_id, text, lead_in, first, last, boxes in rows
        )
        yield DocumentToVerify(document_id, sha256, file_format, passages)
