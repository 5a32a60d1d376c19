"""A file is taken for what its bytes are; refusals and error pages are named, never stored as reports."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.checks import check_file, sniff
from sources.types import Refusal

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"
LIMIT = 1_000_000


def given_file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def docx(path: Path, member: str = "word/document.xml") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "<w:document/>")
    return path


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"", "empty_file"),
        ("a.pdf", PDF[:-8], "truncated"),
        ("a.pdf", b"<!DOCTYPE html><html><head><title>Error 500</title></head></html>", "error_page"),
        ("a.pdf", b"<html><body>An application page of about a thousand bytes</body></html>", "error_page"),
        (
            "a.pdf",
            b"<html><title>Just a moment...</title><script src='https://challenges.cloudflare.com/x'></script>",
            "challenge_page",
        ),
        ("a.pdf", b"<html><script>window.gokuProps = {}</script></html>", "challenge_page"),
        ("a.html", b"<html><head><title>404 - not here</title></head></html>", "error_page"),
        ("a.html", "<html><title>Access denied</title></html>".encode("utf-16"), "error_page"),
        ("a.txt", b"The system was not able to generate the text of this document.", "error_page"),
        ("a.pdf", b"error", "wrong_type"),
        ("a.docx", PDF, "wrong_type"),
        ("a.docx", b"PK\x03\x04 cut off", "truncated"),
        ("a.doc", b"\xffWPC\x10\x00\x00\x00", "unsupported_type"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("a.txt", b"\x00\x01\x02\x03binary", "wrong_type"),
        ("a.txt", b"  \n \r\n", "empty_file"),
        ("a.jpg", b"\xff\xd8\xff", "unsupported_type"),
        ("a", b"no suffix", "unsupported_type"),
    ],
)
def test_what_is_no_report_is_refused_with_its_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    outcome = check_file(given_file(tmp_path, name, content), name, max_bytes=LIMIT)
    assert isinstance(outcome, Refusal)
    assert (outcome.state, outcome.reason) == ("refused", reason)
    assert outcome.detail.startswith(name)


@pytest.mark.parametrize(
    ("name", "content", "file_format"),
    [
        ("A.PDF", PDF, "pdf"),
        ("a.htm", b"<?xml version='1.0'?><html><body>Report</body></html>", "html"),
        ("a.html", b"Only a fragment <p>of a page</p>", "html"),
        ("a.html", "<html><body>Rapport \u00e9crit</body></html>".encode("utf-16"), "html"),
        ("a.txt", "Доклад миссии".encode(), "txt"),
        ("a.txt", "Report".encode("utf-16"), "txt"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + bytes(600), "doc"),
    ],
)
def test_reports_are_taken_for_what_they_are(tmp_path: Path, name: str, content: bytes, file_format: str) -> None:
    assert check_file(given_file(tmp_path, name, content), name, max_bytes=LIMIT) == file_format


def test_a_word_file_needs_its_document_part_and_may_bear_the_old_suffix(tmp_path: Path) -> None:
    assert check_file(docx(tmp_path / "a.docx"), "a.docx", max_bytes=LIMIT) == "docx"
    assert check_file(docx(tmp_path / "a.doc"), "a.doc", max_bytes=LIMIT) == "docx"
    outcome = check_file(docx(tmp_path / "b.docx", "xl/workbook.xml"), "b.docx", max_bytes=LIMIT)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "wrong_type"


def test_a_gigantic_file_is_refused_unread(tmp_path: Path) -> None:
    outcome = check_file(given_file(tmp_path, "a.pdf", PDF), "a.pdf", max_bytes=10)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "too_large"
    assert "sources.max_file_mb" in outcome.detail


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=600), head=st.sampled_from([b"", b"%PDF-1.7", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"<html>"]))
def test_no_bytes_can_break_the_check(tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes) -> None:
    path = given_file(tmp_path_factory.getbasetemp(), "any.bin", head + content)
    sniffed = sniff(path)
    assert (sniffed.file_format is None) == (sniffed.reason != "ok")


@pytest.mark.parametrize(
    ("page", "is_error"),
    [
        (b"<html><head><title>Service temporarily unavailable</title></head><body>Please wait.</body></html>", True),
        (b"<html><head><title>ILO</title></head><body><h1>Sorry</h1>Please try again later.</body></html>", True),
        (b"<html><head><title>Site under maintenance - UN</title></head><body></body></html>", True),
        (
            b"<html><head><title>Errors of the past: report of the mission</title></head><body>"
            + b"text " * 200
            + b"</body></html>",
            False,
        ),
        (
            b"<html><head><title>Report</title></head><body>Water was not found. "
            + b"The mission went on. " * 30
            + b"</body></html>",
            False,
        ),
    ],
)
def test_a_web_page_that_only_excuses_itself_is_no_report(page: bytes, is_error: bool, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(page)
    outcome = check_file(path, "report.html", max_bytes=1000_000)
    assert (isinstance(outcome, Refusal) and outcome.reason == "error_page") == is_error
