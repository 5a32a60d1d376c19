"""ReliefWeb: silent without an approved name, gentle in its calls, and no report left out while others change."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.connectors.base import connector_for
from sources.description import Query
from sources.reliefweb_reports import FIELDS, IGNORED, map_report
from sources.types import Page
from sources.web.results import Answer
from tests.sources.given_answers import NOW, discover, is_storable
from tests.sources.playback import described

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples" / "reliefweb"
NAMED = {"settings": {"appname": "invented-name"}, "queries": [{"id": "all"}], "coverage_start": None, "page_size": 3}
QUERY = Query(id="all", igo="UN")

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "iso3", "url", "code", "changed"]), inner, max_size=3)
    ),
    max_leaves=8,
)


class Service:
    """The service as it is documented: reports sorted by change, from a time on, by offset; `meanwhile` is called before each answer."""

    def __init__(self, stamps: dict[str, str]) -> None:
        self.stamps = stamps
        self.calls: list[Any] = []
        self.meanwhile: Any = lambda n: None

    def post(self, url: str, *, params: dict[str, str], json: Any, **_: Any) -> Answer:
        self.meanwhile(len(self.calls))
        self.calls.append(json)
        since = next(
            (one["value"]["from"] for one in json.get("filter", {}).get("conditions", []) if one["field"] == "date.changed"),
            "0001-01-01T00:00:00+00:00",
        )
        first = datetime.fromisoformat(since)
        listed = sorted((stamp, key) for key, stamp in self.stamps.items() if datetime.fromisoformat(stamp) >= first)
        part = listed[json["offset"] : json["offset"] + json["limit"]]
        data = [
            {"id": key, "fields": {"title": key, "date": {"changed": stamp}, "language": [{"code": "en"}]}} for stamp, key in part
        ]
        return Answer(url, 200, {}, _json({"totalCount": len(listed), "count": len(data), "data": data}))


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def run(service: Service, watermark: str | None = None, **change: Any) -> list[Page]:
    return list(connector_for(described("reliefweb", {**NAMED, **change})).discover(service, watermark, NOW))  # type: ignore[arg-type]  # a stand-in for the client


def keys(pages: list[Page]) -> list[str]:
    return [record.record_key.removesuffix("/en") for page in pages for record in page.records]


def stamp(hours: int) -> str:
    return (datetime.fromisoformat("2026-11-01T00:00:00+00:00") + timedelta(hours=hours)).isoformat()


@given(st.lists(st.integers(0, 6), max_size=20))
def test_every_report_is_listed_once_however_many_share_a_time(hours: list[int]) -> None:
    service = Service({str(n): stamp(hour) for n, hour in enumerate(hours)})
    pages = run(service)
    assert sorted(keys(pages)) == sorted(service.stamps)
    assert pages[-1].is_complete
    assert len(service.calls) <= len(hours) + 1


def test_a_report_that_changes_meanwhile_pushes_none_out() -> None:
    service = Service({str(n): stamp(n) for n in range(9)})

    def change(n_calls: int) -> None:
        if n_calls == 1:
            service.stamps["0"] = stamp(100)

    service.meanwhile = change
    assert sorted(set(keys(run(service)))) == sorted(service.stamps)


def test_a_discovery_that_was_killed_after_any_page_goes_on() -> None:
    whole = Service({str(n): stamp(n // 2) for n in range(10)})
    pages = run(whole)
    for n_loaded in range(1, len(pages)):
        mark = next((page.watermark for page in reversed(pages[:n_loaded]) if page.watermark), None)
        rest = run(Service(whole.stamps), mark)
        assert {*keys(pages[:n_loaded]), *keys(rest)} == set(whole.stamps)


def test_an_unchanged_service_costs_one_call() -> None:
    service = Service({str(n): stamp(n * 24) for n in range(9)})
    mark = run(service)[-1].watermark
    service.calls.clear()
    assert len(keys(run(service, mark))) == 2
    assert len(service.calls) == 1


def test_the_calls_of_a_discovery_have_an_end_and_the_next_one_goes_on() -> None:
    service = Service({str(n): stamp(n) for n in range(9)})
    settings = {"appname": "invented-name", "calls_per_run": 2}
    pages = run(service, settings=settings)
    assert len(service.calls) == 2
    assert not pages[-1].is_complete
    mark = next(page.watermark for page in reversed(pages) if page.watermark)
    assert set(keys(pages)) | set(keys(run(service, mark))) == set(service.stamps)


def test_without_an_approved_name_nothing_is_asked() -> None:
    for settings in ({"appname": None}, {"appname": ""}):
        service = Service({"1": stamp(1)})
        (page,) = run(service, settings=settings)
        assert not service.calls
        assert [(one.kind, one.field) for one in page.signals] == [("difference", "settings.appname")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": {"appname": "x", "calls_per_run": 5000}}, r"reliefweb\.yaml, key settings\.calls_per_run"),
        ({"queries": [{"id": "one", "parameters": {"sources": "A"}}]}, r"queries\.one\.parameters: sources is unknown"),
    ],
)
def test_a_wrong_description_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        connector_for(described("reliefweb", change))


@pytest.mark.skipif(not SAMPLES.exists(), reason="the transcribed answers lie outside the repository")
@pytest.mark.parametrize("name", ["v1_reports_page_1.json", "v1_reports_page_2.json", "v2_reports_shape_2025.json"])
def test_transcribed_answers_map_whole(name: str) -> None:
    for item in json.loads((SAMPLES / name).read_bytes())["data"]:
        mapped = map_report(item["id"], item["fields"], source_id="reliefweb", query=QUERY)
        # The two older ones were asked for without the language.
        assert [one.field for one in mapped.signals] == ([] if "language" in item["fields"] else ["language"])
        (record,) = mapped.records
        assert record.metadata.title == item["fields"]["title"].strip()
        assert record.metadata.published is not None
        assert [link.url for link in record.links] == [file["url"] for file in item["fields"].get("file", [])]


def test_no_field_has_two_fates() -> None:
    assert not set(FIELDS) & set(IGNORED)


@given(st.dictionaries(st.sampled_from(sorted({*FIELDS, *IGNORED})) | st.text(max_size=5), json_values, max_size=8))
def test_any_report_becomes_records_and_signals(fields: dict[str, Any]) -> None:
    mapped = map_report("7", fields, source_id="reliefweb", query=QUERY)
    assert mapped.records
    for record in mapped.records:
        assert all(link.url.startswith("https://") for link in record.links)
        assert record.record_key.startswith("7")
        assert str(record).encode("utf-8")


@given(
    json_values
    | st.fixed_dictionaries(
        {"data": st.lists(json_values | st.fixed_dictionaries({"id": st.integers(), "fields": json_values}), max_size=4)}
    )
)
def test_any_json_is_read_or_refused(content: object) -> None:
    pages, refused = discover(described("reliefweb", NAMED), lambda _: _json(content))
    assert pages or refused
    assert is_storable(pages)
