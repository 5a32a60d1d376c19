"""The DuckDB file of a release written by a process of its own, whose memory is zero: DuckDB before 2.0 leaves bytes in it that it never set.

Found by trial on DuckDB 1.5.6: a block goes to the disk with what the memory held before in the gaps between the segments of columns and
behind long texts. Two builds then differ by chance, and a release without texts could carry scraps of them. The allocator that DuckDB
brings along on Linux (jemalloc) hands out zeros when it is told so before its first use
(https://duckdb.org/docs/stable/internals/jemalloc), hence a process. DuckDB 2.0 needs none: filled with zeros or with a pattern, its memory
gave the same file. On systems without that allocator a file of DuckDB 1.5 keeps its chance bytes; `database.is_repeatable` says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from entente.errors import BadInput, Busy, EntenteError, Unavailable
from warehouse.export.database import published, write_database
from warehouse.export.plan import make_plan
from warehouse.export.readme import released_row
from warehouse.failures import explained

_SAID = (BadInput, Unavailable, Busy)


def write_database_zeroed(source: Path, target: Path, folder: Path, version: str, date: str | None, *, with_text: bool) -> None:
    """Write the DuckDB file of a release as `write_database` does, in a process that gets its memory filled with zeros.

    Args:
        source: the published database.
        target: a path where there is no file.
        folder: the release's folder, for messages.
        version: of the release.
        date: day of release as its makers give it (ISO 8601), or None.
        with_text: whether the words of the documents go along.

    Raises:
        BadInput, Busy: as `published` and `write_database` do.
        Unavailable: when the disk is full, or the process was ended from outside (by the system, for want of memory).
    """
    job = [os.fspath(source), os.fspath(target), os.fspath(folder), version, date, with_text]
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.export.zeroed"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        # Ctrl-C goes to the parent alone, which then ends its child.
        start_new_session=True,
        env={**os.environ, "DUCKDB_JE_MALLOC_CONF": "zero:true"},
    )
    if done.returncode == 0:
        return
    if done.returncode < 0:
        raise Unavailable(
            f"The process that writes the DuckDB file of {folder} was ended by signal {-done.returncode}. Nothing is half written. "
            "Free some memory and run the command again."
        )
    for kind in _SAID:
        if done.returncode == kind.exit_code and done.stdout:
            raise kind(done.stdout)
    raise RuntimeError(f"Writing the DuckDB file of {folder} failed:\n{done.stderr}")


def main() -> int:
    """Do the job that stands on standard input; an error of the project goes to standard output, with its exit code."""
    source, target, folder, version, date, with_text = json.load(sys.stdin)
    try:
        with published(Path(source)) as connection, explained(Path(folder)):
            plan = make_plan(connection, with_text=with_text)
            write_database(connection, Path(target), plan, released_row(connection, version, date))
    except EntenteError as error:
        sys.stdout.write(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
