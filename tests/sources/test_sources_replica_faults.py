"""Answers that go wrong on purpose: as the real ones do, at the wanted share, the same for the same seed, and healing where that is promised."""

from __future__ import annotations

import http.client
from collections import Counter

import pytest

from sources.replica.faults import ALL_FAULTS, Fault, Faults
from sources.replica.messages import Request
from sources.replica.server import ReplicaServer
from sources.replica.world import Habits
from tests.sources.replica_asking import VISIT, Answered, ask, sample_world

LIST = "metadata.un.org/editor/api/marc/bibs/records?format=brief"
EXPORT = "dataex.ohchr.org/uhri/export-results/export-full-en.json"


def always(kind: Fault, **more: object) -> Faults:
    return Faults(share=1.0, kinds=(kind,), drip_seconds=0.0, **more)  # type: ignore[arg-type]  # the caller names fields


def wrong(kind: Fault, url: str = LIST, **more: object) -> Answered:
    with ReplicaServer(sample_world(), always(kind, **more)) as server:
        return ask(server, url)


def some(kind: Fault, url: str = LIST, n: int = 12) -> list[Answered]:
    """Return the answers to requests that differ, so that every form of a fault turns up."""
    with ReplicaServer(sample_world(), always(kind)) as server:
        return [ask(server, f"{url}&limit={number + 1}") for number in range(n)]


def test_a_challenge_is_202_with_nothing_or_with_a_page() -> None:
    answers = some("challenge_202")
    assert {(answer.status, answer.headers["x-amzn-waf-action"]) for answer in answers} == {(202, "challenge")}
    assert {answer.body == b"" for answer in answers} == {True, False}
    assert all(b"gokuProps" in answer.body and b"awswaf.com" in answer.body for answer in answers if answer.body)


def test_pages_and_statuses_that_refuse() -> None:
    cloudflare = wrong("cloudflare_403")
    assert (cloudflare.status, "challenges.cloudflare.com" in cloudflare.text) == (403, True)
    assert (wrong("empty_200").status, wrong("empty_200").body) == (200, b"")
    assert wrong("server_error_500").status == 500
    assert (wrong("html_instead").status, wrong("html_instead").headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (wrong("wrong_type").headers["content-type"], wrong("wrong_type").body[:6]) == ("image/gif", b"GIF89a")


@pytest.mark.parametrize(("kind", "status"), [("too_many_429", 429), ("unavailable_503", 503)])
def test_try_again_later_is_said_in_seconds_or_as_a_date(kind: Fault, status: int) -> None:
    answers = some(kind)
    assert {answer.status for answer in answers} == {status}
    assert {answer.headers["retry-after"] for answer in answers} == {"1", "Fri, 20 Nov 2026 06:00:01 GMT"}


def test_redirects_that_lead_nowhere_good() -> None:
    assert wrong("redirect_upper_case").headers["location"] == "/EDITOR/API/MARC/BIBS/RECORDS?format=brief"
    assert wrong("redirect_foreign").headers["location"].startswith("https://files.elsewhere.example/")
    private = {answer.headers["location"] for answer in some("redirect_private", n=40)}
    assert {"file:///etc/hostname", "https://10.0.0.7/private", "https://localhost/private"} <= private


@pytest.mark.parametrize("url", [LIST, EXPORT])
@pytest.mark.parametrize("kind", ["truncated_body", "broken_chunk"])
def test_a_body_that_ends_too_early(kind: Fault, url: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        wrong(kind, url)


@pytest.mark.parametrize("url", [LIST, EXPORT])
def test_a_slow_answer_is_whole_in_the_end(url: str) -> None:
    with ReplicaServer(sample_world()) as server:
        right = ask(server, url)
    assert wrong("slow_drip", url).body == right.body


def test_a_reset_is_no_answer_at_all() -> None:
    with ReplicaServer(sample_world(), always("reset")) as server:
        with pytest.raises(ConnectionResetError):
            ask(server, LIST)
        (row,) = server.log
    assert (row.status, row.fault) == (None, "reset")


def test_only_tokens_expire() -> None:
    oai = "digitallibrary.un.org/oai2d?verb=ListRecords"
    with ReplicaServer(sample_world(Habits(oai_page_size=1)), always("expired_token")) as server:
        first = ask(server, f"{oai}&metadataPrefix=marcxml&from=2026-10-01&until=2026-10-31")
        token = first.xml.findtext(".//{*}resumptionToken")
        answers = [ask(server, f"{oai}&resumptionToken={token}") for _ in range(8)]
    assert {answer.status for answer in answers} == {200, 422}
    assert {answer.xml.find("{*}error").get("code") for answer in answers} == {"badResumptionToken"}


def drawn(seed: int, n: int = 400, share: float = 0.3) -> list[str | None]:
    faults = Faults(seed=seed, share=share)
    return [faults.choose(Request("GET", "host", f"/{number % 40}"))[0] for number in range(n)]


def test_the_same_seed_breaks_the_same_answers() -> None:
    assert drawn(1) == drawn(1) != drawn(2)
    assert drawn(1, share=0.0) == [None] * 400
    assert None not in drawn(1, share=1.0)


def test_the_share_is_kept_and_every_fault_turns_up() -> None:
    kinds = Counter(drawn(3, n=6_000))
    assert 0.27 < 1 - kinds[None] / 6_000 < 0.33
    assert set(kinds) == {None, *ALL_FAULTS} - {"expired_token"}


def test_the_order_in_which_addresses_are_asked_does_not_matter() -> None:
    one, other = Faults(seed=5), Faults(seed=5)
    paths = [f"/{number}" for number in range(50)]
    first = {path: one.choose(Request("GET", "host", path)) for path in paths}
    assert {path: other.choose(Request("GET", "host", path)) for path in reversed(paths)} == first


def test_what_heals_gives_a_right_answer_in_the_end() -> None:
    with ReplicaServer(sample_world(), always("server_error_500", heals_after=2)) as server:
        assert [ask(server, LIST).status for _ in range(6)] == [500, 500, 200, 500, 500, 200]
        assert [row.fault for row in server.log] == ["server_error_500", "server_error_500", None] * 2
        assert len(server.log.of(fault="server_error_500")) == 4


def test_robots_files_go_wrong_only_where_that_is_wanted() -> None:
    with ReplicaServer(sample_world(), always("server_error_500")) as server:
        assert ask(server, "documents.un.org/robots.txt").status == 200
    robots = always("server_error_500", robots_share=1.0, robots_kinds=("unavailable_503",))
    with ReplicaServer(sample_world(), robots) as server:
        assert ask(server, "documents.un.org/robots.txt").status == 503


def test_faults_can_be_kept_to_some_hosts() -> None:
    with ReplicaServer(sample_world(), always("server_error_500", hosts=("documents.un.org",))) as server:
        assert ask(server, LIST).status == 200
        assert ask(server, "documents.un.org/api/symbol/access", {"s": VISIT, "l": "en", "t": "pdf"}).status == 500
        assert [row.purpose for row in server.log] == ["listing", "resolve"], "a wrong answer counts for what was asked"
