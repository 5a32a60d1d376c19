"""An extraction as text, Markdown or JSON, and back from JSON; the JSON form is also what worker processes answer with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from extractors.types import Box, Extraction, PageInfo, Passage

_PASSAGE = tuple(field.name for field in fields(Passage))


def extraction_to_dict(extraction: Extraction) -> dict[str, Any]:
    """Return plain lists, mappings, texts and numbers; boxes as [page, x0, top, x1, bottom]."""
    return {
        "file_sha256": extraction.file_sha256,
        "file_format": extraction.file_format,
        "extractor_version": extraction.extractor_version,
        "language": extraction.language,
        "pages": [asdict(page) for page in extraction.pages],
        "passages": [passage_to_dict(passage) for passage in extraction.passages],
        "cover": dict(extraction.cover),
        "warnings": extraction.warnings,
    }


def extraction_from_dict(plain: Mapping[str, Any]) -> Extraction:
    """Return the extraction that `extraction_to_dict` wrote; raises `KeyError` or `TypeError` for other content."""
    return Extraction(
        file_sha256=plain["file_sha256"],
        file_format=plain["file_format"],
        extractor_version=plain["extractor_version"],
        language=plain["language"],
        pages=tuple(page_from_dict(page) for page in plain["pages"]),
        passages=tuple(passage_from_dict(passage) for passage in plain["passages"]),
        cover=dict(plain["cover"]),
        warnings=tuple(plain["warnings"]),
    )


def passage_to_dict(passage: Passage) -> dict[str, Any]:
    """Return a passage as `extraction_to_dict` writes it."""
    plain = {name: getattr(passage, name) for name in _PASSAGE}
    plain["boxes"] = [[box.page, box.x0, box.top, box.x1, box.bottom] for box in passage.boxes]
    return plain


def passage_from_dict(plain: Mapping[str, Any]) -> Passage:
    """Return the passage that `passage_to_dict` wrote."""
    return Passage(
        **{
            **plain,
            "heading_path": tuple(plain["heading_path"]),
            "boxes": tuple(Box(*box) for box in plain["boxes"]),
            "notes": tuple(plain["notes"]),
            "sketch": tuple(plain["sketch"]),
        }
    )


def page_from_dict(plain: Mapping[str, Any]) -> PageInfo:
    """Return the page of which `dataclasses.asdict` made this."""
    return PageInfo(**{**plain, "furniture": tuple(plain["furniture"])})


def as_json(extraction: Extraction) -> str:
    """Return indented JSON; `extraction_from_dict(json.loads(...))` gives the extraction back."""
    return json.dumps(extraction_to_dict(extraction), ensure_ascii=False, indent=1)


def as_text(extraction: Extraction) -> str:
    """Return the passages one below the other, each with its page, number and kind in front, headings where they change."""
    lines: list[str] = []
    path: tuple[str, ...] = ()
    for passage in extraction.passages:
        if passage.heading_path != path:
            path = passage.heading_path
            lines += ["", " / ".join(path) or "(no heading)", ""]
        lines.append(f"{_where(passage)} {passage.text}".strip())
    return "\n".join(lines).strip() + "\n"


def as_markdown(extraction: Extraction) -> str:
    """Return Markdown: headings by depth, paragraphs with their numbers, what is not coded as quotes."""
    lines: list[str] = []
    path: tuple[str, ...] = ()
    for passage in extraction.passages:
        shared = 0
        while shared < min(len(path), len(passage.heading_path)) and path[shared] == passage.heading_path[shared]:
            shared += 1
        for depth, title in enumerate(passage.heading_path[shared:], shared + 1):
            lines += [f"{'#' * min(depth, 6)} {title}", ""]
        path = passage.heading_path
        number = f"**{passage.para_no}**{f' ({passage.part})' if passage.part else ''} " if passage.para_no else ""
        lines += [f"{'' if passage.is_codable else '> '}{number}{passage.text}", ""]
    return "\n".join(lines).strip() + "\n"


def _where(passage: Passage) -> str:
    parts = []
    if passage.page_first is not None:
        same = passage.page_last in (None, passage.page_first)
        parts.append(f"p. {passage.page_first}" if same else f"p. {passage.page_first}-{passage.page_last}")
    if passage.para_no:
        parts.append(f"para. {passage.para_no}" + (f", part {passage.part}" if passage.part else ""))
    if not passage.is_codable:
        parts.append(f"{passage.kind}, not coded")
    return f"[{'; '.join(parts)}]" if parts else ""
