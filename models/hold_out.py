"""How far labels carry to countries that a model has not seen: training passages, each predicted without its country.

Fine-tuning anew for each group of countries would take hours, so two cheap models stand for it: TF-IDF, and heads on the encodings of the
plain encoder, which has seen no code. Each is trained on whole countries and predicts the others, and again on as many random folds of
documents: the difference is what an unseen country costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from models.annotations import AnnotatedPassage
from models.baselines import encoding_predictions, tfidf_predictions
from models.codebook import Codebook
from models.evaluation import EvaluationReport, compare, from_to
from models.paired import Gain, gains
from models.splits import countries_of, group_folds
from models.types import Prediction

GROUPS = 5
Predict = Callable[[Sequence[AnnotatedPassage], Sequence[AnnotatedPassage]], list[Prediction]]
Encode = Callable[[Sequence[AnnotatedPassage]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Figures of one kind of model: with countries held out, with documents held out, and the difference (countries less documents)."""

    countries: EvaluationReport
    documents: EvaluationReport
    cost: dict[str, Gain]


@dataclass(frozen=True, slots=True)
class CountryReport:
    """What holding out whole countries does; `groups` has the countries of each fold."""

    groups: list[list[str]]
    models: dict[str, HeldOut]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON."""
        return {
            "groups": self.groups,
            "models": {
                name: {
                    dimension: {
                        "countries": round(gain.model, 4),
                        "documents": round(gain.other, 4),
                        "difference": round(gain.difference, 4),
                        "interval": gain.interval and [round(end, 4) for end in gain.interval],
                    }
                    for dimension, gain in one.cost.items()
                }
                for name, one in self.models.items()
            },
        }

    def as_markdown(self) -> str:
        """Return the report as Markdown."""
        passages = next(iter(self.models.values())).countries.passages
        lines = [
            "## Whole countries held out",
            "",
            f"{passages} passages of train.jsonl in {len(self.groups)} groups of {sum(map(len, self.groups))} countries, each predicted by a "
            "model that has seen none of its group; beside it the same with random groups of documents. Macro F1.",
            "",
            "| model | dimension | countries held out | documents held out | difference | interval |",
            "| --- | --- | ---: | ---: | ---: | --- |",
        ]
        for name, one in self.models.items():
            lines += [
                f"| {name} | {dimension} | {gain.model:.3f} | {gain.other:.3f} | {gain.difference:+.3f} | {from_to(gain.interval)} |"
                for dimension, gain in one.cost.items()
            ]
        return "\n".join(lines) + "\n"


def hold_out_countries(
    codebook: Codebook, passages: Sequence[AnnotatedPassage], *, encode: Encode | None = None, seed: int = 0
) -> CountryReport:
    """Predict real training passages without their countries.

    Args:
        codebook: dimensions and constraints.
        passages: training passages; the invented ones and the codebook's are always learned from.
        encode: gives encodings by the plain encoder, shape (passages, width); None to leave heads on encodings out.
        seed: of the groups and the bootstrap.

    Raises:
        BadInput: when fewer than two countries are named among the real passages.
    """
    real = [one for one in passages if one.origin == "real" and one.facets.get("country")]
    other = [one for one in passages if one.origin != "real"]
    countries = countries_of(real)
    if len(set(countries)) < 2:
        raise BadInput(
            f"Holding out countries needs coded passages of two countries or more; found {len(set(countries))}. Name `country` in texts.jsonl."
        )
    count = min(GROUPS, len(set(countries)))
    by_country = group_folds(countries, seed, count)
    by_document = group_folds([one.document for one in real], seed, min(count, len({one.document for one in real})))
    kinds: dict[str, Predict] = {"TF-IDF": lambda train, unseen: tfidf_predictions(codebook, train, unseen)}
    if encode is not None:
        known = {id(one): row for one, row in zip([*real, *other], encode([*real, *other]), strict=True)}
        kinds["heads on the plain encoder"] = lambda train, unseen: encoding_predictions(
            codebook,
            (train, np.stack([known[id(one)] for one in train])),
            (unseen, np.stack([known[id(one)] for one in unseen])),
        )
    models = {}
    for name, predict in kinds.items():
        without_country, without_document = (_predicted(predict, real, other, folds) for folds in (by_country, by_document))
        models[name] = HeldOut(
            compare(without_country, real, codebook, seed=seed),
            compare(without_document, real, codebook, seed=seed),
            gains(without_document, without_country, real, codebook, seed=seed),
        )
    return CountryReport([sorted({countries[i] for i in test}) for _, test in by_country], models)


def _predicted(
    predict: Predict, real: Sequence[AnnotatedPassage], other: Sequence[AnnotatedPassage], folds: Sequence[Any]
) -> list[Prediction]:
    found: dict[int, Prediction] = {}
    for train, test in folds:
        found.update(zip(test.tolist(), predict([*(real[i] for i in train), *other], [real[i] for i in test]), strict=True))
    return [found[i] for i in range(len(real))]
