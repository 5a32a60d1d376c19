"""Lines are broken where a reader can join them again, and nothing is lost between report and page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample.linebreaks import break_lines, syllable_breaks
from sample.records import Footnote

WORDS = st.lists(st.text("abcdefghilmnoprstuy", min_size=1, max_size=16), min_size=1, max_size=60)


def measure(text: str) -> float:
    return 5.0 * len(text)


@settings(deadline=None)
@given(words=WORDS, width=st.integers(90, 400))
def test_broken_lines_joined_again_are_the_paragraph(words: list[str], width: int) -> None:
    text = " ".join(words)
    lines = break_lines(text, (), lambda row: width - (20 if row == 0 else 0), measure)
    joined = ""
    for line in lines:
        piece = "".join(piece.text for piece in line.pieces)
        joined = joined[:-1] + piece if joined.endswith("-") else f"{joined} {piece}".strip()
    assert joined == text
    assert all(line.width <= width + 1e-6 for line in lines)


@settings(deadline=None)
@given(words=WORDS, place=st.integers(0, 59), width=st.integers(120, 300))
def test_a_footnote_stands_on_exactly_one_line(words: list[str], place: int, width: int) -> None:
    text = " ".join(words)
    after = len(" ".join(words[: place % len(words) + 1]))
    lines = break_lines(text, [Footnote(1, "See above.", after)], lambda _: width, measure)
    assert sum(len(line.notes) for line in lines) == 1
    assert sum(piece.mark for line in lines for piece in line.pieces) == 1


@pytest.mark.parametrize(
    ("word", "parts"), [("ministration", {"ministra-tion"}), ("mountain", {"moun-tain"}), ("through", set())]
)
def test_words_are_divided_between_syllables(word: str, parts: set[str]) -> None:
    found = {f"{word[:i]}-{word[i:]}" for i in syllable_breaks(word)}
    assert parts <= found
    assert bool(found) == bool(parts)
