"""What an agreement report is made from: a file of codes or the warehouse, with what is known of documents and coders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from entente.errors import BadInput
from flows.required import require_warehouse
from flows.settings import Settings
from models.codebook import Codebook
from models.coding.checking import listed
from models.coding.files import read_codes_file
from models.coding.tables import read_text
from models.types import CodeRow

NOT_SAID = "not said"
BESIDE = "what the README beside the codes says"
_OF_CODERS = re.compile(r"[^.\n]*\bcoders?\b[^.\n]*\b(?:were|was|are|is)\b[^.\n]*\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes with the document of each passage (where known) and what each coder is; `about` is what a file beside says of the coders."""

    rows: list[CodeRow]
    documents: Mapping[str, str]
    coders: Mapping[str, str]
    about: tuple[str, ...] = ()


def coded_in_file(path: Path, codebook: Codebook, said: Mapping[str, str], texts: Path | None = None) -> Coded:
    """Read a file of codes.

    Args:
        path: CSV or JSON lines, one code or all codes of a coder on a passage a line.
        codebook: what the codes must agree with.
        said: what each coder is.
        texts: JSON lines with `id` and `doc`, to group passages by document; by default `texts.jsonl` beside the codes.

    Raises:
        BadInput: when a row does not fit; names all such rows.
    """
    checked = read_codes_file(path, codebook)
    if checked.problems:
        raise BadInput(f"{path} has {len(checked.problems)} problems:{listed(checked.problems)}")
    beside = texts or path.parent / "texts.jsonl"
    documents = _documents(beside) if texts is not None or beside.exists() else {}
    names = sorted({row.coder for row in checked.rows})
    about = _about(path.parent)
    otherwise = BESIDE if about else NOT_SAID
    return Coded(checked.rows, documents, {name: said.get(name, otherwise) for name in names}, about)


def coded_in_warehouse(settings: Settings, codebook: Codebook, said: Mapping[str, str]) -> Coded:
    """Read the codes of the project's warehouse that are of the codebook's major version; `BadInput` where there is no warehouse."""
    from warehouse.codes import coder_kinds, documents_of_codes, read_codes
    from warehouse.database import open_warehouse

    require_warehouse(settings, "Run `entente refresh` first, or name a file of codes.")
    with open_warehouse(settings.paths.warehouse) as connection:
        rows = read_codes(connection, major=codebook.major)
        kinds = {**coder_kinds(connection), **said}
        documents = documents_of_codes(connection)
    return Coded(rows, documents, {name: kinds.get(name, NOT_SAID) for name in sorted({row.coder for row in rows})})


def _documents(path: Path) -> dict[str, str]:
    found = {}
    for line, text in enumerate(read_text(path).split("\n"), start=1):
        if text.strip():
            try:
                row = json.loads(text)
                found[str(row["id"])] = str(row.get("doc") or row["id"])
            except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
                raise BadInput(f"{path}, line {line}: each line must be a JSON object with id and doc.") from None
    return found


def _about(folder: Path) -> tuple[str, ...]:
    """Return the sentences of a README beside the codes that say who the coders were."""
    path = folder / "README.md"
    if not path.is_file():
        return ()
    words = " ".join(read_text(path).replace("*", "").split())
    return tuple(found.strip() for found in _OF_CODERS.findall(words))
