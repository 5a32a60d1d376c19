"""Language of document, pages and passages: short texts inherit from what they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

# The working languages of the organizations and the larger languages of states in which reports are published.
LANGUAGES = (
    "en", "fr", "es", "ru", "ar", "zh", "pt", "de", "it", "nl", "pl", "tr", "uk", "fa", "id", "vi", "ko", "ja", "sw", "uz", "kk", "ky",
    "az", "ka", "hy", "sr", "bs", "hr", "sl", "sq", "ro", "bg", "el", "cs", "hu", "sv", "no", "da", "fi", "th", "km", "ne", "ur", "hi", "bn",
)  # fmt: skip
_OWN = 25  # words from which a passage may differ from its page
_SURE = 0.95
_SAMPLE = 1500  # characters looked at
_ENOUGH = 0.15  # share of its words by which a text is known to be of a language, seen in no other
# The commonest small words of a language that no other of these languages has.
_SMALL_WORDS = {
    "en": "the of and to that with by for was were which has have their from its had been it this at on",
    "fr": "les des et dans du une qui aux par sur est ont pour été ces cette au ses leur le",
    "es": "los las y del el en una por con sobre ha han su sus al como más fue",
    "pt": "os das dos e do da em uma pelo pela não ao à foi mais são no na",
    "ru": "и в на по с что о для не к из от а также были было его их",
}
_COMMON = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in LANGUAGES if code in set(identifier.labels)])
    return identifier


def language_of(text: str, inherited: str | None = None, own_words: int = _OWN) -> str | None:
    """Return the ISO 639-1 code of a text's language, or `inherited` when the text is short or the guess is unsure.

    Args:
        text: any text.
        inherited: language of what the text stands in.
        own_words: fewer words than this are not judged (text without spaces is judged from as many characters).
    """
    sample = text[:_SAMPLE]
    words = sample.split()
    if len(words) < max(own_words, 10):
        letters = sum(c.isalpha() for c in sample)
        if letters < 20 or (len(words) < own_words and letters < 6 * own_words):
            return inherited
    elif inherited is not None and is_of(words, inherited):
        return inherited
    language, probability = _identifier().classify(sample)
    if inherited is not None and language != inherited and probability < _SURE:
        return inherited
    return str(language)


def is_of(words: Sequence[str], language: str) -> bool:
    """True when the small words of a language are so many among `words` that it can be no other; False says nothing."""
    return small_words(words, language) > _ENOUGH * len(words)


def small_words(words: Sequence[str], language: str) -> int:
    """Return how many of the words are the small words of a language; 0 where they are not known."""
    common = _COMMON.get(language)
    return sum(word in common for word in words) if common is not None else 0
