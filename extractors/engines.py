"""Choice of the engine that reads a PDF."""

from __future__ import annotations

from pathlib import Path

from extractors.failure import ExtractionError
from extractors.page import Engine
from warehouse.states import Reason


class LazySpare:
    """The second engine, opened at the first page that the first could not read; most files never need it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine: Engine | None = None
        self._broken = False

    def engine(self) -> Engine | None:
        """Return the engine, None when it cannot open the file."""
        if self._engine is None and not self._broken:
            from extractors.engine_pdfplumber import PdfplumberEngine

            try:
                self._engine = PdfplumberEngine(self._path)
            except ExtractionError:
                self._broken = True
        return self._engine

    def close(self) -> None:
        """Release the file."""
        if self._engine is not None:
            self._engine.close()


def open_engine(path: Path, engine: str) -> tuple[Engine, LazySpare | None]:
    """Return the engine for a file and, with `auto`, a spare one for pages that it cannot read.

    Raises:
        ExtractionError: encrypted or broken_file, when no engine opens the file.
    """
    from extractors.engine_pdfium import PdfiumEngine

    if engine == "pdfplumber":
        from extractors.engine_pdfplumber import PdfplumberEngine

        return PdfplumberEngine(path), None
    if engine == "pdfium":
        try:
            return PdfiumEngine(path), None
        except ExtractionError as error:
            raise _explained(path, error) from error
    try:
        return PdfiumEngine(path), LazySpare(path)
    except ExtractionError as error:
        spare = LazySpare(path)
        other = spare.engine()
        if other is None or not other.page_count():
            raise _explained(path, error) from error
        return other, None


def _explained(path: Path, error: ExtractionError) -> ExtractionError:
    """Return the error with the right reason.

    For a file without pages PDFium sets no code of its own: the one that is read belongs to a file that failed before.
    """
    from extractors.engine_pdfplumber import PdfplumberEngine

    try:
        PdfplumberEngine(path).close()
    except ExtractionError as second:
        if second.reason in (Reason.ENCRYPTED, Reason.NO_PAGES):
            return second
    if error.reason is Reason.ENCRYPTED and b"/Encrypt" not in path.read_bytes():
        return ExtractionError(Reason.BROKEN_FILE, "The PDF cannot be opened: its structure is damaged.")
    return error
