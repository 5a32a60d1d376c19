"""The exception with which a reader gives up a file; the boundary of the room turns it into an `ExtractionFailure` record."""

from __future__ import annotations

from entente.errors import BadInput
from warehouse.states import Reason


class ExtractionError(BadInput):
    """A file cannot be read; `reason` is from the closed list of `warehouse/states.py`, `detail` is a sentence for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
