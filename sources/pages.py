"""Pages put together: small ones of one listing become one transaction, and nothing is lost when the listing breaks off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sources.types import Page


def coalesced(pages: Iterable[Page], *, records: int = 500, most_pages: int = 25) -> Iterator[Page]:
    """Yield pages of about so many records made of consecutive pages.

    What stands in a page counts as said before what stands in a later one, so a page that lists what an earlier one has withdrawn begins a
    new one. When `pages` raises, what came before is yielded first.

    Args:
        pages: of one listing, in order.
        records: a page is handed on as soon as it has so many.
        most_pages: or as soon as it was made of so many.
    """
    held: Page | None = None
    number = 0
    failure: Exception | None = None
    iterator = iter(pages)
    while True:
        try:
            page = next(iterator)
        except StopIteration:
            break
        except Exception as error:  # noqa: BLE001  # raised again below, once what came before is handed on
            failure = error
            break
        if held is not None and _contradicts(held, page):
            yield held
            held, number = None, 0
        held = page if held is None else _joined(held, page)
        number += 1
        if len(held.records) >= records or number >= most_pages or page.is_complete:
            yield held
            held, number = None, 0
    if held is not None:
        yield held
    if failure is not None:
        raise failure


def _contradicts(earlier: Page, later: Page) -> bool:
    gone = set(earlier.withdrawn)
    return bool(gone) and any(
        record.record_key in gone or record.record_key.rpartition("/")[0] in gone for record in later.records
    )


def _joined(earlier: Page, later: Page) -> Page:
    return replace(
        later,
        records=earlier.records + later.records,
        withdrawn=earlier.withdrawn + later.withdrawn,
        n_listed=earlier.n_listed + later.n_listed,
        watermark=earlier.watermark if later.watermark is None else later.watermark,
        signals=earlier.signals + later.signals,
        is_complete=earlier.is_complete or later.is_complete,
    )
