"""What a release says of itself: the row of `release`, the first page, and how to cite it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from entente import __version__
from warehouse.export.database import sets_every_byte
from warehouse.export.plan import Plan
from warehouse.transactions import Connection

_ONLY_BY_CONTENT = (
    "`entente.duckdb` was written by a DuckDB before 2.0: that holds for it where it is written on Linux (glibc) with the `duckdb` of "
    "PyPI. Elsewhere a few bytes of it that hold nothing differ by chance; its tables and views do not."
)


@dataclass(frozen=True, slots=True)
class ShortFacts:
    """The facts of a published database that its pages repeat; `sources` are its sources with publisher and terms, in words."""

    entente: str
    model_version: str | None
    codebook_version: str | None
    limits: str
    sources: tuple[str, ...]


def short_facts(connection: Connection) -> ShortFacts:
    """Return the facts of a published or released database."""
    ((built_by, model, codebook, limits),) = connection.execute(
        "SELECT built_by, model_version, codebook_version, limits FROM release"
    ).fetchall()
    sources = connection.execute("SELECT source_id, name, publisher, licence FROM sources ORDER BY source_id").fetchall()
    return ShortFacts(
        str(built_by).removeprefix("Entente ") or __version__,
        model,
        codebook,
        str(limits),
        tuple(_source(*row) for row in sources),
    )


def _source(source_id: str, name: str | None, publisher: str | None, licence: str | None) -> str:
    if name is None and publisher is None:
        return f"{source_id}: a folder of files; terms not stated"
    return f"{source_id}: {name or source_id}, {publisher or 'publisher not stated'}; terms: {licence or 'not stated'}"


def released_row(connection: Connection, version: str, date: str | None) -> dict[str, Any]:
    """Return the row of `release` in the released file: that of the published one, with the version as its key and without the operator's clock.

    Args:
        connection: with the published database as the current one.
        version: of the release.
        date: day of release as its makers give it (ISO 8601), or None.
    """
    cursor = connection.execute("SELECT * FROM release")
    names = [str(column[0]) for column in cursor.description or []]
    (row,) = cursor.fetchall()
    found = dict(zip(names, row, strict=True))
    return found | {"released_at": date, "release_key": version, "content_version": None}


def citation(title: str, authors: Sequence[str], licence: str | None, date: str | None, version: str) -> str:
    """Return `CITATION.cff` for a data set (Citation File Format 1.2.0, which is YAML; a JSON text is a YAML text)."""
    lines = [
        "cff-version: 1.2.0",
        "message: If you use these data, please cite them with their version, and say which model and codebook made the labels.",
        "type: dataset",
        f"title: {json.dumps(title, ensure_ascii=False)}",
        "authors:",
        *(f"  - name: {json.dumps(name, ensure_ascii=False)}" for name in authors),
        f"version: {json.dumps(version, ensure_ascii=False)}",
    ]
    if date:
        lines.append(f"date-released: {date}")
    # The format takes SPDX identifiers only; other words stand in the README.
    if licence and " " not in licence:
        lines.append(f"license: {json.dumps(licence, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def readme(
    connection: Connection, plan: Plan, title: str, version: str, facts: ShortFacts, licence: str | None, *, stata: bool
) -> str:
    """Return the first page of a release."""
    counts = {
        table: int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0])  # noqa: S608  # a table of the plan
        for table in plan.handed_out
    }
    texts = (
        "The texts of passages are in this release. They belong to the organizations that issued them, under the terms below; whoever passes "
        "them on answers for that."
        if plan.with_text
        else "The texts of passages are left out of this release; `text_sha256` is the hash of each, by which a text can be checked against its "
        "document, and `file_sha256` that of the file."
    )
    lines = [
        f"# {title}",
        "",
        f"Version {version}, made by Entente {facts.entente} with the model `{facts.model_version}` and the codebook {facts.codebook_version}.",
        "",
        facts.limits,
        "",
        f"Terms of use of the labels and codes: {licence or 'none are given'}.",
        "",
        "## Files",
        "",
        "| file | what |",
        "| --- | --- |",
        "| `entente.duckdb` | everything, with views and macros (DuckDB 1.2 or newer) |",
        "| `parquet/` | a table a file; passages, scores and pages in folders `igo=.../country_iso3=...` |",
        "| `csv/` | a table a file (gzip, UTF-8, commas; lists as JSON; a missing value is nothing) |",
        *(
            ["| `stata/` | a table a file (Stata 14 or newer); `names.csv` says how long names and labels were shortened |"]
            if stata
            else []
        ),
        "| `datapackage.json` | the CSV files as a Frictionless data package: types, meanings, keys, hashes |",
        "| `data-dictionary.md` | every table and column |",
        "| `codebook.md` | what the labels mean |",
        "| `quality-report.md` | what is in it, what is not and why, how well it was read and labelled |",
        "| `MODEL_CARD.md` | what the model was trained on and how far it can be trusted |",
        "| `CITATION.cff` | how to cite it |",
        "| `SHA256SUMS` | `sha256sum --check SHA256SUMS` says whether every file is as it was made |",
        "",
        "## Tables",
        "",
        "| table | rows |",
        "| --- | --- |",
        *(f"| {table} | {number} |" for table, number in counts.items()),
        "",
        "The operator's own ledger (runs, requests, when something was first seen or copied) is left out: its tables are empty in the "
        "DuckDB file, "
        "where views name them. When a file was fetched from a service is kept. Codes go along with the names that coders were given, the "
        "time of each code, and (where texts do) their notes.",
        "",
        "## Texts and terms",
        "",
        texts,
        "",
        *(f"- {one}" for one in facts.sources),
        "",
        "## The same again",
        "",
        "The same content, written by the same versions of Entente, DuckDB, PyArrow, pandas and zlib, gives the same bytes in every file.",
        *(() if sets_every_byte() else (_ONLY_BY_CONTENT,)),
        "",
    ]
    return "\n".join(lines)
