"""`entente models`: which models there are, which one is in use, how they compare, and the way forth and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.main import models_app
from flows.cli.options import AsJson
from flows.cli.output import note, print_json, table
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from models.promotion import Decision

Reason = Annotated[str | None, typer.Option(help="Why; it is kept with the decision.")]


@models_app.command("list", epilog="Example: entente models list --json")
def list_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a model.")] = False,
) -> None:
    """List the models that ship with Entente and those trained in this project."""
    from models.promotion import state_of
    from models.registry import list_models

    settings = load_settings(context.obj)
    found = list_models(settings.model_folders)
    in_use = _in_use(settings) if found else None
    rows = [
        (
            info.version == in_use,
            info.version,
            "shipped" if info.shipped else "local",
            info.created,
            info.codebook_version,
            sum((info.passages or {}).values()),
            state_of(info.version, settings.paths.models, in_use),
            info.problem or "",
            info.path,
        )
        for info in found
    ]
    header = ("in_use", "version", "origin", "created", "codebook", "passages", "state", "problem", "path")
    if as_json:
        for row in rows:
            print_json(dict(zip(header, row, strict=True)))
    else:
        print(table(header, rows, width=90))


@models_app.command("show", epilog="Example: entente models show")
def show(
    context: typer.Context,
    version: Annotated[str | None, typer.Argument(help="A model version; by default the one that a refresh uses.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a model's card, or with --json all its facts."""
    from models.model_file import CARD, read_facts
    from models.registry import find_model

    settings = load_settings(context.obj)
    folder = find_model(version or settings.classification.model, settings.model_folders)
    if as_json:
        print_json(read_facts(folder).model_dump())
    else:
        print((folder / CARD).read_text(encoding="utf-8"))


@models_app.command("compare", epilog="Example: entente models compare CANDIDATE")
def compare(
    context: typer.Context,
    candidate: Annotated[str, typer.Argument(help="The version to compare.")],
    current: Annotated[
        str | None, typer.Argument(help="The version to compare with; by default the one that a refresh uses.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two models by their figures on coded passages that neither was trained on."""
    from models.model_file import read_facts
    from models.promotion import comparison, differences
    from models.registry import find_model

    settings = load_settings(context.obj)
    folders = settings.model_folders
    with_this = find_model(current or settings.classification.model, folders)
    rows = comparison(differences(read_facts(with_this), read_facts(find_model(candidate, folders))))
    if as_json:
        print_json(rows)
    else:
        print(f"In use: {with_this.name}; candidate: {candidate}" if current is None else f"{current}; candidate: {candidate}")
        print(
            table(tuple(rows[0]), [tuple(row.values()) for row in rows]) if rows else "No dimension has figures of both models."
        )
        note(
            "low and high: the candidate's 95 % interval. With the passages, 'entente evaluate --against' gives that of the difference."
        )


@models_app.command("promote", epilog="Example: entente models promote CANDIDATE --reason 'more codes'")
def promote_command(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="The version to put into use.")],
    reason: Reason = None,
    force: Annotated[bool, typer.Option("--force", help="Even if it is worse or cannot be compared; needs a reason.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a model into use. Refused when it is worse on a core dimension beyond its interval.

    A damaged model, or one of another codebook, is always refused.
    """
    from flows.load import read_codebook
    from models.promotion import promote

    settings = _with_the_choice_open(context)
    folders, own = settings.model_folders, settings.paths.models
    _tell(promote(version, folders, own, read_codebook(settings), reason=reason, force=force), as_json=as_json)


@models_app.command("rollback", epilog="Example: entente models rollback --reason 'odd labels'")
def rollback_command(context: typer.Context, reason: Reason = None, as_json: AsJson = False) -> None:
    """Put the model that was in use before back into use."""
    from flows.load import read_codebook
    from models.promotion import rollback

    settings = _with_the_choice_open(context)
    _tell(rollback(settings.model_folders, settings.paths.models, read_codebook(settings), reason=reason), as_json=as_json)


def _in_use(settings: Settings) -> str | None:
    """Return the version that a refresh would use, or None when it would find none: a list must be shown all the same."""
    from entente.errors import EntenteError
    from models.registry import find_model

    try:
        return find_model(settings.classification.model, settings.model_folders).name
    except EntenteError as error:
        note(f"No model can be used: {error}")
        return None


def _with_the_choice_open(context: typer.Context) -> Settings:
    """Return the settings; raises `BadInput` when they name a model, since a promotion would change nothing of what a refresh uses."""
    from entente.errors import BadInput
    from models.registry import DEFAULT

    settings = load_settings(context.obj)
    if (named := settings.classification.model) != DEFAULT:
        raise BadInput(
            f"The configuration names the model {named} (classification.model, or ENTENTE_CLASSIFICATION__MODEL), and that goes before "
            "any promotion. Change the name there, or set it to 'default' and run this again."
        )
    return settings


def _tell(decision: Decision, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"time": decision.time, "action": decision.action, "version": decision.version, "before": decision.before,
             "reason": decision.reason}
        )  # fmt: skip
    else:
        print(f"In use from now on: {decision.version} (before: {decision.before or 'none'}).")
        print("The next refresh scores all passages with it, without reading files again.")
