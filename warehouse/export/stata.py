"""Stata files of a release (format 118, Stata 14 or newer), within Stata's limits: short names and labels, no lists, no missing texts.

The limits are those of Stata's manual (`help limits`, `help dta`): names of 32 characters, labels of variables of 80, fixed texts of 2,045
bytes; longer texts are `strL`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from entente.errors import Unavailable
from warehouse.export.columns import Column, columns_of, flat_query
from warehouse.export.plan import Plan, score_columns_in
from warehouse.transactions import Connection

MAX_NAME, MAX_LABEL, MAX_TEXT_BYTES = 32, 80, 2045
_EXACT_IN_A_DOUBLE = 2**53
_STAMP = datetime(1960, 1, 1)  # noqa: DTZ001  # the day from which Stata counts; the file shall not tell when it was made
_RESERVED = frozenset(
    """
    _all _b _coef _cons _n _N _pi _pred _rc _se _skip byte double float if in int long strL using with
    """.split()  # noqa: SIM905  # a list of twenty words in one line
)


@dataclass(frozen=True, slots=True)
class Variable:
    """How a column is called in Stata: `label` is shortened to what Stata takes, `values` are the texts behind its codes."""

    table: str
    column: str
    name: str
    label: str
    values: tuple[str, ...]


def write_stata(connection: Connection, folder: Path, plan: Plan) -> list[Variable]:
    """Write each table of a plan that has rows as `TABLE.dta`, and return the names that its columns have there.

    Labels of the codebook are numbers with value labels; dates are Stata dates; lists are JSON.

    Args:
        connection: the release's database.
        folder: an existing folder.
        plan: which tables and columns.

    Raises:
        Unavailable: when pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise Unavailable(
            "Stata files need pandas: pip install 'entente[release]', or leave them out with --no-stata."
        ) from error
    categories = {one.name: one.categories for one in score_columns_in(connection).dimensions if not one.multi}
    written: list[Variable] = []
    for table in plan.handed_out:
        columns = columns_of(connection, table, plan)
        rows = connection.sql(flat_query(table, columns)).to_arrow_table()
        if not rows.num_rows:
            continue
        variables = _variables(table, columns, categories if table == "scores" else {})
        data, long_texts = {}, []
        for column, variable in zip(columns, variables, strict=True):
            values = rows.column(column.name)
            data[variable.name] = _values(values, column, variable, pandas)
            if column.kind in ("string", "array", "object") and not variable.values and _longest(values) > MAX_TEXT_BYTES:
                long_texts.append(variable.name)
        frame = pandas.DataFrame(data)
        frame.to_stata(
            folder / f"{table}.dta",
            write_index=False,
            version=118,
            time_stamp=_STAMP,
            data_label=f"Entente: {table}"[:MAX_LABEL],
            variable_labels={variable.name: variable.label for variable in variables},
            convert_dates={
                v.name: "td" if c.kind == "date" else "tc"
                for c, v in zip(columns, variables, strict=True)
                if c.kind in ("date", "datetime")
            },
            convert_strl=long_texts,
        )
        written += variables
    return written


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each column name the name that Stata takes: of letters, digits and underscores, at most 32 of them, no two alike.

    A name that is too long keeps its beginning and its end, since names of one table differ in the end.
    """
    given: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        if not plain or plain[0].isdigit() or plain in _RESERVED or re.fullmatch(r"str\d+", plain):
            plain = f"_{plain}"
        short = plain if len(plain) <= MAX_NAME else f"{plain[:16]}_{plain[-15:]}"
        number = 1
        while short in taken:
            number += 1
            mark = f"_{number}"
            short = f"{plain[: MAX_NAME - len(mark)]}{mark}"
        taken.add(short)
        given[name] = short
    return given


def _variables(table: str, columns: list[Column], categories: Mapping[str, tuple[str, ...]]) -> list[Variable]:
    names = short_names(column.name for column in columns)
    variables = []
    for column in columns:
        label = column.comment or column.name
        label = label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 3]}..."
        variables.append(Variable(table, column.name, names[column.name], label, categories.get(column.name, ())))
    return variables


def _longest(values: Any) -> int:
    import pyarrow.compute

    return int(pyarrow.compute.max(pyarrow.compute.binary_length(values)).as_py() or 0)


def _values(values: Any, column: Column, variable: Variable, pandas: Any) -> Any:
    plain = values.to_pylist()
    if variable.values:
        return pandas.Categorical(plain, categories=list(variable.values), ordered=True)
    if column.kind == "date":
        return pandas.to_datetime(pandas.Series(plain, dtype="object"))
    if column.kind == "datetime":
        return pandas.to_datetime(pandas.Series([one and one.removesuffix("Z") for one in plain], dtype="object"))
    if column.kind == "boolean":
        return pandas.Series(plain, dtype="float64" if None in plain else "int8")
    if column.kind == "number":
        return pandas.Series(plain, dtype="float32" if column.type == "FLOAT" else "float64")
    if column.kind == "integer" and all(one is None or abs(one) <= _EXACT_IN_A_DOUBLE for one in plain):
        return pandas.Series(plain, dtype="float64" if None in plain else "int64")
    # Stata has no missing text; a number too large for it is one.
    return pandas.Series(["" if one is None else str(one) for one in plain], dtype="object")
