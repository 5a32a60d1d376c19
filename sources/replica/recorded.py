"""Recorded answers, mounted before the replica's own services: the bytes as a server once sent them, from the folder of source samples."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from entente.errors import BadInput
from sources.replica.messages import Answer, Request

_WDS = "worldbank_wds/wds_v2_scd_2017.json"
_WDS_NONE = "worldbank_wds/wds_empty_2026.json"
_XML = "text/xml; charset=utf-8"
_JSON = "application/json"

Mounted = Callable[[Request], Answer | None]


def recorded_answers(
    folder: Path, *, oai: Literal["recorded", "protocol"] = "recorded", oai_host: str = "digitallibrary.un.org"
) -> Mounted:
    """Return what to mount on a server so that recorded answers are given.

    Mounted are: the World Bank's 105 records of 2017 (`/api/v2/wds`, first page; nothing after it), OAI-PMH (`/oai2d`), the one row of the
    export of the Universal Human Rights Index.

    Args:
        folder: the folder of the samples.
        oai: `recorded` gives zenodo's answers of 2026 with errors in status 422; `protocol` the four linked pages with a deleted record and
            errors in status 200.
        oai_host: under which name the OAI answers are given.

    Raises:
        BadInput: when the folder is not there.
    """
    if not folder.is_dir():
        raise BadInput(f"The folder of recorded answers {folder} is not there.")
    speak_oai = _Recorded(folder / "oai_pmh_recorded") if oai == "recorded" else _Protocol(folder / "oai_pmh_protocol")

    def answer(request: Request) -> Answer | None:
        place = (request.host, request.plain_path)
        if place == ("search.worldbank.org", "/api/v2/wds"):
            name = _WDS if request.parameters.get("os", "0") in ("", "0") else _WDS_NONE
            return _file(folder / name, _JSON)
        if place == (oai_host, "/oai2d"):
            return speak_oai(request.parameters)
        if request.host in ("dataex.ohchr.org", "uhri.ohchr.org") and request.plain_path.endswith("/export-full-en.json"):
            return _file(folder / "uhri" / "export_record_crc_per.json", _JSON)
        return None

    return answer


class _Recorded:
    """Zenodo's answers; an unknown token is answered with the recorded error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        token = re.search(r"<resumptionToken[^>]*>([^<]+)", (folder / "listrecords_page1.xml").read_text(encoding="utf-8"))
        self._token = token[1] if token else ""

    def __call__(self, arguments: dict[str, str]) -> Answer:
        token = arguments.get("resumptionToken")
        match arguments.get("verb"):
            case "Identify":
                return _file(self._folder / "identify_zenodo.xml", _XML)
            case "ListMetadataFormats":
                return _file(self._folder / "listmetadataformats.xml", _XML)
            case "ListSets" if token is None:
                return _file(self._folder / "listsets_page1.xml", _XML)
            case "ListSets":
                return _file(self._folder / "listsets_badResumptionToken_http422.xml", _XML, 422)
            case "ListIdentifiers" if token is None:
                return _file(self._folder / "listidentifiers_page1.xml", _XML)
            case "GetRecord" if arguments.get("metadataPrefix") != "oai_dc":
                return _file(self._folder / "getrecord_cannotDisseminateFormat_http422.xml", _XML, 422)
            case "GetRecord":
                is_kept = arguments.get("identifier") == "oai:zenodo.org:10357859"
                name = "getrecord_oai_dc.xml" if is_kept else "idDoesNotExist_http422.xml"
                return _file(self._folder / name, _XML, 200 if is_kept else 422)
            case "ListRecords" if token is None:
                return _file(self._folder / "listrecords_page1.xml", _XML)
            case "ListRecords" if token == self._token:
                return _file(self._folder / "listrecords_page2.xml", _XML)
        return _file(self._folder / "listrecords_badResumptionToken_http422.xml", _XML, 422)


class _Protocol:
    """Four linked pages; a token is the name of the file of the next page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, arguments: dict[str, str]) -> Answer:
        verb = unquote(arguments.get("verb", ""))
        name = arguments.get("resumptionToken") or f"{verb}.xml"
        known = {path.name for path in self._folder.glob("[A-Z]*.xml")}
        return _file(self._folder / (name if name in known else "badResumptionToken.xml"), _XML)


def _file(path: Path, media_type: str, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": media_type}, path.read_bytes())
