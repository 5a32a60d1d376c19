"""What a worker process is asked and answers.

Request: {"op": "extract", "path", "file_format", "file_sha256"} or {"op": "refind", "path", "file_format", "passages"} or
{"op": "overlay", "path", "file_format", "extraction", "target"}.
Answer: {"ok": ...} with the result, or {"reason", "detail"}; before the result of "extract" come its parts, a line each: {"passage": ...} and
{"page": ...}. A failure may follow parts, which then count for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions
from warehouse.states import Reason

_MB = 1_000_000


class Responder:
    """Answers requests one after the other in this process."""

    def __init__(self, settings: dict[str, Any]) -> None:
        # What every document needs is loaded before the memory limit holds.
        from extractors.language import language_of

        language_of("a sentence that is long enough to be judged " * 5)
        self._options = ExtractOptions(settings["engine"], settings["ocr"])
        self._limits = ExtractionLimits(settings["seconds"], settings["memory_mb"], settings["output_mb"], settings["max_pages"])

    def answer(self, line: bytes) -> Iterator[bytes]:
        """Yield the answer to one request in lines of JSON without their ends: parts of the result, then the result or a failure."""
        length = 0
        try:
            for part in self._parts(json.loads(line)):
                written = json.dumps(part).encode("ascii")
                length += len(written)
                if length > self._limits.output_mb * _MB:
                    yield _failure(
                        Reason.OUTPUT_TOO_LARGE,
                        f"The result has more than {self._limits.output_mb} MB, which is the most that is kept (setting extraction.output_mb).",
                    )
                    return
                yield written
        except ExtractionError as error:
            yield _failure(error.reason, error.detail)
        except MemoryError:
            yield _failure(
                Reason.OUT_OF_MEMORY,
                f"Reading needs more than {self._limits.memory_mb} MB of memory (setting extraction.memory_mb).",
            )
        except OSError as error:
            reason = {FileNotFoundError: Reason.FILE_MISSING, PermissionError: Reason.NO_PERMISSION}.get(type(error))
            yield _failure(reason or Reason.BROKEN_FILE, f"The file cannot be read: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001  # process boundary: whatever a parser raises is this document's failure only
            yield _failure(Reason.EXTRACTOR_CRASHED, f"Reading failed: {type(error).__name__}: {str(error)[:300]}")

    def _parts(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if request["op"] != "extract":
            yield {"ok": self._result(request)}
            return
        from extractors.extract import extract_in_parts
        from extractors.render import extraction_to_dict, passage_to_dict

        parts = extract_in_parts(
            Path(request["path"]), request["file_format"], request["file_sha256"], self._options, self._limits
        )
        ending = None
        while ending is None:
            try:
                passage = next(parts)
            except StopIteration as stop:
                ending = stop.value
            else:
                yield {"passage": passage_to_dict(passage)}
        for page in ending.extraction.pages:
            yield {"page": asdict(page)}
        rest = extraction_to_dict(replace(ending.extraction, pages=()))
        yield {"ok": {**rest, "summaries_hold": ending.summaries_hold}}

    def _result(self, request: dict[str, Any]) -> Any:
        path, file_format = Path(request["path"]), request["file_format"]
        if request["op"] == "refind":
            from extractors.refind import locations_from_plain, refind

            return refind(path, file_format, locations_from_plain(request["passages"]))
        from extractors.overlay import write_overlay
        from extractors.render import extraction_from_dict

        write_overlay(path, extraction_from_dict(request["extraction"]), Path(request["target"]))
        return True


def _failure(reason: Reason, detail: str) -> bytes:
    return json.dumps({"reason": str(reason), "detail": detail}).encode("ascii")
