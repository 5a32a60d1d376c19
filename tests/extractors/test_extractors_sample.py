"""The sample reports were written without regard to the extractor: it has to read out of them what was written into them."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from extractors.extract import extract_file
from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.refind import PassageLocation, refind

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
LIMITS = ExtractionLimits(60, 3000, 50, 500)
# Shares of the true codable passages that were found word for word when this was written: all.
FLOORS = {"pdf": 1.0, "docx": 1.0, "html": 1.0, "txt": 1.0}


def plain(text: str) -> str:
    return " ".join(text.split())


def truth() -> tuple[dict[str, list[dict[str, Any]]], dict[str, dict[str, Any]]]:
    passages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    others: dict[str, dict[str, Any]] = {}
    for line in (SAMPLE / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["record"] == "passage":
            passages[record["file"]].append(record)
        else:
            others[record["file"]] = record
    return passages, others


def expected_text(record: dict[str, Any]) -> str:
    """The truth prints an item's "(a)" after the lead-in; passages have it in their number."""
    text = plain(record["text"])
    lead = plain(record["lead_in"] or "")
    if not lead:
        return text
    item = re.sub(r"^\([a-z]+\) ", "", text[len(lead) :].strip())
    return f"{lead} {item}"


def test_passages_of_the_sample_are_read_word_for_word_and_found_again() -> None:
    passages, others = truth()
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for name, records in passages.items():
        path = SAMPLE / "reports" / name
        form = path.suffix[1:]
        extraction = extract_file(path, form, "0" * 64, ExtractOptions(), LIMITS)
        coded = Counter(plain(p.text) for p in extraction.passages if p.is_codable)
        readable = Counter(expected_text(record) for record in records if record["codable"] and not record["scanned"])
        wanted[form] += readable.total()
        found[form] += (coded & readable).total()
        for kind in ("running_heads", "footnotes"):
            for text in (plain(text) for text in others[name][kind]):
                assert len(text.split()) < 3 or not any(text in coded_text for coded_text in coded), (name, kind, text)
        places = [
            PassageLocation(p.passage_id, p.text, p.lead_in, p.page_first, p.page_last, p.boxes) for p in extraction.passages
        ]
        assert all(refind(path, form, places)), name
        assert {page.text_source for page in extraction.pages} <= {"text_layer", "none"}
    assert set(wanted) == set(FLOORS)
    for form, floor in FLOORS.items():
        assert found[form] >= floor * wanted[form], (form, found[form], wanted[form])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("zero-pages.pdf", "no_pages"),
        ("empty.pdf", "broken_file"),
        ("encrypted.pdf", "encrypted"),
        ("error-page.pdf", "broken_file"),
        ("image-only.pdf", "no_text_layer"),
        ("not-a-zip.docx", "broken_file"),
        ("truncated.docx", "broken_file"),
        ("truncated.pdf", "broken_file"),
    ],
)
def test_broken_files_have_their_reasons(name: str, reason: str) -> None:
    path = SAMPLE / "broken" / name
    with pytest.raises(ExtractionError) as caught:
        extract_file(path, path.suffix[1:], "0" * 64, ExtractOptions(), LIMITS)
    assert caught.value.reason == reason
    assert caught.value.detail.endswith(".")
