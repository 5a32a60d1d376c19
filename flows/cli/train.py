"""`entente train` and `entente evaluate`: make a model from codes, and see how far it can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.main import app
from flows.cli.output import note, print_json
from flows.progress import terminal_progress
from flows.settings import load_settings


@app.command(epilog="Example: entente train --annotations ../annotations")
def train(
    context: typer.Context,
    annotations: Annotated[
        Path | None, typer.Option(help="A folder with train.jsonl and texts.jsonl; the invented passages are always used.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed of everything random.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Where the model's folder is made (default: paths.models).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Train the classifier heads, calibrate them, write an immutable model with its card. The same data and seed give the same model."""
    from flows.load import read_codebook
    from models.registry import read_model
    from models.training import TrainingRequest
    from models.training import train as train_model

    settings = load_settings(context.obj)
    with terminal_progress(wanted=not as_json) as progress:
        request = TrainingRequest(
            codebook=read_codebook(settings),
            codebook_path=settings.codebook,
            annotations=annotations,
            out=out or settings.paths.models,
            seed=seed,
            threads=settings.classification.threads,
        )
        folder = train_model(request, progress)
    info = read_model(folder)
    if as_json:
        print_json({"version": info.version, "path": folder, "passages": info.trained_passages})
    else:
        print(f"Made {info.version} from {info.trained_passages} passages: {folder}")
        print(f"Use it: set classification.model to {info.version}, or ENTENTE_CLASSIFICATION__MODEL={info.version}")


@app.command(epilog="Example: entente evaluate --annotations ../annotations")
def evaluate(
    context: typer.Context,
    annotations: Annotated[Path, typer.Option(help="A folder with dev.jsonl and texts.jsonl.")],
    part: Annotated[str, typer.Option(help="Which codes: dev or train.")] = "dev",
    model: Annotated[str | None, typer.Option(help="A model version; by default the one of the configuration.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare a model with codes it was not trained on: per dimension and category, with intervals over documents."""
    from flows.load import load_classifier, read_codebook
    from models.annotations import read_annotations
    from models.evaluation import evaluate as evaluate_model

    settings = load_settings(context.obj)
    codebook = read_codebook(settings)
    coded = read_annotations(annotations, part, codebook)
    if part == "train":
        note("These codes were used in training: the figures say how well the model remembers, not how well it reads.")
    report = evaluate_model(load_classifier(settings, model), coded, codebook)
    if as_json:
        print_json(report.as_dict())
    else:
        print(report.as_markdown())
