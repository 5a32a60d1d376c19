"""Every source has stored examples, and what its connector makes of them today is what a person once checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sources.description import read_descriptions
from tests.sources.playback import CONFIGS, EXAMPLES, ROOT, cases, replay

SOURCES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
CASES = [case for source_id in SOURCES for case in cases(source_id)]


def test_descriptions_can_be_read() -> None:
    assert list(read_descriptions(CONFIGS)) == SOURCES


@pytest.mark.parametrize("source_id", SOURCES)
def test_every_source_has_examples_that_say_what_they_are(source_id: str) -> None:
    assert cases(source_id), (
        f"sources/examples/{source_id} has no case with expected.json: a source without examples is not shipped"
    )
    about = (EXAMPLES / source_id / "README.md").read_text(encoding="utf-8")
    assert "shape: invented content" in about, "what is no recording must say so"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_an_example_results_in_what_was_checked(case: Path, tmp_path: Path) -> None:
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    del expected["given"]
    result = replay(case, tmp_path)
    assert {name: result[name] for name in expected} == expected
    assert expected, f"{case.relative_to(ROOT)}: nothing is expected"
