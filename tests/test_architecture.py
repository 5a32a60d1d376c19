"""The walls of the house: who may import whom, and what the project must not say or carry."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("sources", "extractors", "models", "warehouse")
# Plain records and closed lists that rooms hand on to one another.
HANDED_ON = {"sources.types", "extractors.types", "models.types", "warehouse.states"}


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_do_not_import_one_another(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for name in imports_of(path):
            other = name.split(".")[0]
            allowed = other == room or other not in (*ROOMS, "flows", "reader") or any(name.startswith(one) for one in HANDED_ON)
            assert allowed, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("room", [*ROOMS, "entente"])
def test_domain_logic_knows_neither_prefect_nor_the_command_line(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        heads = {name.split(".")[0] for name in imports_of(path)}
        assert not heads & {"prefect", "typer", "rich", "click"}, path


def test_every_module_says_its_reason_and_stays_small() -> None:
    for room in (*ROOMS, "entente", "flows", "sample", "benchmarks"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{path.relative_to(ROOT)} has no docstring"
            assert text.count("\n") <= 500, f"{path.relative_to(ROOT)} has {text.count(chr(10))} lines"


def test_no_pickle_and_no_evaluation_of_foreign_text() -> None:
    for room in (*ROOMS, "entente", "flows"):
        for path in (ROOT / room).rglob("*.py"):
            heads = {name.split(".")[0] for name in imports_of(path)}
            assert not heads & {"pickle", "cloudpickle", "joblib", "marshal", "shelve"}, path
            assert not re.search(r"(?<![\w.])(eval|exec)\(", path.read_text(encoding="utf-8")), path


def test_no_large_file_is_in_the_repository() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")  # noqa: S607  # git by its name
    large = {
        name: (ROOT / name).stat().st_size
        for name in listed
        # Weights that ship are what the repository is for; all else is small.
        if name
        and (ROOT / name).is_file()
        and (ROOT / name).stat().st_size > (6_000_000 if name.endswith(".safetensors") else 3_000_000)
    }
    assert not large
