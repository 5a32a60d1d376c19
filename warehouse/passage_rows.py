"""Extracted passages as the columns of `passages`: column by column, as a row at a time would take several times as long."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from extractors.types import Box, Extraction
from warehouse.arrow import lists
from warehouse.types import PendingFile

# Columns that are fields of an extracted passage, under the same name.
_AS_THEY_ARE = (
    *("passage_id", "ordinal", "part", "page_first", "page_last", "para_no", "kind", "language", "text", "lead_in", "n_words"),
    *("is_codable", "is_duplicate", "is_summary", "quality"),
)
_CORNERS = ("x0", "top", "x1", "bottom")


def passage_table(read: Sequence[tuple[PendingFile, Extraction]]) -> dict[str, Any]:
    """Return the columns of `passages` for what was read out of these files."""
    passages = [passage for _file, outcome in read for passage in outcome.passages]
    made: dict[str, Any] = {
        "document_id": [file.document_id for file, outcome in read for _passage in outcome.passages],
        "extractor_version": [outcome.extractor_version for _file, outcome in read for _passage in outcome.passages],
        "text_sha256": [hashlib.sha256(passage.text.encode()).hexdigest() for passage in passages],
        "boxes": lists([passage.boxes for passage in passages], _boxes),
        "heading_path": lists([passage.heading_path for passage in passages], _texts),
        "notes": lists([passage.notes for passage in passages], _texts),
        "sketch": lists([passage.sketch for passage in passages], _hashes),
    }
    # Document by document: its passages are gone through again and again while they lie in the processor's cache.
    for name in _AS_THEY_ARE:
        made[name] = []
    for _file, outcome in read:
        for name in _AS_THEY_ARE:
            made[name].extend(map(attrgetter(name), outcome.passages))
    return made


def _boxes(boxes: Iterator[Box], number: int) -> Any:
    import numpy as np
    import pyarrow

    flat = list(boxes)
    fields = [pyarrow.array(np.fromiter(map(attrgetter("page"), flat), np.int32, number))]
    fields += [pyarrow.array(np.fromiter(map(attrgetter(name), flat), np.float32, number)) for name in _CORNERS]
    return pyarrow.StructArray.from_arrays(fields, names=["page", *_CORNERS])


def _texts(texts: Iterator[str], _number: int) -> Any:
    import pyarrow

    return pyarrow.array(list(texts), pyarrow.string())


def _hashes(hashes: Iterator[int], number: int) -> Any:
    import numpy as np
    import pyarrow

    return pyarrow.array(np.fromiter(hashes, np.uint32, number))
