"""How commands print: plain aligned tables for people, JSON for programs."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.settings import Settings


def print_json(value: object) -> None:
    """Print a value as JSON on one line; dates in ISO form."""
    print(json.dumps(value, ensure_ascii=False, default=plain_value))


def plain_value(value: object) -> Any:
    """Return what JSON can hold for values that it does not know: dates, paths, decimals, sets."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def table(header: Sequence[str], rows: Sequence[Sequence[object]], *, width: int = 60) -> str:
    """Return rows as aligned text; numbers to the right, long cells cut with an ellipsis at `width` characters."""
    texts = [[_cell(value, width) for value in row] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in texts)) if texts else len(name) for i, name in enumerate(header)]
    right = [
        bool(rows) and all(isinstance(row[i], (int, float, Decimal)) or row[i] is None for row in rows)
        for i in range(len(header))
    ]
    lines = [
        "  ".join(
            text.rjust(size) if to_right else text.ljust(size) for text, size, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in [list(header), ["-" * size for size in widths], *texts]
    ]
    return "\n".join(lines)


def _cell(value: object, width: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1000 else f"{value:.0f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    # Texts come from foreign files: what would steer a terminal is shown as a blank.
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def note(message: str) -> None:
    """Say something to a person without disturbing what a program reads."""
    print(message, file=sys.stderr)


def command_for(settings: Settings) -> str:
    """Return how to call this program for a project from where the user stands."""
    here = Path.cwd()
    if settings.project == here:
        return "entente"
    inside = settings.project.is_relative_to(here)
    return f"entente -C {shlex.quote(str(settings.project.relative_to(here) if inside else settings.project))}"
