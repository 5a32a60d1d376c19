"""Passages that repeat an earlier document are marked when publishing, with what they repeat, whatever the order of loading."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extractors.duplicates import are_alike, sketch_of
from extractors.types import Extraction, PageInfo
from tests.warehouse.build import KEY, fetched, passage, start
from warehouse.database import open_warehouse
from warehouse.publish import publish

TEXT = (
    "the committee asked the government to report on the inspection of the mines in the northern province and on the number of "
    "children who were found to be working there in the past two years, and to say what was done for them and for their families"
)
OTHER = "the mission met the minister of labour and the unions of the harbour and was told that a law on the ports would be passed in june"
SHORT = "no reply was received"
Texts = dict[str, tuple[str, ...]]


def published_after(folder: Path, order: tuple[str, ...], texts: Texts, said: dict[str, dict[str, Any]]) -> dict[str, str | None]:
    """Return for each passage, named by document and place, the passage that it repeats; documents are loaded in this order."""
    warehouse, target = folder / "w.duckdb", folder / "p.duckdb"
    with open_warehouse(warehouse) as connection:
        loader = start(connection)
        for key in order:
            loader.load_fetched([fetched(key, **said.get(key, {}))])
            for file in loader.pending_extraction(KEY):
                made = tuple(passage(file.file_sha256, n, text, sketch=sketch_of(text)) for n, text in enumerate(texts[key], 1))
                page = PageInfo(1, 595.0, 842.0, "text_layer", 2000, 300, "en", 0.9)
                loader.load_extractions([(file, Extraction(file.file_sha256, "pdf", "1", "en", (page,), made, {}))], KEY)
    publish(warehouse, target, built_by="test")
    with duckdb.connect(str(target), read_only=True) as connection:
        rows = connection.execute(
            "SELECT p.document_id[4:4] || p.ordinal, f.document_id[4:4] || f.ordinal, p.is_duplicate FROM passages p "
            "LEFT JOIN passages f ON f.passage_id = p.duplicate_of ORDER BY 1"
        ).fetchall()
    assert all(marked == (repeated is not None) for _, repeated, marked in rows)
    return {name: repeated for name, repeated, _ in rows}


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_the_earliest_document_is_repeated_by_the_others_in_any_order_of_loading(tmp_path: Path, order: tuple[str, ...]) -> None:
    texts: Texts = {"a": (OTHER, TEXT + " as well"), "b": (TEXT, SHORT), "c": (TEXT, OTHER + " and july", SHORT)}
    assert are_alike(sketch_of(TEXT), sketch_of(TEXT + " as well"))
    said = {"a": {"published": date(2021, 5, 1)}, "b": {"published": date(2019, 5, 1)}, "c": {"published": date(2021, 5, 1)}}
    found = published_after(tmp_path, order, texts, said)
    assert found == {"a1": None, "a2": "b1", "b1": None, "b2": None, "c1": "b1", "c2": "a1", "c3": "b2"}


def test_other_organizations_and_countries_are_not_repeated_and_documents_without_country_may_be(tmp_path: Path) -> None:
    texts: Texts = dict.fromkeys("abcd", (TEXT,))
    said: dict[str, dict[str, Any]] = {
        "a": {"published": date(2018, 1, 1), "country_iso3": "ATL"},
        "b": {"published": date(2019, 1, 1), "country_iso3": "XBO"},
        "c": {"published": date(2020, 1, 1), "igo": "ILO"},
        "d": {"published": date(2021, 1, 1), "country_iso3": None},
    }
    assert published_after(tmp_path, ("d", "c", "b", "a"), texts, said) == {"a1": None, "b1": None, "c1": None, "d1": "a1"}


def test_the_join_finds_what_comparing_all_pairs_finds(tmp_path: Path) -> None:
    words = [f"word{n}" for n in range(40)]
    made = []
    for shift in range(60):
        changed = list(words)
        changed[(7 * shift) % 40] = f"other{shift % 9}"
        changed[(11 * shift + 3) % 40 if shift % 3 else 0] = f"more{shift % 4}"
        made.append(" ".join(changed))
    texts: Texts = {"a": tuple(made[:20]), "b": tuple(made[20:40]), "c": tuple(made[40:])}
    found = published_after(tmp_path, ("c", "a", "b"), texts, {})
    names = [f"{key}{n}" for key in "abc" for n in range(1, 21)]
    for index, name in enumerate(names):
        expected = next((names[i] for i in range(index) if are_alike(sketch_of(made[i]), sketch_of(made[index]))), None)
        assert found[name] == expected, name
