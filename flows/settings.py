"""The configuration of a project, read and validated once at the edge into typed objects.

`configs/entente.yaml` gives the values, environment variables (`ENTENTE_EXTRACTION__WORKERS=4`) override single ones. An unknown name or a
bad value is an error that says where it stands, what it is and what is allowed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from entente.errors import BadInput
from entente.files import printable
from entente.yaml_files import read_yaml_mapping
from sources.manifest import FIELDS

CONFIG_NAME = Path("configs") / "entente.yaml"
_PREFIX = "ENTENTE_"
_NOT_SETTINGS = {"ENTENTE_PROJECT"}

DEFAULT_FIELDS = ("igo", "body", "doc_type", "language", "country_iso3", "country_name")
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Section):
    """Where things lie; relative paths are relative to the project."""

    store: Path = Path("var/store")
    warehouse: Path = Path("var/warehouse.duckdb")
    published: Path = Path("var/published/entente.duckdb")
    models: Path = Path("var/models")
    state: Path = Path("var")


class Folder(_Section):
    """One folder source (see `sources.folder.FolderSource`)."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")] = "folder"
    roots: Annotated[tuple[Path, ...], Field(min_length=1)]
    manifests: tuple[Path, ...] = ()
    columns: dict[str, str] = {}
    defaults: dict[str, str] = {}

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, columns: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(columns) - {"file", *FIELDS})
        if unknown:
            raise ValueError(f"unknown field {unknown[0]!r}; allowed: file, {', '.join(FIELDS)}")
        return columns

    @field_validator("defaults")
    @classmethod
    def _known_fields(cls, defaults: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(defaults) - set(DEFAULT_FIELDS))
        if unknown:
            raise ValueError(f"unknown field {unknown[0]!r}; allowed: {', '.join(DEFAULT_FIELDS)}")
        return defaults


class Sources(_Section):
    """What is pulled: from folders, and from the services whose descriptions lie in `configs/sources`.

    `contact` is told to every service; without it none is asked. `overrides` changes single values of descriptions, by source. `gateway`
    and a `delay_factor` below 1 are for trials against a replica.
    """

    max_file_mb: Annotated[int, Field(ge=1, le=100_000)] = 500
    folders: tuple[Folder, ...] = (Folder(roots=(Path("reports"),)),)
    enabled: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")], ...] = ()
    contact: str = ""
    parallel_downloads: Annotated[int, Field(ge=1, le=32)] = 4
    schedule: Annotated[str, Field(pattern=r"^\S+( \S+){4}$")] = "30 3 * * *"
    overrides: dict[str, dict[str, Any]] = {}
    gateway: Annotated[str | None, Field(pattern=r"^http://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$")] = None
    delay_factor: Annotated[float, Field(ge=0, le=100)] = 1.0

    @model_validator(mode="after")
    def _polite(self) -> Sources:
        if self.enabled and not self.contact.strip():
            raise ValueError("sources.enabled needs sources.contact: an address or a page by which the services can reach you")
        if self.delay_factor < 1 and self.gateway is None:
            raise ValueError("sources.delay_factor below 1 would hurry real services; it is allowed with sources.gateway only")
        return self


class Extraction(_Section):
    """How files become passages."""

    engine: Literal["auto", "pdfium", "pdfplumber"] = "auto"
    ocr: Literal["auto", "never"] = "auto"
    workers: Annotated[int, Field(ge=1, le=256)] = 2
    seconds_per_document: Annotated[float, Field(gt=0, le=86_400)] = 600
    memory_mb: Annotated[int, Field(ge=256, le=1_000_000)] = 3000
    output_mb: Annotated[int, Field(ge=1, le=4096)] = 256
    max_pages: Count = 5000


class Classification(_Section):
    """Which model scores passages, and which encoder `entente train` fine-tunes: an id of the Hugging Face hub with its pinned revision (a
    commit), or a folder; MiniLM by default.
    """

    model: Annotated[str, Field(min_length=1)] = "default"
    encoder: Annotated[str, Field(min_length=1)] | None = None
    revision: str = ""
    threads: Annotated[int, Field(ge=1, le=256)] = 2


