"""The users' documents keep up with the program: states, reasons, commands, links."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.states import Reason, State

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_operators_guide_explains_every_state_and_reason() -> None:
    text = (DOCS / "operator.md").read_text(encoding="utf-8")
    assert [state for state in State if f"`{state}`" not in text] == []
    assert [reason for reason in Reason if reason != Reason.OK and f"`{reason}`" not in text] == []


def test_the_guides_name_only_commands_that_exist() -> None:
    done = subprocess.run([sys.executable, "-m", "flows", "--help"], capture_output=True, text=True, check=True)
    known = set(re.findall(r"^  ([a-z]+)  ", done.stdout, re.M))
    assert {"refresh", "sql", "models"} <= known
    for guide in DOCS.glob("*.md"):
        lines = re.findall(r"^ {4,}.*\bentente .*$", guide.read_text(encoding="utf-8"), re.M)
        for line in (one for one in lines if not one.strip().startswith(("prefect ", "systemctl ", "sudo "))):
            words = re.sub(r"-C \S+|--project \S+", "", line.rsplit("entente ", 1)[1]).split()
            assert words[0] in known, f"{guide.name}: {line.strip()}"


@pytest.mark.parametrize("guide", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_lead_somewhere(guide: str) -> None:
    text = (DOCS / guide).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:\s]+)\)", text):
        assert (DOCS / target).exists(), target
