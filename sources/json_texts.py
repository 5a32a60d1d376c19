"""What a service's JSON holds, made safe to keep: texts without what no database can hold, objects that are not too deep, signals in short."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from sources.texts import squeeze
from sources.types import Signal

_MOST_EXAMPLE = 200
_MOST_DEPTH = 50


def clean(text: str) -> str:
    """Return the text in one line, without halves of characters (JSON can carry them, UTF-8 cannot)."""
    return squeeze(text.encode("utf-8", "replace").decode("utf-8"))


def is_shallow(value: object, most: int = _MOST_DEPTH) -> bool:
    """Tell whether objects and lists are nested at most so deep; deeper ones are no answer of any service but an attack or a fault."""
    if not isinstance(value, dict | list):
        return True
    inner: Iterable[object] = value.values() if isinstance(value, dict) else value
    return most > 0 and all(is_shallow(one, most - 1) for one in inner)


def raw_text(value: object) -> str:
    """Return a JSON value as text in one fixed form, so that equal values have equal texts."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace").decode("utf-8")


def mark_of(raw: str) -> str:
    """Return the mark of a version of a record: the SHA-256 of what the source said."""
    return hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()


def signal(kind: str, field: str, value: object) -> Signal:
    """Return a signal with the value cut to what a signal may hold; `value` may be anything."""
    text = value if isinstance(value, str) else raw_text(value) if is_shallow(value) else "(nested too deeply)"
    return Signal(kind, clean(field)[:_MOST_EXAMPLE], clean(text)[:_MOST_EXAMPLE])
