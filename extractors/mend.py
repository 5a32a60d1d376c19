"""Mending of text that typesetting has broken: ligatures, hyphens at line ends, odd spaces; and the normal form for comparison."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass

_LIGATURES = str.maketrans(
    {
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "\u00ad": None,
        "\u200b": None,
        "\ufeff": None,
        "\u2060": None,
        "\x00": None,
    }
)
# Letters by their category that show nothing: the fillers of Hangul, and the stroke that stretches Arabic words.
_UNSEEN = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0\u0640"))
_SPACES = re.compile(r"\s+")
_FUSED = re.compile("[ﬀﬁﬂﬃﬄﬅﬆ]")
_APART = re.compile(r"[\W_]+")
_START = re.compile(r"[^\W\d_]*")
_LETTERS = re.compile(r"[^\W\d_]+")
# The letters before a hyphen; what opens a quotation or a parenthesis and an elided article are no part of the word ("(govern-", "l'exploi-").
_END = re.compile(r"(?:^|.*[(\[{“”\"„«»])([^\W\d_]+)|.*['’‘‚]([^\W\d_]{2,})")
_EDGES = ".,;:!?()[]“”\"'’«»"
_PREFIXES = frozenset(["non", "self", "anti", "multi", "socio", "quasi", "не"])
# Words after a hyphen that stands for a word.
_BETWEEN = frozenset(["and", "or", "to", "et", "ou", "y", "und", "oder", "e", "и", "или"])
# Numbers from twenty-one to ninety-nine are written with a hyphen, in English and in French, and never as one word.
_TENS = re.compile(
    "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    "|vingt|trente|quarante|cinquante|soixante|septante|quatre|huitante|nonante"
)
_UNITS = re.compile(
    "(?:one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
    "|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?"
    "|unième|deuxième|troisième|quatrième|cinquième|sixième|septième|huitième|neuvième|dixième|vingtième)s?"
)
_DIVIDES = 0.018  # share of lines that end in a hyphen from which a document is one that divides words
# Lines from which a document that cuts fewer is taken for one that seldom divides: the hyphens at its lines' ends are its words' own.
_SURE = 250
_SHORT = 3  # letters of what stands before a hyphen of its own ("co-ordination") in a document that writes the word without one as well
# Han, kana and the punctuation that is set with them: no space stands between these, so none at the end of a line either. Korean has spaces.
_UNSPACED = re.compile("[\u2e80-\u30ff\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]")
_COMPOUND = re.compile(r"[A-Za-z0-9À-ÿ’']+-[A-Za-z0-9À-ÿ-]+")


def clean(text: str) -> str:
    """Return the text with ligatures resolved, invisible characters dropped and white space runs made single spaces."""
    if text.isprintable() and "  " not in text and (text.isascii() or not _FUSED.search(text)):
        return text.strip()
    text = text.translate(_LIGATURES)
    return _SPACES.sub(" ", "".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc")).strip()


@dataclass(frozen=True, slots=True)
class Hyphens:
    """What a document says of its hyphens: the words that it writes, those with a hyphen inside a line, and its habit at line ends.

    `divides`: the document cuts words at the ends of its lines; in most reports a hyphen there belongs to the word. `seldom_divides`: it
    does not, and is long enough for that to be sure, so only what it writes as one word and not apart is put together; short ones are
    asked word by word.
    """

    words: Set[str] = frozenset()
    compounds: Set[str] = frozenset()
    divides: bool = True
    seldom_divides: bool = False

    def keeps(self, first: str, second: str) -> bool:
        """True when the hyphen between the end of a line and the start of the next belongs to the word."""
        last = _END.fullmatch(first)
        if last is None or not second[:1].islower():
            return True
        match = _START.match(second)
        left, right = (last[1] or last[2]).lower(), match.group().lower() if match else ""
        if self.seldom_divides:
            known = left + right in self.words and not {left, right} & self.words
            return not known or len(left) <= _SHORT or f"{left}-{right}" in self.compounds
        if _TENS.fullmatch(left) and _UNITS.fullmatch(right):
            return True
        if f"{left}-{right}" in self.compounds or (left in _PREFIXES and right in self.words and not self.divides):
            return True
        if left + right in self.words:
            return False
        if left in _PREFIXES or self.divides:
            return left in _PREFIXES
        return right in self.words or left in self.words


def hyphens_of(lines: Iterable[str]) -> Hyphens:
    """Return what the lines of a document say of its hyphens."""
    words: set[str] = set()
    compounds: set[str] = set()
    cuts = count = 0
    end = ""
    for line in lines:
        parts = line.lower().split()
        if not parts:
            continue
        # Halves of words are no words; and nobody asks for what is not letters throughout.
        for part in parts[1:] if end else parts:
            word = part if part.isalpha() else part.strip(_EDGES)
            if word.isalpha() or _LETTERS.fullmatch(word):
                words.add(word)
        count += 1
        cuts += bool(end)
        end = parts[-1][:-1] if len(parts[-1]) > 2 and parts[-1].endswith("-") else ""
        if "-" in line:
            compounds.update(match.lower() for match in _COMPOUND.findall(line))
    divides = cuts > _DIVIDES * count
    return Hyphens(words, compounds, divides, not divides and count >= _SURE)


def join_lines(lines: Iterable[str], hyphens: Hyphens | None = None) -> tuple[str, list[int]]:
    """Join the lines of a paragraph, mending words cut by a hyphen at the line's end; return the text and the words of each line.

    A word over two lines counts for the first.

    Args:
        lines: cleaned lines in reading order.
        hyphens: what the document says of its hyphens; without it words are put together.
    """
    hyphens = hyphens or Hyphens()
    pieces: list[str] = []
    counts: list[int] = []
    for line in lines:
        counts.append(len(line.split()))
        if not line:
            continue
        last = pieces[-1] if pieces else ""
        if not last:
            pieces.append(line)
        elif last.endswith("-") and len(last) > 1 and last[-2].isalnum():
            first, second = last.rsplit(" ", 1)[-1][:-1], line.split(" ", 1)[0]
            if second in _BETWEEN and (first + second).lower() not in hyphens.words:  # "low- and middle-income countries"
                pieces.append(f" {line}")
                continue
            if not hyphens.keeps(first, second):
                pieces[-1] = last[:-1]
            pieces.append(line)
            counts[-1] -= 1
        elif last.endswith("/") or (_UNSPACED.match(last[-1]) and _UNSPACED.match(line[0])):
            pieces.append(line)
            counts[-1] -= 1
        else:
            pieces.append(f" {line}")
    return "".join(pieces), counts


def count_words(text: str) -> int:
    """Return the number of words; of writing without spaces (Chinese, Japanese) two signs count for one, as its words mostly have two."""
    if text.isascii():
        return len(text.split())
    rest, signs = _UNSPACED.subn(" ", text)
    return len(rest.split()) + (signs + 1) // 2


def normal_form(text: str) -> str:
    """Return the text as it is compared: NFKC, lower case, letters and digits only with single spaces between words."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_LIGATURES).translate(_UNSEEN))
    return _APART.sub(" ", text.casefold()).strip()
