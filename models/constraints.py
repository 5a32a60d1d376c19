"""The codebook's logical rules between dimensions, as code.

The YAML states each rule in words under an id; the id finds the check here. An id without a check is an error when the codebook is
loaded, so that the data cannot outrun the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Labels = Mapping[str, str | tuple[str, ...] | None]
"""Labels of one passage by dimension id; ordinal levels as text; a dimension that was not coded is absent."""

_NA = "not_applicable"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule: the dimensions it needs (it is not checked while one is absent), those it looks at when they are there, and the test."""

    needs: tuple[str, ...]
    holds: Callable[[Labels], bool]
    may_use: tuple[str, ...] = ()


def _stance_matches(stance: str, cooperation: bool, contestation: bool) -> Callable[[Labels], bool]:
    def holds(labels: Labels) -> bool:
        seen = (labels["cooperation_intensity"] != "0", labels["contestation_intensity"] != "0")
        return (labels["stance"] == stance) == (seen == (cooperation, contestation))

    return holds


def _secondary(labels: Labels) -> bool:
    secondary = labels["stage_secondary"]
    return secondary is None or (labels["stage"] != "none" and secondary not in ("none", labels["stage"]))


def _mixed_and_neutral(labels: Labels) -> bool:
    return _stance_matches("mixed", True, True)(labels) and _stance_matches("neutral", False, False)(labels)


def _contestation_details(labels: Labels) -> bool:
    contested = labels["contestation_intensity"] != "0"
    return all((labels[d] != _NA) == contested for d in ("contestation_locus", "contestation_object") if d in labels)


CONSTRAINTS: dict[str, Constraint] = {
    "c1": Constraint(("stage", "realization"), lambda x: (x["stage"] == "none") == (x["realization"] == _NA)),
    "c2": Constraint(("stage", "stage_secondary"), _secondary),
    "c3": Constraint(
        ("stance", "cooperation_intensity", "contestation_intensity"),
        _stance_matches("cooperation", cooperation=True, contestation=False),
    ),
    "c4": Constraint(
        ("stance", "cooperation_intensity", "contestation_intensity"),
        _stance_matches("contestation", cooperation=False, contestation=True),
    ),
    "c5": Constraint(("stance", "cooperation_intensity", "contestation_intensity"), _mixed_and_neutral),
    "c6": Constraint(("contestation_intensity",), _contestation_details, ("contestation_locus", "contestation_object")),
    "c7": Constraint(("mode", "stance"), lambda x: (x["mode"] == _NA) == (x["stance"] == "neutral")),
    "c8": Constraint(
        ("voice", "cooperation_intensity"), lambda x: x["voice"] != "host_government" or x["cooperation_intensity"] in ("0", "1")
    ),
}
"""The check behind each constraint id of the codebook."""


def violations(labels: Labels, constraint_ids: Iterable[str] = tuple(CONSTRAINTS)) -> list[str]:
    """Return the ids of the constraints that `labels` break, in the order given.

    Args:
        labels: one value per dimension id (and `stage_secondary`, which may be None); ordinal levels as "0" to "3". A constraint is
            skipped while a dimension it needs is absent, so that partly coded passages and predictions can be checked too.
        constraint_ids: which constraints to check; all by default. `KeyError` for an id that `CONSTRAINTS` does not have.
    """
    broken = []
    for name in constraint_ids:
        constraint = CONSTRAINTS[name]
        if all(dimension in labels for dimension in constraint.needs) and not constraint.holds(labels):
            broken.append(name)
    return broken
