"""Search in plain SQL on the published file: by words in any script, by meaning, the same index for the same passages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.types import Extraction, PageInfo
from tests.warehouse.build import KEY, fetched, passage, start
from warehouse.database import open_warehouse
from warehouse.migrations import read_sql
from warehouse.publish import publish
from warehouse.search import TABLES
from warehouse.types import SearchOptions

TEXTS = (
    "The delegation was refused access to the central prison on three occasions.",
    "Prisons and other places of detention were visited; access was granted everywhere, and prison staff answered all questions.",
    "The Minister of Finance presented the budget to the assembly in the spring session of the year.",
    "Делегация посетила тюрьмы и встретилась с министром юстиции в столице страны.",
    "زار الوفد السجون والتقى وزير العدل في العاصمة",
    "代表团访问了监狱并会见了司法部长。",
    "La délégation a visité les établissements pénitentiaires de la région où se trouvaient des détenus.",
)
# Two directions of meaning are enough to see whether vectors decide: places of detention and money.
MEANINGS = {"prison": 0, "detention": 0, "jail": 0, "budget": 1, "finance": 1, "money": 1}


TOKENS = duckdb.connect()
TOKENS.execute(next(iter(read_sql("schema/search").values())))


class Words:
    """Vectors of words as a test wants them."""

    version = "test-1"
    vocabulary = ("jail", "money")

    def of(self, terms: Sequence[str]) -> Any:
        vectors = np.zeros((len(terms), 64))
        for row, term in enumerate(terms):
            if term in MEANINGS:
                vectors[row, MEANINGS[term]] = 1
        return vectors


def make(folder: Path, search: SearchOptions, texts: Sequence[str] = TEXTS) -> Path:
    with open_warehouse(folder / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a")])
        (file,) = loader.pending_extraction(KEY)
        passages = tuple(passage(file.file_sha256, n, text, is_codable=False) for n, text in enumerate(texts, 1))
        page = PageInfo(1, 595.0, 842.0, "text_layer", 2000, 300, "en", 0.9)
        loader.load_extractions([(file, Extraction(file.file_sha256, "pdf", "extractor-1", "en", (page,), passages, {}))], KEY)
    return publish(folder / "w.duckdb", folder / "p.duckdb", built_by="test", search=search).path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("search"), SearchOptions("meaning", Words()))


def found(path: Path, query: str, macro: str = "search") -> list[int]:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(f"SELECT text FROM {macro}(?) ORDER BY rank", [query]).fetchall()
    return [TEXTS.index(text) for (text,) in rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("access refused", [0, 1]),
        ("PRISON", [1, 0]),
        ("prisons", [1, 0]),
        ("budgets", [2]),
        ("тюрьмы", [3]),
        ("السجون", [4]),
        ("监狱", [5]),
        ("司法", [5]),
        ("delegation regions ou etablissement", [6, 0]),
        ("xylophone", []),
        ("", []),
        ("'; DROP TABLE passages --", []),
    ],
)
def test_words_are_found_in_any_script_the_best_first(published: Path, query: str, expected: list[int]) -> None:
    assert found(published, query) == expected


def test_meaning_finds_what_other_words_say(published: Path) -> None:
    assert found(published, "jail") == []
    assert found(published, "jails", "search_meaning")[:2] in ([0, 1], [1, 0])
    assert found(published, "money", "search_meaning")[0] == 2
    assert found(published, "unheard", "search_meaning") == []


def test_as_many_as_are_asked_for_come_with_place_and_document(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        query = "SELECT rank, document_id, page_first, heading FROM search('prison', most := 1)"
        assert connection.execute(query).fetchall() == [(1, "UN:a:en", 1, "Report > II. Findings > 2. Access")]


def test_scores_are_bm25(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        ((score,),) = connection.execute("SELECT score FROM search('budget')").fetchall()
        tokens = [
            len(row) for (row,) in connection.execute("SELECT search_tokens(text) FROM passages ORDER BY ordinal").fetchall()
        ]
    n, mean = len(TEXTS), sum(tokens) / len(TEXTS)
    idf = np.log(1 + (n - 1 + 0.5) / 1.5)
    assert score == pytest.approx(idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * tokens[2] / mean)), abs=0.002)


def test_the_same_passages_give_the_same_index_and_another_kind_another_file(tmp_path: Path) -> None:
    options = SearchOptions("meaning", Words())
    (tmp_path / "b").mkdir()
    contents = []
    for folder in (tmp_path, tmp_path / "b"):
        with duckdb.connect(str(make(folder, options)), read_only=True) as connection:
            contents.append([connection.execute(f"FROM {table}").fetchall() for table in TABLES])
    assert contents[0] == contents[1]
    with open_warehouse(tmp_path / "w.duckdb"):
        pass
    assert not publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test", search=options).changed
    report = publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test", search=SearchOptions("text"))
    assert report.changed
    assert report.search_bytes > 0
    with duckdb.connect(str(report.path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM search('prison')").fetchall() == [(2,)]
        with pytest.raises(duckdb.CatalogException):
            connection.execute("FROM search_meaning('prison')")
    assert publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test").search_bytes == 0


def test_an_empty_warehouse_has_an_index_that_finds_nothing(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb"):
        pass
    path = publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test", search=SearchOptions("meaning", Words())).path
    assert found(path, "prison") == []
    assert found(path, "prison", "search_meaning") == []


@given(st.text())
@settings(deadline=None, max_examples=50)
def test_any_text_has_tokens_and_what_stands_around_it_changes_none(text: str) -> None:
    # DuckDB's texts hold no zero character and no half of a pair.
    plain = text.replace("\0", " ").encode("utf-8", "ignore").decode()
    rows = TOKENS.execute("SELECT search_tokens(?), search_tokens(?)", [plain, f"  {plain} !  "]).fetchall()
    ((tokens, framed),) = rows
    assert all(token and not token.isspace() for token in tokens)
    assert framed == tokens
