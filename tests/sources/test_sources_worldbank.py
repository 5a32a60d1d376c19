"""World Bank documents: the recorded answer maps whole, and whatever else the service sends ends in records, signals or a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.connectors.base import connector_for
from sources.description import Query
from sources.wds import IGNORED, KEPT, READ, map_document, texts_of
from tests.sources.given_answers import discover, is_storable, mangled
from tests.sources.playback import EXAMPLES, described

SAMPLE = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples" / "worldbank_wds" / "wds_v2_scd_2017.json"
QUERY = Query(id="all", igo="World Bank")
PAGE = (EXAMPLES / "worldbank" / "first-listing" / "page1.json").read_bytes()
ONE_QUERY = {
    "queries": [{"id": "all", "query": "monitoring"}],
    "base_urls": {"search": "https://search.worldbank.org/api/v3/wds"},
}
IGNORED_IN_THE_RECORDED_ANSWER = """
chronical_docm_id datestored disclosure_type disclosure_type_date docm_id entityids fullavailablein geo_region_mdks
geo_regions historic_topic keywd listing_relative_url majtheme new_url publishtoextweb_dt sectr
subsc subtopic teratopic theme topic topicv3 trustfund url_friendly_title versiontyp_key
"""

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["cdata!", "0", "docna"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the recorded answer lies outside the repository")
def test_the_recorded_answer_maps_whole() -> None:
    documents: dict[str, Any] = json.loads(SAMPLE.read_bytes())["documents"]
    del documents["facets"]
    assert len(documents) == 105
    ignored: set[str] = set()
    for key, document in documents.items():
        mapped = map_document(key, document, source_id="worldbank", query=QUERY, languages=("en",))
        assert mapped.record is not None
        assert not mapped.signals, mapped.signals
        assert set(document) == (set(document) & (READ | set(KEPT))) | set(mapped.ignored)
        ignored |= set(mapped.ignored)
        said = mapped.record.metadata
        assert said.title
        assert "  " not in said.title
        assert said.published is not None
        assert said.language is not None
        assert len(mapped.record.links) == (2 if "pdfurl" in document else 0)
        # "Pacific Islands" is no single country.
        assert (said.country_iso3 is None) == (document["count"] == "Pacific Islands")
    assert ignored == set(IGNORED_IN_THE_RECORDED_ANSWER.split())
    assert all(IGNORED[name] for name in ignored)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the recorded answer lies outside the repository")
def test_the_recorded_answer_is_listed_as_one_page() -> None:
    description = described("worldbank", {**ONE_QUERY, "languages": ["en"], "page_size": 500, "filters": {}})
    pages, refused = discover(description, lambda _: SAMPLE.read_bytes())
    assert refused is None
    assert [page.n_listed for page in pages] == [105, 0]
    # 78 in English and one in Portuguese and English.
    assert len(pages[0].records) == 79
    assert (pages[-1].watermark, pages[-1].is_complete) == ("2026-11-25", True)


def test_no_field_has_two_fates() -> None:
    assert not READ & set(KEPT)
    assert not (READ | set(KEPT)) & set(IGNORED)


@pytest.mark.parametrize(
    ("wrapped", "texts"),
    [
        ({"cdata!": "one\n            two"}, ("one two",)),
        ({"0": {"docna": "one"}, "1": {"docna": "two"}}, ("one", "two")),
        ([{"display_title": " one "}], ("one",)),
        (7, ("7",)),
        ({"0": {"cdata!": None}}, ()),
        ("\ud800x", ("?x",)),
    ],
)
def test_texts_are_unwrapped(wrapped: object, texts: tuple[str, ...]) -> None:
    assert texts_of(wrapped) == texts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": {"most_page": 3}}, r"worldbank\.yaml, key settings\.most_page: "),
        ({"queries": [{"id": "one", "parameters": {"rows": "9"}}]}, r"queries\.one\.parameters: rows is set by the connector"),
        ({"base_urls": {}}, r"base_urls has no 'search'"),
    ],
)
def test_a_wrong_description_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        connector_for(described("worldbank", change))


@given(st.dictionaries(st.sampled_from(sorted(READ | set(KEPT))) | st.text(max_size=5), json_values, max_size=8))
def test_any_object_becomes_a_record_or_signals(document: dict[str, Any]) -> None:
    mapped = map_document("D1", document, source_id="worldbank", query=QUERY, languages=("en",))
    assert mapped.record is not None or mapped.signals
    assert str(mapped).encode("utf-8")


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=8)), min_size=1, max_size=4))
def test_a_mangled_answer_is_read_or_refused(cuts: list[tuple[int, int, bytes]]) -> None:
    pages, _ = discover(described("worldbank", ONE_QUERY), lambda _: mangled(PAGE, cuts))
    assert is_storable(pages)


@given(json_values)
def test_any_json_is_read_or_refused(content: object) -> None:
    body = json.dumps(content).encode()
    pages, refused = discover(described("worldbank", ONE_QUERY), lambda _: body)
    assert pages or refused
    assert is_storable(pages)


def test_nesting_without_end_is_refused_or_signalled() -> None:
    deep = b'{"documents":{"D1":{"id":"1","docna":' + b"[" * 900 + b"]" * 900 + b"}}}"
    pages, _ = discover(described("worldbank", ONE_QUERY), lambda _: deep)
    assert not any(page.records for page in pages)
