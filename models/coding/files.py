"""Reading a file of codes of whatever format: recognized by its name and content, every row checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from entente.errors import BadInput
from models.codebook import Codebook
from models.coding import doccano, excel, inception, label_studio
from models.coding.archives import Budget, opened
from models.coding.checking import Checked, check_rows
from models.coding.names import named, plain_name
from models.coding.tables import Raw, read_csv, read_jsonl, read_text

FileFormat = Literal["csv", "jsonl", "excel", "label-studio", "doccano", "inception"]
FORMATS: tuple[str, ...] = get_args(FileFormat)


def format_of(path: Path) -> FileFormat:
    """Return the format of a file.

    Raises:
        BadInput: when neither name nor content tell.
    """
    ending = path.suffix.lower()
    if ending == ".csv":
        return "csv"
    if ending == ".xlsx":
        return "excel"
    if ending == ".json":
        return "label-studio"
    if ending in (".jsonl", ".ndjson"):
        first = next((line for line in read_text(path).split("\n") if line.strip()), "")
        return "doccano" if '"label"' in first and '"text"' in first else "jsonl"
    if ending == ".zip":
        with opened(path, str(path), Budget(path), "ZIP") as bundle:
            return "inception" if any("annotation/" in name for name in bundle.namelist()) else "doccano"
    raise BadInput(f"{path}: what kind of file is this? Say it with --format: {', '.join(FORMATS)}.")


def read_codes_file(
    path: Path,
    codebook: Codebook,
    file_format: FileFormat | None = None,
    *,
    coder: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Checked:
    """Read and check a file of codes.

    Args:
        path: the file.
        codebook: what the codes must agree with.
        file_format: told by the file itself unless said.
        coder: who coded where the file does not say it.
        names: the coder for each user of an annotation tool, or for a name that stands in the file.

    Raises:
        BadInput: when the file as a whole cannot be read; what is wrong with single rows is in the result.
    """
    users = {plain_name(user): name for user, name in (names or {}).items()}
    chosen = file_format or format_of(path)
    raw: Raw
    own = chosen in ("csv", "jsonl", "excel")
    if chosen == "csv":
        raw = read_csv(path, codebook)
    elif chosen == "jsonl":
        raw = read_jsonl(path, codebook)
    elif chosen == "excel":
        raw = excel.read(path, codebook)
    elif chosen == "label-studio":
        raw = label_studio.read(path, codebook, users)
    elif chosen == "doccano":
        raw = doccano.read(path, codebook, coder, users)
    else:
        raw = inception.read(path, codebook, users)
    # A tool's users have their names by now; a second look would rename whoever bears the name of another user.
    return check_rows(_with_coder(raw, coder, users if own else {}), codebook)


def _with_coder(
    raw: Iterable[tuple[int, Mapping[str, Any]]], coder: str | None, names: Mapping[str, str]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, cells in raw:
        told = cells if coder is None or cells.get("coder") else {**cells, "coder": coder}
        yield line, {**told, "coder": named(str(told["coder"]), names)} if names and told.get("coder") else told