class Refresh(_Section):
    """How the steps of a refresh are cut and repeated."""

    batch_documents: Annotated[int, Field(ge=1, le=10_000)] = 25
    retries: Annotated[int, Field(ge=0, le=20)] = 2
    retry_delay_seconds: Annotated[float, Field(ge=0, le=3600)] = 5


class Publish(_Section):
    """What publishing looks at and puts beside the tables.

    `shortfall` says what fewer documents than a reviewed `expected_counts` asks for do; `search` is the index in the published file: by
    words, by meaning too, or none; `keep` is how many published files of before stay.
    """

    expected_counts: Path = Path("configs/expected_counts.yaml")
    shortfall: Literal["fail", "warn"] = "fail"
    search: Literal["text", "meaning", "none"] = "meaning"
    keep: Annotated[int, Field(ge=0, le=1000)] = 3


class Release(_Section):
    """What a release says of itself."""

    title: Annotated[str, Field(min_length=1)] = "Coded evidence from the reports of intergovernmental organizations"
    authors: Annotated[tuple[str, ...], Field(min_length=1)] = ("The Entente authors",)
    licence: str = ""


class Retraining(_Section):
    """When the model is trained anew, and how (see `flows.retraining`).

    `after_new_codes` is the number of passages with new codes (gold not counted) after which it is due, `every` a cron (UTC); null for
    neither. `mode` is `heads` (on the encoder of the model in use) or `full`; `annotations` a folder with coded passages from outside the
    project; `epochs` those of fine-tuning.
    """

    after_new_codes: Count | None = 200
    every: Annotated[str, Field(pattern=r"^\S+( \S+){4}$")] | None = None
    mode: Literal["heads", "full"] = "heads"
    annotations: Path | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    epochs: Annotated[int, Field(ge=1, le=1000)] | None = None


class Settings(_Section):
    """All settings of a project; every path is absolute."""

    project: Path
    paths: Paths = Paths()
    codebook: Path = Path("configs/codebook.yaml")
    sources: Sources = Sources()
    extraction: Extraction = Extraction()
    classification: Classification = Classification()
    refresh: Refresh = Refresh()
    publish: Publish = Publish()
    release: Release = Release()
    retraining: Retraining = Retraining()

    @property
    def content_hash(self) -> str:
        """Return 16 hexadecimal digits that change with any value, for the ledger of runs."""
        plain = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:16]

    @property
    def model_folders(self) -> tuple[Path, Path]:
        """Return where models lie: those that ship with Entente, those trained in this project."""
        return Path(str(files("models"))) / "shipped", self.paths.models


