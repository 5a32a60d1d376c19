"""A corpus whose codes are known, and coders who err at a known rate: made with the writers of the sample, read by the real program."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sample.make import COLUMNS
from sample.records import Heading, Paragraph, Report
from sample.web import new_html

IGO = "SIM"
COUNTRIES = {"XAA": "Orvania", "XAB": "Sulmar"}
NOWHERE = {"contestation_locus": "not_applicable", "cooperation_intensity": "0", "contestation_intensity": "0"}
PROFILES: dict[str, Mapping[str, str]] = {
    "none": {**NOWHERE, "stage": "none", "realization": "not_applicable", "mode": "not_applicable", "mechanism": ""},
    "access": {
        **NOWHERE,
        "stage": "information_exchange",
        "realization": "realized",
        "cooperation_intensity": "2",
        "mode": "material",
        "mechanism": "",
    },
    "refusal": {
        "stage": "initiation",
        "realization": "negated",
        "cooperation_intensity": "0",
        "contestation_intensity": "3",
        "contestation_locus": "internal",
        "mode": "material",
        "mechanism": "",
    },
    "request": {
        **NOWHERE,
        "stage": "policy_influence",
        "realization": "prospective",
        "mode": "not_applicable",
        "mechanism": "",
    },
    "training": {
        **NOWHERE,
        "stage": "trust_building",
        "realization": "realized",
        "cooperation_intensity": "2",
        "mode": "material",
        "mechanism": "joint_activity",
    },
}
SHARES = {"XAA": (0.3, 0.3, 0.1, 0.2, 0.1), "XAB": (0.25, 0.1, 0.35, 0.2, 0.1)}
_SAID = {
    "none": "The report describes {place}, {number} villages on a river of that name, its harvest of {crop} and the roads that lead to it.",
    "access": "The mission was shown the registers of the prison of {place}, spoke with {number} inmates alone and copied the lists of {crop}.",
    "refusal": "Soldiers turned the mission back on the road to {place}, kept its {number} cases of papers and burnt the stores of {crop}.",
    "request": "The Committee asks that the law on the mines of {place} be amended within {number} months to protect pickers of {crop}.",
    "training": "Inspectors of {place} and staff of the Organization held {number} courses together in the hall of the growers of {crop}.",
}
_PLACES = ("Arden", "Bellow", "Corran", "Dunmore", "Elsin", "Farrow", "Garth", "Hollin", "Imber", "Jarrow", "Kellan", "Lorne")
_CROPS = ("barley", "cotton", "flax", "hops", "maize", "millet", "oats", "rice", "rye", "sorghum", "tea", "wheat")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Reports as files by name, with their manifest, and the profile of every passage by its text."""

    files: dict[str, bytes]
    rows: list[dict[str, str]]
    truth: dict[str, str]

    def share(self, country: str, stage: str) -> float:
        """Return the true share of a stage among the passages of a country."""
        own = [name for text, name in self.truth.items() if f"in {COUNTRIES[country]}" in text]
        return sum(PROFILES[name]["stage"] == stage for name in own) / len(own)


def simulated(documents: int, paragraphs: int = 5, seed: int = 1) -> Corpus:
    """Make so many reports, by turns on each country; no two passages have the same text."""
    chance = random.Random(seed)  # noqa: S311  # texts, not secrets
    files, rows, truth = {}, [], {}
    for number in range(documents):
        country = list(COUNTRIES)[number % len(COUNTRIES)]
        blocks: list[Heading | Paragraph] = [Heading(1, "I. Findings")]
        for place in range(1, paragraphs + 1):
            name = chance.choices(list(PROFILES), SHARES[country])[0]
            said = _SAID[name].format(place=chance.choice(_PLACES), number=chance.randrange(3, 90), crop=chance.choice(_CROPS))
            text = f"As seen in {COUNTRIES[country]}, report {number} part {place}: {said}"
            truth[text] = name
            blocks.append(Paragraph(place, text))
        report = _report(number, country, tuple(blocks))
        files[report.file] = new_html(report)
        rows.append(_row(report))
    return Corpus(files, rows, truth)


