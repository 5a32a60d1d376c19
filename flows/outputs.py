"""Files handed to a person who fills them in: never written over, unless that is asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from entente.errors import BadInput
from entente.files import replacing

_SAVED_AT = "docProps/core.xml"
"""The part of a workbook that says when it was saved."""


def write_outputs(contents: Mapping[Path, bytes], *, overwrite: bool = False) -> list[Path]:
    """Write files, each whole or not at all; one that is there with the same content stays as it is.

    Args:
        contents: the content of each file.
        overwrite: whether files that say something else may be replaced.

    Raises:
        BadInput: when one of the files is there and says something else; then none is written.
    """
    there = {path: path.exists() and _same(path, content) for path, content in contents.items()}
    for path, same in there.items():
        if path.exists() and not same and not overwrite:
            raise BadInput(
                f"{path} is there and says something else: it may have been filled in. Nothing was written. "
                "Name another file, or say --overwrite to replace it."
            )
    for path, content in contents.items():
        if not there[path]:
            with replacing(path) as stream:
                stream.write(content)
    return list(contents)


def _same(path: Path, content: bytes) -> bool:
    if not path.is_file():
        raise BadInput(f"{path} is no file. Name another one.")
    found = path.read_bytes()
    if found == content or path.suffix.lower() != ".xlsx":
        return found == content
    try:
        return _parts(found) == _parts(content)
    except zipfile.BadZipFile:
        return False


def _parts(content: bytes) -> dict[str, tuple[int, int]]:
    # Length and checksum tell two forms apart without unpacking what somebody else made.
    with zipfile.ZipFile(BytesIO(content)) as bundle:
        return {one.filename: (one.file_size, one.CRC) for one in bundle.infolist() if one.filename != _SAVED_AT}
