"""Configuration is read once; every mistake in it is named with its place, its value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from entente.errors import BadInput
from flows.settings import CONFIG_NAME, default_file, load_settings


def project(folder: Path, text: str) -> Path:
    (folder / CONFIG_NAME).parent.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_configuration_says_just_what_the_built_in_values_are(tmp_path: Path) -> None:
    written = load_settings(project(tmp_path, default_file("entente.yaml")), {})
    built_in = load_settings(project(tmp_path / "empty", ""), {})
    for section in ("extraction", "classification", "refresh", "sources"):
        assert getattr(written, section).model_dump(exclude={"folders"}) == getattr(built_in, section).model_dump(
            exclude={"folders"}
        )
    assert written.paths.warehouse == tmp_path / "var" / "warehouse.duckdb"
    assert written.sources.folders[0].roots == (tmp_path / "reports",)


def test_environment_variables_override_single_values(tmp_path: Path) -> None:
    folder = project(tmp_path, "extraction: {workers: 3, engine: pdfium}\n")
    settings = load_settings(folder, {"ENTENTE_EXTRACTION__WORKERS": "5", "ENTENTE_PATHS__STORE": "/elsewhere"})
    assert (settings.extraction.workers, settings.extraction.engine) == (5, "pdfium")
    assert settings.paths.store == Path("/elsewhere")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extraction: {worker: 3}", ["key extraction.worker", "unknown key", "workers"]),
        ("extracton: {}", ["key extracton", "unknown key", "extraction"]),
        ("extraction: {workers: many}", ["key extraction.workers", "'many'", "integer"]),
        ("extraction: {engine: best}", ["key extraction.engine", "'best'", "'pdfplumber'"]),
        ("sources: {folders: [{id: Upper, roots: [x]}]}", ["sources.folders.0.id", "'Upper'"]),
        ("sources: {folders: [{roots: []}]}", ["sources.folders.0.roots"]),
        ("sources: {folders: [{root: x}]}", ["sources.folders.0.root:", "unknown key", "roots"]),
        ("extraction: {workers: 1}\nextraction: {workers: 2}", ["line 2", "'extraction'", "twice"]),
        ("extraction: [", ["line"]),
        ("- a list", ["top level"]),
        ("project: here", ["unknown key 'project'"]),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path: Path, text: str, said: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        load_settings(project(tmp_path, text), {})
    for words in [str(tmp_path / CONFIG_NAME), *said]:
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ENTENTE_EXTRACTION__WORKERS", "0", "greater than or equal to 1"),
        ("ENTENTE_EXTRACTION__WORKER", "2", "unknown key"),
        ("ENTENTE_WORKERS", "2", "unknown setting"),
    ],
)
def test_mistakes_in_the_environment_are_named_with_the_variable(tmp_path: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(BadInput, match=name) as caught:
        load_settings(project(tmp_path, ""), {name: value})
    assert said in str(caught.value)


def test_a_project_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="entente init"):
        load_settings(Path("no-such-project"), {})
