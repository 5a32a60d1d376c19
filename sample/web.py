"""The sample reports as web pages, in the manner of two decades, and as plain text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from html import escape

from sample.records import AnnexList, Footnote, Heading, LetteredList, Paragraph, Report, Table

_LINKED_MARK = '<sup><a href="#fn{0}" id="ref{0}">{0}</a></sup>'
_PLACED_MARK = re.compile("\x00(\\d+)\x01")
_MENU = ("Home", "About us", "Countries", "Documents", "Contact")


def new_html(report: Report) -> bytes:
    """Return the report as a page of today: landmarks, headings, lists, footnotes as links."""
    notes = _notes(report)
    menu = "".join(f'<li><a href="#">{name}</a></li>' for name in _MENU)
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{report.language}">',
        "<head>",
        '<meta charset="utf-8">',
        f"<title>{escape(report.symbol)} - {escape(report.title)}</title>",
        f'<meta name="description" content="{escape(report.notice)}">',
        "</head>",
        "<body>",
        f"<header><p>{escape(report.organization)}</p><nav><ul>{menu}</ul></nav></header>",
        "<main>",
        "<article>",
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="meta">{escape(report.symbol)} | {report.date_line} | {escape(report.body)} | Original: English</p>',
        f'<p class="notice"><em>{escape(report.notice)}</em></p>',
        *_new_blocks(report),
        "</article>",
        "</main>",
        *([f'<section class="footnotes"><ol>{"".join(_new_note(note) for note in notes)}</ol></section>'] if notes else []),
        f"<footer><p>{escape(report.page_notice)}</p></footer>",
        "</body>",
        "</html>",
    ]
    return ("\n".join(lines) + "\n").encode()


def old_html(report: Report) -> bytes:
    """Return the report as a page of the nineties: layout by tables, `<br>`, bold lines for headings, Windows-1252."""
    notes = _notes(report)
    menu = " | ".join(f'<A HREF="#">{name}</A>' for name in _MENU)
    lines = [
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">',
        "<HTML><HEAD>",
        '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=windows-1252">',
        f"<TITLE>{escape(report.symbol)} {escape(report.title)}</TITLE>",
        "</HEAD>",
        '<BODY BGCOLOR="#FFFFFF" TEXT="#000000">',
        f'<TABLE WIDTH="100%" BORDER="0"><TR><TD BGCOLOR="#DDDDDD"><FONT SIZE="2">{menu}</FONT></TD></TR></TABLE>',
        '<TABLE WIDTH="640" BORDER="0"><TR><TD>',
        f'<CENTER><FONT SIZE="5"><B>{escape(report.organization)}</B></FONT></CENTER>',
        f"<P>{escape(report.symbol)}<BR>{report.date_line}<BR>{escape(report.body)}<BR>Original: English</P>",
        f'<P><FONT SIZE="4"><B>{escape(report.title)}</B></FONT></P>',
        f"<P><I>{escape(report.notice)}</I></P>",
        *_old_blocks(report),
        "<HR>",
        *(f'<P><FONT SIZE="1">{note.number}. {escape(note.text)}</FONT></P>' for note in notes),
        f'<P><FONT SIZE="1">{escape(report.page_notice)}</FONT></P>',
        "</TD></TR></TABLE></BODY></HTML>",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def plain_text(report: Report) -> bytes:
    """Return the report as text of 76 columns, a blank line between paragraphs."""
    parts = [report.organization, f"{report.symbol}\n{report.date_line}\n{report.body}", report.title, _wrapped(report.notice)]
    for block in report.blocks:
        if isinstance(block, Heading):
            parts.append(block.text.upper() if block.level == 1 else block.text)
        elif isinstance(block, Paragraph):
            parts.append(_wrapped(f"{block.number}. {_with_marks(block, '[{}]')}"))
        elif isinstance(block, LetteredList):
            parts.append(_wrapped(f"{block.number}. {block.lead_in}"))
            parts += [_wrapped(f"({chr(97 + place)}) {item}") for place, item in enumerate(block.items)]
        elif isinstance(block, Table):
            parts.append(
                "\n".join(
                    [block.caption, *("  ".join(f"{cell:<22}" for cell in row).rstrip() for row in (block.columns, *block.rows))]
                )
            )
        elif isinstance(block, AnnexList):
            parts.append("\n".join(f"  - {entry}" for entry in block.entries))
    notes = _notes(report)
    if notes:
        parts.append("-" * 20 + "\n" + "\n".join(f"[{note.number}] {note.text}" for note in notes))
    parts.append(report.page_notice)
    return ("\n\n".join(parts) + "\n").encode()


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 76, break_long_words=False, break_on_hyphens=False))


def _notes(report: Report) -> list[Footnote]:
    return [note for block in report.blocks if isinstance(block, Paragraph) for note in block.footnotes]


def _with_marks(block: Paragraph, mark: str) -> str:
    text = block.text
    for note in sorted(block.footnotes, key=lambda note: -note.after):
        text = text[: note.after] + mark.format(note.number) + text[note.after :]
    return text


def _marked_up(block: Paragraph, mark: str) -> str:
    """Return the paragraph as HTML; the marks are put in after escaping, through characters that no report contains."""
    return _escaped_marks(_with_marks(block, "\x00{}\x01"), mark)


def _escaped_marks(text: str, mark: str) -> str:
    safe = escape(text, quote=False)
    return _PLACED_MARK.sub(lambda match: mark.format(match.group(1)), safe)


def _new_note(note: Footnote) -> str:
    return f'<li id="fn{note.number}">{escape(note.text)}</li>'


def _new_blocks(report: Report) -> Iterator[str]:
    for block in report.blocks:
        if isinstance(block, Heading):
            yield f"<h{block.level + 1}>{escape(block.text, quote=False)}</h{block.level + 1}>"
        elif isinstance(block, Paragraph):
            yield f"<p>{block.number}. {_marked_up(block, _LINKED_MARK)}</p>"
        elif isinstance(block, LetteredList):
            items = "".join(f"<li>{escape(item, quote=False)}</li>" for item in block.items)
            yield f'<p>{block.number}. {escape(block.lead_in, quote=False)}</p>\n<ol type="a">{items}</ol>'
        elif isinstance(block, Table):
            yield _html_table(block, "")
        elif isinstance(block, AnnexList):
            yield "<ul>" + "".join(f"<li>{escape(entry)}</li>" for entry in block.entries) + "</ul>"


def _old_blocks(report: Report) -> Iterator[str]:
    for block in report.blocks:
        if isinstance(block, Heading):
            yield f"<P><B>{escape(block.text, quote=False)}</B></P>"
        elif isinstance(block, Paragraph):
            yield f"<P>{block.number}.&nbsp;&nbsp;{_marked_up(block, '<SUP>{}</SUP>')}"
        elif isinstance(block, LetteredList):
            yield f"<P>{block.number}.&nbsp;&nbsp;{escape(block.lead_in, quote=False)}"
            for place, item in enumerate(block.items):
                yield f"<BLOCKQUOTE>({chr(97 + place)}) {escape(item, quote=False)}</BLOCKQUOTE>"
        elif isinstance(block, Table):
            yield _html_table(block, ' BORDER="1"')
        elif isinstance(block, AnnexList):
            yield "<UL>" + "".join(f"<LI>{escape(entry)}" for entry in block.entries) + "</UL>"


def _html_table(block: Table, attributes: str) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in block.columns)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in block.rows)
    return f"<table{attributes}><caption>{escape(block.caption)}</caption><tr>{head}</tr>{rows}</table>"
