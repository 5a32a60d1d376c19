"""ZIPs that somebody sends: opened with a limit on what they unpack to, every damage told in words."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from entente.errors import BadInput

LIMIT = 500_000_000
"""Bytes that a file may unpack to, what is nested in it included."""


class Budget:
    """The bytes that may still be unpacked of one file."""

    def __init__(self, path: Path) -> None:
        """Take the file whose name stands in messages."""
        self._path = path
        self._left = LIMIT

    def spend(self, bundle: ZipFile) -> None:
        """Count what a ZIP says that it unpacks to (more than that is never unpacked); `BadInput` when it is too much."""
        self._left -= sum(one.file_size for one in bundle.infolist())
        if self._left < 0:
            raise BadInput(f"{self._path} unpacks to more than {LIMIT // 1_000_000} MB. Send fewer passages at once.")


@contextlib.contextmanager
def opened(content: Path | BinaryIO, where: str, budget: Budget, what: str) -> Iterator[ZipFile]:
    """Open a ZIP for reading; what goes wrong while it is read within the block is told too.

    Args:
        content: the file, or its bytes.
        where: its name in messages.
        budget: what it may unpack to.
        what: what it should have been, in a message.

    Raises:
        BadInput: when there is no such file, it is damaged, encrypted, packed in a way that is not known, or too large.
    """
    try:
        with ZipFile(content) as bundle:
            if any(one.flag_bits & 1 for one in bundle.infolist()):
                raise BadInput(f"{where} is encrypted. Send it without a password.")
            budget.spend(bundle)
            yield bundle
    except FileNotFoundError:
        raise BadInput(f"There is no file {where}.") from None
    except (BadZipFile, NotImplementedError, EOFError, zlib.error, OSError) as error:
        raise BadInput(f"{where} is no {what}: {error}") from None
