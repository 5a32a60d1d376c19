"""What a user may choose about extraction, and the key under which results are kept."""

from __future__ import annotations

from dataclasses import dataclass

from entente.errors import BadInput
from extractors.version import EXTRACTOR_VERSION

ENGINES = ("auto", "pdfium", "pdfplumber")
OCR = ("off", "auto")


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """Choices that change the result; `engine` reads PDF pages (`auto`: pdfium, and pdfplumber where pdfium finds nothing usable).

    `ocr`: `auto` recognizes pages that are pictures where tesseract is installed, `off` leaves them without text.
    """

    engine: str = "auto"
    ocr: str = "off"

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise BadInput(f"extraction.engine is {self.engine!r}; it must be one of {', '.join(ENGINES)}.")
        if self.ocr not in OCR:
            raise BadInput(f"extraction.ocr is {self.ocr!r}; it must be one of {', '.join(OCR)}.")


@dataclass(frozen=True, slots=True)
class ExtractionLimits:
    """Bounds for one document: wall-clock seconds, address space and output in MB (of 1,000,000 bytes), number of pages."""

    seconds: float
    memory_mb: int
    output_mb: int
    max_pages: int

    def __post_init__(self) -> None:
        for name in ("seconds", "memory_mb", "output_mb", "max_pages"):
            if not getattr(self, name) > 0:
                raise BadInput(f"The extraction limit {name} is {getattr(self, name)}; it must be above 0.")


def extractor_key(options: ExtractOptions) -> str:
    """Return the name of extractor version and options, for instance `1+auto`: equal keys mean equal results for equal bytes."""
    if options.ocr == "off":
        return f"{EXTRACTOR_VERSION}+{options.engine}"
    from extractors.ocr import is_available

    # A machine that learns to recognize pages reads its documents again.
    return f"{EXTRACTOR_VERSION}+{options.engine}+{'tesseract' if is_available() else 'no-ocr'}"
