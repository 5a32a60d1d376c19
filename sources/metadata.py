"""A mark of what a source says about a record, by which a change of it is seen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from sources.types import Record

DESCRIBED, DEFAULTS = "described:", "defaults:"


def metadata_hash(record: Record) -> str:
    """Return a hash of what the source says about a record; its beginning tells whether anything is said of just this one."""
    plain = json.dumps(asdict(record.metadata), sort_keys=True, default=str)
    mark = DESCRIBED if record.is_described else DEFAULTS
    return mark + hashlib.sha256(plain.encode()).hexdigest()[:16]
