"""Bad input of every kind through the whole job: a clear message, the right exit code, nothing lost, a healthy next run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.pipeline import RefreshOptions, nothing_to_do, refresh
from flows.progress import quiet
from tests.flows.projects import entente, make_project, page, rows

pytestmark = [pytest.mark.e2e]

READ_ONLY = RefreshOptions(classify=False, publish=False)


def test_a_file_name_that_is_no_utf_8_is_a_record_like_any_other(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    reports = os.fsencode(settings.project / "reports")
    for name, content in ((b"caf\xe9.html", page(5).encode()), (b"br\xfcche.pdf", b"no PDF at all")):
        with open(os.path.join(reports, name), "wb") as stream:
            stream.write(content)
    refresh(settings, READ_ONLY, quiet)
    found = rows(settings.paths.warehouse, "SELECT record_id, state FROM document_states ORDER BY 1")
    assert found == [
        ("folder:reports/br\\xfcche.pdf", "refused"),
        ("folder:reports/caf\\xe9.html", "extracted"),
        ("folder:reports/report-0.html", "extracted"),
    ]
    assert nothing_to_do(settings, READ_ONLY) is not None
    assert "caf\\xe9.html" in entente("status", "--state", "extracted", project=settings.project).stdout
