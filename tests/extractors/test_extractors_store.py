"""The lines of a long document wait in few bytes until it is known whole, and come back as they were."""

from __future__ import annotations

import os
from array import array
from contextlib import closing
from pathlib import Path

import pytest

from extractors import page_store
from extractors.line import Line
from extractors.page import Rule
from extractors.page_lines import PageLines
from extractors.page_store import PageStore


def page(number: int) -> PageLines:
    line = Line(
        number, 1 / 3, 2.5, 100.1, 14.25, f"Статья {number} “clear-cut”", 10.8, bold=True, italic=False, column=(1.5, 99.5), flow=2,
        gaps=1, starts_raised=True, cells=(7.7,), starts=array("f", [0.1, 2.2]), ends=array("f", [1.1, 3.3]), marks=("3", "*"),
        doubts=(4,), aside=True,
    )  # fmt: skip
    return PageLines(number, 595.3, 841.9, [line, line], [Rule(1.1, 2.2, 3.3, 4.4)])


@pytest.mark.parametrize("in_memory", [10**6, 2000])
def test_pages_come_back_as_they_were_from_memory_and_from_the_file(monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(page_store, "_IN_MEMORY", in_memory)
    with closing(PageStore()) as store:
        pages = [page(number) for number in range(1, 30)]
        for one in pages:
            store.append(one)
        assert list(store) == pages
        assert store[7] == pages[7]
        store[7].lines.clear()
        assert store[7] == pages[7]


def test_half_a_character_and_what_is_no_number_come_back_too() -> None:
    odd = page(1)
    odd.lines[0].text, odd.lines[0].x0 = "half \ud835 a character", float("inf")
    with closing(PageStore()) as store:
        store.append(odd)
        assert store[0] == odd


def test_a_disk_that_takes_nothing_is_no_reason_not_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, content: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page_store, "_IN_MEMORY", 100)
    monkeypatch.setattr(os, "pwrite", full)
    with closing(PageStore()) as store:
        store.append(page(1))
        store.append(page(2))
        assert list(store) == [page(1), page(2)]


def test_the_store_leaves_no_file_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(page_store, "_IN_MEMORY", 0)
    with closing(PageStore()) as store:
        store.append(page(1))
        assert not list(tmp_path.iterdir())
