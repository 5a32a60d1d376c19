"""Countries by the names that organizations give them, from the reviewed table `configs/countries.yaml`.

A name is compared by its words: without case, accents, punctuation, "the" and "of", with the World Bank's short forms written out, and with
what stands behind a comma or in brackets also read in front ("Korea, Rep." is "Republic of Korea").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

from entente.errors import BadInput
from entente.yaml_files import read_yaml_mapping
from sources.texts import fold, squeeze

Words = tuple[str, ...]
Status = Literal["current", "former", "user_assigned"]

_GROUPS: dict[str, Status] = {"countries": "current", "former": "former", "user_assigned": "user_assigned"}
_LISTS = ("forms", "unclear", "not_in_text", "not_a_country")
_KEYS = (*_GROUPS, "abbreviations", *_LISTS)
_CODE = re.compile(r"[A-Z]{3}")
# A word, one with an apostrophe, or letters with stops between them, as in U.S.
_WORD = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’‘ʼ`´][^\W_]+)*")
_WITHOUT_MEANING = frozenset(("the", "of"))
_SHORT_FORMS = {"rep": "republic", "dem": "democratic", "fed": "federated", "sts": "states", "st": "saint", "isl": "islands"}
_BEHIND = re.compile(r"^(?P<name>[^,(]+)(?:,|\()(?P<behind>[^()]+)\)?$")


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory: ISO 3166-1 alpha-3, its short name, and whether the code is a current, a former (ISO 3166-3) or a user's one."""

    iso3: str
    name: str
    status: Status = "current"


class Countries:
    """The table of names. Build it with `load_countries`."""

    def __init__(self, content: Mapping[str, Any], origin: str, extra: Mapping[str, str]) -> None:
        self._origin = origin
        self._by_code: dict[str, Country] = {}
        self._by_words: dict[Words, Country] = {}
        self._abbreviations: dict[str, Country] = {}
        self._read(content)
        for name, code in extra.items():
            self._add_extra(name, code)
        self._by_first: dict[str, list[tuple[Words, Country | None]]] = {}
        silent = [words_of(name) for name in (*content.get("unclear", ()), *content.get("not_in_text", ()))]
        entries: list[tuple[Words, Country | None]] = [(words, None) for words in silent if words not in self._by_words]
        for words, country in [*entries, *self._by_words.items()]:
            self._by_first.setdefault(words[0], []).append((words, country))
        for candidates in self._by_first.values():
            candidates.sort(key=lambda entry: -len(entry[0]))

    def __iter__(self) -> Iterator[Country]:
        return iter(self._by_code.values())

    def by_code(self, code: str | None) -> Country | None:
        """Return the country of an alpha-3 code in any case, or None."""
        return self._by_code.get((code or "").strip().upper())

    def find(self, name: str | None) -> Country | None:
        """Return the country of a name (or of an alpha-3 code in capitals); None where it is unknown, unclear or no country.

        What follows `--`, as in subject headings, does not count.
        """
        plain = squeeze(name or "").partition("--")[0].strip()
        if _CODE.fullmatch(plain) and plain in self._by_code:
            return self._by_code[plain]
        for words in self._readings(plain):
            if words in self._unclear:
                return None
            if words in self._by_words:
                return self._by_words[words]
        return self._abbreviations.get(_short(plain))

    def is_no_country(self, name: str | None) -> bool:
        """Say whether a value is known to name no single country (`World`, `n/a`), or is empty: no reason to ask anybody."""
        words = words_of(name or "")
        return not words or words in self._no_country

    def find_all(self, names: str | None) -> tuple[tuple[Country, ...], tuple[str, ...]]:
        """Take apart a list of countries separated by commas or semicolons, where names may contain commas themselves.

        Returns:
            the countries, in order, each once; and the pieces that are unknown.
        """
        pieces = [piece.strip() for piece in squeeze(names or "").replace(";", ",").split(",") if piece.strip()]
        found: dict[str, Country] = {}
        unknown: list[str] = []
        start = 0
        while start < len(pieces):
            for end in range(min(len(pieces), start + 4), start, -1):
                name = ", ".join(pieces[start:end])
                country = self.find(name)
                if country is not None or self.is_no_country(name):
                    if country is not None:
                        found.setdefault(country.iso3, country)
                    break
            else:
                unknown.append(pieces[start])
                end = start + 1
            start = end
        return tuple(found.values()), tuple(unknown)

    def in_text(self, text: str | None) -> tuple[Country, ...]:
        """Return the countries whose names stand in a text, in order, each once; of names that contain one another the longest counts."""
        plain = unicodedata.normalize("NFC", text or "")
        in_capitals = plain == plain.upper()
        tokens = [(word, written) for word, written in _tokens(plain) if word not in _WITHOUT_MEANING]
        found: dict[str, Country] = {}
        index = 0
        while index < len(tokens):
            size, country = self._longest(tokens, index)
            if not size and not in_capitals and tokens[index][1] == tokens[index][1].upper():
                country = self._abbreviations.get(_short(tokens[index][1]))
            if country is not None:
                found.setdefault(country.iso3, country)
            index += max(size, 1)
        return tuple(found.values())

    def _longest(self, tokens: Sequence[tuple[str, str]], index: int) -> tuple[int, Country | None]:
        for words, country in self._by_first.get(tokens[index][0], ()):
            if words == tuple(word for word, _ in tokens[index : index + len(words)]):
                return len(words), country
        return 0, None

    def _readings(self, name: str) -> Iterator[Words]:
        readings = [words_of(name)]
        match = _BEHIND.match(name)
        if match is not None:
            readings.append(words_of(f"{match['behind']} {match['name']}"))
        yield from readings
        for words in readings:
            for form in self._forms:
                if words[: len(form)] == form:
                    yield words[len(form) :]

    def _read(self, content: Mapping[str, Any]) -> None:
        unknown = sorted(set(content) - set(_KEYS))
        if unknown:
            raise BadInput(f"{self._origin}: unknown key {unknown[0]!r}; allowed are {', '.join(_KEYS)}.")
        for group, status in _GROUPS.items():
            for code, names in self._mapping(content, group).items():
                if not _CODE.fullmatch(code) or code in self._by_code:
                    raise BadInput(f"{self._origin}, {group}: {code!r} must be three capital letters and stand there once.")
                country = Country(code, names[0], status)
                self._by_code[code] = country
                for name in names:
                    self._add(name, country)
        for code, names in self._mapping(content, "abbreviations").items():
            if code not in self._by_code:
                raise BadInput(f"{self._origin}, abbreviations: the code {code!r} is not among the countries.")
            self._abbreviations |= {_short(name): self._by_code[code] for name in names}
        lists = {name: [words_of(value) for value in self._texts(content.get(name, []), name)] for name in _LISTS}
        # The longest form first, so that "Federal Democratic Republic of" is not cut to "Federal ... ".
        self._forms = sorted(lists["forms"], key=len, reverse=True)
        self._unclear = frozenset(lists["unclear"])
        self._no_country = frozenset(lists["not_a_country"])
        for words in (self._unclear | self._no_country) & set(self._by_words):
            raise BadInput(f"{self._origin}: {' '.join(words)!r} is both a country and unclear or no country.")

    def _mapping(self, content: Mapping[str, Any], group: str) -> dict[str, list[str]]:
        mapping = content.get(group, {})
        if not isinstance(mapping, dict):
            raise BadInput(f"{self._origin}, {group}: must be a mapping of codes to lists of names.")
        return {str(code): self._texts(names, f"{group}.{code}") for code, names in mapping.items()}

    def _texts(self, values: object, place: str) -> list[str]:
        good = isinstance(values, list) and all(isinstance(value, str) and words_of(value) for value in values)
        if not good or (not values and "." in place):
            raise BadInput(f"{self._origin}, {place}: must be a list of names, each a text with letters.")
        return list(values)  # type: ignore[call-overload, no-any-return]  # checked above

    def _add(self, name: str, country: Country) -> None:
        words = words_of(name)
        other = self._by_words.setdefault(words, country)
        if other.iso3 != country.iso3:
            raise BadInput(f"{self._origin}: the name {name!r} belongs to both {other.iso3} and {country.iso3}.")

    def _add_extra(self, name: str, code: str) -> None:
        if not _CODE.fullmatch(code) or not words_of(name):
            raise BadInput(f"The country {name!r} with the code {code!r}: a code is three capital letters, a name has letters.")
        country = self._by_code.setdefault(code, Country(code, squeeze(name), "user_assigned"))
        self._add(name, country)
        self._unclear -= {words_of(name)}
        self._no_country -= {words_of(name)}


