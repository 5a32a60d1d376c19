"""Printing typeset pages as PDF, and the one page that is a scan: a noisy, slightly turned picture without any text behind it.

Bytes depend only on the content (reportlab's invariant mode, seeded noise); everything is said to be invented in the metadata too.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence

import pypdfium2
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from sample.pagestyle import PAGE_HEIGHT, PAGE_WIDTH
from sample.records import Report
from sample.typeset import Page, Run

_SCAN_DPI = 120
_SCAN_ANGLE = 0.7  # degrees


def pdf_bytes(report: Report, pages: Sequence[Page]) -> bytes:
    """Return the report as PDF; its `scanned_page` (from 1) becomes a picture."""
    stream = io.BytesIO()
    canvas = _canvas(stream)
    canvas.setTitle(report.title)
    canvas.setAuthor(report.organization.title())
    canvas.setSubject(report.notice)
    canvas.setKeywords("Entente sample, invented")
    canvas.setCreator("Entente")
    for number, page in enumerate(pages, start=1):
        if number == report.scanned_page:
            picture = scanned(page)
            canvas.drawImage(ImageReader(io.BytesIO(picture)), 0, 0, PAGE_WIDTH, PAGE_HEIGHT)
        else:
            _draw(canvas, page)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def scanned(page: Page) -> bytes:
    """Return a page as a grey JPEG that looks scanned: turned a little, grey paper, dust."""
    stream = io.BytesIO()
    canvas = _canvas(stream)
    _draw(canvas, page)
    canvas.showPage()
    canvas.save()
    document = pypdfium2.PdfDocument(stream.getvalue())
    try:
        image = document[0].render(scale=_SCAN_DPI / 72, grayscale=True).to_pil().convert("L")
    finally:
        document.close()
    image = image.rotate(_SCAN_ANGLE, resample=Image.Resampling.BICUBIC, fillcolor=255)
    noise = random.Random(7)  # noqa: S311 - dust on a page, no secret
    grain = Image.frombytes("L", image.size, noise.randbytes(image.size[0] * image.size[1]))
    image = Image.blend(image.point(lambda value: int(value * 0.93)), grain, 0.09)
    result = io.BytesIO()
    image.save(result, "JPEG", quality=38)
    return result.getvalue()


def picture_pdf(pictures: Iterable[bytes]) -> bytes:
    """Return a PDF of which every page is one picture and nothing else."""
    stream = io.BytesIO()
    canvas = _canvas(stream)
    for picture in pictures:
        canvas.drawImage(ImageReader(io.BytesIO(picture)), 0, 0, PAGE_WIDTH, PAGE_HEIGHT)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _canvas(stream: io.BytesIO) -> Canvas:
    return Canvas(stream, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), invariant=1, pageCompression=1)


def _draw(canvas: Canvas, page: Page) -> None:
    for mark in page.marks:
        if isinstance(mark, Run):
            line = canvas.beginText(mark.x, PAGE_HEIGHT - mark.y)
            line.setFont(mark.font, mark.size)
            line.setWordSpace(mark.word_space)
            line.textOut(mark.text)
            canvas.drawText(line)
        else:
            canvas.setLineWidth(mark.weight)
            canvas.line(mark.x0, PAGE_HEIGHT - mark.y, mark.x1, PAGE_HEIGHT - mark.y)
