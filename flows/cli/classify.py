"""`entente classify`: probabilities for passages from a file or from standard input."""

from __future__ import annotations

import csv
import io
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.settings import load_settings

if TYPE_CHECKING:
    from models.types import PassageText, Prediction

_FIELDS = ("id", "heading", "text", "previous", "next")


@app.command(epilog='Example: echo \'{"id": 1, "text": "The mission was refused entry to the country."}\' | entente classify -')
def classify(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="JSON lines or CSV with id, text and, if known, heading; - for standard input.")],
    model: Annotated[str | None, typer.Option(help="A model version; by default the one of the configuration.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file, whole or not at all, instead of standard output.")] = None,
) -> None:
    """Score passages: one line of JSON out for each passage in, in the same order.

    All input is checked before the first passage is scored. Other fields are not looked at.
    """
    from entente.files import replacing
    from flows.load import load_classifier

    settings = load_settings(context.obj)
    ids, passages = read_passages(_read(file), "standard input" if file == "-" else file)
    with ExitStack() as stack:
        stream: Any = stack.enter_context(replacing(out)) if out else sys.stdout.buffer
        if passages:
            classifier = load_classifier(settings, model)
            for given_id, prediction in zip(ids, classifier.classify(passages), strict=True):
                # Half a surrogate pair in an id is no UTF-8; written out it is the escape that JSON has for it.
                stream.write(prediction_line(given_id, prediction).encode("utf-8", "backslashreplace") + b"\n")
        stream.flush()


def prediction_line(given_id: object, prediction: Prediction) -> str:
    """Return a prediction as one line of JSON: id, model, what belongs before a person, and for each dimension label and probabilities."""
    content: dict[str, object] = {"id": given_id, "model": prediction.model_version}
    content["familiar"] = prediction.familiar
    content["uncertain"] = [name for name, score in prediction.dimensions.items() if not score.certain]
    for dimension, score in prediction.dimensions.items():
        label = list(score.label) if isinstance(score.label, tuple) else score.label
        content[dimension] = {
            "label": label,
            "probabilities": {key: round(value, 6) for key, value in score.probabilities.items()},
        }
    return json.dumps(content, ensure_ascii=False)


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is no UTF-8 text ({error}).") from error


def read_passages(text: str, name: str) -> tuple[list[Any], list[PassageText]]:
    """Read passages from JSON lines or CSV (told apart by the first character).

    Args:
        text: the content.
        name: what to call it in messages.

    Returns:
        The ids as they were given (text or number), and the passages in the same order.

    Raises:
        BadInput: for a line that is no passage; names the line, the field and what is expected.
    """
    from models.types import PassageText

    rows = _json_rows(text, name) if text.lstrip()[:1] in ("{", "") else _csv_rows(text, name)
    ids, passages = [], []
    for line, row in rows:
        given_id = row.get("id")
        if isinstance(given_id, bool) or not isinstance(given_id, (str, int)) or given_id == "":
            raise BadInput(f"{name}, line {line}: id is {given_id!r}; give a text or a number.")
        for field in _FIELDS[1:]:
            if row.get(field) is not None and not isinstance(row[field], str):
                raise BadInput(f"{name}, line {line}: {field} is {row[field]!r}; give a text.")
        body = row.get("text")
        if not isinstance(body, str) or not body.strip():
            raise BadInput(f"{name}, line {line}: there is no text to classify (field text is {body!r}).")
        ids.append(given_id)
        passages.append(
            PassageText(str(given_id), row.get("heading") or "", body, row.get("previous") or None, row.get("next") or None)
        )
    return ids, passages


def _json_rows(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{name}, line {number}: no valid JSON ({error.msg}). Give one JSON object a line.") from error
        except (RecursionError, ValueError) as error:
            raise BadInput(f"{name}, line {number}: nested too deep, or a number of too many digits.") from error
        if not isinstance(row, dict):
            raise BadInput(f"{name}, line {number}: give a JSON object with id and text, not {line.strip()[:40]}.")
        rows.append((number, row))
    return rows


def _csv_rows(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = [field for field in ("id", "text") if field not in (reader.fieldnames or [])]
    if missing:
        raise BadInput(f"{name}: neither JSON lines nor a CSV with the columns id and text (missing: {', '.join(missing)}).")
    twice = sorted({field for field in reader.fieldnames or [] if (reader.fieldnames or []).count(field) > 1})
    if twice:
        raise BadInput(f"{name}: the column {twice[0]} stands there twice.")
    rows = []
    try:
        for row in reader:
            if None in row:
                raise BadInput(f"{name}, line {reader.line_num}: more cells than columns. Quote texts that contain commas.")
            rows.append((reader.line_num, row))
    except csv.Error as error:
        raise BadInput(f"{name}, after line {reader.line_num}: no valid CSV ({error}).") from error
    return rows
