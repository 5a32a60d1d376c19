"""The sample as `make demo` publishes it, made once for all tests that ask it."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from tests.flows.projects import entente


@functools.cache
def demo() -> Path:
    """Return a project with the sample refreshed and published; who asks for it removes its folder."""
    folder = Path(tempfile.mkdtemp(prefix="entente-demo-")) / "demo"
    entente("init", str(folder), "--sample")
    entente("refresh", "--no-prefect", project=folder)
    return folder
