"""The UN Library's own store of files: by address, or by asking which file a symbol has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sources.description import SourceDescription
from sources.types import FileLink
from sources.web.errors import Refused
from sources.web.results import Download, NotModified, Validators

if TYPE_CHECKING:
    from sources.web.client import Client

_MD5 = re.compile(r"[0-9a-f]{32}")


def fetch_link(
    client: Client,
    description: SourceDescription,
    link: FileLink,
    target: Path,
    *,
    max_bytes: int,
    validators: Validators | None = None,
) -> Download | NotModified:
    """Fetch a file of the Library: by its address, or by asking which file a symbol has; for arguments and errors see `FetchLink`.

    Files are named by the MD5 of their bytes, so what comes is checked.
    """
    files = f"{description.base('api')}/files"
    url = link.url
    if url.partition("?")[0] == files:
        url = f"{files}/{_file_of(client, url)}?action=download"
    download = client.download(url, target, max_bytes=max_bytes, validators=validators, file_format=link.file_format)
    name = urlsplit(url).path.rpartition("/")[2]
    if isinstance(download, Download) and _MD5.fullmatch(name) and download.md5 != name:
        target.unlink(missing_ok=True)
        raise Refused("bad_answer", url, f"the bytes have the MD5 {download.md5}, not the one that names the file")
    return download


def _file_of(client: Client, url: str) -> str:
    content = client.get(url, expect="json").json()
    data = content.get("data") if isinstance(content, dict) else None
    if not isinstance(data, list):
        raise Refused("bad_answer", url, "the list of files has no data", status=200)
    for one in data:
        name = urlsplit(one).path.rstrip("/").rpartition("/")[2] if isinstance(one, str) else ""
        if _MD5.fullmatch(name):
            return name
    raise Refused("not_found", url, "the Library has no file of this symbol in this language", status=200)
