"""Language of document, pages and passages: short texts inherit from what they stand in."""

from __future__ import annotations

from functools import cache
from typing import Any

# The working languages of the organizations and the larger languages of states in which reports are published.
LANGUAGES = (
    "en", "fr", "es", "ru", "ar", "zh", "pt", "de", "it", "nl", "pl", "tr", "uk", "fa", "id", "vi", "ko", "ja", "sw", "uz", "kk", "ky",
    "az", "ka", "hy", "sr", "bs", "hr", "sl", "sq", "ro", "bg", "el", "cs", "hu", "sv", "no", "da", "fi", "th", "km", "ne", "ur", "hi", "bn",
)  # fmt: skip
_OWN = 25  # words from which a passage may differ from its page
_SURE = 0.95
_SAMPLE = 4000  # characters looked at


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
    letters = sum(c.isalpha() for c in text[:_SAMPLE])
    if letters < 20 or (len(text.split()) < own_words and letters < 6 * own_words):
        return inherited
    language, probability = _identifier().classify(text[:_SAMPLE])
    if inherited is not None and language != inherited and probability < _SURE:
        return inherited
    return str(language)
