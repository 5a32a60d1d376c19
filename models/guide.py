"""The coder's guide: the codebook rendered in full as Markdown, so that page and data cannot disagree.

`python -m models.guide --write` renders `configs/codebook.yaml` to `docs/codebook.md`; `--check` fails when that page is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from entente.errors import BadInput, EntenteError
from entente.files import write_text_whole
from models.codebook import Codebook, load_codebook
from models.codebook_records import BankExample, Category, Dimension

_TIER_TITLES = {"core": "Core dimensions", "conditional": "Conditional dimensions", "later": "Later dimensions"}


def render_guide(codebook: Codebook) -> str:
    """Return the guide to a codebook as Markdown: unit, dimensions with all rules and examples, constraints, history, example bank."""
    lines = [
        f"# Codebook: {codebook.codebook}",
        "",
        f"Version {codebook.version}, language `{codebook.language}`. Rendered from `configs/codebook.yaml` by `python -m models.guide "
        "--write`; change the YAML, not this page.",
        "",
        "## Unit",
        "",
        f"A {codebook.unit.name}: {codebook.unit.description}",
        "",
        f"- Length: {codebook.unit.min_words} to {codebook.unit.max_words} words",
        f"- Shown to the coder: {', '.join(codebook.unit.shown_to_coder)}",
        f"- Hidden from the coder: {', '.join(codebook.unit.hidden_from_coder)}",
        f"- Input of the model: {', '.join(codebook.unit.model_input)}",
        f"- Never input of the model: {', '.join(codebook.unit.not_model_input)}",
        "",
        "## Order of coding",
        "",
        *(f"{number}. {name}" for number, name in enumerate(codebook.coding_order, start=1)),
        "",
        "## Tiers and missing values",
        "",
        *(f"- **{name}**: {meaning}" for name, meaning in codebook.tiers.items()),
        *(f"- `{name}`: {meaning}" for name, meaning in codebook.missing.items()),
        "",
    ]
    tiers = list(dict.fromkeys([*_TIER_TITLES, *(dimension.tier for dimension in codebook.dimensions)]))
    for tier in tiers:
        lines += [f"## {_TIER_TITLES[tier]}", ""]
        for dimension in codebook.dimensions:
            if dimension.tier == tier:
                lines += _dimension(dimension)
    lines += ["## Further fields", "", "| field | kind | values | may be empty |", "| --- | --- | --- | --- |"]
    for extra in codebook.extra_fields:
        values = ", ".join(f"`{value}`" for value in extra.values) or "free text"
        lines.append(f"| `{extra.id}` | {extra.kind} | {values} | {'yes' if extra.nullable else 'no'} |")
    lines += ["", "## Coarse stages", "", "| coarse | stages |", "| --- | --- |"]
    lines += [f"| {coarse} | {', '.join(f'`{stage}`' for stage in stages)} |" for coarse, stages in codebook.stage_coarse.items()]
    lines += ["", "## Logical constraints", "", *(f"- **{rule.id}**: {rule.rule}" for rule in codebook.constraints)]
    lines += [
        "",
        "## Clarifications",
        "",
        *(f"- **{one.id}** (since {one.since}): {one.rule}" for one in codebook.clarifications),
    ]
    lines += ["", "## Example bank", "", "All passages are invented for this codebook.", ""]
    for example in codebook.example_bank:
        lines += _bank_example(example)
    lines += ["## Changes", "", *(f"- **{change.version}**: {change.note}" for change in codebook.changelog), ""]
    return "\n".join(lines)


def _dimension(dimension: Dimension) -> list[str]:
    default = ", ".join(dimension.default) or "none" if isinstance(dimension.default, list) else str(dimension.default)
    target = f"target {dimension.reliability.target:g}"
    if dimension.reliability.minimum is not None:
        target += f", minimum {dimension.reliability.minimum:g}"
    lines = [
        f"### `{dimension.id}`: {dimension.name}",
        "",
        f"{dimension.question}",
        "",
        f"- Kind: {dimension.kind}" + (f", levels {', '.join(map(str, dimension.levels))}" if dimension.levels else ""),
        f"- Applies: {dimension.applies_when}" + (" (otherwise `not_applicable`)" if dimension.may_not_apply else ""),
        f"- Default: `{default}`",
        f"- Reliability: {dimension.reliability.metric}; {target}",
    ]
    if dimension.derivation:
        lines.append(f"- Derived from {', '.join(f'`{name}`' for name in dimension.derived_from)}: {dimension.derivation}")
    if dimension.theory_order:
        lines.append(f"- Order in theory: {', '.join(f'`{name}`' for name in dimension.theory_order)}")
    if dimension.secondary_allowed:
        lines.append(f"- A secondary code is allowed (`{dimension.id}_secondary`)")
    lines.append("")
    if dimension.rationale:
        lines += [f"Why: {dimension.rationale}", ""]
    for category in dimension.categories:
        lines += _category(category)
    return lines


def _category(category: Category) -> list[str]:
    lines = [f"#### `{category.id}`: {category.name}", "", category.definition, ""]
    lines += _list("Include", category.include)
    lines += _list("Exclude", category.exclude)
    lines += _list("Acts", category.acts)
    lines += _list("Boundary cases", (f"{one.case}: {one.rule}" for one in category.boundary))
    if category.key_phrases:
        lines += ["Key phrases (hints, never sufficient): " + "; ".join(f'"{phrase}"' for phrase in category.key_phrases), ""]
    lines += _list("Examples", (f"[{one.id}] {one.text}" for one in category.examples.positive))
    lines += _list("Not this category", (f"[{one.id}] {one.text} ({one.why})" for one in category.examples.negative))
    return lines


def _list(title: str, items: Iterable[str]) -> list[str]:
    points = [f"- {item}" for item in items]
    return [f"{title}:", "", *points, ""] if points else []


def _bank_example(example: BankExample) -> list[str]:
    codes = []
    for field, value in example.coding.items():
        shown = ", ".join(value) or "none" if isinstance(value, list) else "none" if value is None else str(value)
        codes.append(f"{field} `{shown}`")
    return [f"**{example.id}** ({example.heading}) {example.text}", "", f"- {'; '.join(codes)}", ""]


def check_guide(codebook_path: Path, guide_path: Path) -> None:
    """Raise `BadInput` when the page is missing or is not what the codebook renders to."""
    try:
        present = guide_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        present = ""
    if present != render_guide(load_codebook(codebook_path)):
        raise BadInput(f"{guide_path} is stale: it is not what {codebook_path} renders to. Run 'python -m models.guide --write'.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m models.guide", description="Render the codebook as the coder's guide, or check it."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the guide")
    what.add_argument("--check", action="store_true", help="fail when the guide is stale")
    parser.add_argument("--codebook", type=Path, default=Path("configs/codebook.yaml"))
    parser.add_argument("--guide", type=Path, default=Path("docs/codebook.md"))
    given = parser.parse_args(arguments)
    try:
        if given.write:
            write_text_whole(given.guide, render_guide(load_codebook(given.codebook)))
        else:
            check_guide(given.codebook, given.guide)
    except EntenteError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
