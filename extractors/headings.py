"""Which line is a heading and how deep: the look of a heading decides, and depth follows from the order in which looks appear."""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractors.markers import SECTION_KINDS, find_marker

MAX_HEADING_WORDS = 40
_SUMMARY = re.compile(
    r"\W*(?:(?:(?:executive|analytical|general|main|key|brief|overall|final|preliminary) )?"
    r"(?:summary|abstract|conclusions?|concluding (?:remarks|observations|comments)|final (?:remarks|comments))"
    r"|(?:main|key|principal) findings"
    r"|(?:summary and conclusions?)|(?:summary|overview) of (?:the )?(?:main |key |principal )?(?:findings|conclusions)"
    r"|résumé(?: analytique)?|resumé|synthèse|conclusions? générales?|observations finales"
    r"|resumen(?: ejecutivo)?|conclusi[oó]n(?:es)?(?: generales| finales)?|observaciones finales"
    r"|(?:resumo|sumário)(?: executivo)?|conclus(?:ão|ões)(?: gerais| finais)?|observações finais"
    r"|(?:краткое )?резюме|(?:общие )?выводы|заключение|заключительные замечания)\W*",
    re.I,
)
_PLAIN_NUMBER = re.compile(r"^(?:\d{1,2}|[IVX]{1,5})\s+")
_RECOMMENDATIONS = re.compile(r"recommend|recommand|recomenda|рекомендаци", re.I)
_CONTENTS = re.compile(
    r"^\W*(?:table of )?(?:contents|table des mati[èe]res|sommaire|índice|indice|contenido|sumário|содержание)\W*$", re.I
)
_NOTES = re.compile(r"\W*(?:(?:end)?notes?(?: de fin)?|notas(?: finales)?|примечания|сноски)\W*", re.I)
_ANNEX = re.compile(r"^\W*(?:annex|annexe|anexo|appendix|appendice|apéndice|приложение)\b", re.I)


@dataclass(frozen=True, slots=True)
class Look:
    """How a heading looks; headings of one look have one depth."""

    marker: str | None
    size: float
    bold: bool
    capitals: bool
    centred: bool


def is_summary(title: str) -> bool:
    """True for a heading that is nothing but Executive summary, Conclusions or the like.

    A longer heading in which such a word occurs (Summary of the proceedings, Conclusions and recommendations) is that of the text itself.
    """
    return bool(_SUMMARY.fullmatch(" ".join(_PLAIN_NUMBER.sub("", _bare(title)).split())))


def has_recommendations(title: str) -> bool:
    """True for the heading of recommendations, which stand nowhere else in a report and so are no summary of it."""
    return bool(_RECOMMENDATIONS.search(title))


def is_contents(title: str) -> bool:
    """True for the heading of a table of contents."""
    return bool(_CONTENTS.match(_bare(title)))


def is_notes(title: str) -> bool:
    """True for the heading of the notes at the end of a text."""
    return bool(_NOTES.fullmatch(_bare(title)))


def is_annex(title: str) -> bool:
    """True for the heading of an annex or appendix."""
    return bool(_ANNEX.match(title))


def is_capitals(text: str) -> bool:
    """True when the text is set in capitals (three letters or more)."""
    letters = [c for c in text if c.isalpha()]
    return len(letters) >= 3 and sum(c.isupper() for c in letters) > 0.9 * len(letters)


def section_marker(title: str) -> str | None:
    """Return the kind of numbering in front of a heading, if it is one that headings have."""
    marker = find_marker(title)
    return marker.kind if marker is not None and marker.kind in SECTION_KINDS else None


def _bare(title: str) -> str:
    marker = find_marker(title)
    return marker.rest if marker is not None else title


class HeadingDepth:
    """Gives depths to headings in reading order: a known look returns to its depth, a new one goes below what is open."""

    def __init__(self) -> None:
        self._open: list[Look] = []

    def depth(self, look: Look) -> int:
        """Return the depth of the next heading, from 1."""
        for index, known in enumerate(self._open):
            if known == look or (look.marker is not None and known.marker == look.marker):
                del self._open[index + 1 :]
                return index + 1
        while self._open and self._weight(look) > self._weight(self._open[-1]):
            self._open.pop()
        self._open.append(look)
        return len(self._open)

    @staticmethod
    def _weight(look: Look) -> tuple[float, int]:
        marker_rank = {"section": 5, "roman_upper": 4, "letter_upper": 3, "number": 2, "decimal": 1}
        return round(look.size), marker_rank.get(look.marker or "", 3 if look.capitals else 2 if look.bold else 0)
