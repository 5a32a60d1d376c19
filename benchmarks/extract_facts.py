"""Facts of forty pages that extraction must get right: `python -m benchmarks.extract_facts [CORPUS] [--failed]`.

`data/facts.jsonl` holds short facts, taken from the pages without Entente's layout: a paragraph's number and first words, a heading, what stands
before what, a note and its mark, a sentence as the hash of its words, and what must not stand in coded text (heads, tables).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from zlib import crc32

from extractors.extract import extract_file
from extractors.mend import normal_form
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.types import Passage

DATA = Path(__file__).with_name("data") / "facts.jsonl"
LIMITS = ExtractionLimits(300, 3000, 256, 5000)


class PageText:
    """The passages of one page, as facts ask for them."""

    def __init__(self, passages: list[Passage]) -> None:
        self.passages = passages
        coded = [passage for passage in passages if passage.is_codable]
        self.coded = normal_form(" ".join(passage.text[len(passage.lead_in or "") :] for passage in coded))
        self.uncoded = normal_form(" ".join(passage.text for passage in passages if not passage.is_codable))
        self.headings = {normal_form(title) for passage in passages for title in passage.heading_path}

    def holds(self, fact: dict[str, Any]) -> bool:
        """True when the fact is so."""
        match fact["fact"]:
            case "para":
                return any(self._begins(p, fact) for p in self.passages if p.is_codable)
            case "note":
                return any(p.para_no == fact["number"] and _starts(p.text, fact) for p in self.passages if p.kind == "footnote")
            case "before":
                first, then = self.coded.find(normal_form(fact["first"])), self.coded.find(normal_form(fact["then"]))
                return 0 <= first < then
            case "heading":
                return any(title.startswith(normal_form(fact["text"])) for title in self.headings)
            case "head" | "absent":
                return f" {normal_form(fact['text'])} " not in f" {self.coded} "
            case "uncoded":
                text = normal_form(fact["text"])
                return text in self.uncoded and text not in self.coded
            case "sentence":
                return self._has_sentence(fact)
            case other:
                raise ValueError(f"no fact is called {other!r}")

    @staticmethod
    def _begins(passage: Passage, fact: dict[str, Any]) -> bool:
        numbers = (passage.para_no or "").split("–")
        inside = f" {normal_form(fact['begins'])}" in f" {normal_form(passage.text)}"
        return (fact["number"] in numbers[1:] and inside) or (
            numbers[0].split(" ")[0] == fact["number"] and _starts(passage.text, fact)
        )

    def _has_sentence(self, fact: dict[str, Any]) -> bool:
        words = self.coded.split()
        opening, length = fact["opening"].split(), fact["words"]
        return any(
            words[i : i + len(opening)] == opening and f"{crc32(' '.join(words[i : i + length]).encode()):08x}" == fact["hash"]
            for i in range(len(words))
        )


def _starts(text: str, fact: dict[str, Any]) -> bool:
    return normal_form(text).startswith(normal_form(fact["begins"]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_facts", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"), help="(default: %(default)s)")
    parser.add_argument("--failed", action="store_true", help="show the facts that are not so")
    chosen = parser.parse_args()
    facts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in DATA.read_text(encoding="utf-8").splitlines():
        fact = json.loads(line)
        facts[fact["document"]].append(fact)
    passed: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    pages = set()
    for document, own in sorted(facts.items()):
        passages = extract_file(chosen.corpus / "pdf" / document, "pdf", "0" * 64, ExtractOptions(), LIMITS).passages
        for fact in own:
            number = fact["page"]
            pages.add((document, number))
            page = PageText([p for p in passages if (p.page_first or 0) <= number <= (p.page_last or p.page_first or 0)])
            so = page.holds(fact)
            asked[fact["fact"]] += 1
            passed[fact["fact"]] += so
            if chosen.failed and not so:
                print({key: value for key, value in fact.items() if key != "hash"})
    for name, number in sorted(asked.items()):
        print(f"{name:<10}{passed[name]:>5} of {number:>4}")
    print(f"facts that hold: {passed.total()} of {asked.total()}, {passed.total() / asked.total():.4f}, on {len(pages)} pages")


if __name__ == "__main__":
    main()
