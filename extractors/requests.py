"""What a worker process is asked and answers.

Request: {"op": "extract", "path", "file_format", "file_sha256"} or {"op": "refind", "path", "file_format", "passages"} or
{"op": "overlay", "path", "file_format", "extraction", "target"}.
Answer: {"ok": ...} with the result, or {"reason", "detail"}.
"""

from __future__ import annotations

import json
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

    def answer(self, line: bytes) -> bytes:
        """Return the answer to one request as one line of JSON without the line end."""
        try:
            written = json.dumps({"ok": self._result(json.loads(line))}).encode("ascii")
        except ExtractionError as error:
            return _failure(error.reason, error.detail)
        except MemoryError:
            return _failure(
                Reason.OUT_OF_MEMORY,
                f"Reading needs more than {self._limits.memory_mb} MB of memory (setting extraction.memory_mb).",
            )
        except OSError as error:
            reason = {FileNotFoundError: Reason.FILE_MISSING, PermissionError: Reason.NO_PERMISSION}.get(type(error))
            return _failure(reason or Reason.BROKEN_FILE, f"The file cannot be read: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001  # process boundary: whatever a parser raises is this document's failure only
            return _failure(Reason.EXTRACTOR_CRASHED, f"Reading failed: {type(error).__name__}: {str(error)[:300]}")
        if len(written) > self._limits.output_mb * _MB:
            return _failure(
                Reason.OUTPUT_TOO_LARGE,
                f"The result has {len(written) / _MB:.0f} MB; at most {self._limits.output_mb} are kept (setting extraction.output_mb).",
            )
        return written

    def _result(self, request: dict[str, Any]) -> Any:
        path, file_format = Path(request["path"]), request["file_format"]
        if request["op"] == "refind":
            from extractors.refind import locations_from_plain, refind

            return refind(path, file_format, locations_from_plain(request["passages"]))
        if request["op"] == "overlay":
            from extractors.overlay import write_overlay
            from extractors.render import extraction_from_dict

            write_overlay(path, extraction_from_dict(request["extraction"]), Path(request["target"]))
            return True
        from extractors.extract import extract_file
        from extractors.render import extraction_to_dict

        return extraction_to_dict(extract_file(path, file_format, request["file_sha256"], self._options, self._limits))


def _failure(reason: Reason, detail: str) -> bytes:
    return json.dumps({"reason": str(reason), "detail": detail}).encode("ascii")
