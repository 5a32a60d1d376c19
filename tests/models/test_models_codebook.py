"""The codebook as data: what is read, and that no mistake in the file passes in silence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from entente.errors import BadInput
from models.codebook import Codebook, load_codebook
from models.conditions import parse_condition
from models.constraints import CONSTRAINTS
from models.guide import check_guide, main, render_guide

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "configs" / "codebook.yaml"


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook(SHIPPED)


def test_trained_dimensions_and_their_values(codebook: Codebook) -> None:
    values = {dimension.id: dimension.category_ids for dimension in codebook.trained_dimensions}
    assert set(values) == {
        "voice", "stage", "realization", "stance", "mechanism", "cooperation_intensity", "contestation_intensity", "contestation_locus",
        "mode",
    }  # fmt: skip
    assert values["realization"] == ("realized", "prospective", "negated", "not_applicable")
    assert values["mode"][-1] == values["contestation_locus"][-1] == "not_applicable"
    assert values["cooperation_intensity"] == ("0", "1", "2", "3")
    assert "not_applicable" not in values["stage"] + values["voice"] + values["mechanism"]


def test_every_rule_in_the_shipped_codebook_has_its_check_and_no_check_is_idle(codebook: Codebook) -> None:
    assert list(codebook.constraint_ids) == list(CONSTRAINTS)


def test_importing_the_codebook_does_not_load_torch() -> None:
    heavy = "any(m in sys.modules for m in ('torch', 'transformers', 'sklearn'))"
    code = f"import sys, models.codebook, models.registry, models.guide; sys.exit({heavy})"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def _rename(key: str, new: str) -> Callable[[dict[str, Any]], None]:
    def change(c: dict[str, Any]) -> None:
        c[new] = c.pop(key)

    return change


def _set(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(c: dict[str, Any]) -> None:
        here: Any = c
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("dimensions", 0, "colour", value="red"), ["dimensions.voice.colour", "unknown key", "'red'"]),
        (_rename("version", "versoin"), ["version: missing", "versoin: unknown key"]),
        (_set("dimensions", 1, "kind", value="tree"), ["dimensions.stage.kind", "'tree'", "'single', 'multi' or 'ordinal'"]),
        (_set("dimensions", 1, "default", value="nonne"), ["dimensions.stage", "'nonne'", "trust_building"]),
        (
            _set("dimensions", 2, "applies_when", value="if it rains"),
            ["dimensions.realization", "if it rains", "DIMENSION is not CATEGORY"],
        ),
        (_set("dimensions", 2, "applies_when", value="stage is not nothing"), ["realization", "'nothing'", "initiation"]),
        (_set("dimensions", 2, "applies_when", value="step is not none"), ["realization", "'step'", "no dimension"]),
        (_set("dimensions", 3, "levels", value=[0, 1, 2]), ["cooperation_intensity", "[0, 1, 2]", "must agree"]),
        (_set("constraints", 0, "id", value="c99"), ["'c99'", "c1, c2"]),
        (_set("constraints", 1, "id", value="c1"), ["constraints", "c1 given more than once"]),
        (_set("example_bank", 0, "coding", "stage", value="rupture"), ["E01", "stage", "'rupture'", "compliance"]),
        (_set("example_bank", 0, "coding", "mode", value="not_applicable"), ["E01", "break c7"]),
        (_set("stage_coarse", "opening", value=["policy_influence"]), ["stage_coarse", "information_exchange"]),
        (_set("coding_order", 0, value="loudness"), ["coding_order", "'loudness'"]),
    ],
)
def test_a_mistake_is_named_with_file_key_value_and_what_is_allowed(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: list[str]
) -> None:
    changed = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    change(changed)
    path = tmp_path / "codebook.yaml"
    path.write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_codebook(path)
    for part in [str(path), *said]:
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- b\n", "version: [\n", "version: 1\nversion: 2\n", "", "3"])
def test_what_is_no_codebook_is_bad_input(tmp_path: Path, text: str) -> None:
    path = tmp_path / "codebook.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"codebook\.yaml"):
        load_codebook(path)
    with pytest.raises(BadInput, match="missing"):
        load_codebook(tmp_path / "missing.yaml")


def test_a_condition_with_two_clauses_holds_when_either_does() -> None:
    condition = parse_condition("stage is not none or contestation_intensity > 0")
    assert condition.holds({"stage": "none", "contestation_intensity": "2"})
    assert condition.holds({"stage": "compliance", "contestation_intensity": "0"})
    assert not condition.holds({"stage": "none", "contestation_intensity": "0"})


def test_the_guide_in_the_docs_is_what_the_codebook_renders_to() -> None:
    check_guide(SHIPPED, ROOT / "docs" / "codebook.md")


def test_the_guide_leaves_nothing_of_the_codebook_out(codebook: Codebook, content: dict[str, Any]) -> None:
    guide = render_guide(codebook)

    def texts(node: Any) -> list[str]:
        if isinstance(node, dict):
            return [text for value in node.values() for text in texts(value)]
        if isinstance(node, list):
            return [text for value in node for text in texts(value)]
        return [node] if isinstance(node, str) else []

    missing = [text for text in texts(content) if text not in guide]
    assert missing == []


def test_check_says_stale_after_any_change_and_write_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guide, book = tmp_path / "guide.md", tmp_path / "codebook.yaml"
    arguments = ["--codebook", str(book), "--guide", str(guide)]
    book.write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["--check", *arguments]) == BadInput.exit_code
    assert main(["--write", *arguments]) == 0
    assert main(["--check", *arguments]) == 0
    book.write_text(
        book.read_text(encoding="utf-8").replace("Whose assertion is the main content", "Who speaks"), encoding="utf-8"
    )
    assert main(["--check", *arguments]) == BadInput.exit_code
    assert "stale" in capsys.readouterr().err
