"""`entente doctor`: is everything here that a refresh needs?"""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from entente import __version__
from entente.errors import EntenteError
from flows.cli.main import app
from flows.cli.output import print_json, table
from flows.settings import CONFIG_NAME, Settings, has_project, load_settings

_PACKAGES = ("duckdb", "pdfplumber", "pypdfium2", "prefect", "fastapi", "sqlalchemy", "torch", "transformers")
_ROOM_GB = 2


@app.command(epilog="Example: entente doctor")
def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check configuration, packages, encoder, model, folders and databases; exit code 3 when something is missing."""
    settings = load_settings(context.obj)
    checks: tuple[tuple[str, Callable[[Settings], tuple[str, str]]], ...] = (
        ("entente", lambda _settings: ("ok", f"{__version__}, Python {platform.python_version()}")),
        ("configuration", _configuration),
        ("codebook", _codebook),
        ("packages", _packages),
        ("encoder", _encoder),
        ("model", _model),
        ("folders", _folders),
        ("sources", _sources),
        ("room on the disk", _room),
        ("warehouse", _warehouse),
        ("published", _published),
    )
    findings = []
    for name, check in checks:
        try:
            outcome, words = check(settings)
        except EntenteError as error:
            outcome, words = "missing", str(error)
        findings.append((name, outcome, words))
    if as_json:
        print_json([{"check": name, "outcome": outcome, "detail": words} for name, outcome, words in findings])
    else:
        print(table(("check", "outcome", "detail"), findings, width=160))
    if any(outcome == "missing" for _name, outcome, _words in findings):
        sys.exit(3)


def _configuration(settings: Settings) -> tuple[str, str]:
    if has_project(settings):
        return "ok", str(settings.project / CONFIG_NAME)
    return "note", "no project here: the built-in values hold (entente init DIR makes a project)"


def _codebook(settings: Settings) -> tuple[str, str]:
    from flows.load import read_codebook

    codebook = read_codebook(settings)
    return "ok", f"{codebook.version}, {len(codebook.dimensions)} dimensions ({settings.codebook})"


def _packages(_settings: Settings) -> tuple[str, str]:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return "missing", f"not installed: {', '.join(missing)}; install Entente again"
    return "ok", ", ".join(found)


def _encoder(settings: Settings) -> tuple[str, str]:
    from flows.load import check_encoder

    return "ok", f"that of the model in use, all hashes right ({check_encoder(settings)})"


def _model(settings: Settings) -> tuple[str, str]:
    from flows.load import chosen_model

    info = chosen_model(settings)
    return "ok", f"{info.version} ({info.path})"


def _folders(settings: Settings) -> tuple[str, str]:
    gone = [str(root) for folder in settings.sources.folders for root in folder.roots if not root.is_dir()]
    if gone and has_project(settings):
        return "note", f"not there yet: {', '.join(gone)}; make them, or name other folders in sources.folders"
    return "ok", ", ".join(str(root) for folder in settings.sources.folders for root in folder.roots)


def _sources(settings: Settings) -> tuple[str, str]:
    from flows.sources import enabled_descriptions

    enabled = enabled_descriptions(settings)
    if not enabled:
        return "note", "no services are enabled (sources.enabled): only folders are read"
    return "ok", f"{', '.join(enabled)}; asked in the name of {settings.sources.contact}"


def _room(settings: Settings) -> tuple[str, str]:
    place: Path = settings.paths.state
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    return ("ok" if free > _ROOM_GB else "note"), f"{free:.1f} GB free at {place}"


def _warehouse(settings: Settings) -> tuple[str, str]:
    from warehouse.database import open_warehouse

    path = settings.paths.warehouse
    if not path.exists():
        return "note", f"none yet ({path})"
    with open_warehouse(path, read_only=True):
        return "ok", f"{path}, {path.stat().st_size / 1e6:.1f} MB"


def _published(settings: Settings) -> tuple[str, str]:
    import duckdb

    path = settings.paths.published
    if not path.exists():
        return "note", f"none yet ({path})"
    try:
        with duckdb.connect(str(path), read_only=True):
            return "ok", f"{path}, {path.stat().st_size / 1e6:.1f} MB"
    except duckdb.Error as error:
        return "missing", f"{path} cannot be opened: {error}"
