"""Hard files of the shared corpus, each with what must be read in it; skipped where the corpus is absent."""

from __future__ import annotations

import hashlib
import shutil
from functools import cache
from pathlib import Path

import pytest

from extractors import ocr
from extractors.duplicates import are_alike
from extractors.extract import extract_file
from extractors.failure import ExtractionError
from extractors.mend import normal_form
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.types import Extraction

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "pdf"
LIMITS = ExtractionLimits(300, 3000, 256, 5000)
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real documents is not here"),
]


@cache
def read(name: str, ocr_choice: str = "off") -> Extraction:
    (path,) = CORPUS.glob(f"{name}*.pdf")
    return extract_file(path, "pdf", "0" * 64, ExtractOptions(ocr=ocr_choice), LIMITS)


def coded(extraction: Extraction, page: int | None = None) -> str:
    return normal_form(
        " ".join(
            p.text for p in extraction.passages if p.is_codable and (page is None or p.page_first == page or p.page_last == page)
        )
    )


def test_two_columns_are_read_one_after_the_other() -> None:
    for name, page, first, then in (
        ("un_A-56-509", 2, "preparations for the first session", "the fifth session of the conference"),
        ("un_UNU-policy-brief-49", 2, "national census data and other tools", "many countries face challenges in"),
        ("un_JIU-NOTE-2022-1", 1, "the review is about how", "results show that one in every"),
    ):
        text = coded(read(name), page)
        assert 0 <= text.find(first) < text.find(then), name


def test_the_rows_of_a_long_table_are_no_prose() -> None:
    extraction = read("un_A-79-775")
    page = [p for p in extraction.passages if p.page_first == 5]
    assert [p.kind for p in page if "litani river" in normal_form(p.text)] == ["table"]
    words = sum(p.n_words for p in extraction.passages)
    assert sum(p.n_words for p in extraction.passages if p.kind == "table") > 0.5 * words


def test_arabic_pages_in_an_english_document_are_told_apart() -> None:
    pages = read("un_S-2025-354").pages
    languages = {page.language for page in pages}
    assert {"en", "ar"} <= languages
    assert all(page.quality is not None and page.quality < 0.5 for page in pages if page.language == "ar")


def test_english_and_spanish_passages_of_one_file_have_their_languages() -> None:
    languages = {p.language for p in read("un_upr-advance-questions-slovenia-add1").passages if p.n_words > 25}
    assert {"en", "es"} <= languages


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("un_S-2024-228", "ru"),
        ("un_A-AC.292-2024-3", "es"),
        ("other_ecowas-court-ugwuaba-v-senegal_fr", "fr"),
        ("other_iacthr-muniz-da-silva-2023_pt", "pt"),
    ],
)
def test_documents_of_other_languages_are_read_as_such(name: str, language: str) -> None:
    extraction = read(name)
    assert extraction.language == language
    long = [p for p in extraction.passages if p.is_codable and p.n_words >= 25]
    assert sum(p.language == language for p in long) > 0.95 * len(long)


@pytest.mark.skipif("eng" not in ocr.installed(), reason="tesseract with English is not installed")
def test_scans_are_read_and_old_recognitions_bettered() -> None:
    letter = read("un_hc-letter-slovenia-2020", "auto")
    assert {page.text_source for page in letter.pages} == {"ocr"}
    assert "universal periodic review" in coded(letter)
    old = read("un_A-39-361", "auto")
    assert "upon assuming my responsibilities at the beginning" in coded(old)
    assert "1" in {p.para_no for p in old.passages}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hard_blank-page", "no_text_layer"),
        ("hard_broken-5-bytes", "broken_file"),
        ("hard_image-only", "no_text_layer"),
    ],
)
def test_files_without_text_end_with_their_reason(name: str, reason: str) -> None:
    with pytest.raises(ExtractionError) as caught:
        read(name)
    assert caught.value.reason == reason


def test_empty_pages_between_others_are_counted() -> None:
    extraction = read("hard_some-empty-pages")
    assert len(extraction.pages) == 5
    assert [(p.page_first, p.page_last, p.text) for p in extraction.passages] == [(2, 4, "First page Third page")]


def test_a_file_that_pdfplumber_loses_is_read() -> None:
    assert len(read("un_A-HRC-WG.6-7-SVN-2").pages) == 17


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_an_old_word_file_is_read_by_way_of_libreoffice() -> None:
    (path,) = CORPUS.parent.glob("docx/un_upr34-slovenia-advance-questions_en.doc")
    extraction = extract_file(path, "doc", "0" * 64, ExtractOptions(), LIMITS)
    assert extraction.file_format == "doc"
    assert "slovenia" in coded(extraction)


def test_two_versions_of_a_report_share_their_passages() -> None:
    first, second = ([p.sketch for p in read(name).passages if p.is_codable] for name in ("un_S-2025-71_", "un_S-2025-71-Rev.1"))
    assert sum(any(are_alike(one, other) for other in second) for one in first) > 0.9 * len(first)


def test_a_long_report_reads_the_same_twice() -> None:
    (path,) = CORPUS.glob("un_A-80-10_ilc*.pdf")
    texts = [
        hashlib.sha256("\n".join(p.text for p in extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS).passages).encode())
        for _ in range(2)
    ]
    assert texts[0].digest() == texts[1].digest()
    assert len(read("un_A-80-10_ilc").pages) == 212
