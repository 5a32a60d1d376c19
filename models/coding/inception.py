"""INCEpTION: one UIMA CAS document a passage, with a span layer whose features are the dimensions; its project export read back.

Formats: UIMA CAS JSON 0.4.0 and UIMA CAS XMI, read and written by dkpro-cassis. A project export holds, for each document, one file a user:
`annotation/<document>/<user>.json` (or .xmi), or a ZIP of that name around it; the document is named by its passage, the coder by the user.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from entente.errors import BadInput
from models.codebook import Codebook
from models.coding.archives import Budget, opened
from models.coding.checking import NOT_CODED
from models.coding.forms import NONE, choices, is_remark, sets_of, without_none
from models.coding.names import named
from models.coding.tables import Raw
from models.types import CodingTask

if TYPE_CHECKING:
    from cassis import Cas, TypeSystem

TOOL = "inception"
LAYER = "webanno.custom.EntentePassage"
_STRING = "uima.cas.String"
_SENTENCE = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence"
BESIDE = ("note", "flag", "codebook_version", "coded_at", "text_sha256")
_NOT_CODERS = frozenset({"INITIAL_CAS", "CURATION_USER"})


def type_system(codebook: Codebook) -> TypeSystem:
    """Return the types: the layer over a passage with a text feature for each question."""
    from cassis import TypeSystem

    system = TypeSystem()
    layer = system.create_type(LAYER, supertypeName="uima.tcas.Annotation")
    for name in (*choices(codebook), *BESIDE):
        system.create_feature(layer, name, _STRING)
    system.create_type(_SENTENCE, supertypeName="uima.tcas.Annotation")
    return system


def write_tasks(tasks: Sequence[CodingTask], codebook: Codebook, guesses: Mapping[str, Mapping[str, str]] | None = None) -> bytes:
    """Return a ZIP with the layer (`typesystem.xml`) and one document (CAS JSON) a passage, named by the passage.

    The text of a document is the passage alone, one layer over all of it; `guesses` fills its features, on demand only.
    """
    system = type_system(codebook)
    sets = sets_of(codebook)
    parts = {"typesystem.xml": system.to_xml().encode()}
    for task in tasks:
        told = {"codebook_version": codebook.version, "text_sha256": task.text_sha256}
        for name, value in (guesses or {}).get(task.passage_id, {}).items():
            if name in choices(codebook):
                told[name] = value or (NONE if name in sets else value)
        parts[f"source/{task.passage_id}.json"] = document(system, task.text, told)
    return bundle_of(parts)


def document(system: TypeSystem, text: str, features: Mapping[str, str]) -> bytes:
    """Return a document (CAS JSON) with one layer over all of its text."""
    from cassis import Cas

    cas = Cas(typesystem=system)
    cas.sofa_string = text
    cas.sofa_mime = "text/plain"
    end = len(text)
    cas.add(system.get_type(_SENTENCE)(begin=0, end=end))
    cas.add(system.get_type(LAYER)(begin=0, end=end, **features))
    return str(cas.to_json()).encode()


def bundle_of(parts: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of these parts; the same parts give the same bytes."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as bundle:
        for name, content in parts.items():
            bundle.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def read(path: Path, codebook: Codebook, names: Mapping[str, str]) -> Raw:
    """Yield the codes of a project export with the number of the document, counted from 1.

    Args:
        path: the ZIP.
        codebook: says which questions take several answers.
        names: the coder for each of INCEpTION's users; a user stands for himself.

    Raises:
        BadInput: when the file is no such export.
    """
    sets = sets_of(codebook)
    asked = choices(codebook)
    documents: dict[str, int] = {}
    found = False
    for document, user, cas in _annotated(path):
        found = True
        number = documents.setdefault(document, len(documents) + 1)
        for layer in _layers(cas):
            told = {feature: getattr(layer, feature, None) for feature in (*asked, *BESIDE)}
            beside = {
                "passage_id": _passage_of(document),
                "coder": named(user, names),
                "tool": TOOL,
                **{name: told[name] for name in BESIDE},
            }
            coded = [name for name in asked if told[name] and name not in NOT_CODED]
            for name in coded:
                yield number, {**beside, "dimension": name, "value": without_none(told[name]) if name in sets else told[name]}
            if not coded and is_remark(beside):
                yield number, beside
    if not found:
        raise BadInput(
            f"{path} holds no annotation/DOCUMENT/USER file. Export the project with its annotations as UIMA CAS JSON or XMI."
        )


def _layers(cas: Cas) -> list[Any]:
    return list(cas.select(LAYER)) if cas.typesystem.contains_type(LAYER) else []


def _passage_of(document: str) -> str:
    name = document
    for ending in (".json", ".xmi", ".txt"):
        name = name.removesuffix(ending)
    return name


def _annotated(path: Path) -> Iterator[tuple[str, str, Cas]]:
    """Yield document, user and content of every annotated file of an export."""
    budget = Budget(path)
    with opened(path, str(path), budget, "ZIP of an INCEpTION project") as bundle:
        shared = next(
            (bundle.read(one) for one in bundle.namelist() if PurePosixPath(one).name.lower() == "typesystem.xml"), None
        )
        for name in bundle.namelist():
            place = PurePosixPath(name)
            if len(place.parts) < 3 or place.parts[-3] != "annotation" or place.stem in _NOT_CODERS:
                continue
            where = f"{path}/{name}"
            if place.suffix == ".zip":
                with opened(BytesIO(bundle.read(name)), where, budget, "ZIP of an annotated document") as inner:
                    types = next((inner.read(one) for one in inner.namelist() if one.lower().endswith("typesystem.xml")), shared)
                    for one in inner.namelist():
                        if one.endswith((".json", ".xmi")):
                            yield place.parts[-2], place.stem, _load(inner.read(one), one, types, f"{where}/{one}")
            elif place.suffix in (".json", ".xmi"):
                yield place.parts[-2], place.stem, _load(bundle.read(name), name, shared, where)


def _load(content: bytes, name: str, types: bytes | None, where: str) -> Cas:
    from cassis import load_cas_from_json, load_cas_from_xmi, load_typesystem

    try:
        if name.endswith(".json"):
            json.loads(content)
            return load_cas_from_json(BytesIO(content))
        if types is None:
            raise BadInput(f"{where}: there is no TypeSystem.xml beside it. Export as UIMA CAS JSON, or as XMI with its types.")
        return load_cas_from_xmi(BytesIO(content), typesystem=load_typesystem(BytesIO(types)))
    except BadInput:
        raise
    except Exception as error:  # noqa: BLE001  # the library tells broken files by many kinds of errors
        raise BadInput(f"{where} cannot be read as a UIMA CAS: {error}") from None
