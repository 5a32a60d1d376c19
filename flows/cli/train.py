"""`entente train` and `entente evaluate`: make a model from codes, and see how far it can be trusted."""

from __future__ import annotations

import json
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
    heads_on: Annotated[
        str | None, typer.Option(help="Keep the adapted encoder of this model and train only heads anew, in seconds.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Another encoder: its id on the Hugging Face hub, or a folder (default: MiniLM).")
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
    from models.encoder import MINILM, EncoderFiles
    from models.model_file import read_facts
    from models.registry import find_model
    from models.training import TrainingRequest
    from models.training import train as train_model

    settings = load_settings(context.obj)
    if encoder is not None and not revision and not Path(encoder).is_dir():
        raise BadInput(f"--encoder {encoder} needs --revision: a name alone may mean other weights tomorrow.")
    with terminal_progress(wanted=not as_json) as progress:
        request = TrainingRequest(
            codebook=read_codebook(settings),
            output=out or settings.paths.models,
            annotations=annotations,
            seed=seed,
            threads=settings.classification.threads,
            encoder=MINILM if encoder is None else EncoderFiles(encoder, revision, {}),
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
        print(f"Compare it: entente models compare {facts.version}. Use it: entente models promote {facts.version}")


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
    out: Annotated[Path | None, typer.Option(help="A folder for report.md and report.json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare a model with codes it was not trained on: per dimension and category, with intervals over documents."""
    from entente.files import write_text_whole
    from flows.load import load_classifier, read_codebook
    from models.annotations import read_annotations
    from models.full_report import full_report
    from models.training_data import collect

    settings = load_settings(context.obj)
    codebook = read_codebook(settings)
    coded = read_annotations(annotations, part.value, codebook)
    if part is Part.TRAIN:
        note("These codes were used in training: the figures say how well the model remembers, not how well it reads.")
    train = collect(codebook, annotations).passages if baseline else None
    report = full_report(load_classifier(settings, model), coded, train=train, mask=mask)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text_whole(out / "report.md", report.as_markdown())
        write_text_whole(out / "report.json", json.dumps(report.as_dict(), indent=1, ensure_ascii=False) + "\n")
    if as_json:
        print_json(report.as_dict())
    else:
        print(report.as_markdown())
