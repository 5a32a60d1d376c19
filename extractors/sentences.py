"""Where sentences end."""

from __future__ import annotations

import re

_SENTENCE_END = re.compile(r"(?<=[.!?;:…。؟])[\"'”’»)\]]*\s+(?=[^\sa-zà-ÿа-я])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Art|art|arts|para|paras|vol|pp?|cf|Cf|e\.g|i\.e|etc|Inc|Ltd|Sr|Sra|M|Mme|Rev|Add|Corr|Sect|al|vs?|U\.S|U\.N))\.$"
)


def sentences(text: str) -> list[str]:
    """Cut a text at sentence ends; abbreviations and initials do not end one."""
    result: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.end()].strip()
        if not _ABBREVIATION.search(piece):
            result.append(piece)
            start = match.end()
    result.append(text[start:].strip())
    return [piece for piece in result if piece]
