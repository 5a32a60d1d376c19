"""The version of the extractor, apart so that asking for it imports nothing; raise it whenever any output may change."""

from __future__ import annotations

EXTRACTOR_VERSION = "8"
