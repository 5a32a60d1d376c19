"""Near-duplicates, measures of pages, recognition of pictures, the overlay; and the arithmetic of the benchmarks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.extract_align import aligned_words, edit_distance
from benchmarks.extract_measures import Reading, leaked_heads, running_heads, score
from benchmarks.extract_reference import Pair, Piece
from extractors import ocr
from extractors.duplicates import Seen, are_alike, sketch_of
from extractors.extract import extract_file
from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions, extractor_key
from extractors.pool import ExtractionPool
from extractors.quality import alphabetic_share, continuity, lexical_share, misread_share

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
LIMITS = ExtractionLimits(60, 3000, 50, 500)
TEXT = (
    "the mission visited the harbour and met the officials of the port who answered all of its questions in full and gave it "
    "copies of the registers of the past three years"
)


def test_near_duplicates_are_found_and_other_texts_are_not() -> None:
    longer = f"{TEXT} {TEXT.replace('harbour', 'prison').replace('officials', 'guards')}"
    changed = longer.replace("past three", "past four", 1)
    assert are_alike(sketch_of(longer), sketch_of(longer + " also"))
    assert not are_alike(sketch_of(TEXT), sketch_of(TEXT.replace("harbour", "school").replace("questions", "letters")))
    assert not are_alike(sketch_of("a short text"), sketch_of("a short test"))
    seen = Seen()
    assert [seen.repeats(sketch_of(text)) for text in (longer, "another text of no more than these words", longer)] == [
        False,
        False,
        True,
    ]
    assert len(sketch_of(changed)) == 8


def test_measures_of_a_page_tell_prose_from_what_a_machine_misread() -> None:
    prose = "The mission was received by the Minister of Labour and it has had access to all of the places"
    noise = "oRIGTNAL thE m1ssi0n w|s recEived ~by tbe Mlnister"
    assert alphabetic_share(prose) == 1.0
    assert lexical_share(prose, "en") > 0.4 > lexical_share(noise, "en")
    assert misread_share(prose) == 0 < misread_share(noise)
    assert continuity([]) is None
    joined = ["a line of a paragraph that is broken off in the middle", "of a sentence which goes on and on, line after line"] * 6
    assert continuity(joined) == 1.0


def test_the_table_of_words_becomes_words_of_one_size_on_their_lines() -> None:
    rows = [
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext",
        "4\t1\t1\t1\t1\t0\t100\t100\t400\t40\t-1\t",
        "5\t1\t1\t1\t1\t1\t100\t100\t100\t40\t96.5\tThe",
        "5\t1\t1\t1\t1\t2\t220\t108\t180\t32\t91.5\tmission",
        "5\t1\t1\t1\t1\t3\t420\t100\t10\t10\t1.0\t|",
        "4\t1\t1\t1\t2\t0\t100\t160\t400\t34\t-1\t",
        "5\t1\t1\t1\t2\t1\t100\t160\t100\t34\t90\twas",
    ]
    words, confidence = ocr.words_of_table("\n".join(rows), 4.0)
    assert [word.text for word in words] == ["The", "mission", "was"]
    assert words[0].baseline == words[1].baseline < words[2].baseline
    assert len({word.size for word in words}) == 1
    assert 0.92 < confidence < 0.93


def test_a_machine_without_tesseract_says_so_and_reads_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    ocr.installed.cache_clear()
    try:
        with pytest.raises(ExtractionError, match="tesseract") as caught:
            extract_file(SAMPLE / "broken" / "image-only.pdf", "pdf", "0" * 64, ExtractOptions(ocr="auto"), LIMITS)
        assert caught.value.reason == "no_text_layer"
        assert extractor_key(ExtractOptions(ocr="auto")) != extractor_key(ExtractOptions())
    finally:
        monkeypatch.undo()
        ocr.installed.cache_clear()


@pytest.mark.skipif("eng" not in ocr.installed(), reason="tesseract with English is not installed")
def test_a_scan_is_read_where_tesseract_is_installed() -> None:
    extraction = extract_file(SAMPLE / "broken" / "image-only.pdf", "pdf", "0" * 64, ExtractOptions(ocr="auto"), LIMITS)
    assert {page.text_source for page in extraction.pages} == {"ocr"}
    assert all(page.quality is not None and page.quality > 0.5 for page in extraction.pages)
    assert any(passage.is_codable and passage.boxes for passage in extraction.passages)


@pytest.mark.e2e
def test_the_overlay_draws_the_passages_on_the_pages(tmp_path: Path) -> None:
    path = SAMPLE / "reports" / "clo-hlm-orvania-2014.pdf"
    extraction = extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS)
    target = tmp_path / "seen.pdf"
    with ExtractionPool(1, ExtractOptions(), LIMITS) as pool:
        pool.overlay(path, extraction, target)
        with pytest.raises(ExtractionError):
            pool.overlay(SAMPLE / "broken" / "truncated.pdf", extraction, tmp_path / "none.pdf")
    drawn = pypdfium2.PdfDocument(target)
    assert len(drawn) == len(extraction.pages)
    passage = next(one for one in extraction.passages if one.is_codable)
    text = drawn[passage.boxes[0].page - 1].get_textpage().get_text_range()
    assert f"{passage.ordinal + 1} {passage.kind}" in text
    assert not (tmp_path / "none.pdf").exists()


def slow_distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        next_row = [i]
        for j, b in enumerate(other, 1):
            next_row.append(min(row[j] + 1, next_row[-1] + 1, row[j - 1] + (a != b)))
        row = next_row
    return row[-1]


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_distances_and_alignments_are_right(one: str, other: str) -> None:
    assert edit_distance(one, other) == slow_distance(one, other)
    matched = aligned_words(list(one), list(other))
    assert all(one[i] == other[j] for i, j in matched.items())
    pairs = sorted(matched.items())
    assert all(a < b for (_, a), (_, b) in pairwise(pairs))


def test_running_heads_are_known_by_their_place_and_found_where_they_leaked() -> None:
    pages = [f"A/12/{n}5\nText of page {n} is long\nand goes on\nPage {n}" for n in range(1, 9)]
    heads = running_heads(pages)
    assert "a/#/#" in heads
    assert leaked_heads(["one A/12/35 two", "three"], heads, "") == 1
    assert leaked_heads(["one A/12/35 two"], heads, "see A/12/35 of the year") == 0


def test_the_mark_of_a_note_glued_to_a_word_of_the_reference_counts_as_read_apart_and_glued() -> None:
    pair = Pair(Path("report.pdf"), "text", (Piece("paragraph", "hold free elections2 and ratify ICCPR"),))
    for text in ("hold free elections and ratify ICCPR 2", "hold free elections2 and ratify ICCPR"):
        assert score(Reading([("paragraph", text)], text), pair).recall == 1.0
