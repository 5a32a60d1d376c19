"""Arabic and Chinese on PDF pages: glyphs drawn as producers draw them come out as text in the order of reading."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from extractors.mend import count_words, join_lines
from extractors.types import Extraction
from tests.extractors.test_extractors_pdf import read, saved

ARABIC = (
    "زارت اللجنة الميناء في اليوم الأول وتحدثت مع 1250 عاملا",
    "عن عدد الساعات التي قضوها على متن السفن في عام 2025",
    "وأوصت الحكومة بأن تنظر في 30 شكوى قبل نهاية السنة",
)
CHINESE = (
    "委员会在第一天访问了港口，并与工人谈到了他们每周必须在",
    "船上停留的时间，以及政府为改善他们在2025年的工作条件",
    "所采取的各项措施。",
)


def _forms() -> dict[tuple[str, str], str]:
    """Return the presentation forms of Arabic letters by letter and place in the word (Unicode, block Arabic Presentation Forms-B)."""
    forms = {}
    for code in range(0xFE80, 0xFEF5):
        place, *letters = unicodedata.decomposition(chr(code)).split()
        if len(letters) == 1:
            forms[chr(int(letters[0], 16)), place[1:-1]] = chr(code)
    return forms


FORMS = _forms()


def shaped(word: str) -> str:
    """Return a word in presentation forms, as it stands on paper from the left."""
    glyphs = []
    for index, letter in enumerate(word):
        after = index + 1 < len(word) and (letter, "initial") in FORMS and (word[index + 1], "final") in FORMS
        before = index > 0 and (word[index - 1], "initial") in FORMS and (letter, "final") in FORMS
        place = ("medial" if after else "final") if before else ("initial" if after else "isolated")
        glyphs.append(FORMS.get((letter, place), letter))
    return "".join(reversed(glyphs))


def on_paper(line: str) -> str:
    """Return a line from the left edge of the paper to the right; numbers in it keep their order."""
    return " ".join(word if word.isdecimal() else shaped(word) for word in reversed(line.split()))


@pytest.mark.parametrize("engine", ["auto", "pdfplumber"])
def test_arabic_glyphs_drawn_from_the_left_are_read_from_the_right(tmp_path: Path, engine: str) -> None:
    try:
        pdfmetrics.registerFont(TTFont("DejaVuSans", "DejaVuSans.ttf"))
    except TTFError:
        pytest.skip("no font with Arabic letters (DejaVu Sans) is installed")
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setFont("DejaVuSans", 12)
    for row, line in enumerate(ARABIC):
        drawn = on_paper(line)
        assert any(unicodedata.decomposition(c).startswith("<") for c in drawn)
        canvas.drawRightString(520, 760 - 18 * row, drawn)
    extraction = read(saved(tmp_path, canvas, buffer), engine)
    assert text_of(extraction) == " ".join(ARABIC)
    assert extraction.language == "ar"
    # Not every producer writes what letters its glyphs are: such pages are kept and said to be uncertain.
    assert any("right to left" in warning for warning in extraction.warnings)


def test_chinese_lines_are_joined_without_a_space(tmp_path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setFont("STSong-Light", 12)
    for row, line in enumerate(CHINESE):
        canvas.drawString(72, 760 - 18 * row, line)
    extraction = read(saved(tmp_path, canvas, buffer))
    assert text_of(extraction) == "".join(CHINESE)
    assert extraction.language == "zh"
    boxes = [box for passage in extraction.passages for box in passage.boxes]
    assert max(box.bottom for box in boxes) - min(box.top for box in boxes) > 2 * 18
    assert extraction.pages[0].coverage == 1.0


def test_only_writing_without_spaces_is_joined_without_one() -> None:
    assert join_lines(["港口，", "并与"]) == ("港口，并与", [1, 0])
    assert join_lines(["港口 ILO", "并与"]) == ("港口 ILO 并与", [2, 1])
    assert join_lines(["항구를", "방문했다"]) == ("항구를 방문했다", [1, 1])
    assert join_lines(["в порту", "города"]) == ("в порту города", [2, 1])
    assert [count_words(text) for text in ("中文报告", "一 二", "ILO 中文", "в порту")] == [2, 1, 2, 2]


def text_of(extraction: Extraction) -> str:
    return " ".join(passage.text for passage in extraction.passages)
