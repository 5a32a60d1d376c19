"""The folder source lists every file, with what the manifest says, in a fixed order, and names what is odd."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from entente.errors import BadInput
from sources.folder import FolderSource
from sources.manifest import read_manifest
from warehouse.metadata import metadata_as_text, metadata_of


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_listed_with_their_metadata_pdf_first(tmp_path: Path) -> None:
    for name in ("b.html", "sub/a.pdf", "z.pdf", ".hidden.pdf", "~$lock.docx", ".git/x.pdf"):
        write(tmp_path / "reports" / name)
    manifest = write(
        tmp_path / "reports" / "manifest.csv",
        "file,symbol,country_iso3,published,note\nsub/a.pdf,A/1,xaa,2014-03,kept\nz.pdf,n/a,,2014-05-06,\n",
    )
    source = FolderSource("folder", [tmp_path / "reports"], [manifest], defaults={"igo": "UN"})
    listing = source.discover()
    assert [record.record_id for record in listing.records] == [
        "folder:reports/sub/a.pdf",
        "folder:reports/z.pdf",
        "folder:reports/b.html",
    ]
    first, second, third = (record.metadata for record in listing.records)
    assert (first.symbol, first.country_iso3, first.published) == ("A/1", "XAA", date(2014, 3, 1))
    assert first.extra == {"published_precision": "month", "note": "kept"}
    assert second.symbol is None
    assert [first.igo, third.igo] == ["UN", "UN"]
    assert listing.issues == ()


def test_a_file_that_the_manifest_promises_is_listed_even_if_it_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "reports" / "a.pdf")
    manifest = write(tmp_path / "manifest.csv", "file\nreports/a.pdf\nreports/gone.pdf\nelsewhere/b.pdf\n")
    listing = FolderSource("folder", [tmp_path / "reports"], [manifest]).discover()
    assert [record.record_key for record in listing.records] == ["reports/a.pdf", "reports/gone.pdf"]


def test_a_cell_that_is_not_understood_is_kept_and_named(tmp_path: Path) -> None:
    write(tmp_path / "a.pdf")
    manifest = read_manifest(write(tmp_path / "m.csv", "file,published,country_iso3\na.pdf,spring 2014,Kelvania\n"))
    metadata = manifest.rows[(tmp_path / "a.pdf").resolve()].metadata
    assert (metadata.published, metadata.country_iso3) == (None, None)
    assert metadata.extra == {"published": "spring 2014", "country_iso3": "Kelvania"}
    assert len(manifest.issues) == 2
    assert "line 2" in manifest.issues[0]


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    write(tmp_path / "a.pdf")
    path = write(tmp_path / "m.csv", "path,symbol_or_id,year\na.pdf,A/2,2019\n")
    row = read_manifest(path, {"file": "path", "symbol": "symbol_or_id", "published": "year"}).rows[
        (tmp_path / "a.pdf").resolve()
    ]
    assert (row.metadata.symbol, row.metadata.published) == ("A/2", date(2019, 1, 1))
    assert row.metadata.extra == {"published_precision": "year"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name,symbol\na.pdf,A/1\n", "no column 'file'"),
        ("file,file\na.pdf,a.pdf\n", "twice"),
        ("file\na.pdf\na.pdf\n", "stands there twice"),
        ("file,title\na.pdf,One, two\n", "more cells than columns"),
        ("file,title\n,One\n", "is empty"),
        ("", "no column 'file'"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_manifest(write(tmp_path / "m.csv", content))


def test_a_manifest_in_the_folder_itself_counts_without_being_named(tmp_path: Path) -> None:
    write(tmp_path / "reports" / "a.pdf")
    write(tmp_path / "reports" / "b.pdf")
    write(tmp_path / "reports" / "manifest.csv", "file,symbol\na.pdf,A/1\n")
    described, silent = FolderSource("folder", [tmp_path / "reports"]).discover().records
    assert (described.metadata.symbol, described.is_described) == ("A/1", True)
    assert (silent.metadata.symbol, silent.is_described) == (None, False)


def test_a_column_that_is_named_but_not_there_is_refused_and_semicolons_are_said(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "file,symbol\na.pdf,A/1\n")
    with pytest.raises(BadInput, match="no column 'docid'"):
        read_manifest(path, {"symbol": "docid"})
    with pytest.raises(BadInput, match="semicolons"):
        read_manifest(write(tmp_path / "m.csv", "file;symbol\na.pdf;A/1\n"))


def test_stored_metadata_come_back_as_they_were(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "file,symbol,published,mission_start,note\na.pdf,A/1,2014-03,2013-09-09,x\n")
    said = read_manifest(path).rows[(tmp_path / "a.pdf").resolve()].metadata
    assert metadata_of(metadata_as_text(said)) == said


def test_a_manifest_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        read_manifest(tmp_path / "gone.csv")
    (tmp_path / "m.csv").write_bytes(b"file\n\xff\xfe.pdf\n")
    with pytest.raises(BadInput, match="UTF-8"):
        read_manifest(tmp_path / "m.csv")


def test_an_unknown_field_in_the_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="symbl"):
        read_manifest(write(tmp_path / "m.csv", "file\n"), {"symbl": "x"})


def test_folders_that_would_be_confused_are_refused(tmp_path: Path) -> None:
    for name in ("one/pdf", "two/pdf", "one/pdf/inner"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    with pytest.raises(BadInput, match="Two folders are called 'pdf'"):
        FolderSource("folder", [tmp_path / "one/pdf", tmp_path / "two/pdf"]).discover()
    with pytest.raises(BadInput, match="only the outer"):
        FolderSource("folder", [tmp_path / "one/pdf", tmp_path / "one/pdf/inner"]).discover()
    with pytest.raises(BadInput, match="is not there"):
        FolderSource("folder", [tmp_path / "three"]).discover()


def test_a_name_that_is_no_unicode_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    raw = bytes(tmp_path / "reports") + b"/r\xe9sum\xe9.pdf"
    with open(raw, "wb"):  # noqa: PTH123  # a path of bytes
        pass
    (record,) = FolderSource("folder", [tmp_path / "reports"]).discover().records
    assert record.location is not None
    assert record.location.exists()


def test_a_folder_that_cannot_be_listed_is_no_silent_gap(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    (folder / "closed").mkdir(parents=True)
    (folder / "a.txt").write_text("text")
    (folder / "closed" / "b.txt").write_text("text")
    code = (
        "from pathlib import Path; from sources.folder import FolderSource; "
        f"listing = FolderSource('s', [Path({str(folder)!r})]).discover(); "
        "print([record.record_key for record in listing.records], listing.issues)"
    )
    (folder / "closed").chmod(0)
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if drop and shutil.which(drop[0]) is None:
        pytest.skip("needs setpriv to give up root's right to read everything")
    try:
        done = subprocess.run([*drop, sys.executable, "-c", code], capture_output=True, text=True, check=True)
    finally:
        (folder / "closed").chmod(0o755)
    assert "['reports/a.txt']" in done.stdout
    assert "closed cannot be listed (Permission denied); its files are not seen." in done.stdout
