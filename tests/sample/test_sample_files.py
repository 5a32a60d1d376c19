"""The committed sample: made by its script, described by its manifest and truth, and free of names from the real world."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

import sample
from sample.story import names

ROOT = Path(sample.__file__).parent
PAGE_NOTICE = "Invented for Entente; no real country, organization or event"


@cache
def truth() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def manifest() -> list[dict[str, str]]:
    with (ROOT / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def text_of(file: str) -> str:
    """The words of a file by a way that shares nothing with the writers' own records; empty for what is only a picture."""
    path = ROOT / "reports" / file
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as archive:
            parts = [
                name for name in archive.namelist() if re.fullmatch(r"word/(document|footnotes|header\d*|footer\d*)\.xml", name)
            ]
            return "\n".join(re.sub(r"<[^>]+>", " ", archive.read(name).decode()) for name in parts)
    return path.read_bytes().decode("cp1252" if b"windows-1252" in path.read_bytes() else "utf-8")


def squeezed(text: str) -> str:
    """Only letters, so that line ends, hyphens, marks and markup do not matter."""
    return re.sub(r"[^a-zé]", "", re.sub(r"<[^>]+>", "", text).lower())


def test_the_script_makes_the_committed_bytes() -> None:
    pytest.importorskip("reportlab")
    pytest.importorskip("PIL")
    made_with = json.loads((ROOT / "data" / "made_with.json").read_text())
    for name, wanted in made_with.items():
        try:
            here = version(name)
        except PackageNotFoundError:
            here = "missing"
        if here != wanted:
            pytest.skip(f"{name} is {here}; the sample was made with {wanted}")
    from sample.make import sample_files

    made = sample_files()
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in ("reports", "broken")
        for path in (ROOT / folder).iterdir()
        if not path.name.startswith(".")
    }
    assert there == {name for name in made if name.startswith(("reports/", "broken/"))}
    assert [name for name, content in made.items() if (ROOT / name).read_bytes() != content] == []


