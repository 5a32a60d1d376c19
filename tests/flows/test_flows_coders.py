"""Who coded: one person is one coder, and what coders are does not change without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from entente.errors import BadInput
from flows.coding import ImportRequest, import_codes
from flows.coding_tasks import ENDINGS
from flows.sampling import SampleRequest, draw_sample
from flows.settings import Settings
from models.sampling.designs import Design
from tests.flows.projects import entente, make_project, rows
from tests.warehouse.build import full_job
from warehouse.frames import FrameFilter


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    settings = make_project(tmp_path / "p", 0)
    full_job(settings.paths.warehouse, ("a",), passages=2)
    return settings


def form(settings: Settings, path: Path, *coders: str) -> Path:
    """Write a form in which each of these has coded one passage."""
    passage = rows(settings.paths.warehouse, "SELECT min(passage_id) FROM passages")[0][0]
    path.write_text("".join(["passage_id,coder,stage\n", *(f"{passage},{coder},none\n" for coder in coders)]), encoding="utf-8")
    return path


def coders(settings: Settings) -> list[tuple[str, str | None]]:
    found = rows(
        settings.paths.warehouse, "SELECT DISTINCT coder, kind FROM annotations LEFT JOIN coders USING (coder) ORDER BY 1"
    )
    return [(name, kind) for name, kind in found]


def test_one_person_under_two_spellings_is_not_two_coders(project: Settings, tmp_path: Path) -> None:
    both = form(project, tmp_path / "both.csv", "anna", "Anna")
    with pytest.raises(BadInput, match="is that Anna, who is in this file too"):
        import_codes(project, ImportRequest(both))
    import_codes(project, ImportRequest(form(project, tmp_path / "a.csv", " anna ")))
    again = form(project, tmp_path / "b.csv", "ANNA")
    with pytest.raises(BadInput, match=r"is that anna, who is known already.* give --name 'ANNA=anna'"):
        import_codes(project, ImportRequest(again))
    assert coders(project) == [("anna", None)]
    done = import_codes(project, ImportRequest(again, names={"ANNA": "anna"}))
    assert (done.new, done.known) == (0, 1)
    assert rows(project.paths.warehouse, "SELECT settled_by FROM settled_codes") == [("single",)]


def test_a_kind_is_said_of_somebody_and_a_change_is_told(project: Settings, tmp_path: Path) -> None:
    file = form(project, tmp_path / "b.csv", "ben")
    with pytest.raises(BadInput, match="nobody of that name is in the file"):
        import_codes(project, ImportRequest(file, kinds={"zoe": "person"}))
    with pytest.raises(BadInput, match="Is that ben"):
        import_codes(project, ImportRequest(file, kinds={"Ben": "person"}))
    assert coders(project) == []
    twice = ("codes", "import", str(file), "--kind", "ben=simulation", "--kind", "ben=person")
    told = entente(*twice, project=project.project, check=False)
    assert (told.returncode, "Give one of them" in told.stderr) == (2, True)
    first = import_codes(project, ImportRequest(file, kinds={"ben": "person"}))
    assert (first.kinds, coders(project)) == ((), [("ben", "person")])
    said = entente("codes", "import", str(file), "--kind", "ben=language model", project=project.project).stdout
    assert said == "0 new codes, 1 were here already.\nben: person -> language model\n"
    said = entente("codes", "import", str(file), "--kind", "ben=simulation", "--json", project=project.project).stdout
    assert json.loads(said)["kinds_changed"] == [{"coder": "ben", "before": "language model", "now": "simulation"}]
    # Who has coded before need not be in the file.
    assert import_codes(project, ImportRequest(form(project, tmp_path / "c.csv", "carla"), kinds={"ben": "person"})).kinds


def test_files_for_two_tools_and_codes_do_not_share_a_name(
    project: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(set(ENDINGS.values())) == len(ENDINGS)
    sample = draw_sample(project, SampleRequest(Design("simple", 2), FrameFilter(), "gold", 1))["sample_id"]
    monkeypatch.chdir(tmp_path)
    export = ("codes", "export", "--sample", sample, "--json")
    made = [
        json.loads(entente(*export, *options, project=project.project).stdout)["files"]
        for options in (("--format", "doccano", "--coder", "anna"), ("--what", "codes", "--format", "jsonl"))
    ]
    assert made == [[f"{sample}-anna.doccano.jsonl", f"{sample}-anna.doccano.labels.json"], [f"{sample}-codes.jsonl"]]
