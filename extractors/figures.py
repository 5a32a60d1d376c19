"""Figures drawn in a page: their label, title and axis labels are kept together as one block that is not coded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.headings import section_marker
from extractors.line import Line
from extractors.markers import find_marker

_LABEL = re.compile(
    r"(?:Figure|FIGURE|Fig\.|Chart|Graph|Map|Figura|Gráfico|Graphique|Carte|Diagramme?|Рисунок|Диаграмма)"
    r"\s+(?:[IVXL]+|\d{1,3}(?:\.\d{1,2})?|[A-Z])(?:\s*$|\s*[.:–—]\s*(?=[A-ZÀ-ÝА-Я«“\"]))"
)
_NUMBERS = re.compile(r"[\d\s.,%$€£+–−-]*\d[\d\s.,%$€£+–−-]*")
_PARAGRAPH_NUMBER = re.compile(r"\d{1,4}\s?[.)]$|\d{2,3}\.\d")  # "12." and the numbers of recommendations, "140.47"
_LABEL_SIZE = 0.88  # of the type size of the text
_BODY_WORDS = 7  # a line of text in the body's type with so many words is no label of a chart


def is_figure_label(line: Line, before: Line | None) -> bool:
    """True for "Figure II" or "Figure 3. Title" that stands for itself: the line before it is complete."""
    if not _LABEL.match(line.text) or line.text.endswith((";", ",")):
        return False
    return (
        before is None or before.flow != line.flow or before.text[-1:] in ".!?:;…”\"')" or line.bold or line.bottom < before.top
    )


def is_numbers(line: Line) -> bool:
    """True for a line of nothing but numbers, as on the axes of charts; a paragraph's own number is none."""
    return bool(_NUMBERS.fullmatch(line.text)) and not _PARAGRAPH_NUMBER.match(line.text)


def is_label(lines: Sequence[Line], body: float) -> bool:
    """True for a few words of small type that are no sentence: what stands in the boxes of a chart.

    Args:
        lines: that stand together.
        body: type size of the text, in points.
    """
    small = all(line.size < _LABEL_SIZE * body and line.x1 - line.x0 < 0.5 * (line.column[1] - line.column[0]) for line in lines)
    return small and sum(len(line.text.split()) for line in lines) < 3 * _BODY_WORDS and lines[-1].text[-1:] not in '.;:!?”"'


def figure_end(lines: Sequence[Line], start: int, body: float) -> int:
    """Return where a figure ends that starts with the label `lines[start]`: before the next text, paragraph or heading.

    Args:
        lines: of the page, in reading order.
        start: index of the label.
        body: type size of the text, in points.
    """
    end = start + 1
    label_alone = bool(_LABEL.fullmatch(lines[start].text))
    while end < len(lines):
        line = lines[end]
        marker = find_marker(line.text)
        title = end == start + 1 and label_alone and line.text[-1:] not in ".;:"
        if is_numbers(line):
            end += 1
            continue
        if is_figure_label(line, lines[end - 1]) or marker is not None or section_marker(line.text):
            break
        continues_title = line.bold and end <= start + 4 and (line.bottom - lines[end - 1].bottom) < 1.7 * line.size
        small = line.size < 0.93 * body and len(line.text.split()) <= 2 * _BODY_WORDS
        if not (title or continues_title or small):
            break
        end += 1
    return end