def words_of(name: str) -> Words:
    """Return the words by which a name is compared."""
    return tuple(word for word, _ in _tokens(unicodedata.normalize("NFC", name)) if word not in _WITHOUT_MEANING)


def load_countries(extra: Mapping[str, str] | None = None, path: Path | None = None) -> Countries:
    """Read the table of countries.

    Args:
        extra: further names and their codes, e.g. `{"Orvania": "XAA"}`; they go before what the table calls unclear or no country.
        path: another table than the one that ships with Entente.

    Raises:
        BadInput: when the table cannot be read, or a code or name stands in two places; names both.
    """
    if path is not None:
        return Countries(read_yaml_mapping(path), str(path), extra or {})
    with as_file(files("configs").joinpath("countries.yaml")) as shipped:
        return Countries(read_yaml_mapping(shipped), "configs/countries.yaml", extra or {})


@cache
def default_countries() -> Countries:
    """Return the table that ships with Entente, read once."""
    return load_countries()


def find_country(name: str | None) -> Country | None:
    """Return the country of a name by the table that ships with Entente; see `Countries.find`.

    >>> find_country("IRAN (ISLAMIC REPUBLIC OF)").iso3, find_country("Korea, Dem. People's Rep.").iso3, find_country("World")
    ('IRN', 'PRK', None)
    """
    return default_countries().find(name)


def countries_in_title(text: str | None) -> tuple[Country, ...]:
    """Return the countries named in a title by the table that ships with Entente; see `Countries.in_text`."""
    return default_countries().in_text(text)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _WORD.finditer(text.replace("&", " and ")):
        word = fold(match.group()).replace("'", "").replace(".", "")
        if word:
            yield _SHORT_FORMS.get(word, word), match.group()


def _short(text: str) -> str:
    return fold(text).replace(".", "")
