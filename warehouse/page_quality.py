"""How well the pages of files were read, by the file's name: what an evaluation needs to tell whether bad pages make bad labels."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

from warehouse.transactions import Connection


def page_qualities(connection: Connection) -> dict[tuple[str, int], float]:
    """Return the quality (0 to 1) of each page that has one, by the name of the file without its ending and the page's number from 1.

    A name that files of several documents bear names none of them.
    """
    rows = connection.execute(
        "SELECT records.location, document_id, pages.page, pages.quality FROM records JOIN pages USING (document_id) "
        "WHERE pages.quality IS NOT NULL"
    ).fetchall()
    bearers: dict[str, set[str]] = defaultdict(set)
    for location, document, _page, _quality in rows:
        bearers[PurePosixPath(str(location)).stem].add(str(document))
    return {
        (stem, int(page)): float(quality)
        for location, _document, page, quality in rows
        if len(bearers[stem := PurePosixPath(str(location)).stem]) == 1
    }