def test_the_sample_is_small_and_complete() -> None:
    files = [path for path in ROOT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    reports = sorted(path.name for path in (ROOT / "reports").iterdir())
    assert 24 <= len(reports) <= 32
    assert {name.rsplit(".", 1)[1] for name in reports} == {"pdf", "docx", "html", "txt"}
    assert sorted(row["file"].removeprefix("reports/") for row in manifest()) == reports
    assert sorted({line["file"] for line in truth()}) == reports


def test_the_manifest_is_read_without_complaint() -> None:
    from sources.manifest import FIELDS, read_manifest

    read = read_manifest(ROOT / "manifest.csv")
    assert read.issues == ()
    assert all(path.is_file() for path in read.rows)
    assert set(manifest()[0]) == {"file", *FIELDS}
    for row in manifest():
        assert re.fullmatch(r"XA[A-C]", row["country_iso3"]), "countries must be in the range that ISO leaves to users"
        assert 2012 <= int(row["published"][:4]) <= 2023
        assert row["coverage_start"] <= row["coverage_end"] <= row["published"]
        assert row["url"].startswith("https://documents.example/")


def test_one_document_comes_in_two_formats_and_one_in_french() -> None:
    keys = [(row["igo"], row["symbol"], row["language"]) for row in manifest()]
    twice = {key for key in keys if keys.count(key) > 1}
    assert len(twice) == 1
    assert sorted(Path(row["file"]).suffix for row in manifest() if (row["igo"], row["symbol"], row["language"]) in twice) == [
        ".docx",
        ".pdf",
    ]
    assert [row["language"] for row in manifest()].count("fr") == 1


def test_every_true_passage_stands_in_its_file() -> None:
    for line in truth():
        if line["record"] == "passage" and not line["scanned"]:
            item = re.compile(r"^.*?: \([a-z]\) ")  # the lead-in is repeated in the truth, not in the file
            words = squeezed(item.sub("", line["text"]) if line["lead_in"] else line["text"])
            # A footnote printed at the foot of a page or column may stand in the middle of a passage: its two halves must be there.
            halves = (words[: len(words) // 3], words[-len(words) // 3 :])
            found = squeezed(text_of(line["file"]))
            assert any(half in found for half in halves), (line["file"], line["para_no"])


def test_true_pages_are_the_pages_of_the_pdf() -> None:
    checked = 0
    for file in {line["file"] for line in truth() if line["file"].endswith(".pdf")}:
        with pypdfium2.PdfDocument(ROOT / "reports" / file) as document:
            pages = [squeezed(page.get_textpage().get_text_bounded()) for page in document]
        for line in truth():
            if line["file"] == file and line["record"] == "passage" and not line["scanned"] and not line["lead_in"]:
                words = squeezed(line["text"])
                assert words[:25] in pages[line["page"] - 1], (file, line["para_no"])
                assert words[-25:] in pages[line["page_last"] - 1], (file, line["para_no"])
                checked += 1
    assert checked > 150


def test_true_passages_keep_the_unit_rules_and_hold_no_page_furniture() -> None:
    furniture = {line["file"]: line for line in truth() if line["record"] == "not_codable"}
    for line in truth():
        if line["record"] != "passage":
            continue
        assert 20 <= len(line["text"].split()) <= 250, (line["file"], line["para_no"])
        away = furniture[line["file"]]
        for wrong in (PAGE_NOTICE, *away["footnotes"], *away["cover"]):
            assert wrong not in line["text"]
    for line in furniture.values():
        assert PAGE_NOTICE in line["running_heads"]


def test_paragraphs_are_numbered_through() -> None:
    for file in {line["file"] for line in truth()}:
        numbers = [int(line["para_no"]) for line in truth() if line["file"] == file and line["record"] == "passage"]
        assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))
        assert numbers == sorted(numbers)


def test_every_file_and_every_pdf_page_says_that_it_is_invented() -> None:
    for file in {line["file"] for line in truth()}:
        assert "Invented for Entente" in text_of(file), file
        if not file.endswith(".pdf"):
            continue
        with pypdfium2.PdfDocument(ROOT / "reports" / file) as document:
            assert "Invented for Entente" in document.get_metadata_dict()["Subject"]
            blank = [
                number
                for number, page in enumerate(document, start=1)
                if "Invented for Entente" not in page.get_textpage().get_text_bounded()
            ]
            assert blank == ([4] if file == "clo-hlm-castrel-2018.pdf" else []), file


def test_exactly_one_page_is_a_scan() -> None:
    scans = []
    for file in {line["file"] for line in truth() if line["file"].endswith(".pdf")}:
        with pypdfium2.PdfDocument(ROOT / "reports" / file) as document:
            scans += [
                (file, number) for number, page in enumerate(document, 1) if not page.get_textpage().get_text_bounded().strip()
            ]
    assert scans == [("clo-hlm-castrel-2018.pdf", 4)]
    assert any(line["scanned"] for line in truth() if line["record"] == "passage")


def test_no_real_country_and_no_real_organization_is_named() -> None:
    everything = (
        "\n".join(text_of(row["file"].removeprefix("reports/")) for row in manifest()) + (ROOT / "manifest.csv").read_text()
    )
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", everything))
    replaced = {row["from"] for row in names()}
    real = {
        "ILO",
        "United Nations",
        "OHCHR",
        "UNHCR",
        "World Bank",
        "Geneva",
        "Uzbekistan",
        "Myanmar",
        "Switzerland",
        "France",
        "America",
    }
    for name in replaced | real:
        assert not re.search(rf"(?<![\w-]){re.escape(name)}(?![a-z])", words), name


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("empty.pdf", {"empty_file"}),
        ("error-page.pdf", {"error_page"}),
        ("truncated.pdf", {"truncated"}),
        ("truncated.docx", {"truncated"}),
        ("not-a-zip.docx", {"wrong_type"}),
        ("encrypted.pdf", {"encrypted"}),
        # PDFium does not open a file without pages at all.
        ("zero-pages.pdf", {"no_pages", "broken_file"}),
        ("image-only.pdf", {"no_text_layer"}),
    ],
)
def test_every_broken_file_is_broken_in_its_own_way(name: str, reasons: set[str]) -> None:
    from extractors.options import ExtractionLimits, ExtractOptions
    from extractors.pool import ExtractionJob, ExtractionPool
    from extractors.types import ExtractionFailure
    from sources.checks import check_file
    from sources.types import Refusal

    path = ROOT / "broken" / name
    outcome = check_file(path, name, max_bytes=10_000_000)
    if isinstance(outcome, Refusal):
        assert outcome.reason in reasons
        return
    with ExtractionPool(1, ExtractOptions(), ExtractionLimits(60, 3000, 50, 100)) as pool:
        ((_job, result),) = pool.run([ExtractionJob(path, outcome, "0" * 64)])
    assert isinstance(result, ExtractionFailure)
    assert result.reason in reasons


def test_the_broken_files_are_all_tested() -> None:
    assert len(list((ROOT / "broken").iterdir())) == 8
