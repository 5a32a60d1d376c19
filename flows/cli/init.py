"""`entente init`: make a project."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from entente.errors import BadInput
from entente.files import replacing, write_text_whole
from flows.cli.main import app
from flows.settings import CONFIG_NAME, default_descriptions, default_file, load_settings

_SAMPLE_LINES = {
    "      manifests: []": "      manifests: [manifest.csv]",
    "    - id: folder ": "    - id: sample ",
}


@app.command(epilog="Example: entente init my-project --sample")
def init(
    directory: Annotated[Path, typer.Argument(help="The folder of the project; made if need be.")],
    sample: Annotated[bool, typer.Option("--sample", help="Put in the invented reports that ship with Entente.")] = False,
) -> None:
    """Make a project: configuration, codebook and a folder for reports. What is already there is left as it is."""
    if directory.exists() and not directory.is_dir():
        raise BadInput(f"{directory} is a file. Name a folder.")
    made = []
    texts = {CONFIG_NAME.name: default_file("entente.yaml"), "codebook.yaml": default_file("codebook.yaml")}
    if sample:
        texts[CONFIG_NAME.name] = _with_sample(texts[CONFIG_NAME.name])
    for name, text in texts.items():
        target = directory / "configs" / name
        if not target.exists():
            write_text_whole(target, text)
            made.append(target)
    made += _copy_descriptions(directory)
    reports = directory / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    if sample:
        made += _copy_sample(directory)
    load_settings(directory)
    if sample:
        typer.echo(
            "The sample is invented: its organizations, countries and events do not exist. It shows what Entente does, nothing else."
        )
    for path in made:
        typer.echo(f"made {path}")
    if not made:
        typer.echo(f"{directory} is already a project; nothing was changed.")
    elif sample:
        typer.echo(f"Next: entente -C {directory} refresh")
    else:
        typer.echo(
            f"Next: put reports into {reports} (or name folders in {directory / CONFIG_NAME}) and run: entente -C {directory} refresh"
        )


def _with_sample(text: str) -> str:
    for old, new in _SAMPLE_LINES.items():
        text = text.replace(old, new, 1)
    return text


def _copy_descriptions(directory: Path) -> list[Path]:
    folder = directory / "configs" / "sources"
    if folder.exists():
        return []
    for path in sorted(default_descriptions().glob("*.yaml")):
        write_text_whole(folder / path.name, path.read_text(encoding="utf-8"))
    return [folder]


def _copy_sample(directory: Path) -> list[Path]:
    source = Path(str(files("sample")))
    made = []
    for path in [source / "manifest.csv", *sorted((source / "reports").iterdir())]:
        target = directory / path.relative_to(source)
        if not target.exists():
            with replacing(target) as stream:
                stream.write(path.read_bytes())
            made.append(target)
    return [*made[:1], directory / "reports"] if made else []
