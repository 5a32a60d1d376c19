"""How wide the interval of a cell will be under a design, and how many gold passages it takes to be no wider than wished.

The variance of an estimate has two parts. What remains when every passage is coded: documents are a sample of what might have been written,
and S^2 / N (1 + rho (sum N_d^2 / N - 1)) is their share in it, for a document of N_d of the N passages (L. Kish, Survey Sampling, 1965,
section 5.4). And what drawing adds, with the residuals e that the model leaves over (Saerndal, Swensson and Wretman 1992, equations 3.3.6,
3.2.4 and 4.3.2 with expected squares): simple S_e^2 (1/n - 1/N); unit by unit sum (1/pi - 1) v / N^2; documents first sum (1/pi_d - 1) T_d^2
plus what drawing passages within them adds, over N^2. Without the model e is T. Interval and degrees of freedom are those of
`warehouse.estimates.cells`, with expected sums in place of those of a sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.cells import MIN_EXPECTED, MIN_GOLD, MIN_GOLD_DOCUMENTS, share_interval, totals
from warehouse.estimates.student import quantile_at
from warehouse.planning.passages import Floats, Integers, QuantityPassages
from warehouse.planning.variances import CellVariances, residual_profile

PlannedDesign = Literal["simple", "cluster", "enriched", "active"]
_STEPS = 40


@dataclass(frozen=True, slots=True)
class Need:
    """What a design needs in each cell; not-a-number where even the whole frame would not do.

    Attributes:
        passages: gold passages, expected for a design whose size is left to chance.
        documents: documents with such a passage, expected.
    """

    passages: Floats
    documents: Floats


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A draw as expected, by cell: passages, documents, sampling variance of the mean of e, and degrees of freedom of the gold part."""

    passages: Floats
    documents: Floats
    sampling: Floats
    freedom: Floats


