"""From the plan and the texts to the reports: which passage stands where, under which heading, with which number.

The invented passages are the project's own coded material; countries, places and organizations in them are renamed by
`data/names.csv`, so that a country is the same country in all of its reports, and years are moved as the plan says.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

import yaml

from sample.records import AnnexList, Block, Footnote, Heading, LetteredList, Paragraph, Report, Table

_YEAR = re.compile(r"(?<![\d,.])20[0-2]\d(?!\d|,\d{3})")
_OLD_NUMBER = re.compile(r"^(?:Chapter \d+\.|Part [IVX]+\.|Annex(?: [IVX]+)?\.|[IVX]+(?:\.[A-Z])?\.|[A-Z]\.|\d+(?:\.\d+)*\.?)\s+")
_SENTENCE_END = re.compile(r"(?<=[a-z]{4})\.(?= [A-Z])")
# Headings of the material that the sample uses for something else.
_RETITLED = {
    "Introduction": "Origin of the report",
    "Background": "History of the case",
    "Annex": "Text of the schedule",
    "Method": "Survey",
}
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")
_DIMENSIONS = {
    "voice": "voice",
    "stage": "stage",
    "realization": "realization",
    "cooperation_intensity": "coop",
    "contestation_intensity": "cont",
    "contestation_locus": "locus",
    "mode": "mode",
    "mechanism": "mechanism",
}
_NEUTRAL: dict[str, object] = {
    "voice": "igo",
    "stage": "none",
    "realization": "not_applicable",
    "cooperation_intensity": 0,
    "contestation_intensity": 0,
    "contestation_locus": "not_applicable",
    "mode": "not_applicable",
    "mechanism": [],
}


def reports() -> list[Report]:
    """Return all sample reports, in the order of the plan."""
    plan = _yaml("plan.yaml")
    texts = _yaml("texts.yaml")
    passages = _passages()
    return [_report(entry, index, plan, texts, passages) for index, entry in enumerate(plan["reports"])]


def names() -> list[dict[str, str]]:
    """Return the table of renamed names: scope (`*` or a document of the material), from, to, note."""
    return list(csv.DictReader((files("sample") / "data" / "names.csv").read_text(encoding="utf-8").splitlines()))


def renamed(text: str, document: str) -> str:
    """Return the text with the names of its source document changed, longest names first."""
    pairs = [(row["from"], row["to"]) for row in names() if row["scope"] in ("*", document)]
    for old, new in sorted(pairs, key=lambda pair: -len(pair[0])):
        text = re.sub(rf"(?<![\w-]){re.escape(old)}(?![a-z])", new, text)
    return text


def shifted(text: str, years: int) -> str:
    """Return the text with every year from 2000 on moved by so many years."""
    return _YEAR.sub(lambda match: str(int(match.group()) + years), text)


def _yaml(name: str) -> Any:
    return yaml.safe_load((files("sample") / "data" / name).read_text(encoding="utf-8"))


def _passages() -> dict[int, dict[str, Any]]:
    lines = (files("models") / "data" / "invented.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return {int(row["id"].removeprefix("inv-")): row for row in rows}


def _report(
    entry: Mapping[str, Any],
    index: int,
    plan: Mapping[str, Any],
    texts: Mapping[str, Any],
    passages: Mapping[int, dict[str, Any]],
) -> Report:
    organization = plan["organizations"][entry["igo"]]
    country = plan["countries"][entry["country"]]
    published: date = entry["published"]
    kind, start, end = entry.get("mission", ["", None, None])
    filled = {
        "country": country["name"],
        "office": organization["office"],
        "year": str(published.year),
        "before": str(published.year - 1),
    }
    language = entry.get("language", "en")
    blocks = list(_french(texts) if language == "fr" else _english(entry, index, filled, texts, passages))
    return Report(
        file=entry["file"],
        also=entry.get("also"),
        form=entry["form"],
        scanned_page=entry.get("scanned_page"),
        igo=entry["igo"],
        organization=organization["name"],
        body=entry["body"],
        symbol=entry["symbol"],
        title=entry["title"],
        doc_type=entry["doc_type"],
        country_iso3=entry["country"],
        country_name=country["name"],
        published=published,
        coverage_start=start or date(published.year - 1, 1, 1),
        coverage_end=end or date(published.year - 1, 12, 31),
        language=language,
        mission_kind=kind,
        mission_start=start,
        mission_end=end,
        notice=texts["notice"],
        page_notice=texts["page_notice"],
        blocks=tuple(_with_footnotes(blocks, [note.format(**filled) for note in texts["footnotes"]], index)),
    )


def _english(
    entry: Mapping[str, Any],
    index: int,
    filled: Mapping[str, str],
    texts: Mapping[str, Any],
    passages: Mapping[int, dict[str, Any]],
) -> Iterator[Block]:
    number = 0
    chapter = 0

    def own(text: str) -> Paragraph:
        nonlocal number
        number += 1
        return Paragraph(number, text.format(**filled), codes=_NEUTRAL)

    def heading(text: str) -> Heading:
        nonlocal chapter
        chapter += 1
        return Heading(1, f"{_ROMAN[chapter - 1]}. {text}")

    yield heading("Introduction")
    openings = texts["introductions"][entry["opening"]]
    if entry["opening"] == "mission":
        yield Heading(2, "A. Arrangement of the report")
        yield own(openings[index % len(openings)])
        yield Heading(2, "B. Method")
        for offset in range(2):
            method = texts["methods"][(index + offset) % len(texts["methods"])]
            yield Heading(3, f"{offset + 1}. {method['heading']}")
            yield own(method["text"])
    else:
        for text in openings:
            yield own(text)
    if "table" in entry:
        table = texts["tables"][entry["table"]]
        yield Table(f"Table 1. {table['caption']}", tuple(table["columns"]), tuple(tuple(row) for row in table["rows"]))
    yield heading("Background")
    setting = texts["backgrounds"][entry["country"]]
    for offset in range(2):
        yield own(setting[(index + offset) % len(setting)])
    last = ""
    for take in entry["take"]:
        for key in take["numbers"]:
            row = passages[key]
            title = _OLD_NUMBER.sub("", shifted(renamed(row["heading"], row["doc"]), take["shift"]))
            title = _RETITLED.get(title, title)
            if title != last:
                last = title
                yield heading(title[0].upper() + title[1:])
            number += 1
            codes = {name: row[column] for name, column in _DIMENSIONS.items()}
            text = shifted(renamed(row["text"], row["doc"]), take["shift"])
            yield Paragraph(number, text, codes=codes, source=row["id"])
    if entry.get("list"):
        wish = texts["recommendations"]
        yield heading("Points for consideration")
        number += 1
        yield LetteredList(number, wish["lead_in"].format(**filled) + ":", tuple(wish["items"]), codes=texts["list_codes"])
    if entry.get("annex"):
        yield Heading(1, f"Annex. {texts['annex']['heading']}")
        yield AnnexList(tuple(texts["annex"]["entries"]))


def _french(texts: Mapping[str, Any]) -> Iterator[Block]:
    number = 0
    for chapter, part in enumerate(texts["french"]):
        yield Heading(1, f"{_ROMAN[chapter]}. {part['heading']}")
        for text in part["texts"]:
            number += 1
            yield Paragraph(number, text)


def _with_footnotes(blocks: list[Block], notes: list[str], index: int) -> Iterator[Block]:
    """Hang a footnote on every fifth paragraph, behind its first sentence."""
    number = 0
    for block in blocks:
        if isinstance(block, Paragraph) and block.codes is not None and block.number % 5 == 2 and number < len(notes):
            end = _SENTENCE_END.search(block.text)
            if end:
                note = Footnote(number + 1, notes[(index + number) % len(notes)], end.end())
                number += 1
                yield Paragraph(block.number, block.text, (note,), block.codes, block.source)
                continue
        yield block
