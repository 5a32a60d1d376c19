"""Old Word files (.doc): LibreOffice, where it is installed, makes a DOCX of them, which is then read like any other."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from extractors.failure import ExtractionError
from extractors.read_docx import read_docx
from extractors.types import Extraction
from extractors.work_folders import work_folder
from warehouse.states import Reason

_SECONDS = 120.0


def read_doc(path: Path, file_sha256: str) -> Extraction:
    """Return the extraction of an old Word file; raises what `as_docx` and `read_docx` raise."""
    with as_docx(path) as made:
        return replace(read_docx(made, file_sha256), file_format="doc")


@contextmanager
def as_docx(path: Path) -> Iterator[Path]:
    """Make a DOCX of an old Word file, which is gone after the block.

    Raises:
        ExtractionError: missing_program without LibreOffice, broken_file when it makes nothing of the file.
    """
    program = shutil.which("soffice")
    if program is None:
        raise ExtractionError(
            Reason.MISSING_PROGRAM,
            "This is the old Word format (.doc), which is read by way of LibreOffice, and that is not installed. Install it, or save the "
            "file as DOCX or PDF and add it again.",
        )
    with work_folder() as folder:
        source = folder / "document.doc"
        shutil.copyfile(path, source)
        # A profile of its own: two processes cannot share one, and nothing of the user's is touched. Macros do not run in a conversion.
        command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "docx"]
        try:
            subprocess.run(
                [*command, "--outdir", str(folder), str(source)],
                capture_output=True,
                timeout=_SECONDS,
                check=True,
                env={**os.environ, "HOME": str(folder)},
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ExtractionError(
                Reason.BROKEN_FILE, f"LibreOffice cannot read the old Word file: {type(error).__name__}."
            ) from error
        made = folder / "document.docx"
        if not made.is_file():
            raise ExtractionError(Reason.BROKEN_FILE, "LibreOffice makes nothing of the old Word file; it may be damaged.")
        yield made
