"""`entente train` and `entente evaluate`: make a model from codes, and see how far it can be trusted."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.main import app
from flows.cli.output import note, print_json
from flows.progress import terminal_progress
from flows.settings import load_settings


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
    seed: Annotated[int, typer.Option(help="The seed of everything random.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Where the model's folder is made (default: paths.models).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Train the classifier heads, calibrate them, write an immutable model with its card. The same data and seed give the same model."""
    from flows.load import read_codebook
    from models.model_file import read_facts
    from models.training import TrainingRequest
    from models.training import train as train_model

    settings = load_settings(context.obj)
    with terminal_progress(wanted=not as_json) as progress:
        request = TrainingRequest(
            codebook=read_codebook(settings),
            output=out or settings.paths.models,
            annotations=annotations,
            seed=seed,
            threads=settings.classification.threads,
        )
        folder = train_model(request, progress=progress)
    facts = read_facts(folder)
    if as_json:
        print_json({"version": facts.version, "path": folder})
    else:
        print(f"Made {facts.version}: {folder}")
        print(f"Use it: set classification.model to {facts.version}, or ENTENTE_CLASSIFICATION__MODEL={facts.version}")


@app.command(epilog="Example: entente evaluate --annotations ../annotations")
def evaluate(
    context: typer.Context,
    annotations: Annotated[Path, typer.Option(help="A folder with dev.jsonl and texts.jsonl.")],
    part: Annotated[Part, typer.Option(help="Which codes.")] = Part.DEV,
    model: Annotated[str | None, typer.Option(help="A model version; by default the one of the configuration.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare a model with codes it was not trained on: per dimension and category, with intervals over documents."""
    from flows.load import load_classifier, read_codebook
    from models.annotations import read_annotations
    from models.evaluation import evaluate as evaluate_model

    settings = load_settings(context.obj)
    codebook = read_codebook(settings)
    coded = read_annotations(annotations, part.value, codebook)
    if part is Part.TRAIN:
        note("These codes were used in training: the figures say how well the model remembers, not how well it reads.")
    report = evaluate_model(load_classifier(settings, model), coded)
    if as_json:
        print_json(report.as_dict())
    else:
        print(report.as_markdown())
