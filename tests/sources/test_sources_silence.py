"""A source that gives too little, too much, nothing new or only refusals is named; a healthy one is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sources.description import Expected
from sources.silence import Given, count_requests, is_believable, judge
from sources.types import Outcome, RequestCounts, RequestEvent

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
EXPECTED = Expected(
    first_listing_min=100,
    new_per_30_days_min=5,
    new_per_30_days_max=50,
    fresh_within_days=60,
    refused_share_max=0.2,
    error_share_max=0.2,
)
HEALTHY = Given(False, 3, NOW - timedelta(days=400), 12, NOW - timedelta(days=2), RequestCounts(n_requests=20, n_refused=1))


def event(outcome: Outcome, purpose: str = "listing", conditional: bool = False) -> RequestEvent:
    return RequestEvent(
        "worldbank", purpose, "GET", "https://a.example/", "a.example", datetime.now(UTC), 200, outcome, 0.1, 5, conditional, 1  # type: ignore[arg-type]  # purposes are given by name
    )  # fmt: skip


def test_a_healthy_source_has_no_findings() -> None:
    assert judge(EXPECTED, HEALTHY, NOW).status == "ok"
    assert judge(EXPECTED, HEALTHY, NOW).findings == ()


def test_a_full_listing_with_too_few_records_fails_and_names_both_numbers() -> None:
    verdict = judge(EXPECTED, replace(HEALTHY, is_full=True, n_records=7), NOW)
    assert verdict.status == "failed"
    assert "7 records" in verdict.findings[0]
    assert "100" in verdict.findings[0]


def test_a_silent_month_fails_only_once_the_source_is_older_than_a_month() -> None:
    silent = replace(HEALTHY, n_new_30_days=0)
    assert judge(EXPECTED, silent, NOW).status == "failed"
    assert judge(EXPECTED, replace(silent, first_listed_at=NOW - timedelta(days=3)), NOW).status == "ok"
    assert judge(EXPECTED, replace(silent, first_listed_at=None), NOW).status == "ok"


def test_too_many_new_records_and_an_old_newest_one_only_warn() -> None:
    assert judge(EXPECTED, replace(HEALTHY, n_new_30_days=51), NOW).status == "warned"
    assert judge(EXPECTED, replace(HEALTHY, newest_at=NOW - timedelta(days=61)), NOW).status == "warned"


def test_a_source_without_anything_new_for_twice_as_long_as_expected_fails() -> None:
    assert judge(EXPECTED, replace(HEALTHY, newest_at=NOW - timedelta(days=121)), NOW).status == "failed"


def test_shares_of_refusals_errors_and_empty_answers_fail() -> None:
    for name in ("n_refused", "n_errors", "n_empty"):
        counts = replace(HEALTHY.requests, **{"n_refused": 0, name: 15})
        verdict = judge(EXPECTED, replace(HEALTHY, requests=counts), NOW)
        assert verdict.status == "failed", name
        assert "15 of 20" in verdict.findings[0]


def test_a_handful_of_requests_is_no_share() -> None:
    assert judge(EXPECTED, replace(HEALTHY, requests=RequestCounts(n_requests=3, n_refused=2)), NOW).status == "ok"


def test_requests_are_counted_by_what_became_of_them_and_robots_are_left_out() -> None:
    counts = count_requests(
        [
            event("ok", "robots"), event("ok"), event("challenge_page", "file"), event("server_error"), event("empty_answer", "file"),
            event("not_modified", "file", conditional=True),
        ]
    )  # fmt: skip
    assert counts == RequestCounts(
        n_requests=5, n_file_requests=3, n_conditional=1, n_not_modified=1, n_refused=1, n_errors=1, n_empty=1
    )


@given(st.integers(0, 500), st.integers(0, 500), st.booleans())
def test_more_records_never_make_a_verdict_of_too_few(records: int, more: int, full: bool) -> None:
    few = judge(EXPECTED, replace(HEALTHY, n_records=records, is_full=full), NOW)
    many = judge(EXPECTED, replace(HEALTHY, n_records=records + more, is_full=full), NOW)
    assert not (few.status == "ok" and many.status == "failed")


def test_a_source_that_never_gave_enough_is_named_in_every_run() -> None:
    for n_known in (0, 99):
        verdict = judge(EXPECTED, replace(HEALTHY, first_listed_at=None, newest_at=None, n_known=n_known), NOW)
        assert verdict.status == "failed"
        assert f"{n_known} records of it are known, at least 100" in verdict.findings[0]
    assert judge(EXPECTED, replace(HEALTHY, n_known=100), NOW).status == "ok"


def test_a_full_listing_that_lost_most_of_what_is_known_is_not_believed() -> None:
    assert is_believable(EXPECTED, 500, 1000)
    assert not is_believable(EXPECTED, 499, 1000)
    assert not is_believable(EXPECTED, 99, 0)
    verdict = judge(EXPECTED, replace(HEALTHY, is_full=True, n_records=200, n_known=1000), NOW)
    assert verdict.status == "failed"
    assert "not taken for withdrawn" in verdict.findings[0]
    assert judge(EXPECTED, replace(HEALTHY, is_full=True, n_records=900, n_known=1000), NOW).status == "ok"


def test_a_few_requests_that_were_all_refused_are_a_warning() -> None:
    refused = replace(HEALTHY, requests=RequestCounts(n_requests=2, n_file_requests=2, n_refused=2))
    assert judge(EXPECTED, refused, NOW).status == "warned"
    assert "each of its 2 requests was refused" in judge(EXPECTED, refused, NOW).findings[0]
    assert judge(EXPECTED, replace(refused, requests=RequestCounts(n_requests=2, n_refused=1)), NOW).status == "ok"
