"""Listings known from before, so that a server can say "not modified" instead of sending them again.

Nothing is ever served without asking the server: the cache only supplies the conditions of a request and the body that a 304 confirms.
Answers without `ETag` or `Last-Modified` are not kept. What may be stored and how a 304 updates it is decided by hishel's RFC 9111 states;
they are driven here and not by hishel's transport, because an answer may be stored only once it is known to be what it claims to be, and
because every request must pass the pace, the record of requests and the recording.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import hishel

# A cache that fails costs a download, not a run; without a handler of its own hishel's log would print tracebacks.
logging.getLogger("hishel").addHandler(logging.NullHandler())

_CONDITIONS = ("if-none-match", "if-modified-since")
_OPTIONS = hishel.CacheOptions(shared=False, supported_methods=["GET"], allow_stale=False)
# Bodies are stored decoded, so what describes their coding no longer holds.
_OF_THE_CODING = frozenset({"content-encoding", "content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is known of an address: the headers with which to ask whether it still holds."""

    conditions: Mapping[str, str]
    state: hishel.NeedRevalidation


class ListingCache:
    """A cache of listings in one SQLite file; safe to share between threads and processes."""

    def __init__(self, folder: Path, *, max_bytes: int, max_body_bytes: int) -> None:
        """Name the folder; it is made when something is first stored or looked up.

        Args:
            folder: for the file.
            max_bytes: what was used longest ago goes when the file holds more.
            max_body_bytes: larger bodies are not stored.
        """
        self._path = path = folder / "listings.db"
        _remove_unreadable(path)
        self._max_body_bytes = max_body_bytes
        self._storage = hishel.SqliteStorage(database_path=path, max_size=max_bytes)

    def recall(self, url: str, headers: Mapping[str, str]) -> Recalled | None:
        """Return what is known of an address asked for with these headers; None when there is nothing to ask with."""
        if _is_private(headers) or not self._path.exists():
            return None
        asked = hishel.Headers({**headers, "cache-control": "no-cache"})
        with contextlib.suppress(RuntimeError, sqlite3.Error, OSError):
            entries = self._storage.get_entries(_key(url, headers))
            state = hishel.IdleClient(options=_OPTIONS).next(hishel.Request("GET", url, asked), entries)
            if isinstance(state, hishel.NeedRevalidation):
                conditions = {name: state.request.headers[name] for name in _CONDITIONS if name in state.request.headers}
                return Recalled(conditions, state) if conditions else None
        return None

    def confirm(self, recalled: Recalled, headers: Mapping[str, str]) -> tuple[dict[str, str], bytes] | None:
        """Return headers and body that a 304 confirms; None when they are no longer there or the 304 means something else.

        Args:
            recalled: what the request was made with.
            headers: of the 304, keys in lower case.
        """
        with contextlib.suppress(RuntimeError, sqlite3.Error, OSError):
            state: object = recalled.state.next(hishel.Response(304, hishel.Headers(dict(headers))))
            while True:
                if isinstance(state, hishel.InvalidateEntries):
                    for entry_id in state.entry_ids:
                        self._storage.remove_entry(entry_id)
                    state = state.next()
                elif isinstance(state, hishel.NeedToBeUpdated):
                    for entry in state.updating_entries:
                        self._storage.update_headers(entry.id, entry.response.headers)
                    state = state.next()
                elif isinstance(state, hishel.FromCache):
                    return _read(state.entry.response)
                else:
                    return None
        return None

    def remember(self, url: str, asked: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        """Store a good answer with status 200 where it has validators and its server allows it; what was known of the address goes.

        Args:
            url: what was asked for.
            asked: the headers of the request.
            headers: of the answer, keys in lower case.
            body: decoded.
        """
        has_validators = "etag" in headers or "last-modified" in headers
        if _is_private(asked) or not (has_validators or self._path.exists()):
            return
        key = _key(url, asked)
        kept = {name: value for name, value in headers.items() if name not in _OF_THE_CODING}
        request = hishel.Request("GET", url, hishel.Headers(dict(asked)))
        response = hishel.Response(200, hishel.Headers(kept), iter([body]))
        with contextlib.suppress(RuntimeError, sqlite3.Error, OSError):
            before = [entry.id for entry in self._storage.get_entries(key)]
            if has_validators and len(body) <= self._max_body_bytes:
                self._store(request, response, key)
            for entry_id in before:
                self._storage.remove_entry(entry_id)

    def close(self) -> None:
        """Close the file."""
        self._storage.close()

    def _store(self, request: hishel.Request, response: hishel.Response, key: str) -> None:
        state = hishel.CacheMiss(request=request, options=_OPTIONS).next(response)
        if isinstance(state, hishel.StoreAndUse):
            entry = self._storage.create_entry(request, state.response, key)
            _read(entry.response)  # an entry becomes visible only when its body has been read to the end


def _read(response: hishel.Response) -> tuple[dict[str, str], bytes]:
    stream = response.stream
    body = b"".join(stream) if hasattr(stream, "__iter__") else b""  # type: ignore[arg-type]  # ours never streams asynchronously
    return {name.lower(): value for name, value in response.headers.items()}, body


def _key(url: str, headers: Mapping[str, str]) -> str:
    accept = next((value for name, value in headers.items() if name.lower() == "accept"), "")
    return hashlib.sha256(f"{url}\n{accept}".encode()).hexdigest()


def _is_private(headers: Mapping[str, str]) -> bool:
    return any(name.lower() == "authorization" for name in headers)


def _remove_unreadable(path: Path) -> None:
    """A file that is no database would leave the cache dead for good, and it holds nothing that cannot be had again."""
    if not path.exists():
        return
    connection = sqlite3.connect(path)
    try:
        connection.execute("SELECT cache_key, chunk_count, ttl_deadline FROM entries LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        # A file without tables is one that another process is just making.
        if isinstance(error, sqlite3.OperationalError) and "no such column" not in str(error):
            return
        connection.close()
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
    finally:
        connection.close()
