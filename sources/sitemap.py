"""Reading site maps (sitemaps.org): an index of further ones, or addresses with the day of their last change. Streamed, with limits."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from lxml import etree

from entente.errors import EntenteError

_GZIP = b"\x1f\x8b"
# The protocol allows 50,000 addresses and 50 MB, unpacked.
MOST_ENTRIES = 50_000
MOST_BYTES = 52_428_800


class NotASitemap(EntenteError):
    """The bytes are no site map, or a larger one than the protocol allows; a connector turns this into a refusal that names the address."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a site map; `is_map` where it is a further site map, `changed` as the site wrote it (empty where it says nothing)."""

    url: str
    changed: str
    is_map: bool


def read_sitemap(data: bytes, *, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> Iterator[Entry]:
    """Yield the entries of a site map or of an index of site maps, in their order; packed ones (gzip) are unpacked while they are read.

    Args:
        data: the bytes as they came.
        most_entries: more are refused.
        most_bytes: more, unpacked, are refused.

    Raises:
        NotASitemap: when the bytes are no site map, are broken, or are larger than allowed; entries before the fault have been yielded.
    """
    stream = _Limited(gzip.open(io.BytesIO(data)) if data.startswith(_GZIP) else io.BytesIO(data), most_bytes)  # noqa: SIM115  # read as it is handed on, and in memory
    n_entries = 0
    root = ""
    try:
        for event, element in etree.iterparse(
            stream, events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
        ):
            name = _local_name(element)
            if event == "start":
                root = root or name
                if root not in ("urlset", "sitemapindex"):
                    raise NotASitemap(f"no site map: the document is a {root[:60]!r}.")
            elif name in ("url", "sitemap"):
                n_entries += 1
                if n_entries > most_entries:
                    raise NotASitemap(f"a site map with more than {most_entries} addresses.")
                yield Entry(_text(element, "loc"), _text(element, "lastmod"), name == "sitemap")
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise NotASitemap(f"no site map: {error.msg}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise NotASitemap(f"a packed site map that cannot be unpacked ({error}).") from None
    if not root:
        raise NotASitemap("no site map: nothing.")


class _Limited:
    """Hands on what a stream gives, up to a limit."""

    def __init__(self, stream: object, most_bytes: int) -> None:
        self._stream = cast("BinaryIO", stream)
        self._left = most_bytes

    def read(self, n_bytes: int = -1) -> bytes:
        chunk = self._stream.read(min(n_bytes, 1 << 16) if n_bytes >= 0 else 1 << 16)
        self._left -= len(chunk)
        if self._left < 0:
            raise NotASitemap("a site map that is larger than the protocol allows.")
        return chunk


def _local_name(element: etree._Element) -> str:
    """Return the name without namespace; lxml's own reading of names fails where a prefix was never declared."""
    return element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else ""


def _text(element: etree._Element, name: str) -> str:
    for child in element:
        if _local_name(child) == name:
            return (child.text or "").strip()
    return ""
