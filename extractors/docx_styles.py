"""What the styles of a Word file say about a paragraph: heading depth, numbering, bold; inherited from style to style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from extractors.docx_package import W, value

_HEADING = re.compile(r"^(?:heading|titre|título|überschrift|заголовок)\s*([1-9])$", re.I)
# Styles of the United Nations' templates: _ H _Ch_G, _ H_1_G, _ H_2/3_G and their kin without G.
_UN_HEADING = re.compile(r"^_\s*h\s*_?\s*(ch|m|\d)", re.I)


@dataclass(frozen=True, slots=True)
class Style:
    """Facts of one paragraph style; None where it says nothing."""

    name: str
    outline: int | None
    number_id: str | None
    depth: int
    bold: bool


class Styles:
    """The paragraph styles of a document by identifier."""

    def __init__(self, root: Any | None) -> None:
        self._elements: dict[str, Any] = {}
        self._known: dict[str, Style] = {}
        if root is not None:
            for element in root.findall(W + "style"):
                self._elements[element.get(W + "styleId", "")] = element

    def style(self, style_id: str | None) -> Style:
        """Return the facts of a style with what it inherits; an unknown style says nothing."""
        key = style_id or ""
        if key not in self._known:
            self._known[key] = self._read(key)
        return self._known[key]

    def _read(self, style_id: str) -> Style:
        name, outline, number_id, depth, bold = "", None, None, None, None
        seen: set[str] = set()
        while style_id in self._elements and style_id not in seen:
            seen.add(style_id)
            element = self._elements[style_id]
            own_name = value(element, "name") or ""
            name = name or own_name
            properties = element.find(W + "pPr")
            if outline is None:
                outline = _number(value(properties, "outlineLvl"))
                if outline is None and (match := _HEADING.match(own_name)):
                    outline = int(match.group(1)) - 1
                if outline is None and (match := _UN_HEADING.match(own_name)):
                    outline = {"ch": 0, "m": 0}.get(match.group(1).lower())
                    outline = int(match.group(1)) if outline is None else outline
                if outline is None and own_name.lower() in ("title", "titre", "título"):
                    outline = 0
            if number_id is None:
                number_id = value(properties, "numPr", "numId")
            if depth is None:
                depth = _number(value(properties, "numPr", "ilvl"))
            run = element.find(W + "rPr")
            if bold is None and run is not None and (mark := run.find(W + "b")) is not None:
                bold = mark.get(W + "val") not in ("0", "false")
            style_id = value(element, "basedOn") or ""
        outline = outline if outline is not None and outline < 9 else None
        return Style(name, outline, number_id, depth or 0, bool(bold))


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None
