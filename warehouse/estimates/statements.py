"""All statements that put the estimates into a database, in an order in which each finds what it builds on."""

from __future__ import annotations

from warehouse.estimates.calibration_table import calibration_statements
from warehouse.estimates.cell_macros import cell_statements
from warehouse.estimates.differences import difference_statements
from warehouse.estimates.document_sums import document_sums_statements
from warehouse.estimates.draws import label_draws_statement
from warehouse.estimates.lead_and_lag_table import lead_and_lag_statements
from warehouse.estimates.onsets import onset_statements
from warehouse.estimates.stage_path_tables import stage_path_statements
from warehouse.estimates.student import student_macro
from warehouse.types import ScoreColumns


def estimate_statements(columns: ScoreColumns) -> list[str]:
    """Return the statements for the tables, views and macros of the estimates in a published database; its tables and `gold` must be there.

    Some of the tables are empty until `derived.write_derived` fills them.
    """
    return [
        *document_sums_statements(columns),
        student_macro(),
        *cell_statements(),
        *difference_statements(),
        *calibration_statements(),
        *label_draws_statement(columns),
        *onset_statements(columns),
        *stage_path_statements(columns),
        *lead_and_lag_statements(columns),
    ]
