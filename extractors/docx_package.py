"""The parts of a DOCX file, opened with suspicion: zip bombs and XML entities are refused."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lxml import etree

from extractors.failure import ExtractionError
from warehouse.states import Reason

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAX_PART = 200_000_000  # bytes of one part after unpacking
_MAX_RATIO = 200  # unpacked to packed; text of real reports stays below 40
_RATIO_FROM = 10_000_000  # small parts may be as compressible as they like
_ENCRYPTED = b"\xd0\xcf\x11\xe0"  # an encrypted DOCX is an OLE container


class DocxPackage:
    """Gives the XML parts of a DOCX as trees. Raises `ExtractionError` (broken_file, encrypted, too_large)."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            with path.open("rb") as stream:
                if stream.read(4) == _ENCRYPTED:
                    raise ExtractionError(
                        Reason.ENCRYPTED, "The Word file is encrypted, or an old .doc with a wrong name. Store a plain copy."
                    ) from error
            raise ExtractionError(Reason.BROKEN_FILE, f"The Word file cannot be opened: {error}.") from error
        except UnicodeDecodeError as error:
            raise ExtractionError(
                Reason.BROKEN_FILE, "The Word file cannot be opened: the names of its parts are damaged."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._zip.close()

    def part(self, name: str) -> Any | None:
        """Return the root element of a part, None when the file has no such part."""
        try:
            info = self._zip.getinfo(name)
        except KeyError:
            return None
        if info.flag_bits & 1:
            raise ExtractionError(Reason.ENCRYPTED, "The Word file is encrypted. Store a plain copy.")
        if info.file_size > _MAX_PART or (
            info.file_size > _RATIO_FROM and info.file_size > _MAX_RATIO * max(info.compress_size, 1)
        ):
            raise ExtractionError(
                Reason.TOO_LARGE, f"The part {name} unpacks to {info.file_size:,} bytes; this is no real report."
            )
        try:
            with self._zip.open(info) as stream:
                # What the directory declares may be a lie: never read beyond it.
                content = stream.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
            raise ExtractionError(Reason.BROKEN_FILE, f"The part {name} of the Word file cannot be unpacked: {error}") from error
        if b"<!DOCTYPE" in content[:4096]:
            raise ExtractionError(Reason.BROKEN_FILE, f"The part {name} declares a document type, which Word files never do.")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True)
        try:
            return etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            raise ExtractionError(Reason.BROKEN_FILE, f"The part {name} of the Word file is no valid XML: {error}") from error


def value(element: Any, *path: str) -> str | None:
    """Return the `w:val` of the descendant along `path` of local names, None when it is absent."""
    for name in path:
        if element is None:
            return None
        element = element.find(W + name)
    return None if element is None else element.get(W + "val")