class Widths:
    """Expected widths of the intervals of all cells of a quantity.

    Args:
        passages: see `read_passages`.
        known: see `cell_variances`.
        confidence: of the intervals; the views of a published file give 0.95.
        per_document: passages of each document in a cluster sample.
        by_size: whether a cluster sample draws documents in proportion to their passages.
        sizes: for the designs enriched and active, the measure of size of each passage.
    """

    def __init__(
        self,
        passages: QuantityPassages,
        known: CellVariances,
        *,
        confidence: float = 0.95,
        per_document: int = 5,
        by_size: bool = False,
        sizes: dict[PlannedDesign, Floats] | None = None,
    ) -> None:
        self._passages, self._known, self._confidence = passages, known, confidence
        self._per_document, self._by_size, self._sizes = per_document, by_size, sizes or {}
        self._number = len(passages.keys)
        self._size = np.bincount(passages.document).astype(np.float64)
        self._cell: Integers = np.zeros(len(self._size), np.int64)
        self._cell[passages.document] = passages.cell
        self.frame: Floats = self._by_cell(self._size)
        self.documents: Floats = self._by_cell(np.ones(len(self._size)))
        self._model_freedom = np.fmax(self._by_cell(self._size**2) ** 2 / self._by_cell(self._size**4) - 1, 1)
        self._clusters = self._by_cell(self._size**2) / self.frame - 1

    def expected(self, number: Floats, *, helped: bool = True) -> Floats:
        """Return the widths with so many gold passages of each cell, drawn simply; not-a-number for none."""
        share = np.clip(number / self.frame, 0, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(share > 0, self._width(self._simple(share, helped), helped), np.nan)

    def least(self, *, helped: bool = True) -> Floats:
        """Return the widths when every passage is coded."""
        return self.expected(self.frame, helped=helped)

    def need(self, design: PlannedDesign, width: float, *, helped: bool = True) -> Need:
        """Return what a design needs for intervals no wider than this, and for any to be given at all (`Support`)."""
        draw = self._draw_of(design, helped)
        value = self._known.value
        rarer = np.minimum(value, 1 - value) if self._passages.quantity.is_share else np.full(self._number, np.inf)
        floor = np.maximum(MIN_GOLD, MIN_EXPECTED / rarer) / np.clip(self._known.denominator, 1e-9, 1)

        def enough(share: Floats) -> tuple[_Drawn, NDArray[np.bool_]]:
            drawn = draw(share)
            supported = (drawn.passages >= np.minimum(floor, self.frame) - 1e-6) & (drawn.documents >= MIN_GOLD_DOCUMENTS - 1e-6)
            return drawn, supported & (self._width(drawn, helped) <= width)

        low, high = np.log(1 / np.maximum(self.frame, 2) / 1e3), np.zeros(self._number)
        last, reached = enough(np.exp(high))
        for _step in range(_STEPS):
            middle = (low + high) / 2
            _drawn, right = enough(np.exp(middle))
            high, low = np.where(right, middle, high), np.where(right, low, middle)
        last, _right = enough(np.exp(high))
        return Need(
            np.where(reached, np.ceil(last.passages - 1e-6), np.nan), np.where(reached, np.ceil(last.documents - 1e-6), np.nan)
        )

    def _draw_of(self, design: PlannedDesign, helped: bool) -> Callable[[Floats], _Drawn]:
        if design == "simple":
            return lambda share: self._simple(share, helped)
        if design == "cluster":
            return lambda share: self._cluster(share, helped)
        return lambda share: self._unequal(share, helped, self._sizes[design])

    def _width(self, drawn: _Drawn, helped: bool) -> Floats:
        known, z = self._known, self._known.denominator
        residual, alike, model = self._residual(helped)
        finite = residual / self.frame * (1 + alike * self._clusters)
        whole = known.variance / self.frame * (1 + known.alike * self._clusters)
        gold = drawn.sampling + finite
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = (gold + model) ** 2 / (gold**2 / drawn.freedom + model**2 / self._model_freedom)
            variance = (drawn.sampling + whole) / z**2
            quantile = quantile_at(freedom, self._confidence)
            if not self._passages.quantity.is_share:
                return 2 * quantile * np.sqrt(variance)
            lower, upper = share_interval(known.value, variance, quantile, np.maximum(drawn.passages * z, 1.0))
        return upper - lower

    def _residual(self, helped: bool) -> tuple[Floats, Floats, Floats]:
        known = self._known
        return (
            (known.residual, known.residual_alike, known.model_part)
            if helped
            else (known.variance, known.alike, np.zeros(self._number))
        )

    def _simple(self, share: Floats, helped: bool) -> _Drawn:
        pi = share[self._cell]
        residual = self._residual(helped)[0]
        number = share * self.frame
        return _Drawn(
            number,
            self._by_cell(1 - (1 - pi) ** self._size),
            residual * (1 / np.maximum(number, 1e-9) - 1 / self.frame),
            self._freedom(*_moments(self._size, pi * self._known.denominator[self._cell]), np.ones(len(pi)), np.ones(len(pi))),
        )

    def _cluster(self, share: Floats, helped: bool) -> _Drawn:
        residual, alike, _model = self._residual(helped)
        size, part = self._size, share[self._cell]
        first = part
        if self._by_size:
            lowest = np.full(self._number, np.inf)
            np.minimum.at(lowest, self._cell, size)
            first = np.minimum(1.0, size / lowest[self._cell] * part)
        take = np.minimum(size, self._per_document)
        v, a = residual[self._cell], alike[self._cell]
        square = v * (size + a * size * (size - 1))
        inner = size * (size - take) / take * v * (1 - a)
        sampling = self._by_cell((1 / first - 1) * square + inner / first) / self.frame**2
        moments = _moments(take, self._known.denominator[self._cell])
        return _Drawn(
            self._by_cell(first * take), self._by_cell(first), sampling, self._freedom(*moments, size / take / first, first)
        )

    def _unequal(self, share: Floats, helped: bool, sizes: Floats) -> _Drawn:
        passages = self._passages
        cell = passages.cell
        lowest = np.full(self._number, np.inf)
        np.minimum.at(lowest, cell, sizes)
        pi = np.minimum(1.0, sizes / lowest[cell] * share[cell])
        residual = self._residual(helped)[0]
        weight = self._known.tuning_weight if helped else np.zeros(self._number)
        power = (self._known.residual_power if helped else self._known.power)[cell]
        profile = residual_profile(passages, self._known.value, weight) ** power
        v = residual[cell] * profile / (totals(cell, profile, self._number) / self.frame)[cell]
        number = totals(passages.document, pi, len(self._size))
        mean = number / self._size
        return _Drawn(
            self._by_cell(number),
            self._by_cell(1 - np.exp(totals(passages.document, np.log1p(-np.minimum(pi, 1 - 1e-12)), len(self._size)))),
            totals(cell, (1 / pi - 1) * v, self._number) / self.frame**2,
            self._freedom(*_moments(self._size, mean * self._known.denominator[self._cell]), 1 / mean, np.ones(len(mean))),
        )

    def _freedom(self, second: Floats, fourth: Floats, weight: Floats, chance: Floats) -> Floats:
        """Satterthwaite's degrees of freedom from the moments of the number of gold passages of a drawn document and their weight."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self._by_cell(chance * weight**2 * second) ** 2 / self._by_cell(chance * weight**4 * fourth) - 1
        return np.fmax(found, 1)

    def _by_cell(self, values: Floats) -> Floats:
        return totals(self._cell, values, self._number)


def sizes_within(cell: Integers, score: Floats, floor: float) -> Floats:
    """Return the measure of size of an enriched or active sample drawn in each cell: as `models.sampling.allocation.mixed_size`, by cell."""
    number = int(cell.max()) + 1 if len(cell) else 0
    mean = (totals(cell, score, number) / np.maximum(np.bincount(cell, minlength=number), 1))[cell]
    return np.where(mean > 0, floor + (1 - floor) * score / np.where(mean > 0, mean, 1.0), 1.0)


def _moments(number: Floats, chance: Floats) -> tuple[Floats, Floats]:
    """Return the second and fourth moments of a binomial number, from its factorial moments."""
    f1 = number * chance
    f2 = f1 * np.maximum(number - 1, 0) * chance
    f3 = f2 * np.maximum(number - 2, 0) * chance
    f4 = f3 * np.maximum(number - 3, 0) * chance
    return f2 + f1, f4 + 6 * f3 + 7 * f2 + f1