def load_settings(project: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of a project.

    Args:
        project: the folder that holds `configs/`; by default ENTENTE_PROJECT, else the current folder. Without a configuration file there,
            the defaults hold (enough for the commands that need no project).
        environment: the environment variables; by default those of the process.

    Raises:
        BadInput: for an unknown name or a bad value; names the file or variable, the key, the value and what is allowed.
    """
    environment = os.environ if environment is None else environment
    home = (project or Path(environment.get("ENTENTE_PROJECT", "."))).resolve()
    config = home / CONFIG_NAME
    if project is not None and not home.is_dir():
        raise BadInput(f"The project folder {home} is not there. Make it with `entente init {project}`.")
    from_file = read_yaml_mapping(config) if config.exists() else {}
    if "project" in from_file:
        raise BadInput(f"{config}: unknown key 'project'; the project is the folder that holds configs/.")
    from_environment = _environment_values(environment)
    merged = _merge(from_file, from_environment)
    try:
        settings = Settings.model_validate({**merged, "project": home})
    except ValidationError as error:
        raise BadInput(_explain(error, config, from_environment)) from None
    return _absolute(settings)


def has_project(settings: Settings) -> bool:
    """Say whether the settings come from a project's own configuration file."""
    return (settings.project / CONFIG_NAME).exists()


def default_file(name: str) -> str:
    """Return the text of a configuration file as it ships with Entente."""
    return files("configs").joinpath(name).read_text(encoding="utf-8")


def default_descriptions() -> Path:
    """Return the folder of the descriptions of sources that ship with Entente."""
    return default_codebook_path().parent / "sources"


def default_codebook_path() -> Path:
    """Return the codebook that ships with Entente."""
    return Path(str(files("configs").joinpath("codebook.yaml")))


def _environment_values(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or name in _NOT_SETTINGS:
            continue
        keys = name[len(_PREFIX) :].lower().split("__")
        if keys[0] not in Settings.model_fields or keys[0] == "project":
            allowed = ", ".join(f"{_PREFIX}{field.upper()}" for field in Settings.model_fields if field != "project")
            raise BadInput(
                f"Environment variable {name}: unknown setting; names begin with {allowed} (parts joined by two underscores)."
            )
        try:
            value = yaml.safe_load(environment[name])
        except yaml.YAMLError:
            value = environment[name]
        place = values
        for key in keys[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise BadInput(f"Environment variable {name}: another variable already sets {key!r} as a whole.")
        place[keys[-1]] = value
    return values


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _explain(error: ValidationError, config: Path, from_environment: Mapping[str, Any]) -> str:
    lines = []
    for problem in error.errors():
        keys = [str(key) for key in problem["loc"]]
        place: Any = from_environment
        for key in keys:
            place = place.get(key, _MISSING) if isinstance(place, dict) else _MISSING
        variable = _PREFIX + "__".join(keys).upper()
        where = f"Environment variable {variable}" if place is not _MISSING else f"{config}, key {'.'.join(keys)}"
        if problem["type"] == "extra_forbidden":
            lines.append(f"{where}: unknown key; allowed here: {', '.join(_allowed_keys(keys[:-1]))}.")
        elif problem["type"] == "value_error" and isinstance(problem["input"], dict):
            lines.append(f"{where}: {problem['ctx']['error']!s}.")
        else:
            value = problem["input"] if problem["type"] != "missing" else "nothing"
            message = (problem["msg"][0].lower() + problem["msg"][1:]).replace("a valid tuple", "a list, as in [one, two]")
            lines.append(f"{where}: {value!r} is not allowed: {message}.")
    return "\n".join(lines)


_MISSING = object()


def _allowed_keys(keys: list[str]) -> list[str]:
    model: Any = Settings
    for key in keys:
        if key == "folders" or key.isdigit():
            model = Folder
        elif model is not Folder:
            model = model.model_fields[key].annotation
    return [name for name in model.model_fields if name != "project"]


def _absolute(settings: Settings) -> Settings:
    def resolve(path: Path) -> Path:
        return (settings.project / path.expanduser()).resolve()

    paths = Paths(**{name: resolve(getattr(settings.paths, name)) for name in Paths.model_fields})
    for name, path in paths:
        if printable(str(path)) != str(path):
            raise BadInput(f"paths.{name} is {printable(str(path))}: DuckDB needs a path in UTF-8. Rename the folder.")
    folders = tuple(
        folder.model_copy(update={"roots": tuple(map(resolve, folder.roots)), "manifests": tuple(map(resolve, folder.manifests))})
        for folder in settings.sources.folders
    )
    classification = settings.classification
    if classification.encoder and resolve(Path(classification.encoder)).is_dir():
        classification = classification.model_copy(update={"encoder": str(resolve(Path(classification.encoder)))})
    codebook = resolve(settings.codebook)
    if not codebook.exists() and not has_project(settings):
        codebook = default_codebook_path()
    publish = settings.publish.model_copy(update={"expected_counts": resolve(settings.publish.expected_counts)})
    sources = settings.sources.model_copy(update={"folders": folders})
    retraining = settings.retraining
    if retraining.annotations is not None:
        retraining = retraining.model_copy(update={"annotations": resolve(retraining.annotations)})
    return settings.model_copy(
        update={
            "paths": paths,
            "codebook": codebook,
            "classification": classification,
            "sources": sources,
            "publish": publish,
            "retraining": retraining,
        }
    )
