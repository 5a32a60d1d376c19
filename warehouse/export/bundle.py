"""Making a release: everything is written into a folder beside, which is put in place whole; a kill leaves no half release."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from entente.errors import BadInput, Unavailable
from entente.files import fsync_directory, sha256_of_file
from warehouse.content import content_digest
from warehouse.database import process_lives
from warehouse.export.csv_files import write_csv
from warehouse.export.database import is_repeatable, published, released, sets_every_byte, write_database
from warehouse.export.datapackage import data_package
from warehouse.export.pages import codebook_tables, data_dictionary, quality_report
from warehouse.export.parquet import write_parquet
from warehouse.export.plan import Plan, content_hash, make_plan
from warehouse.export.readme import citation, readme, released_row, short_facts
from warehouse.export.stata import Variable, write_stata
from warehouse.export.zeroed import write_database_zeroed
from warehouse.failures import explained

CHECKSUMS = "SHA256SUMS"
DATABASE = "entente.duckdb"


@dataclass(frozen=True, slots=True)
class About:
    """What a release says of itself that is not in the database.

    Attributes:
        title: its title.
        authors: who answers for it, for the citation.
        licence: the terms of what its makers made (an SPDX identifier or words); None says that none is given.
        date: day of release as the makers give it (ISO 8601), or None: a release does not look at the clock.
        pages: further pages by file name (codebook, model card), taken as they are.
    """

    title: str
    authors: tuple[str, ...]
    licence: str | None = None
    date: str | None = None
    pages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """What making a release did: where it is, its version, whether it is new, and the number of its files and bytes."""

    path: Path
    version: str
    changed: bool
    files: int
    n_bytes: int


def make_release(
    source: Path,
    target: Callable[[str], Path],
    about: About,
    *,
    version: str | None = None,
    with_text: bool = True,
    stata: bool = True,
    told: Callable[[str], None] = lambda _part: None,
) -> ReleaseReport:
    """Write a release of a published database.

    Args:
        source: the published database.
        target: the release's folder for a version; it is made, and must not be there with another content.
        about: what the release says of itself.
        version: its version; by default that of Entente and eight digits of the content's hash.
        with_text: whether the texts of passages go along; without them their hashes do.
        stata: whether Stata files are written.
        told: is called with the name of each part before it is written.

    Returns:
        Where the release is; `changed` is False where it was there already, the same to the byte (the DuckDB file by its content where
        `is_repeatable` denies more).

    Raises:
        BadInput: when there is nothing to release, or another release is there under this name.
        Unavailable: when the disk is full, or pandas is missing for the Stata files, or texts are to be left out and this DuckDB
            could leave scraps of them.
        Busy: when another process has the published file open for writing.
    """
    if not with_text and not is_repeatable():
        raise Unavailable(
            f"A release without texts needs DuckDB 2.0 on this system: the file of DuckDB {duckdb.__version__} may hold scraps of them in "
            "bytes that it never set. Install it: pip install -U duckdb."
        )
    with published(source) as connection:
        plan = make_plan(connection, with_text=with_text)
        facts = short_facts(connection)
        version = version or f"{facts.entente}+{content_hash(connection, plan)}"
        folder = target(version)
        _check_place(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        beside = folder.with_name(f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
        with explained(folder):
            try:
                beside.mkdir()
                told("DuckDB")
                if sets_every_byte():
                    write_database(connection, beside / DATABASE, plan, released_row(connection, version, about.date))
                else:
                    write_database_zeroed(source, beside / DATABASE, folder, version, about.date, with_text=with_text)
                _write_rest(beside, plan, about, version, stata=stata, told=told)
                sums = (beside / CHECKSUMS).read_text(encoding="utf-8")
                changed = _put_in_place(beside, folder, sums)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return ReleaseReport(folder, version, changed, len(files), sum(path.stat().st_size for path in files))


def _write_rest(beside: Path, plan: Plan, about: About, version: str, *, stata: bool, told: Callable[[str], None]) -> None:
    with released(beside / DATABASE) as connection:
        told("Parquet")
        (beside / "parquet").mkdir()
        write_parquet(connection, beside / "parquet", plan)
        told("CSV")
        (beside / "csv").mkdir()
        write_csv(connection, beside / "csv", plan)
        if stata:
            told("Stata")
            (beside / "stata").mkdir()
            _write(beside / "stata" / "names.csv", _names(write_stata(connection, beside / "stata", plan)))
        told("pages")
        facts = short_facts(connection)
        pages = {"codebook.md": codebook_tables(connection), **about.pages}
        pages["data-dictionary.md"] = data_dictionary(connection, plan)
        pages["quality-report.md"] = quality_report(connection)
        pages["CITATION.cff"] = citation(about.title, about.authors, about.licence, about.date, version)
        pages["README.md"] = readme(connection, plan, about.title, version, facts, about.licence, stata=stata)
        for name, text in pages.items():
            _write(beside / name, text)
        package: dict[str, Any] = {"name": "entente", "title": about.title, "version": version, "description": facts.limits}
        package["contributors"] = [{"title": name, "role": "author"} for name in about.authors]
        if about.licence:
            package["licenses"] = [{"name": about.licence, "title": about.licence}]
        package["sources"] = [{"title": one} for one in facts.sources]
        _write(beside / "datapackage.json", data_package(connection, beside, plan, package))
    paths = sorted(path.relative_to(beside).as_posix() for path in beside.rglob("*") if path.is_file())
    _write(beside / CHECKSUMS, "".join(f"{sha256_of_file(beside / path)}  {path}\n" for path in paths))


def _names(variables: list[Variable]) -> str:
    """Return the map of names as CSV: what each variable of the Stata files is called in all other files."""
    import csv
    import io

    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("table", "column", "stata_name", "stata_label", "value_labels"))
    for one in variables:
        values = "; ".join(f"{number} {text}" for number, text in enumerate(one.values))
        writer.writerow((one.table, one.column, one.name, one.label, values))
    return stream.getvalue()


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _check_place(folder: Path) -> None:
    if folder.exists() and not (folder / CHECKSUMS).is_file():
        raise BadInput(f"{folder} is there and is no release of Entente (it has no {CHECKSUMS}). Name another place with --out.")


def _put_in_place(beside: Path, folder: Path, sums: str) -> bool:
    if folder.exists():
        before = (folder / CHECKSUMS).read_text(encoding="utf-8")
        if before == sums or (not is_repeatable() and _without_database(before) == _without_database(sums)):
            _check_whole(folder, before)
            if before == sums or content_digest(folder / DATABASE) == content_digest(beside / DATABASE):
                return False
        raise BadInput(
            f"{folder} holds another release: its {CHECKSUMS} differs. A release is made once and never changed; "
            "give this one another --version or --out, or remove that folder."
        )
    for path in sorted(beside.rglob("*")):
        if path.is_file():
            path.chmod(0o444)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        else:
            fsync_directory(path)
    fsync_directory(beside)
    beside.rename(folder)
    fsync_directory(folder.parent)
    return True


def _without_database(sums: str) -> list[str]:
    return [line for line in sums.splitlines() if not line.endswith(f"  {DATABASE}")]


def _check_whole(folder: Path, sums: str) -> None:
    for line in sums.splitlines():
        wanted, name = line.split("  ", 1)
        if not (folder / name).is_file() or sha256_of_file(folder / name) != wanted:
            raise BadInput(
                f"{folder / name} is missing or was changed since the release was made. Remove {folder} and make it again."
            )


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed commands left beside while they made this release; folders of living processes stay."""
    ours = re.compile(re.escape(f".{folder.name}.") + r"(\d+)\.[0-9a-f]+\.part")
    for left in folder.parent.iterdir() if folder.parent.is_dir() else ():
        if (found := ours.fullmatch(left.name)) and not process_lives(int(found.group(1))):
            shutil.rmtree(left, ignore_errors=True)
