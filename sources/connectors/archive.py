"""Copies in the Internet Archive: a second way to a file whose own address refuses it or is gone. It lists nothing by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from sources.checks import MIME
from sources.connector_settings import read_settings
from sources.description import SourceDescription
from sources.types import FileLink
from sources.web.errors import Refused
from sources.web.results import Download, NotModified, Validators

if TYPE_CHECKING:
    from sources.web.client import Client

_FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest", "length")
_TIMESTAMP = re.compile(r"\d{14}")
# What the Archive calls a file whose type the server did not tell, besides the type itself.
_UNTOLD = frozenset(
    ("", "unk", "application/octet-stream", "binary/octet-stream", "application/download", "application/x-download")
)
_NOT_QUOTED = "/%:@!$&'()*+,;=~-._?"


class ArchiveSettings(BaseModel):
    """What `settings` of the description may say.

    Attributes:
        copies: so many of an address's copies are tried, the newest first.
        addresses: for so many of a record's addresses copies are looked for.
        most_pages: a list of copies is read so far.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    copies: int = Field(default=3, ge=1)
    addresses: int = Field(default=2, ge=1)
    most_pages: int = Field(default=4, ge=1)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that the Archive keeps: when it was made, and of which address."""

    made_at: datetime
    original: str

    @property
    def path(self) -> str:
        """The last part of the copy's address, for the bytes as they came (`id_`)."""
        return f"{self.made_at:%Y%m%d%H%M%S}id_/{quote(self.original, safe=_NOT_QUOTED)}"


def settings_of(description: SourceDescription) -> ArchiveSettings:
    """Return the settings of the Archive's description; raises `BadInput` naming the key."""
    return read_settings(description, ArchiveSettings)


def find_copies(client: Client, description: SourceDescription, url: str, file_format: str | None) -> tuple[Copy, ...]:
    """Return the copies of an address that may be the file, the newest first, one for each content.

    Args:
        client: the Archive's.
        description: the Archive's.
        url: the address as it stands in the record.
        file_format: pdf, docx, doc or txt; copies of another type (error pages that came with status 200) are left out. None takes every
            kind of document but web pages.

    Raises:
        Refused: when the Archive does not answer rightly.
    """
    settings = settings_of(description)
    parameters = {
        "url": url,
        "output": "json",
        "fl": ",".join(_FIELDS),
        "filter": "statuscode:200",
        "collapse": "digest",
        "limit": str(description.page_size),
        "showResumeKey": "true",
    }
    copies: set[Copy] = set()
    for _ in range(settings.most_pages):
        try:
            answer = client.get(description.base("cdx"), params=parameters, expect="json", conditional=False)
        except Refused as refused:
            if refused.outcome in ("empty_answer", "not_found"):
                break
            raise
        rows, key = _rows(answer.json(), answer.url, answer.status)
        copies.update(_copies(rows, url, file_format))
        if key is None:
            break
        parameters["resumeKey"] = key
    return tuple(sorted(copies, key=lambda copy: (copy.made_at, copy.original), reverse=True))


def copy_url(description: SourceDescription, copy: Copy) -> str:
    """Return where the bytes of a copy are, as they came."""
    return f"{description.base('copies')}/{copy.path}"


def download_copy(client: Client, description: SourceDescription, copy: Copy, target: Path, *, max_bytes: int) -> Download:
    """Write the bytes of a copy, as they came, to `target`; raises `Refused` when they are not to be had."""
    return cast("Download", client.download(copy_url(description, copy), target, max_bytes=max_bytes))


def fetch_link(
    client: Client,
    description: SourceDescription,
    link: FileLink,
    target: Path,
    *,
    max_bytes: int,
    validators: Validators | None = None,
) -> Download | NotModified:
    """Fetch the newest copy of a link's address that is to be had; see `FetchLink`. Copies do not change, so nothing is asked of validators."""
    last = Refused("not_found", link.url, "the Internet Archive has no copy of it")
    for copy in find_copies(client, description, link.url, link.file_format)[: settings_of(description).copies]:
        try:
            return download_copy(client, description, copy, target, max_bytes=max_bytes)
        except Refused as refused:
            last = refused
    raise last


def _rows(content: object, url: str, status: int) -> tuple[list[dict[str, str]], str | None]:
    """Take an answer apart: a header row, the rows, and, behind an empty row, the key with which to go on."""
    if not isinstance(content, list) or not all(isinstance(row, list) for row in content):
        raise Refused("bad_answer", url, "the answer is no list of rows", status=status)
    if not content:
        return [], None
    header, *rest = content
    if "timestamp" not in header or "original" not in header:
        raise Refused("bad_answer", url, "the answer has no header row with timestamp and original", status=status)
    key: str | None = None
    if len(rest) >= 2 and rest[-2] == [] and len(rest[-1]) == 1 and isinstance(rest[-1][0], str):
        key = rest[-1][0]
        rest = rest[:-2]
    rows = [dict(zip(header, row, strict=True)) for row in rest if len(row) == len(header)]
    return [row for row in rows if all(isinstance(value, str) for value in row.values())], key


def _copies(rows: Sequence[dict[str, str]], url: str, file_format: str | None) -> Iterator[Copy]:
    types = _UNTOLD | {mime for kind, mime in MIME.items() if kind == file_format or (file_format is None and kind != "html")}
    for row in rows:
        made_at = _time(row["timestamp"])
        if made_at is None or row.get("statuscode", "200") not in ("200", "-") or not _is_same_place(row["original"], url):
            continue
        if row.get("mimetype", "").lower() in types:
            yield Copy(made_at, row["original"])


def _time(text: str) -> datetime | None:
    if not _TIMESTAMP.fullmatch(text) or not text.isascii():
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _is_same_place(original: str, url: str) -> bool:
    """The Archive takes http and https, `www.` and capitals for the same; a copy of another host is not what was asked for."""
    try:
        hosts = [(urlsplit(one).hostname or "").removeprefix("www.") for one in (original, url)]
    except ValueError:
        return False
    return hosts[0] == hosts[1] != "" and original.lower().startswith(("http://", "https://"))
