"""`entente`: the commands, and the one place where errors become a line of text and an exit code.

Exit codes: 0 success, 1 the command ran and its answer is no, 2 something given is wrong, 3 something is missing on this machine, 4 somebody
else holds what is needed, 130 and 143 interrupted.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import traceback
from pathlib import Path
from types import NoneType
from typing import Annotated, NoReturn

import typer

from entente import __version__
from entente.errors import EntenteError
from flows.interrupts import is_interruption, note_termination

_INTERRUPTED = (130, 143)
_NOTHING_LOST = "Interrupted. Nothing is half written. Run the same command again; what it keeps is not done twice."

app = typer.Typer(
    name="entente",
    help="Official reports of intergovernmental organizations as coded, traceable evidence in DuckDB.",
    epilog="Start with: entente init DIR --sample, then entente --project DIR refresh",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
models_app = typer.Typer(help="The models that there are.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(models_app, name="models")
sources_app = typer.Typer(
    help="The sources of reports: which there are, how they fare.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(sources_app, name="sources")
sample_app = typer.Typer(
    help="Samples of passages for coding, with their probabilities.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(sample_app, name="sample")
plan_app = typer.Typer(
    help="How many gold passages are needed, and when more codes are worth no more.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(plan_app, name="plan")
codes_app = typer.Typer(help="Codes: passages out to coders, codes back in.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(codes_app, name="codes")
adjudicate_app = typer.Typer(help="What coders differ on, and what was decided.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(adjudicate_app, name="adjudicate")
codebook_app = typer.Typer(
    help="Versions of the codebook and the codes made under them.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(codebook_app, name="codebook")
releases_app = typer.Typer(help="The published files that there are.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(releases_app, name="releases")

warehouse_app = typer.Typer(
    help="The working database: what a newer Entente would change in it, its counts; and the data checks.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(warehouse_app, name="warehouse")


@app.callback()
def _options(
    context: typer.Context,
    project: Annotated[
        Path | None,
        typer.Option("--project", "-C", help="The project: the folder that holds configs/ (default: here, or ENTENTE_PROJECT)."),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
    context.obj = project


def run() -> None:
    """Run the command line and leave with its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    _make_streams_patient()
    try:
        _import_commands()
        app(standalone_mode=True)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            _reader_gone()
        if leaving.code in _INTERRUPTED:
            _fail(_NOTHING_LOST, int(leaving.code))
        _leave(leaving)
    except EntenteError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        _reader_gone()
    except KeyboardInterrupt:
        _fail(_NOTHING_LOST, 130)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _fail(f"No room left on the disk ({error.filename or 'see above'}). Free some space and run the command again.", 3)
        if error.filename is not None:
            place = error.filename2 or error.filename
            _fail(f"{place}: {error.strerror}. Mend the path, its permissions or its disk and run the command again.", 3)
        _unexpected(error)
    except Exception as error:  # noqa: BLE001  # the process boundary: a fault of ours is told with its traceback
        _unexpected(error)


def _import_commands() -> None:
    """Let every command module register itself; none of them imports anything heavy at this time."""
    from flows.cli import (  # noqa: F401  # imported for their effect
        adjudicate,
        agreement,
        classify,
        codebook,
        codes,
        diff,
        doctor,
        doubtful,
        extract,
        init,
        models,
        plan,
        plan_progress,
        publish,
        refresh,
        release,
        releases,
        retrain,
        sample,
        search,
        serve,
        sources,
        sql,
        status,
        summary,
        train,
        verify,
        warehouse,
    )


def _leave(leaving: SystemExit) -> NoReturn:
    """Leave with the exit code of a command that ended by itself.

    After a run under Prefect the interpreter's own shutdown would let DuckDB 2.0 print pages of leak reports about objects that Prefect's
    threads still hold. All work is done and closed by then, so the process ends without that.
    """
    if "prefect" in sys.modules and isinstance(leaving.code, (int, NoneType)):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(leaving.code or 0)
    raise leaving


def _make_streams_patient() -> None:
    """Let output hold any character: the C locale says nothing about the reader, and half a character is better written out than fatal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            plain = (stream.encoding or "").lower() in ("ascii", "us-ascii", "ansi_x3.4-1968")
            stream.reconfigure(encoding="utf-8" if plain else stream.encoding, errors="backslashreplace")


def _reader_gone() -> NoReturn:
    """Leave well: whoever read our output has seen enough (`entente sql ... | head`). Python would complain once more at its own end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _leave(SystemExit(0))


def _fail(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    _leave(SystemExit(code))


def _unexpected(error: Exception) -> NoReturn:
    """Tell a fault of Entente's with all that is needed to mend it; what only followed from an interruption is told as one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            _fail(_NOTHING_LOST, 130)
        if isinstance(cause, SystemExit) or type(cause).__name__ == "TerminationSignal":
            _fail(_NOTHING_LOST, 143)
        cause = cause.__cause__ or cause.__context__
    if is_interruption(error):
        _fail(_NOTHING_LOST, 143)
    traceback.print_exception(error)
    _fail("This is a fault in Entente. Nothing is lost; please report it with the lines above.", 1)


def _terminate(_signal: int, _frame: object) -> None:
    note_termination()
    raise SystemExit(143)
