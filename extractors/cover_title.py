"""The title printed on a first page: all its lines or none, because a title cut off or grown together is worse than no title."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.headings import is_contents, is_summary, section_marker
from extractors.line import Line

_MASTHEAD = re.compile(r"\bDistr(?:\.|ibuci|ibution)|\bOriginale?\s?:|Оригинал", re.I)
_SESSION = re.compile(r"^(?:agenda )?item \d|\b(?:sess ?ion|meeting)$|^[A-Z]{1,5}/[\w/.]+$|^\S+, \d.*\b(?:19|20)\d\d$", re.I)
_NAMES = re.compile(
    r"^(?:united|nations \w|united nations(?: [A-Z]{1,5}/\S+)?|nations unies|naciones unidas|"
    r"general assembly.*|security council.*|human rights council|economic and social council)$",
    re.I,
)
_UNFINISHED = re.compile(
    r"(?:\b(?:of|the|and|on|in|to|for|by|de|du|des|la|le|les|et|del|los|y|el|do|da|dos|e)|[.:;,(–—-])$", re.I
)
_NOTE_MARK = re.compile(r"\s*[*∗†‡]+(?=\s|$)")
_OPENING = re.compile(r"\W*(?:introduction|introducción|introdução|введение|note|background)\W*", re.I)
_MOST_LINES = 6
_MOST_WORDS = 50
_UPPER = 0.75  # share of the page's height in which a title stands
_LEAST_LETTERS = 10
_CLOSE = 1.4  # type sizes between lines of one text
_FAR = 5.0  # type sizes between lines that are no longer one title


def title_of(lines: Sequence[Line], height: float) -> str | None:
    """Return the title, or None where it cannot be told whole.

    It is the first run of the largest strong lines below the masthead and above contents, summary, numbered headings and text.

    Args:
        lines: of the first page, in reading order.
        height: of the page, in points.
    """
    upper = [line for line in lines if line.top < _UPPER * height]
    above = [i for i, line in enumerate(upper) if line.bottom < 0.6 * height]
    start = max((i + 1 for i in above if _MASTHEAD.search(upper[i].text)), default=0)
    if start:
        # Session, place and item stand above the title where there is a masthead, below it on the covers of annual reports.
        start = max((i + 1 for i in above if _SESSION.search(upper[i].text) and len(upper[i].text.split()) < 9), default=start)
    head: list[Line] = []
    for line in upper[start:]:
        if section_marker(line.text) or is_contents(line.text) or is_summary(line.text) or _OPENING.fullmatch(line.text):
            break
        if any(c.isalnum() for c in line.text):
            head.append(line)
    usual = min((line.size for line in lines if len(line.text.split()) > 6), default=0.0)
    strong = [
        line
        for line in head
        if (line.bold or line.size > 1.15 * usual) and any(c.isalpha() for c in line.text) and not _NAMES.match(line.text)
    ]
    if not strong:
        return None
    largest = max(line.size for line in strong)
    first = next(i for i, line in enumerate(head) if line in strong and line.size > 0.94 * largest)
    title = [head[first]]
    cut_off = False
    for line in head[first + 1 :]:
        alike = abs(line.size - title[-1].size) < 0.06 * largest and line.bold == title[0].bold
        if not alike or not -0.5 < (line.bottom - title[-1].bottom) / largest < _FAR:
            # A strong line as near as the lines of one text are belongs to the title: it would be cut off.
            cut_off = line in strong and 0 <= line.bottom - title[-1].bottom < _CLOSE * largest
            break
        title.append(line)
    text = " ".join(_NOTE_MARK.sub("", " ".join(line.text for line in title)).split())
    whole = (
        not cut_off
        and sum(c.isalpha() for c in text) >= _LEAST_LETTERS
        and len(title) <= _MOST_LINES
        and 2 <= len(text.split()) <= _MOST_WORDS
        and not _UNFINISHED.search(text)
    )
    return text if whole else None
