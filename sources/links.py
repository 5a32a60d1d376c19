"""Addresses as services write them: made whole and secure, and what their last part says of the file behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from sources.checks import FORMAT_OF_SUFFIX
from sources.languages import language_code
from sources.texts import squeeze

_MOST = 2_000
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_NOT_QUOTED = "/%:@!$&'()*+,;=~-._"
_BETWEEN_WORDS = re.compile(r"[\s_\-.,;:()\[\]/]+")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_FEW_WORDS = 3
_LONGEST_CODE = 3
_PREFERENCE = ("pdf", "docx", "doc", "html", "txt")


def https_url(text: object) -> str | None:
    """Return an address with https, its odd characters percent-encoded and without a fragment; None where it is no address of the web.

    Addresses with a name and password, with a port of their own or without a host are none.

    >>> https_url(" http://Documents.example.org/a b.pdf#page=2 ")
    'https://documents.example.org/a%20b.pdf'
    """
    if not isinstance(text, str) or len(text) > _MOST:
        return None
    try:
        parts = urlsplit(text.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host) or "@" in parts.netloc:
        return None
    if port not in (None, 80, 443):
        return None
    try:
        path = quote(parts.path, safe=_NOT_QUOTED)
        query = quote(parts.query, safe=_NOT_QUOTED + "?")
    except UnicodeEncodeError:
        return None
    return urlunsplit(("https", host, path or "/", query, ""))


def format_of_url(url: str) -> str | None:
    """Return pdf, docx, doc, html or txt where the address ends so; None where it says nothing of the file."""
    return FORMAT_OF_SUFFIX.get(PurePosixPath(urlsplit(url).path).suffix.lower())


def name_of_url(url: str) -> str:
    """Return the name of the file in an address, without its ending; empty where there is none."""
    return squeeze(PurePosixPath(unquote(urlsplit(url).path)).stem)


def language_of_file(*texts: str) -> str | None:
    """Return the language that the name of a file or the words of a link tell, or None where they tell none or several.

    Names of languages count at the end, in brackets and in texts of at most three words: elsewhere they are words about people. Codes
    count only at the end, behind something else, as many short words are the code of some language.

    >>> language_of_file("Rapport final (French)"), language_of_file("report_2019_en"), language_of_file("Turkish workers in Orvania")
    ('fr', 'en', None)
    """
    found = set()
    for text in texts:
        tokens = _words(text)
        likely = tokens if len(tokens) <= _FEW_WORDS else tokens[-1:]
        bracketed = [token for inside in _BRACKETS.findall(text) for token in _words(inside)]
        found |= {language_code(token) for token in [*likely, *bracketed] if len(token) > _LONGEST_CODE}
        if len(tokens) > 1 and 1 < len(tokens[-1]) <= _LONGEST_CODE:
            found.add(language_code(tokens[-1]))
    found.discard(None)
    return found.pop() if len(found) == 1 else None


def group_files(files: Sequence[tuple[str, str, str]]) -> list[list[int]]:
    """Put together the files that are one document in several formats.

    Files of one language are, where their names are the same, or where each format occurs once. Two files of one format are two documents.

    Args:
        files: name without ending, format and language of each.

    Returns:
        Lists of places in `files`, in the order of their first files; within a list PDF goes first, as it has pages.
    """
    counts = Counter((file_format, language) for _, file_format, language in files)
    alone = {language for _, _, language in files} - {language for (_, language), count in counts.items() if count > 1}
    groups: list[list[int]] = []
    for place, (name, file_format, language) in enumerate(files):
        for group in groups:
            members = [files[one] for one in group]
            is_same = language in alone or any(own == name for own, _, _ in members)
            if is_same and all(member[2] == language and member[1] != file_format for member in members):
                group.append(place)
                break
        else:
            groups.append([place])
    return [sorted(group, key=lambda place: _PREFERENCE.index(files[place][1])) for group in groups]


def _words(text: str) -> list[str]:
    return [word for word in _BETWEEN_WORDS.split(text) if word]
