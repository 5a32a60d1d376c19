"""What firsts, orders, durations and uptake are when every passage is coded without a mistake: the macros' rules, written a second time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated_pairs import STAGES, STANCES, STEPS, VOICES, WAYS, Organization

UPTAKE_YEARS = 5
ENOUGH = 2
"""Passages that make a step, a recommendation or its uptake of a document."""


@dataclass(frozen=True)
class Truth:
    """Of one country: the first date of each step that was reached, months to compliance (infinite: not yet), the share of uptake.

    `duration` is None without an initiation, `uptake` without a recommendation whose time is over.
    """

    firsts: dict[str, date]
    duration: float | None
    uptake: float | None

    def order(self, one: str, other: str) -> int:
        """Return -1 where the first step came before the other, 1 after, 0 on the same day; what never came is last."""
        a, b = self.firsts.get(one, date.max), self.firsts.get(other, date.max)
        return (a > b) - (a < b)


def true_steps(organization: Organization) -> dict[int, Truth]:
    """Return the truth of each country."""
    number = len(organization.published)
    codes = organization.codes
    realized = np.zeros((number, len(STEPS)), np.int64)
    counts = (codes["way"] == WAYS.index("realized")) & (
        (codes["stage"] < len(STEPS))
        | ((codes["voice"] == VOICES.index("igo")) & (codes["stance"] == STANCES.index("cooperation")))
    )
    np.add.at(realized, (organization.document[counts], codes["stage"][counts] - 1), 1)
    advice = (codes["stage"] == STAGES.index("policy_influence")) & (codes["way"] == WAYS.index("prospective"))
    asked = np.bincount(organization.document[advice], minlength=number) >= ENOUGH
    return {
        int(country): _truth(organization.published, np.flatnonzero(organization.country == country), realized, asked)
        for country in np.unique(organization.country)
    }


def _truth(published: list[date], own: NDArray[np.int64], realized: NDArray[np.int64], asked: NDArray[np.bool_]) -> Truth:
    def days(step: str) -> list[date]:
        return sorted(published[one] for one in own if realized[one, STEPS.index(step)] >= ENOUGH)

    firsts = {step: found[0] for step in STEPS if (found := days(step))}
    duration = None
    if begun := firsts.get("initiation"):
        ends = [one for one in days("compliance") if one > begun]
        duration = float((ends[0].year - begun.year) * 12 + ends[0].month - begun.month) if ends else np.inf
    last = max(published[one] for one in own)
    done = days("policy_influence")
    followed = [
        any(published[one] < other <= _later(published[one]) for other in done)
        for one in own
        if asked[one] and _later(published[one]) <= last
    ]
    return Truth(firsts, duration, float(np.mean(followed)) if followed else None)


def _later(day: date) -> date:
    # As DuckDB adds months: the 29th of February has no 29th five years later.
    return (
        day.replace(year=day.year + UPTAKE_YEARS, day=28)
        if (day.month, day.day) == (2, 29)
        else day.replace(year=day.year + UPTAKE_YEARS)
    )
