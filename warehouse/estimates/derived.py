"""The tables of estimates that SQL alone cannot make: filled after the statements, wherever a database for analysts is written."""

from __future__ import annotations

from warehouse.estimates.calibration_table import write_calibration
from warehouse.estimates.lead_and_lag_table import write_lead_and_lag
from warehouse.estimates.stage_path_tables import write_stage_paths
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns


def write_derived(connection: Connection, columns: ScoreColumns) -> None:
    """Fill the tables that `estimate_statements` has made empty."""
    write_calibration(connection, columns)
    write_stage_paths(connection, columns)
    write_lead_and_lag(connection, columns)
