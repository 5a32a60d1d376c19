"""The ILO's catalogue over SRU (`ilo.alma.exlibrisgroup.com`).

Shape, not recording: SRU 1.2 with MARCXML as the standard has it. Deep paging ends in a diagnostic, as Alma is said to limit it.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from sources.replica.cql import CqlError, parse
from sources.replica.marc import ilo_fields, to_xml
from sources.replica.messages import Answer, Request, not_found, text_answer
from sources.replica.naming import mms_id
from sources.replica.world import World

_SERVICE = "ilo-catalogue"
_MOST_RECORDS = 50
_DEEPEST = 10_000
_INDEXES = ("subjects", "language", "main_pub_date", "title", "all_for_ui", "mms_id")
_SRW = "http://www.loc.gov/zing/srw/"


class Catalogue:
    """Answers for `ilo.alma.exlibrisgroup.com`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        if request.plain_path != "/view/sru/41ILO_INST":
            return not_found()
        asked = request.parameters
        operation = asked.get("operation", "explain")
        if asked.get("version", "1.2") not in ("1.1", "1.2"):
            return _search_answer(0, "", _diagnostic(5, "Unsupported version", asked["version"]))
        if operation == "explain":
            return _xml(_explain())
        if operation != "searchRetrieve":
            return _search_answer(0, "", _diagnostic(4, "Unsupported operation", operation))
        try:
            return self._search(asked)
        except CqlError as problem:
            return _search_answer(0, "", _diagnostic(problem.number, str(problem), problem.details))

    def _search(self, asked: dict[str, str]) -> Answer:
        if not asked.get("query"):
            raise CqlError(7, "Mandatory parameter not supplied", "query")
        if asked.get("recordSchema", "marcxml") != "marcxml":
            raise CqlError(66, "Unknown schema for retrieval", asked["recordSchema"])
        start = _whole(asked.get("startRecord", "1"), "startRecord")
        most = min(_whole(asked.get("maximumRecords", "10"), "maximumRecords"), _MOST_RECORDS)
        query = parse(asked["query"])
        found = [one for one in self._world.documents(_SERVICE) if not one.withdrawn and query.matches(one)]
        if query.is_latest_first is not None:
            found.sort(key=lambda one: (one.published.year, one.number), reverse=query.is_latest_first)
        if start > _DEEPEST or (start > 1 and start > len(found)):
            raise CqlError(61, "First record position out of range", str(start))
        page = found[start - 1 : start - 1 + most]
        records = "".join(
            "<record><recordSchema>marcxml</recordSchema><recordPacking>xml</recordPacking>"
            f"<recordData>{to_xml(ilo_fields(document))}</recordData>"
            f"<recordIdentifier>{mms_id(document.number)}</recordIdentifier>"
            f"<recordPosition>{start + place}</recordPosition></record>"
            for place, document in enumerate(page)
        )
        after = start + len(page)
        end = f"<nextRecordPosition>{after}</nextRecordPosition>" if after <= len(found) else ""
        return _search_answer(len(found), f"<records>{records}</records>{end}" if page else "", "")


def _search_answer(count: int, records: str, diagnostics: str) -> Answer:
    return _xml(
        f'<searchRetrieveResponse xmlns="{_SRW}"><version>1.2</version>'
        f"<numberOfRecords>{count}</numberOfRecords>{records}{diagnostics}</searchRetrieveResponse>"
    )


def _diagnostic(number: int, message: str, details: str) -> str:
    return (
        '<diagnostics><diag:diagnostic xmlns:diag="http://www.loc.gov/zing/srw/diagnostic/">'
        f"<diag:uri>info:srw/diagnostic/1/{number}</diag:uri><diag:details>{escape(details)}</diag:details>"
        f"<diag:message>{message}</diag:message></diag:diagnostic></diagnostics>"
    )


def _explain() -> str:
    indexes = "".join(f'<index><title>{name}</title><map><name set="alma">{name}</name></map></index>' for name in _INDEXES)
    return (
        f'<explainResponse xmlns="{_SRW}"><version>1.2</version><record><recordSchema>http://explain.z3950.org/dtd/2.1/</recordSchema>'
        '<recordPacking>xml</recordPacking><recordData><explain xmlns="http://explain.z3950.org/dtd/2.1/">'
        '<serverInfo protocol="SRU" version="1.2"><host>ilo.alma.exlibrisgroup.com</host><port>443</port>'
        f"<database>41ILO_INST</database></serverInfo><indexInfo>{indexes}</indexInfo></explain></recordData></record></explainResponse>"
    )


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()) or (name == "startRecord" and int(text) < 1):
        raise CqlError(6, "Unsupported parameter value", name)
    return int(text)


def _xml(body: str) -> Answer:
    return text_answer(f'<?xml version="1.0" encoding="UTF-8"?>{body}', "text/xml; charset=utf-8", purpose="listing")
