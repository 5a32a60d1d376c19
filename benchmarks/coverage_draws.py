"""Do firsts, orders, durations and uptake hold the truth? Simulated organizations are loaded, published and asked, as an analyst would.

A row of the table is one kind of organization, several of them with a file and a gold sample of their own. Of each country the published
file is asked `stage_onsets`, `stage_order`, `time_to_compliance` and `uptake_of_recommendations`; truth is what the same rules say of perfect
codes. Where the file gives a reason and no interval, nothing is counted. `--write` puts the table into docs/estimates.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.pages import put_table
from benchmarks.simulated_pairs import STAGES, STANCES, STEPS, VOICES, WAYS, Organization, PairScenario, simulate
from benchmarks.true_steps import Truth, true_steps
from tests.warehouse.build import classify_all, extract_all, fetched, start
from warehouse.arrow import insert_columns
from warehouse.database import open_warehouse
from warehouse.publish import publish
from warehouse.transactions import Connection, raise_content_version

PAGE = Path(__file__).parents[1] / "docs" / "estimates.md"
MARKS = ("<!-- draws: begin -->", "<!-- draws: end -->")
SCENARIOS = (
    PairScenario("labels by the probabilities", signal=2.0, by_the_law=True),
    PairScenario("calibrated"),
    PairScenario("calibrated", signal=2.0),
    PairScenario("calibrated", signal=2.0, gold=60),
    PairScenario("calibrated", signal=1.5),
    PairScenario("off alike", signal=2.0, errors=0.8, gold=0),
    PairScenario("off alike", signal=2.0, errors=0.8, gold=60),
    PairScenario("off alike", signal=2.0, errors=0.8, gold=600),
    PairScenario("off by country", signal=2.0, country_errors=0.8, gold=60),
    PairScenario("off by country", signal=2.0, country_errors=0.8, gold=600),
    PairScenario("off both ways", signal=2.0, errors=0.8, country_errors=0.5, gold=300),
)
CATEGORIES = {"stage": STAGES, "realization": (*WAYS, "not_applicable"), "voice": VOICES, "stance": STANCES}
Marks = dict[str, list[float]]


def load(connection: Connection, organization: Organization) -> None:
    """Load the documents, and give them the simulated passages, probabilities and codes."""
    loader = start(connection)
    loader.load_fetched(
        [
            fetched(f"{number:06}", country_iso3=country_code(int(country)), published=published, doc_type="comment")
            for number, (country, published) in enumerate(zip(organization.country, organization.published, strict=True))
        ]
    )
    extract_all(loader, passages=1)
    classify_all(loader, batch=len(organization.published))
    columns: dict[str, object] = {"number": np.arange(len(organization.document)), "place": organization.document}
    for dimension, values in CATEGORIES.items():
        for place, category in enumerate(values):
            columns[f"p_{dimension}__{category}"] = organization.probabilities[dimension][:, place]
    declared = ", ".join(f'"{name}" {"BIGINT" if name in ("number", "place") else "DOUBLE"}' for name in columns)
    connection.execute(f"CREATE TEMP TABLE simulated ({declared})")
    insert_columns(connection, "simulated", columns)
    probabilities = ", ".join(f'n."{name}"::FLOAT AS "{name}"' for name in columns if name.startswith("p_"))
    for table, changed in (("passages", "1 + n.number AS ordinal"), ("scores", probabilities)):
        connection.execute(f"CREATE TEMP TABLE one AS FROM {table}")
        connection.execute(f"DELETE FROM {table}")
        connection.execute(
            f"INSERT INTO {table} BY NAME SELECT o.* REPLACE (o.passage_id || '-' || n.number AS passage_id, {changed}) "
            "FROM one o JOIN simulated n ON o.document_id = printf('UN:%06d:en', n.place) ORDER BY n.number"
        )
        connection.execute("DROP TABLE one")
    connection.execute(
        "UPDATE passages SET ordinal = r.ordinal FROM (SELECT passage_id, row_number() OVER (PARTITION BY document_id ORDER BY ordinal) "
        "AS ordinal FROM passages) r WHERE r.passage_id = passages.passage_id"
    )
    connection.execute(
        "UPDATE extractions SET n_passages = n, n_codable = n FROM (SELECT document_id, count(*) AS n FROM passages GROUP BY ALL) p "
        "WHERE p.document_id = extractions.document_id"
    )
    code(connection, organization)
    raise_content_version(connection)


def country_code(number: int) -> str:
    """Return a code for a made-up country."""
    return f"X{chr(65 + number // 26)}{chr(65 + number % 26)}"


def code(connection: Connection, organization: Organization) -> None:
    """Put the gold sample and its codes in."""
    drawn = np.flatnonzero(organization.is_drawn)
    connection.execute("CREATE TEMP TABLE coded (number BIGINT, probability DOUBLE, dimension VARCHAR, value VARCHAR)")
    for dimension, values in CATEGORIES.items():
        own = organization.codes["way" if dimension == "realization" else dimension][drawn]
        insert_columns(
            connection,
            "coded",
            {
                "number": drawn,
                "probability": organization.inclusion_probability[drawn],
                "dimension": [dimension] * len(drawn),
                "value": [values[one] for one in own],
            },
        )
    connection.execute(
        "CREATE TEMP TABLE named AS SELECT split_part(passage_id, '-', 2)::BIGINT AS number, passage_id FROM passages"
    )
    named = "coded JOIN named USING (number)"
    connection.execute(
        "INSERT INTO samples BY NAME SELECT DISTINCT 'gold' AS sample_id, passage_id, 'poisson' AS design, "
        f"probability AS inclusion_probability, TIMESTAMP '2026-01-01' AS drawn_at, 1 AS seed FROM {named}"
    )
    connection.execute(
        "INSERT INTO annotations BY NAME SELECT concat_ws('|', passage_id, dimension) AS annotation_id, passage_id, 'A' AS coder, dimension, "
        f"value, 'adjudicated' AS status, '1.1.0' AS codebook_version, TIMESTAMP '2026-01-01' AS coded_at FROM {named}"
    )


def ask(database: duckdb.DuckDBPyConnection, country: str, truth: Truth, marks: Marks) -> None:
    """Ask the published file of one country, and note what held the truth."""
    pair = ["UN", country]
    reasons = database.execute("SELECT reason FROM uptake_of_recommendations(?, ?)", pair).fetchall()
    marks["given"].append(float(reasons == [(None,)]))
    if reasons != [(None,)]:
        return
    onsets: dict[str, tuple[float, Any, Any]] = {
        stage: (p, lower, upper)
        for stage, p, lower, upper in database.execute(
            "SELECT stage, p_reached, lower, upper FROM stage_onsets(?, ?)", pair
        ).fetchall()
    }
    for step in STEPS:
        reached, lower, upper = onsets.get(step, (0.0, None, None))
        first = truth.firsts.get(step)
        marks["stated reached"].append(reached)
        marks["reached"].append(float(first is not None))
        if first:
            is_said = lower is not None and upper is not None
            marks["first"].append(float(is_said and lower <= first <= upper))
            if is_said:
                marks["years"].append((upper - lower).days / 365.25)
                marks["first is too early"].append(float(first > upper))
    orders = {
        (one, other): before
        for one, other, before in database.execute("SELECT earlier, later, p_before FROM stage_order(?, ?)", pair).fetchall()
    }
    for a, one in enumerate(STEPS):
        for other in STEPS[a + 1 :]:
            if one in truth.firsts or other in truth.firsts:
                before, after = orders.get((one, other), 0.0) or 0.0, orders.get((other, one), 0.0) or 0.0
                right = truth.order(one, other)
                chances = sorted([(before, -1), (after, 1), (1 - before - after, 0)], reverse=True)
                kept = [which for place, (_chance, which) in enumerate(chances) if sum(c for c, _ in chances[:place]) < 0.95]
                marks["order"].append(float(right in kept))
                marks["orders kept"].append(float(len(kept)))
    drawn = database.execute("SELECT CASE WHEN NOT is_censored THEN months END FROM time_to_compliance(?, ?)", pair).fetchall()
    if drawn and truth.duration is not None:
        months = np.sort([np.inf if one is None else float(one) for (one,) in drawn])
        lower, upper = (months[round((len(months) - 1) * q)] for q in (0.025, 0.975))
        marks["duration"].append(float(lower <= truth.duration <= upper))
    ((lower, upper, estimate),) = database.execute(
        "SELECT lower, upper, estimate FROM uptake_of_recommendations(?, ?)", pair
    ).fetchall()
    if truth.uptake is not None and lower is not None:
        marks["uptake"].append(float(lower - 1e-9 <= truth.uptake <= upper + 1e-9))
        marks["uptake is off by"].append(estimate - truth.uptake)


def measure(scenario: PairScenario, organizations: int, seed: int) -> Marks:
    """Return what is noted of all pairs."""
    rng = np.random.default_rng(seed)
    marks: Marks = defaultdict(list)
    for _ in range(organizations):
        one = simulate(rng, scenario)
        truths = true_steps(one)
        with tempfile.TemporaryDirectory() as folder:
            working, published = Path(folder, "w.duckdb"), Path(folder, "p.duckdb")
            with open_warehouse(working) as connection:
                load(connection, one)
            publish(working, published, built_by="benchmark")
            with duckdb.connect(str(published), read_only=True) as database:
                draw_once(database)
                for country, truth in truths.items():
                    ask(database, country_code(country), truth, marks)
    return marks


def draw_once(database: duckdb.DuckDBPyConnection) -> None:
    """Draw for all countries at once and let the macros read these draws: the same ones, without planning the drawing four times a country."""
    database.execute("SET threads = 1")
    database.execute(
        "CREATE TEMP TABLE drawn AS SELECT s.*, country_iso3 FROM step_draws(200, 'UN', NULL) s JOIN documents USING (document_id) "
        "ORDER BY country_iso3"
    )
    database.execute(
        "CREATE TEMP MACRO step_draws(draws, wanted_igo, wanted_country) AS TABLE "
        "SELECT * EXCLUDE (country_iso3) FROM drawn WHERE country_iso3 = wanted_country"
    )


def line(scenario: PairScenario, marks: Marks) -> str:
    """Return a row of the table."""
    given = f"{np.mean(marks['given']):.2f}"
    if "uptake" not in marks:
        return f"| {scenario.name} | {scenario.signal:g} | {scenario.gold} | {given} |{' – |' * 8}"
    mean = {name: float(np.mean(found)) for name, found in marks.items()}
    covered = " | ".join(f"{mean[name]:.3f}" for name in ("first", "order", "duration", "uptake"))
    return (
        f"| {scenario.name} | {scenario.signal:g} | {scenario.gold} | {given} | {covered} | {mean['first is too early']:.2f} | "
        f"{np.median(marks['years']):.1f} | {mean['stated reached']:.2f}, {mean['reached']:.2f} | {mean['uptake is off by']:+.2f} |"
    )


HEAD = (
    "| classifier | signal | gold | given | first date held | order held | duration held | uptake held | first said too early | years wide | "
    "reached: said, true | uptake is off by |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--organizations", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, nargs="*", default=list(range(len(SCENARIOS))), help="which of the rows, from 0")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    options = parser.parse_args()
    print(HEAD)
    lines = []
    for number in options.rows:
        lines.append(line(SCENARIOS[number], measure(SCENARIOS[number], options.organizations, options.seed)))
        print(lines[-1], flush=True)
    if options.write:
        put_table(PAGE, MARKS, "\n".join([HEAD, *lines]))


if __name__ == "__main__":
    main()