def put_into(corpus: Corpus, project: Path) -> None:
    """Write the reports beside those that are in a project already, and continue its manifest."""
    for name, content in corpus.files.items():
        (project / "reports" / name).write_bytes(content)
    manifest = project / "manifest.csv"
    lines = io.StringIO()
    csv.DictWriter(lines, COLUMNS, lineterminator="\r\n").writerows(corpus.rows)
    manifest.write_bytes(manifest.read_bytes() + lines.getvalue().encode())


def fill_in(form: Path, corpus: Corpus, error: float, seed: int) -> int:
    """Code an exported CSV form as somebody would who takes another profile for the true one at this rate; returns the errors made."""
    chance = random.Random(seed)  # noqa: S311  # errors, not secrets
    header, lines = _read(form)
    errors = 0
    for line in lines:
        name = corpus.truth[line["text"]]
        if chance.random() < error:
            name = chance.choice([one for one in PROFILES if one != name])
            errors += 1
        line |= codes_of(name)
    _write(form, header, lines)
    return errors


def codes_of(name: str) -> dict[str, str]:
    """Return the codes of a profile as they are written into a form."""
    codes = {"voice": "igo", **PROFILES[name]}
    return codes | {"mechanism": codes["mechanism"] or "none_of_these"}


def decide(queue: Path, corpus: Corpus) -> int:
    """Fill in an exported queue with the truth, for every dimension of the passages that wait; returns the decisions made."""
    header, lines = _read(queue)
    texts = {line["passage_id"]: line["text"] for line in lines}
    decided = []
    for passage, text in texts.items():
        for dimension, value in codes_of(corpus.truth[text]).items():
            blank = dict.fromkeys(header, "") | {"passage_id": passage, "dimension": dimension}
            decided.append(blank | {"value": value, "reason": "as the text says"})
    _write(queue, header, decided)
    return len(decided)


def expected_alpha(corpus: Corpus, errors: float) -> float:
    """Return Krippendorff's alpha (nominal) of the stage that two coders with this rate of errors are to be expected to have.

    An error takes one of the other profiles with the same probability, and each profile has a stage of its own. Alpha is one minus the
    expected disagreement of two codes of one passage over that of two codes of any two passages (K. Krippendorff, Content Analysis, 2004).
    """
    names = list(PROFILES)
    true = {name: sum(one == name for one in corpus.truth.values()) / len(corpus.truth) for name in names}
    wrong = errors / (len(names) - 1)
    agree = (1 - errors) ** 2 + (len(names) - 1) * wrong**2
    given = {name: true[name] * (1 - errors) + (1 - true[name]) * wrong for name in names}
    return 1 - (1 - agree) / (1 - sum(share**2 for share in given.values()))


def _report(number: int, country: str, blocks: tuple[Heading | Paragraph, ...]) -> Report:
    day = date(2015 + number % 6, 1 + number % 12, 5)
    return Report(
        file=f"simulated-{number}.html",
        also=None,
        form="html",
        scanned_page=None,
        igo=IGO,
        organization="Simulated Organization",
        body="Secretariat",
        symbol=f"SIM/{number}",
        title=f"Report {number} on {COUNTRIES[country]}",
        doc_type="mission_report",
        country_iso3=country,
        country_name=COUNTRIES[country],
        published=day,
        coverage_start=day,
        coverage_end=day,
        language="en",
        mission_kind="",
        mission_start=None,
        mission_end=None,
        notice="Invented.",
        page_notice="Invented.",
        blocks=blocks,
    )


def _row(report: Report) -> dict[str, str]:
    known = {name: getattr(report, name, "") or "" for name in COLUMNS}
    return {**{name: str(value) for name, value in known.items()}, "file": f"reports/{report.file}"}


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))
    lines = list(reader)
    return list(reader.fieldnames or ()), lines


def _write(path: Path, header: list[str], lines: list[dict[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    path.write_bytes(out.getvalue().encode())
