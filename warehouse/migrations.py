"""How a database of an older Entente becomes one of this Entente.

What people made or what cannot be had again (`schema/kept`) migrates truly: named steps in order, each in one transaction with its own
record. What was derived (`schema/derived`) is dropped and made again, and the documents are pending extraction again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from entente import __version__
from entente.errors import Unavailable
from warehouse.transactions import Connection, raise_content_version, read_meta, transaction, write_meta

DERIVED_VERSION = 3
"""Raise it whenever a file in `schema/derived` changes the shape of a table."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A named change of the kept tables; `apply` runs inside a transaction that also records the name."""

    name: str
    apply: Callable[[Connection], None]


def read_sql(folder: str) -> dict[str, str]:
    """Return the SQL files of a folder of this room (`schema/kept`, `checks`, ...) by name without ending, in order."""
    place = files("warehouse").joinpath(*folder.split("/"))
    found = sorted((entry for entry in place.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return {entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8") for entry in found}


def _from_sql(text: str) -> Callable[[Connection], None]:
    def apply(connection: Connection) -> None:
        connection.execute(text)

    return apply


def all_migrations() -> tuple[Migration, ...]:
    """Return every migration of this Entente in order."""
    return tuple(Migration(name, _from_sql(text)) for name, text in read_sql("schema/kept").items())


def applied(connection: Connection) -> list[str]:
    """Return the names of the migrations that a database has, in order."""
    return [str(name) for (name,) in connection.execute("SELECT name FROM schema_migrations ORDER BY name").fetchall()]


def pending(connection: Connection, migrations: tuple[Migration, ...] | None = None) -> list[str]:
    """Return what would have to be done to bring a database up to date, without writing anything."""
    done = set(applied(connection))
    names = [
        migration.name for migration in (migrations if migrations is not None else all_migrations()) if migration.name not in done
    ]
    if int(read_meta(connection, "derived_version") or 0) < DERIVED_VERSION:
        names.append(f"derived tables, version {DERIVED_VERSION}")
    return names


def refuse_newer(connection: Connection, place: str, migrations: tuple[Migration, ...] | None = None) -> None:
    """Raise `Unavailable` when a newer Entente has worked on this database; names both versions."""
    known = {migration.name for migration in (migrations if migrations is not None else all_migrations())}
    strange = [name for name in applied(connection) if name not in known]
    newer_tables = int(read_meta(connection, "derived_version") or 0) > DERIVED_VERSION
    if strange or newer_tables:
        theirs = read_meta(connection, "entente_version") or "unknown"
        raise Unavailable(
            f"{place} was made by Entente {theirs}, this is Entente {__version__}, which is older"
            f"{' and does not know ' + ', '.join(strange) if strange else ''}. Install Entente {theirs} or newer: pip install -U entente."
        )


def migrate(
    connection: Connection, migrations: tuple[Migration, ...] | None = None, finish: Callable[[Connection], None] | None = None
) -> list[str]:
    """Bring a database up to date; returns the names of what was done. Each step is whole or not there.

    Args:
        connection: the open database.
        migrations: of the kept tables; all by default.
        finish: what belongs to new derived tables (scores and views): it is there together with them.
    """
    done = migrate_kept(connection, migrations if migrations is not None else all_migrations())
    if int(read_meta(connection, "derived_version") or 0) < DERIVED_VERSION:
        with transaction(connection):
            rebuild_derived(connection)
            if finish is not None:
                finish(connection)
        done.append(f"derived tables, version {DERIVED_VERSION}")
    return done


def migrate_kept(connection: Connection, migrations: tuple[Migration, ...]) -> list[str]:
    """Take the steps of the kept tables that were not taken yet, each in a transaction of its own; returns their names."""
    done = []
    for migration in migrations:
        if migration.name in applied(connection):
            continue
        with transaction(connection):
            migration.apply(connection)
            connection.execute("INSERT INTO schema_migrations VALUES (?, ?)", [migration.name, utc_now()])
            write_meta(connection, "entente_version", __version__)
            raise_content_version(connection)
        done.append(migration.name)
    return done


def rebuild_derived(connection: Connection) -> None:
    """Drop the tables of `schema/derived` and make them again, empty: what they held is pending again. Scores go with the passages."""
    drop_views(connection)
    for (name,) in connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() "
        "AND table_name IN ('extractions', 'pages', 'passages', 'scores')"
    ).fetchall():
        connection.execute(f'DROP TABLE "{name}"')
    for text in read_sql("schema/derived").values():
        connection.execute(text)
    write_meta(connection, "derived_version", str(DERIVED_VERSION))
    write_meta(connection, "score_columns", "")
    write_meta(connection, "entente_version", __version__)
    raise_content_version(connection)


def drop_views(connection: Connection) -> None:
    """Drop all views and macros of ours; they are made again from their text."""
    for (name,) in connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal AND database_name = current_database()"
    ).fetchall():
        connection.execute(f'DROP VIEW IF EXISTS "{name}"')
    for name, kind in connection.execute(
        "SELECT DISTINCT function_name, function_type FROM duckdb_functions() WHERE NOT internal AND database_name = current_database()"
    ).fetchall():
        connection.execute(f'DROP MACRO {"TABLE " if kind == "table_macro" else ""}IF EXISTS "{name}"')
    write_meta(connection, "views", "")


def utc_now() -> datetime:
    """Return the present time in UTC without a zone, as all times in the warehouse are."""
    return datetime.now(UTC).replace(tzinfo=None)


def text_hash(*texts: str) -> str:
    """Return a short hash of some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
