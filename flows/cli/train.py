"""`entente train` and `entente evaluate`: make a model from codes, and see how far it can be trusted."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.main import app
from flows.cli.output import command_for, note, print_json
from flows.progress import terminal_progress
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from models.encoder import EncoderFiles


class Part(Enum):
    """The files of codes in a folder of annotations."""

    DEV = "dev"
    TRAIN = "train"


@app.command(epilog="Example: entente train --annotations ../annotations")
def train(
    context: typer.Context,
    annotations: Annotated[
        Path | None, typer.Option(help="A folder with train.jsonl and texts.jsonl; the invented passages are always used.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The seed of everything random.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Where the model's folder is made (default: paths.models).")] = None,
    heads_on: Annotated[
        str | None, typer.Option(help="Keep the adapted encoder of this model and train only heads anew, in seconds.")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Another encoder: its id on the Hugging Face hub, or a folder (default: classification.encoder, else MiniLM)."
        ),
    ] = None,
    revision: Annotated[str, typer.Option(help="The encoder's pinned revision (a commit); needed with an id.")] = "",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of fine-tuning (default: the shipped model's).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Fine-tune the encoder, calibrate, write an immutable model with its card. The same data and seed give the same model.

    Passages of the project's gold samples are refused.

    A training that was interrupted goes on with the part that was not finished when it is started again in the same way.
    """
    from entente.errors import BadInput
    from flows.load import read_codebook, withheld_from_training
    from models.model_file import read_facts
    from models.registry import find_model
    from models.training import TrainingRequest
    from models.training import train as train_model

    settings = load_settings(context.obj)
    if heads_on is not None and (encoder is not None or revision or epochs is not None):
        raise BadInput(
            "--heads-on keeps the encoder of that model as it is, so --encoder, --revision and --epochs do not go with it. Leave them out."
        )
    if revision and encoder is None:
        raise BadInput(f"--revision {revision} needs --encoder: say whose revision that is.")
    with terminal_progress(wanted=not as_json) as progress:
        request = TrainingRequest(
            codebook=read_codebook(settings),
            output=out or settings.paths.models,
            annotations=annotations,
            seed=seed,
            threads=settings.classification.threads,
            encoder=_encoder(settings, encoder, revision, wanted=heads_on is None),
            tuning={} if epochs is None else {"epochs": epochs},
            heads_on=None if heads_on is None else find_model(heads_on, settings.model_folders),
            withheld=withheld_from_training(settings),
        )
        folder = train_model(request, progress=progress)
    facts = read_facts(folder)
    if as_json:
        print_json({"version": facts.version, "path": folder})
    else:
        print(f"Made {facts.version}: {folder}")
        call = command_for(settings)
        print(f"Compare it: {call} models compare {facts.version}. Use it: {call} models promote {facts.version}")


def _encoder(settings: Settings, name: str | None, revision: str, *, wanted: bool) -> EncoderFiles:
    """Return the encoder to fine-tune: the one on the command line, that of the configuration, or MiniLM."""
    from entente.errors import BadInput
    from models.encoder import MINILM, EncoderFiles

    where = "--encoder", "--revision"
    if name is None:
        name, revision = settings.classification.encoder, settings.classification.revision
        where = "classification.encoder", "classification.revision"
    if name is None or not wanted:
        return MINILM
    if not revision and not Path(name).is_dir():
        raise BadInput(f"{where[0]} {name} needs {where[1]}: a name alone may mean other weights tomorrow.")
    return EncoderFiles(name, revision, {})


@app.command(epilog="Example: entente evaluate --annotations ../annotations")
def evaluate(
    context: typer.Context,
    annotations: Annotated[Path, typer.Option(help="A folder with dev.jsonl and texts.jsonl.")],
    part: Annotated[Part, typer.Option(help="Which codes.")] = Part.DEV,
    model: Annotated[str | None, typer.Option(help="A model version; by default the one of the configuration.")] = None,
    baseline: Annotated[bool, typer.Option("--baseline", help="Train TF-IDF on the training passages and compare.")] = False,
    mask: Annotated[
        bool, typer.Option("--mask", help="Also tell how many labels change when names and dates are masked.")
    ] = False,
    against: Annotated[
        str | None, typer.Option(help="Another model version to compare with on the same passages: the previous one, say.")
    ] = None,
    hold_out_countries: Annotated[
        bool,
        typer.Option(
            "--hold-out-countries",
            help="Also tell what unseen countries cost: TF-IDF and heads on the plain encoder, trained without whole countries.",
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="A folder for report.md, report.json, reliability.svg and confusion.svg.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare a model with codes it was not trained on: per dimension and category, with intervals over documents.

    In a project with a warehouse the figures are kept with the model there, in `models.metrics`.
    """
    from entente.errors import BadInput, EntenteError
    from entente.files import write_text_whole
    from flows.evaluation import countries_held_out, keep_figures, with_page_quality
    from flows.load import load_classifier, read_codebook
    from models.annotations import read_annotations
    from models.full_report import full_report
    from models.seen import seen_by
    from models.training_data import collect

    settings = load_settings(context.obj)
    if out is not None and out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file. Name a folder for the report.")
    codebook = read_codebook(settings)
    coded = read_annotations(annotations, part.value, codebook)
    try:
        coded = with_page_quality(coded, settings)
    except EntenteError as error:
        # A warehouse that is being written to, or waits for a newer Entente's changes, must not make an evaluation an error.
        note(f"The quality of pages is left out: {error}")
    train = collect(codebook, annotations).passages if baseline or hold_out_countries else None
    classifier = load_classifier(settings, model)
    other = None if against is None else load_classifier(settings, against)
    learned = {one.version: seen_by(one.facts, coded) for one in (classifier, other) if one is not None}
    for name, count in learned.items():
        if count or (count is None and part is Part.TRAIN):
            note(
                f"{name} has learned from {'some' if count is None else count} of these {len(coded)} passages: on them the figures say how well "
                "it remembers, not how well it reads."
            )
    report = full_report(classifier, coded, train=train if baseline else None, against=other, mask=mask)
    content, text = {**report.as_dict(), "learned_from": learned}, report.as_markdown()
    if any(learned.values()):
        told = "; ".join(f"{name}: {count}" for name, count in learned.items() if count)
        text = f"**Not unseen.** Of these {len(coded)} passages a model has learned from some ({told}).\n\n{text}"
    if hold_out_countries:
        with terminal_progress(wanted=not as_json) as progress:
            unseen = countries_held_out(settings, train or [], progress)
        content["countries_held_out"], text = unseen.as_dict(), f"{text}\n{unseen.as_markdown()}"
    if out is not None:
        from models.plots import confusion_svg, reliability_svg

        out.mkdir(parents=True, exist_ok=True)
        write_text_whole(out / "report.md", text)
        write_text_whole(out / "report.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        write_text_whole(out / "reliability.svg", reliability_svg(report.figures))
        write_text_whole(out / "confusion.svg", confusion_svg(report.figures))
        note(f"Written to {out}: report.md, report.json, reliability.svg, confusion.svg.")
    if as_json:
        print_json(content)
    else:
        print(text)
    try:
        keep_figures(settings, classifier.version, part.value, coded, content)
    except EntenteError as error:
        # The figures are told already; a warehouse that is being written to must not make them an error.
        note(f"The figures were not kept in the warehouse: {error}")
