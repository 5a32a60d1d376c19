"""Whatever happens to records in whatever order: the ledger only grows, and the tables agree with one another."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extractors.types import ExtractionFailure
from tests.warehouse.build import COLUMNS, KEY, MODEL, classify_all, extraction, fetched, history, refused, start, states
from warehouse.checks import all_checks, is_warning
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.transactions import Connection

KEYS = ("a", "b", "c")
FETCHES = st.tuples(st.just("fetch"), st.sampled_from(KEYS), st.sampled_from(("one", "two", "three", "broken", "french", "bare")))
REFUSALS = st.tuples(st.just("refuse"), st.sampled_from(KEYS), st.just(""))
STEPS = st.sampled_from((("extract", "", ""), ("classify", "", ""), ("metadata", "", "")))


def take(connection: Connection, loader: Loader, step: tuple[str, str, str]) -> None:
    what, key, content = step
    if what == "fetch":
        loader.load_fetched([fetched(key, content=content if content in ("broken", "one") else f"{content} {key}")])
    elif what == "refuse":
        loader.load_fetched([refused(key)])
    elif what == "metadata":
        known = loader.known_records(["folder"])
        loader.load_fetched(
            [fetched(key, title="New") for key in KEYS if f"folder:{key}" in known and known[f"folder:{key}"].file_sha256]
        )
    elif what == "extract":
        outcomes = []
        for file in loader.pending_extraction(KEY):
            kind = int(file.file_sha256[:4], 16) % 4
            if kind == 0:
                outcomes.append((file, ExtractionFailure(file.file_sha256, "broken_file", "as it is")))
            else:
                outcomes.append((file, extraction(file.file_sha256, 2, "fr" if kind == 1 else "en", codable=kind != 2)))  # type: ignore[arg-type]  # a union
        loader.load_extractions(outcomes, KEY)
    else:
        classify_all(loader)


def unsound(connection: Connection) -> list[str]:
    """The checks that find bad rows, of those that speak of what the working database has."""
    found = []
    known = 0
    for name, query in all_checks(COLUMNS).items():
        if is_warning(query):
            continue
        try:
            rows = connection.execute(query).fetchall()
        except (duckdb.BinderException, duckdb.CatalogException):
            continue
        known += 1
        if rows:
            found.append(f"{name}: {rows[0]}")
    assert known > 60
    return found


@settings(max_examples=12, deadline=None)
@example(steps=[("fetch", "b", "one"), ("fetch", "a", "one")])
@given(steps=st.lists(st.one_of(FETCHES, REFUSALS, STEPS), min_size=1, max_size=10))
def test_any_history_leaves_a_sound_warehouse(steps: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_warehouse(Path(folder, "w.duckdb")) as connection:
        loader = start(connection)
        before: dict[str, list[str]] = {}
        for step in steps:
            take(connection, loader, step)
            for key in KEYS:
                now = history(connection, key)
                assert now[: len(before.get(key, []))] == before.get(key, [])
                before[key] = now
        assert unsound(connection) == []
        for what in ("extract", "classify"):
            take(connection, loader, (what, "", ""))
        assert unsound(connection) == []
        assert loader.pending_extraction(KEY) == []
        assert loader.unscored(MODEL, ["en"]) == 0
        assert loader.settlement_pending(MODEL, ["en"]) == 0
        known = loader.known_records(["folder"])
        for key, (state, reason) in states(connection).items():
            if known[f"folder:{key}"].file_sha256 and state == "fetched":
                assert reason == "same_bytes"
            assert before[key][0] == "discovered"
