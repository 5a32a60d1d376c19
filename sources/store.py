"""The content-addressed store: every file that was ever taken, once, under the SHA-256 of its bytes, never changed.

Layout: `<root>/<first two digits>/<sha256>.<format>`. A file is copied beside its place, hashed while it is copied, checked as a copy (the
original may change meanwhile) and only then renamed, so that the store never holds a half or an unchecked file. Downloads are written to
`<root>/.incoming/` and taken from there in the same way.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import time
from pathlib import Path

from entente.errors import Unavailable
from entente.files import fsync_directory, sha256_of_file
from sources.checks import MIME, check_file
from sources.types import Known, Refusal, StoredFile

_CHUNK = 1 << 20
_INCOMING = ".incoming"
_KEEP_SECONDS = 14 * 86_400


def fingerprint(path: Path) -> str:
    """Return a cheap mark that changes whenever a file's bytes may have changed: size, both times in nanoseconds, inode.

    Raises:
        OSError: when the file is gone or may not be looked at.
    """
    info = path.stat()
    return f"{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}:{info.st_ino}"


class Store:
    """A folder of checked files, addressed by content."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str, file_format: str) -> Path:
        """Return where the file with this hash and format lies (or would lie)."""
        return self.root / sha256[:2] / f"{sha256}.{file_format}"

    def stored(self, known: Known) -> StoredFile:
        """Return the file of a record that was taken before."""
        path = self.path_of(known.file_sha256, known.file_format)
        return StoredFile(known.file_sha256, known.n_bytes, known.file_format, MIME[known.file_format], path)

    def put(self, original: Path, claimed_name: str, *, max_bytes: int) -> StoredFile | Refusal:
        """Copy a file into the store, or say why it is not taken.

        Args:
            original: the file as offered.
            claimed_name: its name as offered; the suffix is checked against the bytes.
            max_bytes: larger files are refused unread.

        Raises:
            Unavailable: when the store's disk is full or the store cannot be written.
        """
        try:
            before = fingerprint(original)
            info = original.stat()
        except FileNotFoundError:
            return Refusal("missing", "file_missing", f"{claimed_name}: the file is not there.")
        except OSError as error:
            return Refusal("missing", "no_permission", f"{claimed_name}: cannot be looked at ({error.strerror}).")
        if not stat.S_ISREG(info.st_mode):
            return Refusal("refused", "unsupported_type", f"{claimed_name}: not a plain file.")
        early = _refused_unread(info.st_size, claimed_name, max_bytes)
        if early is not None:
            return early
        beside = self._beside()
        try:
            copied = self._copy(original, beside, claimed_name)
            if isinstance(copied, Refusal):
                return copied
            if _changed(original, before) or beside.stat().st_size != info.st_size:
                return Refusal(
                    "refused",
                    "changed_while_read",
                    f"{claimed_name}: changed while it was read; it is tried again at the next refresh.",
                )
            return self._take(beside, claimed_name, copied, max_bytes)
        finally:
            beside.unlink(missing_ok=True)

    def part_for(self, name: str) -> Path:
        """Return the path inside the store at which a file is to be written that is then handed to `put_part`.

        The same name gives the same path, so that a download that broke off, or was killed, can be gone on with by the next run. Only one
        thread may use a name at a time.

        Args:
            name: what tells this download from all others.

        Raises:
            Unavailable: when the store cannot be made.
        """
        incoming = self.root / _INCOMING
        try:
            incoming.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._cannot_be_made(error) from error
        return incoming / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def put_part(self, part: Path, claimed_name: str, *, max_bytes: int, sha256: str | None = None) -> StoredFile | Refusal:
        """Take a file that was written at a path of `part_for`, by renaming it, or say why it is not taken. The part is gone afterwards.

        Args:
            part: the whole file; nobody writes to it any more.
            claimed_name: its name as offered; the suffix is checked against the bytes.
            max_bytes: larger files are refused unread.
            sha256: the hash of its bytes where the writer took it while writing; it is computed when None.

        Raises:
            Unavailable: when the store's disk is full or the store cannot be written.
        """
        try:
            size = part.stat().st_size
            early = _refused_unread(size, claimed_name, max_bytes)
            if early is not None:
                return early
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
            return self._take(part, claimed_name, sha256 or sha256_of_file(part), max_bytes)
        except FileNotFoundError:
            return Refusal("missing", "file_missing", f"{claimed_name}: the downloaded file is not there.")
        except OSError as error:
            raise Unavailable(
                f"The store {self.root} cannot be written ({error.strerror}). Set paths.store to a folder that can be."
            ) from error
        finally:
            part.unlink(missing_ok=True)

    def _take(self, beside: Path, claimed_name: str, sha256: str, max_bytes: int) -> StoredFile | Refusal:
        outcome = check_file(beside, claimed_name, max_bytes=max_bytes)
        if isinstance(outcome, Refusal):
            return outcome
        size = beside.stat().st_size
        target = self.path_of(sha256, outcome)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.stat().st_size != size:
            beside.chmod(0o444)
            beside.replace(target)
            fsync_directory(target.parent)
        return StoredFile(sha256, size, outcome, MIME[outcome], target)

    def _beside(self) -> Path:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._cannot_be_made(error) from error
        return self.root / f".{os.getpid()}-{secrets.token_hex(6)}.part"

    def _cannot_be_made(self, error: OSError) -> Unavailable:
        return Unavailable(
            f"The store {self.root} cannot be made ({error.strerror}). Set paths.store to a folder that can be written."
        )

    def _copy(self, original: Path, beside: Path, claimed_name: str) -> str | Refusal:
        digest = hashlib.sha256()
        try:
            source = original.open("rb")
        except OSError as error:
            return Refusal("missing", "no_permission", f"{claimed_name}: cannot be read ({error.strerror}).")
        with source:
            try:
                with beside.open("xb") as copy:
                    while chunk := source.read(_CHUNK):
                        digest.update(chunk)
                        copy.write(chunk)
                    copy.flush()
                    os.fsync(copy.fileno())
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise Unavailable(
                        f"No room left on the disk of the store {self.root}. Free some space and run the command again."
                    ) from error
                if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                    raise Unavailable(
                        f"The store {self.root} cannot be written ({error.strerror}). Set paths.store to a folder that can be."
                    ) from error
                return Refusal("missing", "no_permission", f"{claimed_name}: reading failed ({error.strerror}).")
        return digest.hexdigest()

    def remove_leftovers(self) -> int:
        """Remove the half copies of runs that were killed; call it only while holding the refresh lock. Returns how many there were.

        Half downloads are kept for some days, as they can be gone on with.
        """
        oldest = time.time() - _KEEP_SECONDS
        leftovers = list(self.root.glob(".*.part"))
        leftovers += [path for path in (self.root / _INCOMING).glob("*") if path.stat().st_mtime < oldest]
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(leftovers)


def _refused_unread(size: int, claimed_name: str, max_bytes: int) -> Refusal | None:
    if size > max_bytes:
        return Refusal("refused", "too_large", f"{claimed_name}: {size} bytes; the limit is {max_bytes} (sources.max_file_mb).")
    return None


def _changed(original: Path, before: str) -> bool:
    try:
        return fingerprint(original) != before
    except OSError:
        return True
