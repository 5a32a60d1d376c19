"""Readers query the published file while documents are loaded and published again and again: no error, no mixed state.

    python -m benchmarks.readers_during_refresh --readers 10 --seconds 60

Every publication adds a document with a known number of passages, all scored; a reader that sees other numbers than those of one publication
has seen a mixed state. Exit code 1 when a reader met an error or a mixed state.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flows.cli.output import table
from tests.warehouse.build import classify_all, extract_all, fetched, full_job, start
from warehouse.database import open_warehouse
from warehouse.publish import publish

_PASSAGES = 20
READER = """
import sys, time
import duckdb
path, until, each = sys.argv[1], time.monotonic() + float(sys.argv[2]), int(sys.argv[3])
queries = mixed = errors = 0
first = last = None
while time.monotonic() < until:
    try:
        with duckdb.connect(path, read_only=True) as connection:
            for _again in range(5):
                ((documents, passages, scored, said, labelled),) = connection.execute(
                    "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages), (SELECT count(*) FROM scores), "
                    "(SELECT documents FROM release), (SELECT count(*) FROM evidence WHERE stage IS NOT NULL)").fetchall()
                queries += 1
                mixed += not (passages == scored == labelled == documents * each and said == documents)
                first = documents if first is None else first
                last = documents
    except duckdb.Error as error:
        errors += 1
        print(error, file=sys.stderr)
print(queries, mixed, errors, first, last)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--readers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warehouse, target = Path(folder, "w.duckdb"), Path(folder, "p.duckdb")
        full_job(warehouse, ("first",), _PASSAGES)
        publish(warehouse, target, built_by="benchmark")
        command = [sys.executable, "-c", READER, str(target), str(arguments.seconds), str(_PASSAGES)]
        readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _n in range(arguments.readers)]
        published, until = 1, time.monotonic() + arguments.seconds
        while time.monotonic() < until:
            with open_warehouse(warehouse) as connection:
                loader = start(connection)
                loader.load_fetched([fetched(f"more-{published}")])
                extract_all(loader, _PASSAGES)
                classify_all(loader)
            publish(warehouse, target, built_by="benchmark")
            published += 1
        told = [tuple(map(int, reader.communicate()[0].split())) for reader in readers]
    header = ("reader", "queries", "mixed states", "errors", "documents first", "documents last")
    print(table(header, [(number, *row) for number, row in enumerate(told, 1)]))
    queries, mixed, errors = (sum(row[place] for row in told) for place in range(3))
    print(f"\n{published} publications, {queries} queries, {mixed} mixed states, {errors} errors")
    raise SystemExit(1 if mixed or errors or published < 2 or not all(row[0] for row in told) else 0)


if __name__ == "__main__":
    main()
