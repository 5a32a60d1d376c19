"""Characters of pages whose text runs sideways or upside down, for verification: as they stand when the page is turned upright."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium_c

from extractors.turned import Turn
from extractors.types import Box


@dataclass(frozen=True, slots=True)
class Character:
    """A letter or digit and where it stands, in points from the top left corner."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    baseline: float


def turned_characters(
    handle: Any, count: int, edges: tuple[float, float, float, float], width: float, height: float
) -> tuple[list[Character], Callable[[Box], Box]]:
    """Return the characters of a page that run as most do, placed on the page turned upright, and what turns a box of the page so.

    None where most characters run upright.

    Args:
        handle: PDFium's text page.
        count: number of its characters.
        edges: left, bottom, right and top of the page in the file's coordinates.
        width: of the page as it is.
        height: of the page as it is.
    """
    turned = [round(float(pdfium_c.FPDFText_GetCharAngle(handle, index)) / (math.pi / 2)) % 4 for index in range(count)]
    shown = (turned[index] for index in range(count) if chr(pdfium_c.FPDFText_GetUnicode(handle, index)).isalnum())
    ((quarters, _),) = Counter(shown).most_common(1) or [(0, 0)]

    turn = Turn(quarters, width, height)
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
    result = []
    for index in range(count) if quarters else ():
        code = pdfium_c.FPDFText_GetUnicode(handle, index)
        if turned[index] != quarters or not chr(code).isalnum() or not pdfium_c.FPDFText_GetCharOrigin(handle, index, x, y):
            continue
        scale = math.hypot(matrix.c, matrix.d) if pdfium_c.FPDFText_GetMatrix(handle, index, matrix) else 1.0
        size = float(pdfium_c.FPDFText_GetFontSize(handle, index)) * scale
        place = turn.upright(Box(0, x.value - edges[0], edges[3] - y.value, x.value - edges[0], edges[3] - y.value))
        result.append(Character(chr(code), place.x0, place.top - 0.7 * size, place.x0, place.top + 0.2 * size, place.top))
    return result, turn.upright
