"""What is held while a long document is read: no passage but the one that is handed on, no page but the one that is read."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from extractors.duplicates import Seen, are_alike
from extractors.engine_pdfplumber import PdfplumberEngine
from extractors.extract import extract_file, extract_in_parts
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.pool import ExtractionJob, ExtractionPool
from extractors.types import Extraction, ExtractionFailure, Passage

LIMITS = ExtractionLimits(60, 3000, 50, 200)
OPTIONS = ExtractOptions(ocr="off")


@pytest.fixture
def long_report(tmp_path: Path) -> Path:
    """A report of 120 pages with two numbered paragraphs each, the same words on every tenth page."""
    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    for page in range(120):
        canvas.setFont("Times-Roman", 11)
        for place in (0, 1):
            number = 2 * page + place + 1
            canvas.drawString(
                60, 700 - 60 * place, f"{number}. The team came to harbour {page % 10} and left for the library on the"
            )
            canvas.drawString(
                60, 687 - 60 * place, f"day after, as the office of district {page % 10} had proposed in letter {place}."
            )
        canvas.showPage()
    canvas.save()
    return path


def alive(kind: type) -> int:
    return sum(type(one) is kind for one in gc.get_objects())


def test_a_passage_that_was_handed_on_is_not_held(long_report: Path) -> None:
    gc.collect()
    before = alive(Passage)
    most = count = 0
    for count, _ in enumerate(extract_in_parts(long_report, "pdf", "0" * 64, OPTIONS, LIMITS), 1):
        if count % 20 == 0:
            most = max(most, alive(Passage) - before)
    assert count == 240
    assert most <= 2


@pytest.mark.e2e
def test_a_child_process_answers_what_is_read_in_this_one(long_report: Path) -> None:
    here = extract_file(long_report, "pdf", "0" * 64, OPTIONS, LIMITS)
    with ExtractionPool(1, OPTIONS, LIMITS) as pool:
        ((_, there),) = pool.run([ExtractionJob(long_report, "pdf", "0" * 64)])
    assert there == here
    assert isinstance(there, Extraction)
    assert there.pages[3].number == 4
    assert len({passage.passage_id for passage in there.passages}) == 240


@pytest.mark.e2e
def test_parts_before_a_failure_are_no_result_and_the_next_file_is_read(long_report: Path, tmp_path: Path) -> None:
    endless = tmp_path / "endless.txt"
    endless.write_text(
        "\n\n".join(f"{n}. The team came to the harbour and left on day {n} of its visit." for n in range(1, 20_000))
    )
    with ExtractionPool(1, OPTIONS, ExtractionLimits(60, 3000, 1, 200)) as pool:
        found = {job.path.name: outcome for job, outcome in pool.run([job_of(endless), job_of(long_report)])}
    failure = found["endless.txt"]
    assert isinstance(failure, ExtractionFailure)
    assert (failure.reason, "extraction.output_mb" in failure.detail) == ("output_too_large", True)
    assert isinstance(found["long.pdf"], Extraction)


def job_of(path: Path) -> ExtractionJob:
    return ExtractionJob(path, path.suffix[1:], "0" * 64)


def test_the_second_engine_holds_one_page_and_gives_any_again(long_report: Path) -> None:
    engine = PdfplumberEngine(long_report)
    gc.collect()
    before = alive(dict)
    last = engine.page(118)
    assert alive(dict) - before < 120  # each page that was walked past is three of them at least
    assert "235." in [word.text for word in last.words]
    assert "3." in [word.text for word in engine.page(2).words]
    assert engine.page_count() == 120
    with pytest.raises(IndexError):
        engine.page(121)
    engine.close()


def repeats_of_all(sketches: Sequence[Sequence[int]]) -> list[bool]:
    return [any(are_alike(one, other) for other in sketches[:index]) for index, one in enumerate(sketches)]


@given(st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=8, unique=True).map(lambda values: tuple(sorted(values)))))
def test_repeats_are_those_that_a_comparison_with_all_before_finds(sketches: list[tuple[int, ...]]) -> None:
    seen = Seen()
    assert [seen.repeats(sketch) for sketch in sketches] == repeats_of_all(sketches)
