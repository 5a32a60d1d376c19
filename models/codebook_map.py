"""From one version of the codebook to another: a map says for every category what has become of it, and so which codes stay or move.

A map is a YAML file:

    from: 1.1.0
    to: 2.0.0
    dimensions:
      stage:
        unchanged: [none, initiation]
        renamed: {compliance: adherence}
        merged: {opening: [information_exchange, policy_influence]}
        split: {trust_building: [dialogue, gesture]}
        recode: []

Codes of unchanged categories stay, those of renamed and merged ones move; those of split ones and of `recode` must be coded anew. A dimension
that is not named is unchanged in all its categories.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from entente.errors import BadInput
from entente.yaml_files import read_yaml_mapping
from models.codebook import NOT_APPLICABLE, Codebook
from models.codebook_records import Record, Text
from models.coding.checking import allowed_values

Fate = Literal["stays", "moves", "redo"]


class DimensionMap(Record):
    """What has become of the categories of one dimension."""

    unchanged: list[str] = Field(default_factory=list)
    renamed: dict[str, str] = Field(default_factory=dict)
    merged: dict[str, list[str]] = Field(default_factory=dict)
    split: dict[str, list[str]] = Field(default_factory=dict)
    recode: list[str] = Field(default_factory=list)

    def targets(self) -> dict[str, str | None]:
        """Return the new category of each old one; None where it must be coded anew. Raises `ValueError` when one is named twice."""
        pairs: list[tuple[str, str | None]] = [(one, one) for one in self.unchanged]
        pairs += list(self.renamed.items())
        pairs += [(old, new) for new, olds in self.merged.items() for old in olds]
        pairs += [(old, None) for old in [*self.split, *self.recode]]
        names = [old for old, _new in pairs]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]!r} is named twice")
        return dict(pairs)


class CodebookMap(Record):
    """A whole map; made by `load_map`."""

    from_version: Text = Field(alias="from")
    to_version: Text = Field(alias="to")
    dimensions: dict[str, DimensionMap] = Field(default_factory=dict)

    def move(self, dimension: str, value: str, new: Codebook) -> tuple[Fate, str | None]:
        """Return what becomes of a code, and its new value unless it must be coded anew.

        A set of categories moves as a whole: when one of them must be coded anew, the set must. A value that the map does not name, in a
        dimension that it names, must be coded anew too.
        """
        allowed = allowed_values(new).get(dimension)
        if allowed is None:
            return "redo", None
        is_set = dimension in new.by_id and new.by_id[dimension].kind == "multi"
        parts = [one for one in value.split(";") if one] if is_set else [value]
        mapped = self.dimensions.get(dimension)
        targets: dict[str, str | None] = {one: one for one in parts} if mapped is None else mapped.targets()
        if NOT_APPLICABLE in allowed:
            targets.setdefault(NOT_APPLICABLE, NOT_APPLICABLE)
        moved = [targets.get(one) for one in parts]
        if any(one is None or one not in allowed for one in moved):
            return "redo", None
        told = ";".join(sorted({str(one) for one in moved})) if is_set else str(moved[0])
        return ("stays" if told == value else "moves"), told


def load_map(path: Path, new: Codebook) -> CodebookMap:
    """Read a map and hold it against the new codebook.

    Raises:
        BadInput: when it cannot be read, is not for this codebook, or names a dimension or category that the new codebook does not have.
    """
    try:
        found = CodebookMap.model_validate(read_yaml_mapping(path))
        for name, mapped in found.dimensions.items():
            allowed = allowed_values(new).get(name)
            told = mapped.targets()
            wanted = {one for one in told.values() if one is not None} | {one for some in mapped.split.values() for one in some}
            if allowed is None and wanted:
                raise ValueError(f"{name!r} is no dimension of {new.version}: put its categories under recode, or leave it out")
            if strange := sorted(wanted - set(allowed or ())):
                raise ValueError(f"{name}: {strange[0]!r} is no category of {new.version}; allowed: {', '.join(allowed or ())}")
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:10]]
        raise BadInput(f"The map {path} is not usable: " + "; ".join(lines)) from None
    except ValueError as error:
        raise BadInput(f"The map {path} is not usable: {error}.") from None
    if found.to_version != new.version:
        raise BadInput(f"The map {path} leads to {found.to_version}; the project's codebook is {new.version}.")
    return found


def compare(old: Codebook, new: Codebook) -> dict[str, dict[str, list[str]]]:
    """Return for each dimension which categories are the same, gone, new or defined in other words (name, definition or rules)."""
    found = {}
    for name in [*old.by_id, *(one for one in new.by_id if one not in old.by_id)]:
        before = {one.id: one for one in old.by_id[name].categories} if name in old.by_id else {}
        after = {one.id: one for one in new.by_id[name].categories} if name in new.by_id else {}
        both = [one for one in before if one in after]
        plain = {one: [_rules(before[one]), _rules(after[one])] for one in both}
        found[name] = {
            "same": [one for one in both if plain[one][0] == plain[one][1]],
            "reworded": [one for one in both if plain[one][0] != plain[one][1]],
            "gone": [one for one in before if one not in after],
            "new": [one for one in after if one not in before],
        }
    return found


def draft(old: Codebook, new: Codebook) -> str:
    """Return a map to begin with, as YAML: what is the same is unchanged, the rest is to be coded anew until a person says else."""
    dimensions: dict[str, Any] = {}
    for name, change in compare(old, new).items():
        if name in old.by_id and (change["gone"] or change["reworded"] or change["new"]):
            dimensions[name] = {
                "unchanged": change["same"], "renamed": {}, "merged": {}, "split": {}, "recode": [*change["reworded"], *change["gone"]],
            }  # fmt: skip
    plain = {"from": old.version, "to": new.version, "dimensions": dimensions}
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def _rules(category: Any) -> Any:
    return category.model_dump(exclude={"examples"})
