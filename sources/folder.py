"""The folder source: whatever reports lie in folders on this machine, with or without a manifest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from entente.errors import BadInput
from entente.files import printable
from sources.checks import FORMAT_OF_SUFFIX
from sources.manifest import Manifest, read_manifest
from sources.types import DocumentMetadata, Record

MANIFEST_NAME = "manifest.csv"
_PREFERENCE = {"pdf": 0, "docx": 1, "doc": 2, "html": 3, "txt": 4}


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Folders of reports and their manifests.

    Attributes:
        source_id: the name of the source in the warehouse.
        roots: the folders; they must differ in their last name, which begins the key of every record (`pdf/report.pdf`).
        manifests: CSV files with metadata; a row counts if its file lies under one of the roots. A `manifest.csv` directly in a root
            counts without being named.
        columns: how these manifests name their columns (see `read_manifest`).
        defaults: metadata for documents of which no manifest speaks, or which it leaves open (igo, language, doc_type, body).
    """

    source_id: str
    roots: Sequence[Path]
    manifests: Sequence[Path] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def discover(self) -> Listing:
        """List every file of the folders, and every file that a manifest promises and that is not there.

        Hidden files, office lock files (`~$...`) and the manifests themselves are passed over. The order is fixed: PDF before the other
        formats, then by key, so that of one document in two formats the one with pages comes first.

        Raises:
            BadInput: when a folder is missing, two folders share their last name, or a manifest cannot be used.
        """
        roots = self._checked_roots()
        own = list(dict.fromkeys(path.resolve() for path in [*self.manifests, *(root / MANIFEST_NAME for root in roots)]))
        named = {path.resolve() for path in self.manifests}
        manifests = [read_manifest(path, self.columns) for path in own if path in named or path.is_file()]
        records: dict[str, Record] = {}
        closed: list[str] = []
        for root in roots:
            for path in _files_below(root, closed):
                resolved = root / path
                if resolved in own:
                    continue
                key = printable(f"{root.name}/{path.as_posix()}")
                records[key] = self._record(key, resolved, manifests)
        for manifest in manifests:
            for path, _row in manifest.rows.items():
                root_of = next((root for root in roots if path.is_relative_to(root)), None)
                if root_of is not None and not path.is_file():
                    key = printable(f"{root_of.name}/{path.relative_to(root_of).as_posix()}")
                    records.setdefault(key, self._record(key, path, manifests))
        ordered = sorted(records.values(), key=lambda record: (_rank(record.location or Path()), record.record_key))
        issues = tuple(issue for manifest in manifests for issue in manifest.issues)
        return Listing(tuple(ordered), (*closed, *issues))

    def _checked_roots(self) -> list[Path]:
        roots = [root.resolve() for root in self.roots]
        for given, root in zip(self.roots, roots, strict=True):
            if not root.is_dir():
                raise BadInput(f"The folder {given} is not there. Name a folder with reports, or make it.")
        for index, root in enumerate(roots):
            for other in roots[:index]:
                if root.name == other.name and root != other:
                    raise BadInput(
                        f"Two folders are called {root.name!r} ({other} and {root}); name their common parent or rename one."
                    )
                if root != other and (root.is_relative_to(other) or other.is_relative_to(root)):
                    raise BadInput(f"The folder {max(root, other)} lies in {min(root, other)}; name only the outer one.")
        return sorted(set(roots))

    def _record(self, key: str, path: Path, manifests: Sequence[Manifest]) -> Record:
        row = next((manifest.rows[path] for manifest in manifests if path in manifest.rows), None)
        said = row.metadata if row else DocumentMetadata()
        missing = {name: value for name, value in self.defaults.items() if getattr(said, name) is None}
        return Record(self.source_id, key, path, replace(said, **missing), is_described=row is not None)  # type: ignore[arg-type]  # all are texts


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source lists at one moment: records in a fixed order, and what was odd."""

    records: tuple[Record, ...]
    issues: tuple[str, ...]


def _files_below(root: Path, closed: list[str]) -> list[Path]:
    """Return the files below a folder; folders below it that cannot be listed are added to `closed` as sentences."""

    def cannot(error: OSError) -> None:
        if Path(error.filename) == root:
            raise BadInput(f"The folder {root} cannot be listed ({error.strerror}). Mend its permissions or name another.")
        closed.append(f"The folder {printable(error.filename)} cannot be listed ({error.strerror}); its files are not seen.")

    found: list[Path] = []
    for folder, subfolders, files in os.walk(root, onerror=cannot):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        found += [Path(folder, name).relative_to(root) for name in files if not name.startswith((".", "~$"))]
    return found


def _rank(path: Path) -> int:
    return _PREFERENCE.get(FORMAT_OF_SUFFIX.get(path.suffix.lower(), ""), 9)
