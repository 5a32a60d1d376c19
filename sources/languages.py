"""Names and codes of languages, as services write them, to two lower-case letters of ISO 639-1."""

from __future__ import annotations

import re

from sources.texts import fold

# code: the three-letter codes of ISO 639-2 (both kinds), names in English, the language's own name, other names in use.
_LANGUAGES = """
en: eng, english, anglais, ingles
fr: fre, fra, french, francais, frances
es: spa, spanish, espanol, castellano, castilian, espagnol
ru: rus, russian, russkii, русский, russe, ruso
ar: ara, arabic, العربية, arabe
zh: chi, zho, chinese, 中文, mandarin, chinois, chino, chinese simplified, chinese traditional, simplified chinese, traditional chinese
de: ger, deu, german, deutsch, allemand
pt: por, portuguese, portugues, brazilian portuguese, portugais
it: ita, italian, italiano, italien
nl: dut, nld, dutch, nederlands, flemish
pl: pol, polish, polski
cs: cze, ces, czech, cestina
sk: slo, slk, slovak, slovencina
sl: slv, slovenian, slovene, slovenscina
hr: hrv, croatian, hrvatski
sr: srp, scc, serbian, srpski
bs: bos, bosnian, bosanski
mk: mac, mkd, macedonian
bg: bul, bulgarian
ro: rum, ron, romanian, romana, moldovan, moldavian
hu: hun, hungarian, magyar
el: gre, ell, greek, modern greek
sq: alb, sqi, albanian, shqip
tr: tur, turkish, turkce
uk: ukr, ukrainian, українська
be: bel, belarusian, belarusan
lt: lit, lithuanian
lv: lav, latvian
et: est, estonian
fi: fin, finnish, suomi
sv: swe, swedish, svenska
no: nor, norwegian, norsk
nb: nob, norwegian bokmal, bokmal
da: dan, danish, dansk
is: ice, isl, icelandic
ga: gle, irish
mt: mlt, maltese
ca: cat, catalan
hy: arm, hye, armenian
ka: geo, kat, georgian
az: aze, azerbaijani, azeri
kk: kaz, kazakh
ky: kir, kyrgyz, kirghiz
uz: uzb, uzbek, o'zbek, ozbek
tg: tgk, tajik
tk: tuk, turkmen
mn: mon, mongolian
fa: per, fas, persian, farsi
ps: pus, pashto, pushto
ur: urd, urdu
hi: hin, hindi
bn: ben, bengali, bangla
ne: nep, nepali
si: sin, sinhala, sinhalese
ta: tam, tamil
te: tel, telugu
mr: mar, marathi
pa: pan, punjabi, panjabi
gu: guj, gujarati
dv: div, dhivehi, maldivian
my: bur, mya, burmese, myanmar
th: tha, thai
lo: lao, lao
km: khm, khmer, central khmer, cambodian
vi: vie, vietnamese, tieng viet
id: ind, indonesian, bahasa indonesia
ms: may, msa, malay, bahasa melayu
tl: tgl, tagalog
ja: jpn, japanese, 日本語
ko: kor, korean, 한국어
he: heb, hebrew
ku: kur, kurdish
am: amh, amharic
ti: tir, tigrinya
om: orm, oromo
so: som, somali
sw: swa, swahili, kiswahili
rw: kin, kinyarwanda
rn: run, rundi, kirundi
mg: mlg, malagasy
ha: hau, hausa
yo: yor, yoruba
ig: ibo, igbo
wo: wol, wolof
ln: lin, lingala
ny: nya, chichewa, nyanja
zu: zul, zulu
af: afr, afrikaans
ht: hat, haitian creole, haitian, kreyol
qu: que, quechua
ay: aym, aymara
gn: grn, guarani
sm: smo, samoan
to: ton, tongan
fj: fij, fijian
"""
# The letters that the United Nations prints on documents.
_UN_LETTERS = {"e": "en", "f": "fr", "s": "es", "r": "ru", "a": "ar", "c": "zh"}


# A tag with script or region, as in `zh-Hans-CN`.
_TAG = re.compile(r"(?P<language>[a-z]{2,3})(?:[-_](?:[a-z]{2,4}|\d{3})){1,2}")


def _table() -> dict[str, str]:
    table = dict(_UN_LETTERS)
    for line in _LANGUAGES.strip().splitlines():
        code, _, names = line.partition(": ")
        table[code] = code
        table |= {fold(name): code for name in names.split(", ")}
    return table


_CODES = _table()


def language_code(text: str | None) -> str | None:
    """Return the two-letter code of a language given by name, code or the letter of the United Nations; None where it is unknown.

    Regions are cut off (`en-GB` is `en`). Several languages, or none in particular, have no code.

    >>> language_code("English"), language_code("eng"), language_code("E"), language_code("en_US"), language_code("Klingon")
    ('en', 'en', 'en', 'en', None)
    """
    name = fold(text or "").strip(" .;,:()[]")
    if name in _CODES:
        return _CODES[name]
    tag = _TAG.fullmatch(name)
    if tag is not None:
        return _CODES.get(tag["language"])
    inverted = " ".join(part.strip() for part in reversed(name.replace("(", ",").replace(")", "").split(",")))
    return _CODES.get(inverted)
