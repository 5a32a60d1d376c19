"""Names of coders: one person under two spellings would count as two, and settle codes that nobody else has looked at."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet takes for a formula: the names of coders stand in files that are opened in one."""


def plain_name(name: str) -> str:
    """Return a name without outer blanks, its accents written in one way (Unicode NFC): file systems do not agree on them."""
    return unicodedata.normalize("NFC", name).strip()


def spelling(name: str) -> str:
    """Return what two spellings of one name share: letters without case, blanks without width, signs without their variants (NFKC)."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def named(user: str, names: Mapping[str, str]) -> str:
    """Return the coder for a user of a tool, or for the name that stands in a file; who is not in `names` stands for himself."""
    return names.get(user, names.get(plain_name(user), plain_name(user)))


def fault_of(name: str) -> str | None:
    """Return why a name cannot be a coder's, or None."""
    for sign in name:
        if unicodedata.category(sign) in ("Cc", "Cf"):
            return (
                f"holds U+{ord(sign):04X}, a character that is not seen: two names that look the same would be two coders. "
                "Write the name anew"
            )
    if name.startswith(FORMULA):
        return f"begins with {name[0]}, which a spreadsheet takes for a formula; begin it with a letter"
    return None


def alike(names: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    """Return the new names that are another spelling of a name, each with that name: of a known one, or of one beside it.

    Args:
        names: the coders of a file.
        known: the coders who are known already; nothing is said of them.
    """
    there = set(known)
    first: dict[str, str] = {}
    for name in sorted(there):
        first.setdefault(spelling(name), name)
    found = []
    for name in sorted(set(names) - there):
        other = first.setdefault(spelling(name), name)
        if other != name:
            found.append((name, other))
    return found
