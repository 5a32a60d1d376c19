"""`entente agreement`: how far coders agree, against the codebook's targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import print_json, table
from flows.settings import load_settings

if TYPE_CHECKING:
    from flows.agreement import Coded
    from models.reliability.report import DimensionAgreement, Figure


@app.command(epilog="Example: entente agreement coders.jsonl --coder 'a=language model' --coder 'b=language model'")
def agreement(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A file of codes (CSV or JSON lines).")] = None,
    warehouse: Annotated[bool, typer.Option("--warehouse", help="The codes in the project's warehouse instead.")] = False,
    texts: Annotated[
        Path | None,
        typer.Option(help="JSON lines with id and doc, to group passages by document (default: texts.jsonl beside the file)."),
    ] = None,
    coder: Annotated[list[str] | None, typer.Option(help="NAME=WHAT a coder is; may be given again.")] = None,
    draws: Annotated[int, typer.Option(min=100, help="Resamples of documents for the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the resampling.")] = 0,
    tables: Annotated[bool, typer.Option("--tables", help="Show categories, confusion tables and drift too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Report the agreement between coders: Krippendorff's alpha, Gwet's AC1 and percentages, with 95% intervals over documents."""
    from flows.agreement import coded_in_file, coded_in_warehouse
    from flows.load import read_codebook
    from models.reliability.report import agreement as measured
    from models.reliability.report import as_plain

    if (file is None) != warehouse:
        raise BadInput("Name a file of codes, or say --warehouse: entente agreement FILE, or entente agreement --warehouse.")
    said = {}
    for told in coder or []:
        name, equals, what = told.partition("=")
        if not (name and equals and what):
            raise BadInput(f"--coder {told!r} is not understood; write NAME=WHAT, for example --coder 'a=language model'.")
        said[name] = what
    settings = load_settings(context.obj)
    codebook = read_codebook(settings)
    coded = coded_in_warehouse(settings, codebook, said) if file is None else coded_in_file(file, codebook, said, texts)
    found = measured(coded.rows, codebook, coded.documents, draws=draws, seed=seed)
    if not found:
        raise BadInput("No passage was coded by two coders in any dimension, so there is no agreement to report.")
    if as_json:
        print_json(
            {"coders": coded.coders, "about_the_coders": coded.about, "codebook": codebook.version, "dimensions": as_plain(found)}
        )
        return
    _print_coders(coded)
    _print_summary(found)
    if tables:
        for one in found:
            _print_tables(one)


def _print_coders(coded: Coded) -> None:
    print("Coders: " + "; ".join(f"{name} ({what})" for name, what in coded.coders.items()))
    for sentence in coded.about:
        print(f"The README beside the codes says: {sentence}")
    if any(what == "not said" for what in coded.coders.values()):
        print("What a coder is (a person, a language model) must be told with every figure: say it with --coder NAME=WHAT.")
    if not coded.documents:
        print(
            "Which document a passage is of is not known: each passage counts as its own document, so intervals are too narrow."
        )
    print()


def _print_summary(found: Sequence[DimensionAgreement]) -> None:
    rows = [
        (
            one.dimension, one.passages, one.documents, _interval(one.alpha), _interval(one.ac1), _interval(one.percentage), one.target,
            "-" if one.minimum is None else one.minimum, one.verdict,
        )
        for one in found
    ]  # fmt: skip
    header = ("dimension", "passages", "documents", "alpha (95%)", "AC1 (95%)", "agree (95%)", "target", "minimum", "verdict")
    print(table(header, rows))
    print(
        "\nIntervals: bootstrap over documents. Alpha is low where a category is rare; AC1 and percentages are not. --tables shows more."
    )


def _print_tables(one: DimensionAgreement) -> None:
    print(f"\n{one.dimension} ({one.metric})")
    rows = [
        (
            cat.category,
            cat.codes,
            _interval(cat.alpha),
            _interval(cat.ac1),
            "-" if cat.agreement is None else f"{cat.agreement:.3f}",
        )
        for cat in one.categories
    ]
    print(table(("category", "codes", "alpha (95%)", "AC1 (95%)", "met by another"), rows))
    if one.with_secondary is not None:
        print(f"Agreement when the second code of either coder is accepted: {one.with_secondary:.3f}")
    for pair, confusion in one.confusions.items():
        columns = sorted({name for inner in confusion.values() for name in inner})
        print(f"\n{pair}")
        print(
            table(
                ("", *(name or "(none)" for name in columns)),
                [(mine or "(none)", *(yours.get(name, 0) for name in columns)) for mine, yours in sorted(confusion.items())],
            )
        )
    if one.drift:
        print("\nAlpha by month: " + ", ".join(f"{month} {'-' if a is None else f'{a:.3f}'}" for month, a in one.drift.items()))


def _interval(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value:.3f}" + ("" if figure.low is None else f" ({figure.low:.3f} to {figure.high:.3f})")
