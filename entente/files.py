"""Files that are there whole or not at all, the hash that names them, and their names as text."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from entente.errors import Unavailable

_CHUNK = 1 << 20


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits; raises `OSError` when it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def fsync_directory(directory: Path) -> None:
    """Make a rename in `directory` durable; does nothing where directories cannot be synchronized."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a file beside `target` for binary writing and put it in the target's place when the block ends well.

    A reader of `target` sees the old content or the new one, never a mixture; after an error or a kill the old content stands.

    Args:
        target: the file to write; its folder is made if need be.

    Raises:
        Unavailable: when the disk is full.
        OSError: for every other failure to write; at once where the target is a folder or a device, which is left as it is.
    """
    if target.exists() and not target.is_file():
        # A rename would fail when all is written, or put a file in the place of /dev/null.
        told = os.strerror(errno.EISDIR) if target.is_dir() else "Not a regular file, so nothing is put in its place"
        raise OSError(errno.EISDIR if target.is_dir() else errno.EINVAL, told, str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(target)
        fsync_directory(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(
                f"No room left on the disk while writing {target}. Free some space and run the command again."
            ) from error
        raise
    finally:
        beside.unlink(missing_ok=True)


def printable(name: str) -> str:
    """Return a path or an argument as text that any database and terminal can hold: bytes that are no UTF-8 are written out (`\\xff`)."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def write_text_whole(target: Path, text: str) -> None:
    """Write `text` as UTF-8 to `target`, whole or not at all (see `replacing`)."""
    with replacing(target) as stream:
        stream.write(text.encode("utf-8"))
