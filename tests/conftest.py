"""Shared by all tests: where the real corpus lies, the marker that skips what needs it, and how examples are drawn."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).resolve().parents[2] / "shared"
CORPUS = SHARED / "corpus"

# How long an example takes depends on what else the machine does, and is no behaviour.
settings.register_profile("entente", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("entente")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CORPUS.is_dir():
        return
    skip = pytest.mark.skip(reason=f"the shared corpus of real documents is not there ({CORPUS})")
    for item in items:
        if "corpus" in item.keywords:
            item.add_marker(skip)


def pytest_configure() -> None:
    # A suite started in the background (nohup, cron) inherits an ignored Ctrl-C and hands it on to the programs that it starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
