"""What a source said about a document as text in the database, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

from sources.types import DATED, DocumentMetadata


def metadata_as_text(metadata: DocumentMetadata) -> str:
    """Return metadata as JSON, always written alike, dates in ISO form."""
    return json.dumps(asdict(metadata), sort_keys=True, default=str, ensure_ascii=False)


def metadata_of(text: str) -> DocumentMetadata:
    """Return the metadata that `metadata_as_text` has written."""
    plain = json.loads(text)
    return DocumentMetadata(**{**plain, **{name: date.fromisoformat(plain[name]) for name in DATED if plain.get(name)}})
