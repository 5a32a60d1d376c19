"""Pages put together say the same as the pages one after another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.pages import coalesced
from sources.types import DocumentMetadata, Page, Record, Signal


def record(key: str, version: str = "1") -> Record:
    return Record("s", f"{key}/en", None, DocumentMetadata(), version=version)


KEYS = st.sampled_from("abcd")
PAGES = st.lists(
    st.builds(
        Page,
        st.lists(KEYS.map(record), max_size=3).map(tuple),
        st.lists(KEYS, max_size=2).map(tuple),
        st.integers(0, 5),
        st.none() | st.integers(0, 99).map(str),
        st.lists(st.just(Signal("unknown_field", "x", "y")), max_size=2).map(tuple),
    ),
    max_size=12,
)


def end_of(pages: list[Page]) -> tuple[set[str], str | None, int, int]:
    """Return what a warehouse would hold: within a page records are written before withdrawals."""
    there: set[str] = set()
    watermark, listed, signals = None, 0, 0
    for page in pages:
        there |= {one.record_key for one in page.records}
        there -= {f"{key}/en" for key in page.withdrawn}
        watermark = watermark if page.watermark is None else page.watermark
        listed += page.n_listed
        signals += len(page.signals)
    return there, watermark, listed, signals


@given(PAGES, st.integers(1, 6), st.integers(1, 4))
def test_nothing_is_said_differently(pages: list[Page], records: int, most: int) -> None:
    assert end_of(list(coalesced(pages, records=records, most_pages=most))) == end_of(pages)


def test_what_came_before_a_failure_is_handed_on_before_it() -> None:
    def breaking() -> Iterator[Page]:
        yield Page((record("a"),), watermark="1")
        yield Page((record("b"),))
        raise ValueError("gone")

    seen: list[Page] = []
    with pytest.raises(ValueError, match="gone"):
        seen.extend(coalesced(breaking()))
    found = coalesced(breaking())
    page = next(found)
    assert [one.record_key for one in page.records] == ["a/en", "b/en"]
    assert page.watermark == "1"


def test_many_small_pages_are_few_transactions() -> None:
    assert len(list(coalesced([Page(()) for _ in range(100)]))) == 4
