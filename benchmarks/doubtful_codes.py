"""Does the head of the list of `entente codes doubtful` hold the mistakes? Prints what planted errors and differing coders show.

    python -m benchmarks.doubtful_codes FOLDER     # texts.jsonl, train.jsonl and, for the second part, coders.jsonl

Planted: in one code of twenty of each dimension another category is put, at random; the list is then held against what was planted. The
codes have mistakes of their own, which count as false alarms here, so precision is told too low.
Differing: final codes are listed, and one coder's own; at the head, how many are of passages and dimensions on which the two coders differed?
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models.annotations import read_annotations
from models.codebook import Codebook, load_codebook
from models.coding.files import read_codes_file
from models.reliability.doubtful import doubtful_codes
from models.reliability.standing_values import Asked, Standing, latest_codes, values_of_coder
from models.types import PassageText

_CODEBOOK = Path(__file__).resolve().parents[1] / "configs" / "codebook.yaml"
HEADS = (25, 50, 100, 200)


def final_codes(folder: Path, codebook: Codebook) -> tuple[dict[Asked, Standing], dict[str, PassageText], dict[str, str]]:
    """Return the final codes of the training part with texts and documents."""
    coded = read_annotations(folder, "train", codebook)
    standing = {
        (one.passage.passage_id, name): Standing(";".join(value) if isinstance(value, tuple) else value, ("final",), "final")
        for one in coded
        for name, value in one.labels.items()
        if not codebook.by_id[name].derived_from
    }
    return (
        standing,
        {one.passage.passage_id: one.passage for one in coded},
        {one.passage.passage_id: one.document for one in coded},
    )


def planted(
    standing: Mapping[Asked, Standing], codebook: Codebook, share: float, seed: int
) -> tuple[dict[Asked, Standing], set[Asked]]:
    """Return codes with errors put in at random, and where."""
    rng = random.Random(seed)  # noqa: S311  # a simulation
    changed, where = dict(standing), set()
    for (passage, dimension), code in sorted(standing.items()):
        own = codebook.by_id[dimension]
        if own.kind == "multi" or rng.random() >= share:
            continue
        changed[passage, dimension] = replace(code, value=rng.choice([one for one in own.category_ids if one != code.value]))
        where.add((passage, dimension))
    return changed, where


def heads(ranked: Sequence[object], wanted: Collection[object], all_codes: int) -> str:
    """Return how many of the wanted are among the first of the list."""
    parts = []
    for number in HEADS:
        first = ranked[:number]
        hits = sum(one in wanted for one in first)
        parts.append(f"{hits} of {len(first)} ({hits / max(len(first), 1):.2f})")
    found = sum(one in wanted for one in ranked)
    return (
        f"first {', '.join(map(str, HEADS))}: {'; '.join(parts)}; by chance {len(wanted) / all_codes:.3f}; whole list of {len(ranked)} holds "
        f"{found} of {len(wanted)} ({found / max(len(wanted), 1):.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    codebook = load_codebook(_CODEBOOK)
    standing, passages, documents = final_codes(given.folder, codebook)
    print(f"{len(standing)} final codes of {len(passages)} passages in {len(set(documents.values()))} documents")
    changed, where = planted(standing, codebook, given.share, given.seed)
    found = doubtful_codes(changed, passages, documents, [], codebook, seed=given.seed)
    for name, some in (("model", [one for one in found.codes if "model" in one.reasons]), ("all reasons", found.codes)):
        print(f"planted, {name}: {heads([(one.passage_id, one.dimension) for one in some], where, len(changed))}")
    path = given.folder / "coders.jsonl"
    if not path.exists():
        return
    rows = read_codes_file(path, codebook).rows
    coded, _decided = latest_codes(rows)
    judged = {key for key in standing if len(coded.get(key, {})) > 1}
    differing = {key for key in judged if len(set(coded[key].values())) > 1}
    twice = {passage for passage, _dimension in judged}
    print(f"{len(judged)} codes of {len(twice)} passages by two coders, {len(differing)} of them different, "
          f"on {len({p for p, _d in differing})} passages")  # fmt: skip
    lists = {"final codes": standing, "codes of coder a": values_of_coder(rows, "a")}
    for name, codes in lists.items():
        own = {key: code for key, code in codes.items() if key[0] in passages and key[1] in codebook.by_id}
        listed = doubtful_codes(own, passages, documents, [], codebook, seed=given.seed).codes
        ranked = [key for one in listed if (key := (one.passage_id, one.dimension)) in judged]
        print(f"differing, {name}: {heads(ranked, differing, len(judged))}")
        seen = list(dict.fromkeys(passage for passage, _dimension in ranked))
        on = {passage for passage, _dimension in differing}
        print(f"  by passage: {heads(seen, on, len(twice))}")


if __name__ == "__main__":
    main()
