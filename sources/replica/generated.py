"""Worlds of any size, made document by document while they are asked for: for measuring how discovery grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import overload

from sources.replica.world import START, Document, Habits, Place, World

_PLACES = (Place("Orvania", "XAA"), Place("Castrel", "XAB"), Place("Tirvane", "XAC"))
_KINDS = ("country_visit_report", "sg_mission_report", "letter", "resolution")
_TITLES = {
    "country_visit_report": "Visit to {place} : report of the Special Rapporteur on redress, No. {number}",
    "sg_mission_report": "Report of the Secretary-General on the Mission of the Concord in {place}, No. {number}",
    "letter": "Letter dated {day} from the Permanent Representative of {place}",
    "resolution": "Resolution No. {number} on {place}",
}
_SERVICES = frozenset({"un-library", "un-oai"})


class GeneratedDocuments(Sequence[Document]):
    """Documents without files, made anew each time that one is asked for.

    Args:
        n: how many.
        n_paragraphs: rows that each document of the Human Rights Council has in the Universal Human Rights Index.
        now: the last record was changed on the day before; each record was changed ten minutes after the one before it.
    """

    def __init__(self, n: int, *, n_paragraphs: int = 3, now: datetime = START) -> None:
        self._n = n
        self._n_paragraphs = n_paragraphs
        self._now = now

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, place: int) -> Document: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Document]: ...
    def __getitem__(self, place: int | slice) -> Document | Sequence[Document]:
        if isinstance(place, slice):
            return [self._document(one + 1) for one in range(*place.indices(self._n))]
        if not -self._n <= place < self._n:
            raise IndexError(place)
        return self._document(place % self._n + 1)

    def _document(self, number: int) -> Document:
        kind = _KINDS[number % len(_KINDS)]
        place = _PLACES[number % len(_PLACES)]
        published = date(2015, 1, 1) + timedelta(days=number * 37 % 4000)
        updated = self._now - timedelta(days=1, minutes=10 * (self._n - number))
        is_visit = kind == "country_visit_report"
        symbol = (
            f"A/HRC/990/{number}/Add.1"
            if is_visit
            else f"S/RES/{90_000 + number}"
            if kind == "resolution"
            else f"S/2090/{number}"
        )
        return Document(
            number=number,
            igo="UN",
            body="Special Rapporteur on redress" if is_visit else "Secretary-General",
            title=_TITLES[kind].format(place=place.name, number=number, day=published.isoformat()),
            kind=kind,
            published=published,
            services=_SERVICES | {"uhri"} if is_visit else _SERVICES,
            created=updated - timedelta(days=30),
            updated=updated,
            symbols=(symbol,),
            places=(place,),
            n_paragraphs=self._n_paragraphs,
        )


def generated_world(
    n: int, *, n_paragraphs: int = 3, clock: Callable[[], datetime] | None = None, habits: Habits | None = None
) -> World:
    """Return a world of `n` generated documents; a quarter of them is in the Universal Human Rights Index."""
    now = clock() if clock else START
    return World(GeneratedDocuments(n, n_paragraphs=n_paragraphs, now=now), clock, habits)
