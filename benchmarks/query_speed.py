"""How long the published estimates take to answer on a million passages: `python -m benchmarks.query_speed [--passages 1000000]`.

Documents are loaded by the real loader, their passages multiplied in SQL, given probabilities of their own and a gold sample, and published
by the real publish, with the index of words and of meaning; then each question is asked of the published file, and the best of three answers is
shown, with the processor time that it took (on a machine with other work the honest figure). Exit code 0 only when every question is answered
within the limit, two seconds unless `--limit` names another.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from flows.cli.output import table
from models.term_vectors import load_term_vectors
from tests.warehouse.build import classify_all, extract_all, fetched, start
from tests.warehouse.chance import code_at_random, spread_probabilities
from warehouse.database import open_warehouse
from warehouse.publish import publish
from warehouse.transactions import Connection, raise_content_version
from warehouse.types import SearchOptions

LIMIT = 2.0
"""Seconds."""

COUNTRIES = tuple(f"X{first}{second}" for first in "ABCDE" for second in "ABCDEFGHIJ")
WORDS = 5_000
"""Different words in the passages, beside those that all have."""

YEARS = range(2010, 2020)
QUESTIONS = (
    "FROM contestation_by_country_year",
    "FROM contestation_sides_by_country_year",
    "FROM stage_by_country_year",
    "FROM stage_onsets('UN', 'XAA')",
    "FROM stage_order('UN', 'XAA')",
    "FROM time_to_compliance('UN', 'XAA')",
    "FROM naive_lead_and_lag",
    "FROM before_after_missions('contested', 'comment')",
    "FROM before_after_each_mission('contested', 'comment')",
    "FROM change_after_missions('contested', 'comment')",
    "FROM claims_and_findings_by_country_year",
    "FROM setbacks_by_country_year",
    "FROM access_by_country_year",
    "FROM uptake_of_recommendations('UN', 'XAA')",
    "FROM naive_mechanism_before_access",
    "FROM quad_classes_by_country_year",
    "FROM tone_by_country_year",
    "FROM difference_between_countries('contested', 'XAA', 'XAB')",
    "FROM estimates_by_country('stage')",
    "FROM naive_stage_by_country_year",
    "FROM naive_stance_by_country_year",
    "FROM search('mission minister courtesy')",
    "FROM search_meaning('a visit of the government')",
)


def fill(connection: Connection, passages: int, documents: int) -> None:
    """Load `documents` documents with `passages` passages in all, scored, every two hundredth of them coded."""
    loader = start(connection)
    loader.load_fetched(
        [
            fetched(
                f"{number:06}",
                country_iso3=COUNTRIES[number % len(COUNTRIES)],
                published=date(YEARS[number // len(COUNTRIES) % len(YEARS)], 1 + number % 12, 1 + number % 28),
                doc_type="comment",
            )
            for number in range(documents)
        ]
    )
    extract_all(loader, passages=1)
    classify_all(loader)
    copies = passages // documents
    connection.execute("SET threads = 1")  # rows in the order of documents, as a refresh loads them
    # Every passage gets words of its own, so that index and vectors are as large as those of real text.
    words = [word for word in load_term_vectors().vocabulary if word.isalpha() and len(word) > 3][:WORDS]
    connection.execute("CREATE TEMP TABLE words AS SELECT ?::VARCHAR[] AS words", [words])
    drawn = "[words[(1 + md5_number_lower(concat_ws('|', passage_id, k, i)) % len(words))::BIGINT] FOR i IN range(20)]"
    text = f"text || ' ' || array_to_string({drawn}, ' ')"
    for name, changed in (
        ("passages", f", ordinal + k AS ordinal, {text} AS text, sha256({text}) AS text_sha256, n_words + 20 AS n_words"),
        ("scores", ""),
    ):
        connection.execute(f"CREATE TEMP TABLE one AS FROM {name}")
        connection.execute(f"DELETE FROM {name}")
        connection.execute(
            f"INSERT INTO {name} BY NAME SELECT o.* REPLACE (passage_id || '-' || k AS passage_id{changed}) "
            f"FROM one o CROSS JOIN range({copies}) copies(k) CROSS JOIN words ORDER BY document_id, k"
        )
        connection.execute("DROP TABLE one")
    connection.execute(f"UPDATE extractions SET n_passages = {copies}, n_codable = {copies}")
    spread_probabilities(connection)
    code_at_random(connection, "0.005")
    connection.execute(
        "INSERT INTO missions (mission_id, igo, country_iso3, kind, start_date, end_date) SELECT 'm-' || code, 'UN', code, 'visit', "
        "DATE '2014-02-01', DATE '2014-02-20' FROM (SELECT unnest(?::VARCHAR[]) AS code)",
        [list(COUNTRIES)],
    )
    raise_content_version(connection)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds that no question may reach")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        working, published = Path(folder, "w.duckdb"), Path(folder, "p.duckdb")
        with open_warehouse(working) as connection:
            fill(connection, arguments.passages, arguments.documents)
        began = time.monotonic()
        publish(working, published, built_by="benchmark", search=SearchOptions("meaning", load_term_vectors()))
        took, size = time.monotonic() - began, published.stat().st_size / 2**20
        print(f"publishing {arguments.passages} passages took {took:.0f} s; the file has {size:.0f} MiB\n")
        rows: list[tuple[str, int, float, float]] = []
        with duckdb.connect(str(published), read_only=True) as database:
            for question in QUESTIONS:
                answers = []
                for _ in range(3):
                    began, worked = time.monotonic(), time.process_time()
                    found = len(database.execute(question).fetchall())
                    answers.append((time.monotonic() - began, time.process_time() - worked))
                seconds, worked = min(answers)
                rows.append((question, found, round(seconds, 2), round(worked, 2)))
        print(table(("question", "rows", "seconds", "processor seconds"), rows))
        slow = [question for question, _found, seconds, _worked in rows if seconds >= arguments.limit]
        if slow:
            print(f"\nnot within {arguments.limit} s: {'; '.join(slow)}")
        raise SystemExit(1 if slow else 0)


if __name__ == "__main__":
    main()
