"""The coding form: one line a passage, one cell a dimension. What a coder fills in, whatever the tool; folded from codes and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from models.codebook import Codebook
from models.coding.checking import REMARKS, allowed_values, remarked
from models.coding.tables import cells
from models.types import CodeRow

NONE = "none_of_these"
"""How a coder says that no category of a multi-label dimension fits; an empty cell means that it was not coded."""

BESIDE = ("coder", "coded_at", "codebook_version", "status", "tool", "note", "flag", "reason", "text_sha256")
"""The columns of a form beside the passage and its codes."""


SHOWN = ("igo", "doc_type", "heading", "previous", "text", "next")
"""What stands in a form for the coder to read; it is not read back."""


def asked(codebook: Codebook) -> tuple[str, ...]:
    """Return the dimensions and extra fields that a coder fills in, in the codebook's coding order; derived ones follow by themselves."""
    known = allowed_values(codebook)
    derived = {one.id for one in codebook.dimensions if one.derived_from}
    first = [name.split(" ", 1)[0] for name in codebook.coding_order]
    names = [name for name in first if name in known and name not in derived]
    places = {"stage_secondary": "stage"}
    for name in known:
        if name not in names and name not in derived:
            names.insert(names.index(places[name]) + 1 if places.get(name) in names else len(names), name)
    return tuple(names)


def choices(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """Return what can be chosen for each field that is asked, with `NONE` where several can be chosen."""
    allowed = allowed_values(codebook)
    sets = sets_of(codebook)
    return {name: (*allowed[name], NONE) if name in sets else allowed[name] for name in asked(codebook)}


def sets_of(codebook: Codebook) -> frozenset[str]:
    """Return the dimensions for which several categories can be chosen."""
    return frozenset(one.id for one in codebook.dimensions if one.kind == "multi")


def fold(rows: Iterable[CodeRow], codebook: Codebook) -> list[dict[str, str]]:
    """Return codes as lines of a form: what one coder said of one passage at one time is one line."""
    sets = sets_of(codebook)
    lines: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        told = cells(row)
        key = (told["passage_id"], *(told[name] for name in BESIDE))
        line = lines.setdefault(key, {"passage_id": told["passage_id"], **{name: told[name] for name in BESIDE}})
        line[row.dimension] = NONE if row.dimension in sets and not row.value else told["value"]
    return list(lines.values())


def unfold(line: Mapping[str, Any], codebook: Codebook) -> Iterator[dict[str, Any]]:
    """Yield the codes of a line of a form; an empty cell was not coded, what is there for reading is left out.

    A column that is neither is handed on, so that it is refused by name; a flag or a note without a code is handed on without one, so
    that it is refused too.
    """
    known = allowed_values(codebook)
    sets = sets_of(codebook)
    beside = {name: one for name, one in line.items() if name not in known and name not in SHOWN}
    coded = False
    for name, one in line.items():
        if name not in known or one is None or (isinstance(one, str) and not one.strip()):
            continue
        coded = True
        yield {**beside, "dimension": name, "value": without_none(one) if name in sets else one}
    if not coded and is_remark(beside):
        yield beside


def is_remark(beside: Mapping[str, Any]) -> bool:
    """Return whether something was said of a passage beside its codes, which would be lost without one."""
    return any(remarked(beside.get(name)) for name in REMARKS)


def without_none(value: Any) -> Any:
    """Return a choice of several without `NONE`, unless something else was chosen too: that is for the coder to mend."""
    chosen = [one.strip() for one in value.split(";")] if isinstance(value, str) else list(value)
    return "" if chosen == [NONE] else value


def columns(codebook: Codebook, *, reading: Sequence[str] = SHOWN) -> tuple[str, ...]:
    """Return the columns of a form in order."""
    derived = tuple(one.id for one in codebook.dimensions if one.derived_from)
    return ("passage_id", *reading, *asked(codebook), *derived, *BESIDE)
