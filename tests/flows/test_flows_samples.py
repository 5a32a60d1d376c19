"""Samples of a project: kept with their frame, repeatable, gold apart from training, supplements for what is new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from entente.errors import BadInput
from flows.load import withheld_from_training
from flows.sampling import SampleRequest, draw_sample
from flows.settings import Settings
from models.annotations import AnnotatedPassage
from models.codebook import load_codebook
from models.sampling.designs import Design
from models.training import TrainingRequest, train_on
from models.training_data import TrainingData
from models.types import PassageText
from tests.flows.projects import entente, make_project, rows
from tests.warehouse.build import classify_all, extract_all, fetched, full_job, start
from warehouse.database import open_warehouse
from warehouse.frames import FrameFilter

SIMPLE = Design("simple", 6)


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    settings = make_project(tmp_path / "p", 0)
    full_job(settings.paths.warehouse, tuple("abcd"), passages=5)
    return settings


def request(design: Design = SIMPLE, purpose: str = "gold", seed: int = 1, **more: object) -> SampleRequest:
    return SampleRequest(design, FrameFilter(), purpose, seed, **more)  # type: ignore[arg-type]  # fields given by name


def add_documents(settings: Settings, keys: str) -> None:
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = start(connection)
        loader.load_fetched([fetched(key) for key in keys])
        extract_all(loader, 5)
        classify_all(loader)


def test_a_sample_is_kept_with_its_whole_frame_and_only_once(project: Settings) -> None:
    first = draw_sample(project, request())
    again = draw_sample(project, request())
    assert (first["changed"], again["changed"]) == (True, False)
    assert first["sample_id"] == again["sample_id"]
    assert (first["n_drawn"], first["frame_size"], first["frame_documents"], first["codebook_version"]) == (6, 20, 4, "1.1.0")
    database = project.paths.warehouse
    assert rows(
        database, "SELECT count(*), count(DISTINCT passage_id), round(sum(inclusion_probability), 9) FROM sample_frame_units"
    ) == [(20, 20, 6.0)]
    assert rows(database, "SELECT count(*), min(inclusion_probability), max(purpose) FROM samples") == [(6, 0.3, "gold")]
    assert draw_sample(project, request(seed=2))["sample_id"] != first["sample_id"]


def test_samples_with_the_same_seed_do_not_use_the_same_random_numbers(project: Settings) -> None:
    draw_sample(project, request())
    draw_sample(project, SampleRequest(SIMPLE, FrameFilter(igo=("UN",)), "gold", 1))
    drawn = rows(project.paths.warehouse, "SELECT list(passage_id ORDER BY passage_id) FROM samples GROUP BY sample_id")
    assert len(drawn) == 2
    assert drawn[0] != drawn[1]


def test_gold_and_training_never_share_a_passage_or_a_text(project: Settings) -> None:
    with open_warehouse(project.paths.warehouse) as connection:
        connection.execute("UPDATE passages SET text_sha256 = CASE ordinal WHEN 1 THEN 'same' ELSE sha256(passage_id) END")
    gold = draw_sample(project, request(Design("stratified", 8), strata=("country",)))
    training = draw_sample(project, request(Design("simple", 3), "training"))
    drawn = rows(project.paths.warehouse, "SELECT purpose, passage_id, text_sha256 FROM samples JOIN passages USING (passage_id)")
    sides = [{(row[1], row[2]) for row in drawn if row[0] == purpose} for purpose in ("gold", "training")]
    assert not {one[0] for one in sides[0]} & {one[0] for one in sides[1]}
    assert not {one[1] for one in sides[0]} & {one[1] for one in sides[1]}
    first = rows(
        project.paths.warehouse,
        "SELECT count(*) FROM samples JOIN passages USING (passage_id) WHERE ordinal = 1 AND purpose = 'gold'",
    )
    assert training["n_left_out"] == 8 + (4 - first[0][0] if first[0][0] else 0)
    assert training["frame_size"] + training["n_left_out"] == gold["frame_size"] == 20


def test_a_supplement_draws_from_new_passages_alone_with_the_same_share(project: Settings) -> None:
    first = draw_sample(project, request())
    with pytest.raises(BadInput, match="No passage has come"):
        draw_sample(project, request(Design("simple", 0), supplement_of=first["sample_id"]))
    add_documents(project, "ef")
    more = draw_sample(project, request(Design("simple", 0), supplement_of=first["sample_id"]))
    assert (more["frame_size"], more["n_drawn"]) == (10, 3)
    shared = "SELECT count(*) FROM (SELECT passage_id FROM sample_frame_units GROUP BY passage_id HAVING count(*) > 1)"
    assert rows(project.paths.warehouse, shared) == [(0,)]
    with pytest.raises(BadInput, match="itself a supplement"):
        draw_sample(project, request(supplement_of=more["sample_id"]))
    with pytest.raises(BadInput, match="purpose"):
        draw_sample(project, request(purpose="training", supplement_of=first["sample_id"]))


def test_the_same_command_after_a_draw_for_training_says_that_it_drew_before(project: Settings) -> None:
    gold = ("sample", "draw", "--size", "4", "--purpose", "gold")
    first = json.loads(entente(*gold, "--json", project=project.project).stdout)
    again = entente(*gold, "--json", project=project.project)
    assert (first["asked_before"], json.loads(again.stdout)["asked_before"], again.stderr) == ([], [], "")
    draw_sample(project, request(Design("simple", 1), "training"))
    # Another seed, design, size or purpose is another request.
    for other in (request(seed=2), request(Design("simple", 4)), request(Design("cluster", 2, per_cluster=2))):
        assert draw_sample(project, other)["asked_before"] == []
    second = entente(*gold, "--json", project=project.project)
    assert json.loads(second.stdout)["asked_before"] == [first["sample_id"]]
    assert f"The same command drew {first['sample_id']} before, from 20 passages" in second.stderr
    assert f"from the {json.loads(second.stdout)['frame_size']} that can be drawn now" in second.stderr


def test_designs_that_follow_the_model_or_words(project: Settings) -> None:
    by_label = draw_sample(project, request(Design("enriched", 5, fixed_size=True), "training", label=("stage", "initiation")))
    assert (by_label["n_drawn"], by_label["model_version"]) == (5, "model-1")
    active = draw_sample(project, request(Design("active", 5), "training"))
    assert (active["n_drawn"], active["strata"]) == (5, ["stage"])
    words = draw_sample(project, request(Design("enriched", 5), "training", words=("minister for the 2",)))
    assert words["model_version"] is None
    database = project.paths.warehouse
    found = rows(
        database,
        "SELECT p.ordinal = 2, min(u.inclusion_probability) FROM sample_frame_units u JOIN passages p USING (passage_id) "
        f"WHERE sample_id = '{words['sample_id']}' GROUP BY ALL ORDER BY ALL",
    )
    assert found[0][1] < found[1][1] == 1.0
    with pytest.raises(BadInput, match="None of these words"):
        draw_sample(project, request(Design("enriched", 5), words=("zebra",)))
    with pytest.raises(BadInput, match="no category"):
        draw_sample(project, request(Design("enriched", 5), label=("stage", "zebra")))


def test_gold_joins_the_probabilities_of_the_gold_samples_that_are_coded_whole(project: Settings) -> None:
    drawn = [draw_sample(project, request()), draw_sample(project, request(Design("simple", 10), seed=5))]
    with open_warehouse(project.paths.warehouse) as connection:
        connection.execute(
            "INSERT INTO samples BY NAME SELECT 't' AS sample_id, passage_id, 'simple' AS design, 0.9 AS inclusion_probability, "
            "TIMESTAMP '2026-01-01' AS drawn_at, 'training' AS purpose FROM passages"
        )
        found = []
        for sample in drawn:
            connection.execute(
                "INSERT INTO annotations BY NAME SELECT sample_id || passage_id AS annotation_id, passage_id, 'ann' AS coder, "
                "'stage' AS dimension, 'none' AS value, 'adjudicated' AS status, '1.1.0' AS codebook_version, "
                "TIMESTAMP '2026-01-01' AS coded_at FROM samples WHERE sample_id = ?",
                [sample["sample_id"]],
            )
            found.append(connection.execute("SELECT DISTINCT inclusion_prob FROM gold ORDER BY ALL").fetchall())
    assert found == [[(pytest.approx(0.3),)], [(pytest.approx(1 - 0.7 * 0.5),)]]


def test_training_on_gold_is_refused_by_identifier_and_by_text(project: Settings) -> None:
    sample = draw_sample(project, request())
    withheld = withheld_from_training(project)
    identifier, text = rows(
        project.paths.warehouse,
        f"SELECT passage_id, text FROM samples JOIN passages USING (passage_id) WHERE sample_id = '{sample['sample_id']}'",
    )[0]
    codebook = load_codebook(project.codebook)
    for passage in (PassageText(identifier, "", "Other words."), PassageText("another", "", f"  {text.upper()} ")):
        data = TrainingData([AnnotatedPassage(passage, "d", {}, "real")], [], {}, 0)
        with pytest.raises(BadInput, match="1 passages to train on are in a gold sample"):
            train_on(data, TrainingRequest(codebook, project.paths.models, withheld=withheld))


def test_the_command_line_draws_lists_and_shows(project: Settings) -> None:
    folder = project.project
    said = entente(
        "sample", "draw", "--size", "4", "--design", "cluster", "--per-document", "2", "--igo", "UN", project=folder
    ).stdout
    assert "8 of 20 passages in 4 documents" in said
    name = said.split()[1]
    assert name in entente("sample", "list", project=folder).stdout
    assert '"per_cluster": 2' in entente("sample", "show", name, "--passages", project=folder).stdout
    assert entente("sample", "show", "nothing", project=folder, check=False).returncode == 2
    assert "--size" in entente("sample", "draw", project=folder, check=False).stderr
    assert (
        "DIMENSION=CATEGORY" in entente("sample", "draw", "--size", "3", "--label", "stage", project=folder, check=False).stderr
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--by igo", "--by has no effect with the design simple; it belongs to: stratified, enriched, active"),
        ("--design active --word minister", "--word has no effect"),
        ("--design active --label stage=none", "--label has no effect"),
        ("--design enriched --word minister --label stage=none", "not both"),
        ("--design enriched --word minister --by igo", "--fixed-size"),
        ("--design cluster --allocation equal", "--allocation has no effect"),
        ("--design stratified --by igo --by-size", "--by-size has no effect"),
        ("--design stratified --by igo --label stage=none", "neyman"),
        ("--least 2", "--least has no effect"),
        ("--design stratified --by igo --least 0", "--least"),
    ],
)
def test_an_option_that_its_design_does_not_have_is_refused(options: str, said: str, project: Settings) -> None:
    done = entente("sample", "draw", "--size", "4", *options.split(), project=project.project, check=False)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
    assert rows(project.paths.warehouse, "SELECT count(*) FROM sample_frames") == [(0,)]


def test_an_engineer_is_told_too_what_a_design_does_not_have(project: Settings) -> None:
    for odd in (request(Design("simple", 3, by_size=True)), request(strata=("igo",)), request(words=("minister",))):
        with pytest.raises(BadInput, match="has no effect"):
            draw_sample(project, odd)
