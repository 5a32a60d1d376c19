"""Intervals, gains over other models, countries held out and plots, on predictions whose figures are known."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from entente.errors import BadInput
from models.agreement import krippendorff_alpha
from models.annotations import INVENTED_FILES, AnnotatedPassage, read_annotations, read_invented
from models.codebook import load_codebook
from models.evaluation import EvaluationReport, compare
from models.hold_out import hold_out_countries
from models.paired import gains
from models.plots import confusion_svg, reliability_svg
from models.resampling import calibration_errors, document_weights, interval, shares
from models.types import DimensionScore, Prediction

CODEBOOK = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")


@pytest.fixture(scope="module")
def annotated() -> list[AnnotatedPassage]:
    return sorted(read_invented(CODEBOOK, INVENTED_FILES[:1]), key=lambda one: one.document)


def _told(annotated: list[AnnotatedPassage], wrong: set[int], probability: float = 1.0) -> list[Prediction]:
    """Predictions that give the codes, but another stage for some rows; `probability` is that of each label."""
    found = []
    for row, one in enumerate(annotated):
        scores = {}
        for dimension in CODEBOOK.trained_dimensions:
            label = one.labels[dimension.id]
            if row in wrong and dimension.id == "stage":
                label = "compliance" if label != "compliance" else "none"
            chosen = label if isinstance(label, tuple) else (label,)
            rest = (1 - probability) / max(1, len(dimension.category_ids) - len(chosen))
            named = {name: probability if name in chosen else rest for name in dimension.category_ids}
            scores[dimension.id] = DimensionScore(label, named)
        found.append(Prediction(one.passage.passage_id, "m", scores))
    return found


@pytest.fixture(scope="module")
def report(annotated: list[AnnotatedPassage]) -> EvaluationReport:
    return compare(_told(annotated, set(range(0, len(annotated), 4)), 0.9), annotated, CODEBOOK)


def test_every_figure_lies_in_its_interval_and_is_told_with_it(report: EvaluationReport) -> None:
    stage = report.dimensions["stage"]
    assert stage.alpha is not None
    for value, ends in (
        (stage.accuracy, stage.accuracy_interval),
        (stage.alpha, stage.alpha_interval),
        (stage.calibration_error, stage.calibration_interval),
    ):
        assert ends is not None
        assert ends[0] < value < ends[1]
    for score in stage.categories.values():
        for figure in ("precision", "recall", "f1"):
            ends = score.intervals[figure]
            assert ends is not None
            assert ends[0] <= getattr(score, figure) <= ends[1]
    assert sum(one.n for one in stage.reliability) == stage.n
    assert json.loads(json.dumps(report.as_dict()))["dimensions"]["stage"]["alpha_interval"] == [
        round(end, 4) for end in stage.alpha_interval or ()
    ]


def test_intervals_hold_the_true_share_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for seed in range(200):
        documents = np.repeat(np.arange(60), 5)
        right = rng.random(60)[documents] + rng.normal(0, 0.1, 300) > 0.3
        ends = interval(shares(right, *document_weights([str(one) for one in documents], seed, 300)))
        assert ends is not None
        held += ends[0] <= 0.7 <= ends[1]
    assert 0.9 <= held / 200 <= 0.99


def test_resampled_figures_are_those_of_the_resampled_passages() -> None:
    rng = np.random.default_rng(0)
    confusions = rng.integers(0, 9, size=(5, 4, 4)).astype(float)
    for ordinal in (False, True):
        each = [float(krippendorff_alpha(one, is_ordinal=ordinal)) for one in confusions]
        assert krippendorff_alpha(confusions, is_ordinal=ordinal) == pytest.approx(each)
    confidence, correct = rng.random(40), rng.random(40) > 0.5
    documents, weights = document_weights([str(i % 8) for i in range(40)], 0, 3)
    repeated = [np.concatenate([np.flatnonzero(documents == k).repeat(int(n)) for k, n in enumerate(row)]) for row in weights]
    from models.agreement import calibration_error

    assert calibration_errors(confidence, correct, documents, weights) == pytest.approx(
        [calibration_error(confidence[rows], correct[rows]) for rows in repeated]
    )


def test_the_gain_over_another_model_has_the_interval_of_the_difference(annotated: list[AnnotatedPassage]) -> None:
    better, worse = _told(annotated, set(range(0, len(annotated), 8))), _told(annotated, set(range(0, len(annotated), 3)))
    found = gains(worse, better, annotated, CODEBOOK)
    assert found["stage"].interval is not None
    assert 0 < found["stage"].interval[0] < found["stage"].difference < found["stage"].interval[1]
    assert (found["voice"].difference, found["voice"].interval) == (0.0, (0.0, 0.0))
    same = gains(better, better, annotated, CODEBOOK)
    assert all(one.interval == (0.0, 0.0) for one in same.values())


def test_no_passage_is_predicted_by_a_model_that_has_seen_its_country(annotated: list[AnnotatedPassage]) -> None:
    real = [replace(one, origin="real", facets={"country": f"country {i % 4}"}) for i, one in enumerate(annotated)]
    width, seen = 4, []

    def encode(some: object) -> np.ndarray:
        seen.append(some)
        return np.random.default_rng(0).normal(size=(len(real), width)).astype(np.float32)

    found = hold_out_countries(CODEBOOK, real, encode=encode)
    assert sorted(country for group in found.groups for country in group) == [f"country {i}" for i in range(4)]
    assert set(found.models) == {"TF-IDF", "heads on the plain encoder"}
    assert found.models["TF-IDF"].countries.passages == len(real)
    assert "| TF-IDF | stage |" in found.as_markdown()
    assert set(found.as_dict()["models"]["TF-IDF"]) >= {"stage", "mechanism"}
    with pytest.raises(BadInput, match="two countries or more; found 1"):
        hold_out_countries(CODEBOOK, [replace(one, facets={"country": "one"}) for one in real])


def test_plots_are_whole_svg_and_show_every_dimension(report: EvaluationReport) -> None:
    for svg, shown in ((reliability_svg(report), 9), (confusion_svg(report), 8)):
        root = ET.fromstring(svg)  # noqa: S314  # made here
        words = [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]
        assert sum(word in report.dimensions for word in words) == shown
    titles = [one.text or "" for one in ET.fromstring(confusion_svg(report)).iter("{http://www.w3.org/2000/svg}title")]  # noqa: S314  # drawn by ourselves
    assert any("labelled as" in title for title in titles)


def test_the_quality_of_the_extraction_is_a_facet(tmp_path: Path, annotated: list[AnnotatedPassage]) -> None:
    texts, codes = [], []
    for one, quality in zip(annotated[:3], (0.5, 0.97, None), strict=True):
        texts.append({"id": one.passage.passage_id, "text": one.passage.text, "quality": quality, "page": 3})
        labels = {name: list(value) if isinstance(value, tuple) else value for name, value in one.labels.items()}
        codes.append({"id": one.passage.passage_id, **labels})
    for name, rows in (("texts", texts), ("dev", codes)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    read = read_annotations(tmp_path, "dev", CODEBOOK)
    assert [one.facets.get("quality") for one in read] == ["below 0.8", "0.95 and more", None]
    assert read[0].facets["page"] == "3"
