"""A child process that dies by SIGKILL before the database statement whose number it is given: the first lines of its program."""

from __future__ import annotations

COUNTING = """
import os, signal, sys
from pathlib import Path
import duckdb

deadline, seen = int(sys.argv[2]), 0

class Counting:
    def __init__(self, inner):
        self._inner = inner
    def execute(self, *arguments):
        global seen
        seen += 1
        if seen == deadline:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._inner.execute(*arguments)
    def __getattr__(self, name):
        return getattr(self._inner, name)
    def __enter__(self):
        return self
    def __exit__(self, *_error):
        self._inner.close()

connect = duckdb.connect
duckdb.connect = lambda *arguments, **more: Counting(connect(*arguments, **more))
"""
"""The second argument is that number; 0 lets it live, and `seen` counts."""
