"""Copies in the Internet Archive: the newest of the right type first, lists read to their end, nothing believed that is not a copy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.connectors.archive import Copy, copy_url, find_copies
from sources.connectors.base import connector_for
from sources.web.errors import Refused
from sources.web.results import Answer
from tests.sources.playback import described

URL = "https://www.example.org/files/report.pdf"
HEADER = ["timestamp", "original", "mimetype", "statuscode", "digest", "length"]
ARCHIVE = described("archive", {"page_size": 3})


class Index:
    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, str]] = []

    def get(self, url: str, *, params: dict[str, str], **_: Any) -> Answer:
        self.asked.append(dict(params))
        return Answer(url, 200, {}, json.dumps(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]).encode())


def find(*answers: Any, file_format: str | None = "pdf") -> tuple[Copy, ...]:
    return find_copies(Index(*answers), ARCHIVE, URL, file_format)  # type: ignore[arg-type]  # a stand-in for the client


def row(stamp: str, original: str = URL, mime: str = "application/pdf", status: str = "200") -> list[str]:
    return [stamp, original, mime, status, "DIGEST", "100"]


def test_the_newest_copy_comes_first_over_all_parts_of_the_list() -> None:
    index = Index([HEADER, row("20190101000000"), [], ["key one"]], [HEADER, row("20230101000000"), row("20210101000000")])
    copies = find_copies(index, ARCHIVE, URL, "pdf")  # type: ignore[arg-type]  # a stand-in for the client
    assert [copy.made_at.year for copy in copies] == [2023, 2021, 2019]
    assert [asked.get("resumeKey") for asked in index.asked] == [None, "key one"]
    assert copy_url(ARCHIVE, copies[0]) == f"https://web.archive.org/web/20230101000000id_/{URL}"


def test_a_list_without_end_is_read_only_so_far() -> None:
    index = Index([HEADER, row("20190101000000"), [], ["key"]])
    find_copies(index, ARCHIVE, URL, "pdf")  # type: ignore[arg-type]  # a stand-in for the client
    assert len(index.asked) == 4


@pytest.mark.parametrize(
    ("listed", "is_copy"),
    [
        (row("20190101000000"), True),
        (row("20190101000000", "http://example.org:80/files/report.pdf"), True),
        (row("20190101000000", mime="unk"), True),
        (row("20190101000000", mime="text/html"), False),
        (row("20190101000000", status="404"), False),
        (row("20190101000000", "https://elsewhere.example.org/files/report.pdf"), False),
        (row("20190101000000", "file:///files/report.pdf"), False),
        (row("20191301000000"), False),
        (row("2019"), False),
        (["20190101000000"], False),
        ([None] * 6, False),
    ],
)
def test_only_what_may_be_the_file_is_a_copy(listed: list[Any], is_copy: bool) -> None:
    assert bool(find([HEADER, listed])) is is_copy


def test_where_nobody_knows_the_format_a_copy_is_any_document_but_a_page() -> None:
    rows = [
        row(f"20190{n}01000000", mime=mime)
        for n, mime in enumerate(("text/html", "application/msword", "image/png", "unk"), start=1)
    ]
    assert [copy.made_at.month for copy in find([HEADER, *rows], file_format=None)] == [4, 2]


def test_it_lists_nothing_by_itself_and_names_wrong_settings() -> None:
    with pytest.raises(BadInput, match="only gives files"):
        connector_for(ARCHIVE)
    with pytest.raises(BadInput, match=r"archive\.yaml, key settings\.copies"):
        find_copies(Index([]), described("archive", {"settings": {"copies": 0}}), URL, "pdf")  # type: ignore[arg-type]  # a stand-in for the client


cells = st.none() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=3), max_size=2)


@given(
    cells | st.lists(st.just(HEADER) | st.lists(cells, max_size=7) | st.just(row("20190101000000")), max_size=6),
    st.sampled_from(["pdf", None]),
)
def test_any_answer_gives_copies_or_is_refused(content: object, file_format: str | None) -> None:
    try:
        copies = find(content, file_format=file_format)
    except Refused:
        return
    assert all(copy_url(ARCHIVE, copy).startswith("https://web.archive.org/web/") for copy in copies)
