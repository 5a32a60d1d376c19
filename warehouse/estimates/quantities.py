"""The quantities of the codebook's section 9 that are shares, means and ratios: what of a passage is counted, by the model and by the codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warehouse.types import ScoreColumns, ScoreDimension

NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity; every text is an SQL expression over a passage.

    Attributes:
        name, category: how analysts ask for it.
        model_y, model_z: the model's numerator and denominator, over the probability columns of `s`; `model_z` is empty for all passages.
        holds_y, holds_z: the same for labels or codes, over the columns of `{x}`.
        is_share: whether the numerator is a part of the denominator.
        bounds: the least and the greatest value that a passage can have.
    """

    name: str
    category: str
    model_y: str
    holds_y: str
    model_z: str = ""
    holds_z: str = ""
    is_share: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)


def quantities_of(columns: ScoreColumns) -> list[Quantity]:
    """Return the quantities that the scored dimensions allow; for a codebook that lacks a dimension, those without it."""
    by_name = {dimension.name: dimension for dimension in columns.dimensions if dimension.categories}
    found = [one for dimension in by_name.values() for one in _categories(dimension)]
    if {"stage", "realization"} <= by_name.keys():
        found += _steps(by_name["stage"], by_name["realization"])
    if "stance" in by_name:
        found += _stances(by_name)
    if {"stage", "realization", "voice"} <= by_name.keys():
        found += _claims(by_name)
    if {"cooperation_intensity", "contestation_intensity"} <= by_name.keys():
        found += _tone(by_name)
    return found


def _probability(dimension: ScoreDimension, category: str) -> str:
    return f's."p_{dimension.name}__{category}"::DOUBLE' if category in dimension.categories else "0.0::DOUBLE"


def _given_it_applies(dimension: ScoreDimension, category: str) -> str:
    """The probability of a category where the dimension applies; a model may or may not count not_applicable among the categories."""
    if NOT_APPLICABLE not in dimension.categories:
        return _probability(dimension, category)
    rest = " + ".join(_probability(dimension, one) for one in dimension.categories if one != NOT_APPLICABLE)
    return f"(({_probability(dimension, category)}) / greatest({rest}, 1e-9))"


def _categories(dimension: ScoreDimension) -> Iterator[Quantity]:
    for category in dimension.categories:
        column = f'{{x}}."{dimension.name}"'
        holds = f"list_contains(string_split({column}, ';'), '{category}')" if dimension.multi else f"{column} = '{category}'"
        yield Quantity(dimension.name, category, _probability(dimension, category), holds)


def _steps(stage: ScoreDimension, realization: ScoreDimension) -> Iterator[Quantity]:
    for step in stage.categories:
        if step == "none":
            continue
        for how in realization.categories:
            if how == NOT_APPLICABLE:
                continue
            model = f"{_probability(stage, step)} * {_given_it_applies(realization, how)}"
            holds = f"{{x}}.stage = '{step}' AND {{x}}.realization = '{how}'"
            yield Quantity("stage_realization", f"{step}:{how}", model, holds)
            if how == "negated":
                yield Quantity("setback", step, model, holds, _probability(stage, step), f"{{x}}.stage = '{step}'")
                # The names analysts know these by.
                named = {"information_exchange": "denied_access", "initiation": "refused_entry"}.get(step)
                if named:
                    yield Quantity("access", named, model, holds)


def _stances(by_name: dict[str, ScoreDimension]) -> Iterator[Quantity]:
    stance = by_name["stance"]
    contested = f"({_probability(stance, 'contestation')} + {_probability(stance, 'mixed')})"
    cooperative = f"({_probability(stance, 'cooperation')} + {_probability(stance, 'mixed')})"
    is_contested = "{x}.stance IN ('contestation', 'mixed')"
    yield Quantity("contested", "any", contested, is_contested)
    yield Quantity("cooperative", "any", cooperative, "{x}.stance IN ('cooperation', 'mixed')")
    if locus := by_name.get("contestation_locus"):
        for side in ("internal", "external"):
            inside = f"({_given_it_applies(locus, side)} + {_given_it_applies(locus, 'both')})"
            holds = f"{is_contested} AND {{x}}.contestation_locus IN ('{side}', 'both')"
            yield Quantity("contested_from", side, f"{contested} * {inside}", holds)
            yield Quantity("contested_share_from", side, f"{contested} * {inside}", holds, contested, is_contested)
    if mode := by_name.get("mode"):
        for kind in ("cooperation", "contestation", "mixed"):
            for how in ("verbal", "material"):
                model = f"{_probability(stance, kind)} * {_given_it_applies(mode, how)}"
                yield Quantity("quad", f"{how}_{kind}", model, f"{{x}}.stance = '{kind}' AND {{x}}.mode = '{how}'")


def _claims(by_name: dict[str, ScoreDimension]) -> Iterator[Quantity]:
    stage, realization, voice = by_name["stage"], by_name["realization"], by_name["voice"]
    said = (
        ("claimed_by_government", "host_government", "realized"),
        ("found_by_organization", "igo", "realized"),
        ("contradicted_by_others", "third_party", "negated"),
    )
    for category, who, how in said:
        spoken = f"{_probability(stage, 'compliance')} * {_probability(voice, who)}"
        judged = f"{spoken} * ({_given_it_applies(realization, 'realized')} + {_given_it_applies(realization, 'negated')})"
        holds_z = f"{{x}}.stage = 'compliance' AND {{x}}.realization IN ('realized', 'negated') AND {{x}}.voice = '{who}'"
        holds_y = f"{holds_z} AND {{x}}.realization = '{how}'"
        yield Quantity("claims", category, f"{spoken} * {_given_it_applies(realization, how)}", holds_y, judged, holds_z)


def _tone(by_name: dict[str, ScoreDimension]) -> Iterator[Quantity]:
    warm, cold = by_name["cooperation_intensity"], by_name["contestation_intensity"]
    levels = [level for level in warm.categories if level.isdigit() and level != "0"]
    top = float(max((int(level) for level in levels), default=1))

    def at_least(dimension: ScoreDimension, level: str) -> str:
        return "(" + " + ".join(_probability(dimension, one) for one in levels if int(one) >= int(level)) + ")"

    def mean(dimension: ScoreDimension) -> str:
        return "(" + " + ".join(f"{level} * {_probability(dimension, level)}" for level in levels) + ")"

    def level(dimension: ScoreDimension) -> str:
        return f'try_cast({{x}}."{dimension.name}" AS DOUBLE)'

    both = " + ".join(f"{at_least(warm, one)} * {at_least(cold, one)}" for one in levels)
    # least() passes over a null; arithmetic does not.
    ambivalence = (
        f"CASE WHEN {level(warm)} < {level(cold)} THEN {level(warm)} WHEN {level(cold)} <= {level(warm)} THEN {level(cold)} END"
    )
    yield Quantity("tone", "cooperation", mean(warm), level(warm), is_share=False, bounds=(0.0, top))
    yield Quantity("tone", "contestation", mean(cold), level(cold), is_share=False, bounds=(0.0, top))
    yield Quantity(
        "tone", "net", f"{mean(warm)} - {mean(cold)}", f"{level(warm)} - {level(cold)}", is_share=False, bounds=(-top, top)
    )
    yield Quantity("tone", "ambivalence", both, ambivalence, is_share=False, bounds=(0.0, top))
