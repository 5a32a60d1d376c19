"""Writes the notebooks from their text: `python -m notebooks.make`. Cells are marked by lines `# %%` and `# %% [markdown]`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from entente.files import write_text_whole

HERE = Path(__file__).resolve().parent
KERNELS = {
    "python": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "r": {"display_name": "R", "language": "R", "name": "ir"},
}
SOURCES = {"python": "cells.py.txt", "r": "cells.r.txt"}


def cells_of(text: str) -> list[tuple[str, str]]:
    """Return the cells of a notebook's text: their kind (code or markdown) and their content."""
    cells = []
    for part in text.split("# %%")[1:]:
        first, _, body = part.partition("\n")
        if "[markdown]" in first:
            body = "\n".join(line.removeprefix("# ").removeprefix("#") for line in body.strip().split("\n"))
            cells.append(("markdown", body))
        else:
            cells.append(("code", body.strip()))
    return cells


def notebook(language: str) -> str:
    """Return a notebook (nbformat 4.5) as JSON, without outputs."""
    cells: list[dict[str, Any]] = []
    for number, (kind, body) in enumerate(cells_of((HERE / SOURCES[language]).read_text(encoding="utf-8")), 1):
        lines = body.splitlines(keepends=True)
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": lines}
        cells.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    content = {"cells": cells, "metadata": {"kernelspec": KERNELS[language]}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in SOURCES:
        write_text_whole(HERE / f"{name}.ipynb", notebook(name))
