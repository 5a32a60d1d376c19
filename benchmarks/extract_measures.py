"""What a reading is worth beside its reference: words, order, paragraphs, headings, and what does not belong into passages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.extract_align import aligned_words, edit_similarity
from benchmarks.extract_reference import Pair, Piece
from extractors.mend import normal_form

_NUMBER = re.compile(
    r"^\s*(?:[A-Za-z]\.\s*)?(?:\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-z]{1,2}|[ivxl]{1,5}|[IVXL]{1,5}|[A-Z])[.)]+|[•●▪–—-]|\*+)\s*"
)
_NOTE_MARK = re.compile(r"(?<=[^\W\d_]{4})(?=\d{1,3}\b)")
_NEAR = 4  # words after the start of a paragraph by which it may be recognized


@dataclass(slots=True)
class Reading:
    """What one tool made of a document: its paragraphs and headings in order, and all its words (numbers and notes included)."""

    pieces: list[tuple[str, str]]  # kind (heading, paragraph, or cover: what the cover holds beside titles) and text
    everything: str


@dataclass(slots=True)
class Score:
    """One line of the table; None where the reference does not say."""

    recall: float
    precision: float | None = None
    similarity: float | None = None
    paragraphs: float | None = None
    headings: float | None = None
    foreign: float | None = None


def score(reading: Reading, pair: Pair) -> Score:
    """Return the score of a reading of the document of `pair`."""
    wanted = _words(" ".join(piece.text for piece in pair.pieces))
    found = _words(reading.everything)
    body = _words(" ".join(text for kind, text in reading.pieces if kind != "cover"))
    both = (wanted & found).total()
    result = Score(both / max(wanted.total(), 1), (wanted & body).total() / max(body.total(), 1))
    if pair.kind in ("typed", "aligned"):
        paragraphs, foreign = _boundaries(reading, pair)
        result.paragraphs, result.foreign = paragraphs, foreign
    if pair.kind == "typed":
        front = _front(pair)
        result.similarity = edit_similarity(
            " ".join(bare for kind, text in reading.pieces if kind != "cover" and (bare := _bare(text)) not in front),
            " ".join(_bare(piece.text) for piece in _from_body(pair)),
        )
        result.headings = _headings(reading, pair)
    return result


def missing_words(readings: Mapping[str, Reading], pair: Pair) -> dict[str, Counter[str]]:
    """Return the words of the reference that each tool lacks, and under "any" those that all of them lack: the file does not hold them."""
    wanted = _words(" ".join(piece.text for piece in pair.pieces))
    missing = {tool: wanted - _words(reading.everything) for tool, reading in readings.items()}
    nowhere = wanted
    for lacking in missing.values():
        nowhere = nowhere & lacking
    return {**missing, "any": nowhere}


def n_words(pair: Pair) -> int:
    """Return how many words a reference has."""
    return _words(" ".join(piece.text for piece in pair.pieces)).total()


def _words(text: str) -> Counter[str]:
    """Return the words of a text; the mark of a note that plain text writes at the end of a word ("elections2") is one of its own."""
    return Counter(_NOTE_MARK.sub(" ", normal_form(text)).split())


def _from_body(pair: Pair) -> list[Piece]:
    """Return the pieces of a reference from its first paragraph or heading on; what stands before is its cover."""
    start = next((index for index, piece in enumerate(pair.pieces) if piece.kind != "front"), 0)
    return list(pair.pieces[start:])


def _front(pair: Pair) -> set[str]:
    """Return the titles and front matter of a reference, which are neither wanted nor wrong."""
    start = len(pair.pieces) - len(_from_body(pair))
    return {_bare(piece.text) for piece in pair.pieces[:start]}


def _bare(text: str) -> str:
    """Return the text as it is compared, without a number in front."""
    return normal_form(_NUMBER.sub("", text, count=1)) or normal_form(text)


def _headings(reading: Reading, pair: Pair) -> float | None:
    wanted = Counter(_bare(piece.text) for piece in pair.pieces if piece.kind == "heading")
    front = _front(pair)
    ours = Counter(bare for kind, text in reading.pieces if kind == "heading" and (bare := _bare(text)) not in front)
    if not wanted:
        return None
    return 2 * (wanted & ours).total() / max(wanted.total() + ours.total(), 1)


def _boundaries(reading: Reading, pair: Pair) -> tuple[float, float]:
    """Return the F1 of the starts of paragraphs and the share of our paragraphs that the reference does not have.

    A start is right when the words after it are aligned with those after a start of the reference. In `aligned` references, which
    leave paragraphs out, one that mostly is not there is not judged; in `typed` ones it is wrong. What was read as cover is not judged
    where the reference has no cover, and no paragraph of a typed reference.
    """
    ours, starts = _stream([text for _, text in reading.pieces])
    theirs, their_starts = _stream([piece.text for piece in pair.pieces])
    kinds = [kind for kind, text in reading.pieces if _bare(text)]
    their_kinds = dict(zip(their_starts, (piece.kind for piece in pair.pieces if _bare(piece.text)), strict=True))
    matched = aligned_words(ours, theirs)
    wanted = {start for start, kind in their_kinds.items() if kind != "front"}
    hits: set[int] = set()
    judged = foreign = 0
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(ours)
        cover = kinds[index] == "cover"
        absent = 2 * sum(position in matched for position in range(start, end)) < end - start
        foreign += absent and end - start >= 5 and not cover
        places = [at - near for near in range(min(_NEAR, end - start)) if (at := matched.get(start + near)) is not None]
        if absent and (pair.kind == "aligned" or cover):
            continue
        if any(their_kinds.get(place) == "front" for place in places):
            continue
        if cover and pair.kind == "typed":
            continue
        judged += 1
        place = next((place for place in places if place in wanted and place not in hits), None)
        if place is not None:
            hits.add(place)
    return 2 * len(hits) / max(judged + len(wanted), 1), foreign / max(len(starts), 1)


def _stream(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    words: list[str] = []
    starts: list[int] = []
    for text in texts:
        bare = _bare(text).split()
        if bare:
            starts.append(len(words))
            words.extend(bare)
    return words, starts


_DIGITS = re.compile(r"\d+")


def running_heads(pages: Sequence[str]) -> list[str]:
    """Return the lines that stand first or last on a quarter of the pages and more, digits as `#`; from PDFium's plain text.

    Args:
        pages: the text of each page.
    """
    seen: Counter[str] = Counter()
    for page in pages:
        lines = [line for line in (_head_form(line) for line in page.splitlines()) if line]
        seen.update({*lines[:2], *lines[-2:]})
    return [line for line, n in seen.items() if n >= max(3, len(pages) / 4) and any(c.isalpha() for c in line)]


def leaked_heads(passages: Sequence[str], heads: Sequence[str], reference: str) -> int:
    """Return how many passages hold a running head more often than the reference text as a whole does."""
    count = 0
    place = f" {_head_form(reference)} "
    for head in heads:
        inside = sum(f" {head} " in f" {_head_form(text)} " for text in passages)
        count += max(0, inside - place.count(f" {head} "))
    return count


def _head_form(text: str) -> str:
    return " ".join(_DIGITS.sub("#", text.casefold()).split())
