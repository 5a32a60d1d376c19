"""All statements that put the estimates into a database, in an order in which each finds what it builds on."""

from __future__ import annotations

from warehouse.estimates.cell_macros import cell_statements
from warehouse.estimates.document_sums import document_sums_statements
from warehouse.estimates.student import student_macro
from warehouse.types import ScoreColumns


def estimate_statements(columns: ScoreColumns) -> list[str]:
    """Return the statements for the tables, views and macros of the estimates in a published database; its tables and `gold` must be there."""
    return [*document_sums_statements(columns), student_macro(), *cell_statements()]
