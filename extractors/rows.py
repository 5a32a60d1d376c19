"""Words of a page by their baselines: rows, marks of notes with the word that they follow, pieces between wide gaps."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.page import Word

_GAP = 1.0  # in type sizes: the narrowest gutters; wide spaces of justified text are put together again in `regrouped`
Segment = list[Word]


def rows_of(words: Sequence[Word]) -> list[list[Word]]:
    """Group words by baseline, raised ones with the word that they follow."""
    rows: list[tuple[float, list[Word]]] = []
    anchor: Word | None = None
    attached: dict[int, list[Word]] = {}
    plain: list[Word] = []
    for word in words:
        if word.raised and anchor is not None:
            attached.setdefault(id(anchor), []).append(word)
        else:
            anchor = word
            plain.append(word)
    for word in sorted(plain, key=lambda w: (w.baseline, w.x0)):
        for baseline, row in reversed(rows[-4:]):
            if abs(word.baseline - baseline) <= 0.25 * word.size:
                row.append(word)
                break
        else:
            rows.append((word.baseline, [word]))
    rows = _with_marks(rows, attached)
    result = []
    for _, row in rows:
        row.sort(key=lambda w: w.x0)
        result.append([part for word in row for part in (*attached.get(-id(word), ()), word, *attached.get(id(word), ()))])
    return result


def _with_marks(rows: list[tuple[float, list[Word]]], attached: dict[int, list[Word]]) -> list[tuple[float, list[Word]]]:
    """Return the rows without those that are nothing but marks of notes, put to the word of a neighbouring row that they touch."""
    result = []
    for index, (baseline, row) in enumerate(rows):
        if len(row) > 4 or any(len(word.text) > 4 for word in row):
            result.append((baseline, row))
            continue
        near = [word for _, other in rows[max(0, index - 2) : index + 3] if other is not row for word in other]
        left = [word for word in row if not _attach(word, near, attached)]
        if left:
            result.append((baseline, left))
    return result


def _attach(mark: Word, words: Sequence[Word], attached: dict[int, list[Word]]) -> bool:
    """Hang a mark on the larger word that it follows, or make it one that a larger word follows; False where there is none."""
    height = mark.bottom - mark.top
    for word in words:
        tall = word.bottom - word.top
        if height > 0.82 * tall or mark.top < word.top - 0.4 * tall or mark.baseline > word.baseline - 0.1 * height:
            continue
        if mark.bottom < word.top + 0.2 * tall:
            continue
        if -1.0 < mark.x0 - word.x1 < 0.6 * tall:
            mark.raised, mark.spaced = True, False
            attached.setdefault(id(word), []).append(mark)
            return True
        if -1.0 < word.x0 - mark.x1 < 1.2 * tall:
            mark.raised = True
            mark.baseline = word.baseline
            attached.setdefault(-id(word), []).append(mark)
            return True
    return False


def cut_at_gaps(row: list[Word]) -> list[Segment]:
    """Return a row cut where a gap is wider than words of one column stand apart."""
    segments = [[row[0]]]
    reach = row[0].x1
    for word in row[1:]:
        if word.x0 - reach > _GAP * max(word.size, 4.0):
            segments.append([])
        segments[-1].append(word)
        reach = max(reach, word.x1)
    return segments


def extent(segments: Sequence[Segment]) -> tuple[float, float]:
    """Return the left edge of the first and the right edge of the last word of segments."""
    return min(s[0].x0 for s in segments), max(w.x1 for s in segments for w in s)


def regrouped(segments: list[Segment]) -> list[list[Segment]]:
    """Put the segments of one run that share a baseline into rows again, from top to bottom."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: s[0].baseline):
        if rows and abs(segment[0].baseline - rows[-1][0][0].baseline) <= 0.25 * segment[0].size:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    for row in rows:
        row.sort(key=lambda s: s[0].x0)
    return rows
