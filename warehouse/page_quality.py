"""How well the pages of files were read, by the file's name: what an evaluation needs to tell whether bad pages make bad labels."""

from __future__ import annotations

from pathlib import PurePosixPath

from warehouse.transactions import Connection


def page_qualities(connection: Connection) -> dict[tuple[str, int], float]:
    """Return the quality (0 to 1) of each page that has one, by the name of the file without its ending and the page's number from 1."""
    rows = connection.execute(
        "SELECT records.location, pages.page, pages.quality FROM records JOIN pages USING (document_id) WHERE pages.quality IS NOT NULL"
    ).fetchall()
    return {(PurePosixPath(str(location)).stem, int(page)): float(quality) for location, page, quality in rows}
