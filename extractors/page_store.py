"""The lines of all pages of a PDF in few bytes until the whole document is known; beyond some megabytes in a file that has no name."""

from __future__ import annotations

import contextlib
import json
import os
from array import array
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any, overload

import orjson

from extractors.line import Line
from extractors.page import Rule
from extractors.page_lines import PageLines

_IN_MEMORY = 4_000_000  # bytes; what most documents need, so that they touch no disk


class PageStore(Sequence[PageLines]):
    """Pages by their order; each is made anew when it is asked for, and what is done to it is not kept."""

    def __init__(self) -> None:
        self._places: list[bytes | tuple[int, int]] = []  # what is held, or where in the file it begins and how long it is
        self._held = self._end = 0
        self._file: Any = None

    def append(self, page: PageLines) -> None:
        """Add the next page."""
        self._places.append(self._put(_encoded(page)))

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> PageLines: ...

    @overload
    def __getitem__(self, index: slice) -> list[PageLines]: ...

    def __getitem__(self, index: int | slice) -> PageLines | list[PageLines]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = self._places[index]
        return _decoded(place if isinstance(place, bytes) else self._get(*place))

    def __iter__(self) -> Iterator[PageLines]:
        for index in range(len(self)):
            yield self[index]

    def close(self) -> None:
        """Release the file; the pages in it are gone."""
        if self._file is not None:
            self._file.close()

    def _put(self, encoded: bytes) -> bytes | tuple[int, int]:
        if self._held + len(encoded) > _IN_MEMORY:
            with contextlib.suppress(OSError):  # a full disk is no reason not to read: the page stays in memory
                self._file = self._file or TemporaryFile(buffering=0)  # noqa: SIM115  # closed by `close`
                if os.pwrite(self._file.fileno(), encoded, self._end) == len(encoded):
                    place = self._end, len(encoded)
                    self._end += len(encoded)
                    return place
        self._held += len(encoded)
        return encoded

    def _get(self, start: int, length: int) -> bytes:
        return os.pread(self._file.fileno(), length, start)


def _encoded(page: PageLines) -> bytes:
    """Return a page as one line of JSON, followed by the edges of the words of its lines as plain floats of four bytes."""
    lines = [
        (
            line.page, line.x0, line.top, line.x1, line.bottom, line.text, line.size, line.bold, line.italic, line.column, line.flow,
            line.gaps, line.starts_raised, line.cells, len(line.starts), len(line.ends), line.marks, line.doubts, line.aside,
        )
        for line in page.lines
    ]  # fmt: skip
    edges = array("f")
    for line in page.lines:
        edges.extend(line.starts)
        edges.extend(line.ends)
    rules = [(rule.x0, rule.top, rule.x1, rule.bottom) for rule in page.rules]
    return _head((page.number, page.width, page.height, lines, rules)) + b"\n" + edges.tobytes()


def _head(value: Any) -> bytes:
    """Half a character and what is no number are not of strict JSON: the quicker writer refuses the one and writes null for the other."""
    try:
        head = orjson.dumps(value)
    except TypeError:
        head = b"null"
    return json.dumps(value, separators=(",", ":")).encode("ascii") if b"null" in head else head


def _value(head: bytes) -> Any:
    """Every page is read five times: by the quicker reader, where `_head` did not have to write what is not of strict JSON."""
    try:
        return orjson.loads(head)
    except orjson.JSONDecodeError:
        return json.loads(head)


def _decoded(encoded: bytes) -> PageLines:
    head, _, tail = encoded.partition(b"\n")
    number, width, height, lines, rules = _value(head)
    edges = array("f", tail)
    result = []
    at = 0
    for place, x0, top, x1, bottom, text, size, bold, italic, column, *others in lines:
        flow, gaps, starts_raised, cells, n_starts, n_ends, marks, doubts, aside = others
        middle, end = at + n_starts, at + n_starts + n_ends
        result.append(
            Line(
                place, x0, top, x1, bottom, text, size, bold, italic, tuple(column), flow, gaps, starts_raised, tuple(cells),
                edges[at:middle], edges[middle:end],
                tuple(marks), tuple(doubts), aside,
            )
        )  # fmt: skip
        at = end
    return PageLines(number, width, height, result, [Rule(*rule) for rule in rules])
