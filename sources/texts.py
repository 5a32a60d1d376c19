"""Plain forms of text that services send: blanks, markup and letters that differ without meaning."""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from html.parser import HTMLParser

# Characters that take no room or only steer the terminal; services leave them in titles.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
)
# Letters that Unicode does not take apart into a letter and a mark.
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "‘": "'",
        "’": "'",
        "ʻ": "'",
        "ʼ": "'",
        "`": "'",
        "´": "'",
        "′": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "―": "-",
        "−": "-",
    }
)
_BLOCK = re.compile(
    "address|article|aside|blockquote|br|caption|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|"
    "table|tbody|td|tfoot|th|thead|tr|ul"
)
_SILENT = frozenset(("script", "style", "template", "noscript"))


def squeeze(text: str) -> str:
    """Return the text in one line, with single blanks and without invisible characters."""
    return " ".join(_INVISIBLE.sub("", text).split())


def fold(text: str) -> str:
    """Return the text for matching: lower case, without accents, plain quotation marks and dashes, single blanks.

    >>> fold("CÔTE  D’IVOIRE")
    "cote d'ivoire"
    """
    # Quotation marks such as the acute accent fall apart into a blank and a mark, so they are replaced before as well as after.
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()
    apart = unicodedata.normalize("NFKD", bare.translate(_LETTERS))
    return squeeze("".join(letter for letter in apart if not unicodedata.combining(letter)))


def plain_text(html: str) -> str:
    """Return the text of a piece of HTML in one line: without markup, scripts and styles, with entities resolved; never raises.

    Blocks are set apart by a blank, so that words of neighbouring paragraphs do not grow together. Text without markup comes back as it is.
    """
    # The parser of the standard library stops with an error at marked sections (`<![...`) that it does not know.
    safe = html.replace("<![CDATA[", " ").replace("]]>", " ")
    safe = re.sub(r"<!\[[^<>]{0,200}>", " ", safe).replace("<![", " ")
    reader = _Reader()
    reader.feed(safe)
    reader.close()
    # Some services escape what is escaped already (`&amp;nbsp;`).
    return squeeze(unescape("".join(reader.pieces)))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        if _BLOCK.fullmatch(tag):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT and self._silent:
            self._silent -= 1
        if _BLOCK.fullmatch(tag):
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _BLOCK.fullmatch(tag):
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
