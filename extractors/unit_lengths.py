"""Short units join their neighbour under the same heading, long ones are cut at the ends of sentences."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.block import Span
from extractors.boxes import boxes_of
from extractors.sentences import sentences
from extractors.unit import MAX_WORDS, MIN_WORDS, Unit


def join_short(group: list[Unit]) -> list[Unit]:
    """Join units under the minimum to the next one under the same heading (to the one before at the end)."""
    result: list[Unit] = []
    waiting: Unit | None = None
    for unit in group:
        if not _joinable(unit):
            # Text before and after a table, or before and after its own items, is not one text.
            if waiting is not None and unit.kind == "table":
                _put_last(result, waiting)
                waiting = None
            elif waiting is not None and unit.lead_in is not None:
                result.append(waiting)
                waiting = None
            result.append(unit)
            continue
        if waiting is not None:
            unit = _joined(waiting, unit)
            waiting = None
        if unit.n_words < MIN_WORDS:
            waiting = unit
        else:
            result.append(unit)
    if waiting is not None:
        _put_last(result, waiting)
    return result


def _put_last(result: list[Unit], short: Unit) -> None:
    """Join a short unit that no text follows to the one before; where that is none, or too long, it stands alone."""
    before = result[-1] if result and _joinable(result[-1]) else None
    if before is not None and before.n_words + short.n_words <= MAX_WORDS:
        result[-1] = _joined(before, short)
    else:
        result.append(short)


def _joinable(unit: Unit) -> bool:
    return unit.codable and unit.lead_in is None


def _joined(first: Unit, second: Unit) -> Unit:
    numbers = [n for n in (first.para_no, second.para_no) if n]
    return Unit(
        second.kind if second.kind == first.kind else "paragraph",
        f"{first.text} {second.text}",
        first.heading_path,
        "–".join((numbers[0].split("–")[0], numbers[-1].split("–")[-1])) if len(numbers) == 2 else next(iter(numbers), None),
        None,
        None,
        first.boxes + second.boxes,
        first.page_first,
        second.page_last if second.page_last is not None else first.page_last,
        True,
        first.summary,
        first.spans + second.spans,
        first.notes + second.notes,
    )


def cut(unit: Unit) -> list[Unit]:
    """Cut a unit over the maximum at sentence ends into numbered parts of like length; a longer sentence is cut between words."""
    if len(unit.text.split()) <= MAX_WORDS or not unit.codable:  # without spaces there is no place to cut
        return [unit]
    lead = unit.lead_in or ""
    room = MAX_WORDS - len(lead.split()) if len(lead.split()) <= MAX_WORDS // 2 else MAX_WORDS
    body = unit.text[len(lead) :].strip() if room < MAX_WORDS else unit.text
    pieces: list[list[str]] = []
    for sentence in sentences(body):
        words = sentence.split()
        pieces.extend(words[i : i + room] for i in range(0, len(words), room))
    n_parts = -(-sum(map(len, pieces)) // room)
    aim = -(-sum(map(len, pieces)) // n_parts)
    parts: list[list[str]] = [[]]
    for piece in pieces:
        if parts[-1] and (len(parts[-1]) + len(piece) > room or len(parts[-1]) + len(piece) / 2 > aim):
            parts.append([])
        parts[-1].extend(piece)
    if len(parts) > 1 and len(parts[-1]) < MIN_WORDS and len(parts[-1]) + len(parts[-2]) <= room:
        parts[-2].extend(parts.pop())
    result = []
    start = 0 if room < MAX_WORDS else -len(lead.split())
    for number, words in enumerate(parts, 1):
        text = " ".join(words)
        spans = _between(unit.spans, start, start + len(words))
        start += len(words)
        result.append(
            Unit(
                unit.kind,
                f"{lead} {text}".strip() if room < MAX_WORDS else text,
                unit.heading_path,
                unit.para_no,
                number if len(parts) > 1 else None,
                unit.lead_in if room < MAX_WORDS else None,
                boxes_of(spans) if spans else list(unit.boxes),
                spans[0].box.page if spans else unit.page_first,
                max(span.box.page for span in spans) if spans else unit.page_last,
                unit.codable,
                unit.summary,
                spans,
                tuple(mark for span in spans for mark in span.notes) if spans else unit.notes,
            )
        )
    return result


def _between(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Return the spans that hold any of the words from `start` up to `end`."""
    result = []
    position = 0
    for span in spans:
        if (position < end and position + span.n_words > max(start, position)) or (span.continues and start < position <= end):
            result.append(span)
        position += span.n_words
    return result
