"""Codes under a new version of the codebook: which stay, which move, which must be coded anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from entente.errors import BadInput
from flows.load import codebook_rows, read_codebook, score_columns
from flows.required import require_warehouse
from flows.settings import Settings
from models.codebook_map import load_map
from models.constraints import violations
from models.types import CodeRow
from warehouse.codebook import has_codebook
from warehouse.codes import read_codes_with_ids, store_codes
from warehouse.database import open_warehouse
from warehouse.lock import refresh_lock
from warehouse.migrations import utc_now
from warehouse.transactions import transaction


@dataclass(frozen=True, slots=True)
class MapOutcome:
    """How many codes stay, move and must be coded anew, by dimension and value; `written` is how many new rows there are."""

    fates: dict[str, Counter[tuple[str, str]]]
    written: int
    contradictions: tuple[str, ...]


def apply_map(settings: Settings, path: Path, *, dry_run: bool = False) -> MapOutcome:
    """Carry the codes of the old version over to the project's codebook; the old codes are kept, and applying twice does nothing.

    A coder's codes of a passage that would contradict each other under the new codebook are not carried over: they must be coded anew.

    Raises:
        BadInput: when the map does not lead to the project's codebook, or no code is of the version it begins with.
        Busy: when another command is writing.
    """
    codebook = read_codebook(settings)
    found = load_map(path, codebook)
    require_warehouse(settings, "So there are no codes to carry over.")
    with (
        refresh_lock(settings.paths.state / "refresh.lock", "entente codebook apply"),
        open_warehouse(settings.paths.warehouse) as connection,
    ):
        if not dry_run and not has_codebook(connection, codebook_rows(codebook), score_columns(codebook)):
            raise BadInput(
                f"The warehouse does not speak codebook {codebook.version} yet. Run `entente refresh` first, then this command."
            )
        major = found.from_version.split(".")[0]
        old = [
            (identifier, row)
            for identifier, row in read_codes_with_ids(connection)
            if row.codebook_version.split(".")[0] == major
        ]
        if not old:
            raise BadInput(f"There are no codes of version {found.from_version} in the warehouse.")
        fates: dict[str, Counter[tuple[str, str]]] = {"stays": Counter(), "moves": Counter(), "redo": Counter()}
        carried: list[tuple[str, CodeRow]] = []
        for identifier, row in old:
            fate, value = found.move(row.dimension, str(row.value), codebook)
            fates[fate][(row.dimension, str(row.value))] += 1
            if value is not None:
                tool = f"codebook map {found.from_version} to {found.to_version}"
                carried.append((identifier, replace(row, value=value, codebook_version=found.to_version, tool=tool)))
        if major == found.to_version.split(".")[0]:
            # Versions of one major version are read together as they are.
            return MapOutcome(fates, 0, ())
        kept, broken = _whole(carried, codebook.constraint_ids)
        if dry_run:
            return MapOutcome(fates, 0, broken)
        with transaction(connection):
            done = store_codes(
                connection, [row for _id, row in kept], utc_now(), path.name, [identifier for identifier, _row in kept]
            )
        return MapOutcome(fates, done.new, broken)


def _whole(carried: list[tuple[str, CodeRow]], constraints: tuple[str, ...]) -> tuple[list[tuple[str, CodeRow]], tuple[str, ...]]:
    groups: dict[tuple[str, str, str, str], list[tuple[str, CodeRow]]] = {}
    for identifier, row in carried:
        groups.setdefault((row.passage_id, row.coder, row.status, str(row.coded_at)), []).append((identifier, row))
    kept, broken = [], []
    for (passage, coder, _status, _at), some in groups.items():
        if violations({row.dimension: row.value for _id, row in some}, constraints):
            broken.append(f"{coder} on {passage}")
        else:
            kept += some
    return kept, tuple(sorted(broken))
