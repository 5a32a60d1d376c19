"""Symbol access of the Official Document System: the file, or by name why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.connectors.base import connector_for, route_for
from sources.connectors.ods import is_scan, ods_url
from sources.description import SourceDescription
from sources.types import FileLink, RequestEvent
from sources.web.errors import Refused
from sources.web.results import Download, Redirect, Validators
from tests.sources.playback import described

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples"
recorded = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not here")
LINK = FileLink("https://documents.un.org/api/symbol/access?s=A/990/1&l=en&t=pdf", "ods", "pdf", "en")


class Scripted:
    """A client that redirects to a place and keeps what it was asked."""

    def __init__(self, location: str) -> None:
        self._location = location
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def resolve(self, url: str, *, headers: Mapping[str, str] | None = None) -> Redirect:
        self.asked.append((url, headers or {}))
        return Redirect(url, 302, {}, self._location)

    def download(self, url: str, target: Path, *, headers: Mapping[str, str] | None = None, **_: object) -> Download:
        self.asked.append((url, headers or {}))
        return Download(target, 0, "", "", url, "application/pdf", Validators())


def fetched(client: Scripted, link: FileLink = LINK, description: SourceDescription | None = None) -> Download:
    description = description or described("ods", {})
    result = route_for(description)(cast("Any", client), description, link, Path("x"), max_bytes=10)
    assert isinstance(result, Download)
    return result


def test_ods_lists_nothing() -> None:
    with pytest.raises(BadInput, match="only gives files"):
        connector_for(described("ods", {}))


@given(st.text(min_size=1), st.sampled_from(["en", "fr", "es", "ru", "ar", "zh"]))
def test_any_symbol_survives_the_address(symbol: str, language: str) -> None:
    symbol = symbol.encode("utf-8", "replace").decode()
    query = parse_qs(urlsplit(ods_url("https://documents.un.org/", symbol, language, "pdf")).query, keep_blank_values=True)
    assert query == {"s": [symbol], "l": [language], "t": ["pdf"]}


def test_blanks_and_brackets_are_encoded_and_slashes_stay() -> None:
    assert ods_url("https://documents.un.org", "S/RES/990 (2099)", "fr", "doc").endswith("?s=S/RES/990%20%282099%29&l=fr&t=doc")


def test_only_the_path_is_in_small_letters() -> None:
    client = Scripted("https://documents.un.org/doc/UNDOC/GEN/G98/001/02/PDF/G9800102.PDF?OpenElement")
    assert fetched(client).url == "https://documents.un.org/doc/undoc/gen/g98/001/02/pdf/g9800102.pdf?OpenElement"


def test_the_headers_of_the_settings_are_sent_to_both() -> None:
    client = Scripted("https://documents.un.org/doc/x.pdf")
    fetched(client)
    for _, headers in client.asked:
        assert headers == {"Accept": "application/pdf", "Referer": "https://docs.un.org/en/A/990/1"}
    client = Scripted("https://documents.un.org/doc/x.doc")
    fetched(client, FileLink(LINK.url, "ods", "doc", "fr"), described("ods", {"settings": {"referer": ""}}))
    assert client.asked[0][1] == {"Accept": "*/*"}


def test_a_file_whose_place_is_known_is_fetched_without_asking() -> None:
    client = Scripted("")
    fetched(client, FileLink("https://documents.un.org/doc/undoc/gen/x.pdf", "ods", "pdf", "en"))
    assert [url for url, _ in client.asked] == ["https://documents.un.org/doc/undoc/gen/x.pdf"]


def test_a_place_that_leads_back_is_refused() -> None:
    with pytest.raises(Refused, match="leads back"):
        fetched(Scripted("https://documents.un.org/api/symbol/access?s=x"))


def test_scans_are_known_by_their_address() -> None:
    assert is_scan("https://documents.un.org/doc/undoc/gen/nr0/001/02/IMG/nr000102.pdf")
    assert not is_scan("https://documents.un.org/doc/undoc/gen/n24/080/81/pdf/n2408081.pdf?x=/img/")


def test_a_wrong_setting_is_named() -> None:
    description = described("ods", {"settings": {"referrer": "x"}})
    with pytest.raises(BadInput, match=r"ods\.yaml, key settings\.referrer"):
        fetched(Scripted("https://documents.un.org/doc/x.pdf"), description=description)


@recorded
def test_reported_redirects_lead_to_the_reported_files() -> None:
    exchanges = json.loads((SAMPLES / "ods" / "reported_exchanges.json").read_text(encoding="utf-8"))["exchanges"]
    location = exchanges[0]["response"]["headers"]["location"]
    file = exchanges[1]["request"].removeprefix("GET ")
    assert fetched(Scripted(f"https://documents.un.org{location}")).url == file


@recorded
def test_addresses_of_documents_that_were_really_fetched_are_lower_case() -> None:
    for line in (SAMPLES / "ods" / "fetch_manifest_excerpt.jsonl").read_text(encoding="utf-8").splitlines():
        for value in json.loads(line).values():
            if isinstance(value, str) and value.startswith("/doc/"):
                assert fetched(Scripted(f"https://documents.un.org{value.upper().replace('/DOC/', '/doc/', 1)}")).url.endswith(
                    value
                )


def test_files_come_from_the_replica_by_symbol(tmp_path: Path) -> None:
    from sources.replica.server import ReplicaServer
    from tests.sources.replica_asking import VISIT, sample_world
    from tests.sources.un_listing import asking

    world = sample_world()
    known = world.find(VISIT)
    assert known is not None
    description = described("ods", {})
    events: list[RequestEvent] = []
    route = route_for(description)
    with ReplicaServer(world) as replica, asking(replica, tmp_path / "state", description, events) as client:
        link = FileLink(ods_url("https://documents.un.org", known.symbols[0], "en", "pdf"), "ods", "pdf", "en")
        download = route(client, description, link, tmp_path / "file", max_bytes=10_000_000)
        assert isinstance(download, Download)
        file = known.file("en", ("pdf",))
        assert file is not None
        assert download.md5 == file.content.md5
        again = route(client, description, link, tmp_path / "again", max_bytes=10_000_000, validators=download.validators)
        assert not isinstance(again, Download)
        unknown = FileLink(ods_url("https://documents.un.org", "A/HRC/1/1", "en", "pdf"), "ods", "pdf", "en")
        with pytest.raises(Refused) as refused:
            route(client, description, unknown, tmp_path / "none", max_bytes=10_000_000)
    assert refused.value.outcome == "not_found"
