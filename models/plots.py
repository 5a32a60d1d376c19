"""Plots of an evaluation as SVG: reliability diagrams and confusion matrices, one panel a dimension.

The figures are few and plain, so they are written here; a plotting library would be the largest part of an installation.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from models.evaluation import DimensionReport, EvaluationReport

_SIDE, _MARGIN, _COLUMNS = 220, 40, 3
_INK, _BLUE = "#222222", (31, 90, 150)


def reliability_svg(report: EvaluationReport) -> str:
    """Return reliability diagrams: in each bin the share of labels that is right over their mean probability; dots grow with their number.

    On the diagonal probabilities are what they say; below it they are too sure.
    """
    panels = [_panel(one.dimension, f"calibration error {one.calibration_error:.3f}, n = {one.n}", _reliability(one))
              for one in report.dimensions.values()]  # fmt: skip
    return _figure(f"Reliability of {report.model}", panels, _SIDE)


def confusion_svg(report: EvaluationReport) -> str:
    """Return confusion matrices: codes in rows, labels of the model in columns, shaded by the share of the row; sets of labels have none."""
    shown = [one for one in report.dimensions.values() if one.confusion]
    side = max((_cells(one) for one in shown), default=_SIDE)
    panels = [_panel(one.dimension, f"rows: codes, columns: model, n = {one.n}", _confusion(one)) for one in shown]
    return _figure(f"Confusion of {report.model}", panels, side)


def _reliability(one: DimensionReport) -> list[str]:
    most = max((bin_.n for bin_ in one.reliability), default=1)
    lines = [
        f'<rect x="0" y="0" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="{_INK}"/>',
        f'<line x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0" stroke="#999999" stroke-dasharray="4 3"/>',
        _text(0, _SIDE + 14, "0"), _text(_SIDE, _SIDE + 14, "1", anchor="end"),
        _text(_SIDE / 2, _SIDE + 14, "probability", anchor="middle"),
        _text(-6, _SIDE, "0", anchor="end"), _text(-6, 10, "1", anchor="end"),
    ]  # fmt: skip
    for bin_ in one.reliability:
        x, y, radius = _SIDE * bin_.confidence, _SIDE * (1 - bin_.correct), 3 + 7 * (bin_.n / most) ** 0.5
        told = f"{bin_.n} labels, mean probability {bin_.confidence:.2f}, right {bin_.correct:.2f}"
        lines.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{_shade(1)}" fill-opacity="0.7"><title>{told}</title></circle>'
        )
    return lines


_CELL, _NAMES = 26, 110


def _cells(one: DimensionReport) -> int:
    return _NAMES + _CELL * len(one.categories)


def _confusion(one: DimensionReport) -> list[str]:
    names = list(one.categories)
    lines = []
    for row, (name, counts) in enumerate(zip(names, one.confusion, strict=True)):
        y = _CELL * row
        lines.append(_text(_NAMES - 6, y + 17, name[:18], anchor="end"))
        for column, count in enumerate(counts):
            share = count / max(sum(counts), 1)
            x = _NAMES + _CELL * column
            told = f"{name} labelled as {names[column]}: {count}"
            lines.append(
                f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{_shade(share)}" stroke="#cccccc">'
                f"<title>{escape(told)}</title></rect>"
            )
            if count:
                colour = "#ffffff" if share > 0.5 else _INK
                lines.append(_text(x + _CELL / 2, y + 17, str(count), anchor="middle", colour=colour))
    for column, name in enumerate(names):
        x, y = _NAMES + _CELL * column + 17, _CELL * len(names) + 6
        lines.append(f'<g transform="translate({x},{y}) rotate(-90)">{_text(0, 0, name[:18], anchor="end")}</g>')
    return lines


def _shade(share: float) -> str:
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in _BLUE)


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = _INK, size: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{escape(words)}</text>'


def _panel(title: str, note: str, content: Sequence[str]) -> str:
    return _text(0, -20, title, size=14) + _text(0, -6, note) + "".join(content)


def _figure(title: str, panels: Sequence[str], side: int) -> str:
    wide, high = side + 2 * _MARGIN, side + 3 * _MARGIN
    rows = -(-len(panels) // _COLUMNS)
    placed = "".join(
        f'<g transform="translate({_MARGIN + wide * (i % _COLUMNS)},{2 * _MARGIN + high * (i // _COLUMNS)})">{panel}</g>'
        for i, panel in enumerate(panels)
    )
    width, height = wide * min(_COLUMNS, max(len(panels), 1)), _MARGIN + high * max(rows, 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif"><title>{escape(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>{placed}</svg>\n'
    )
