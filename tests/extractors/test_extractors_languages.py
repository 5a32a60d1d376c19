"""The languages of reports: that of a document and its passages, and the order of right-to-left and unspaced writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors.extract import extract_file
from extractors.language import language_of
from extractors.options import ExtractionLimits, ExtractOptions

LIMITS = ExtractionLimits(60, 3000, 50, 20)
SENTENCES = {
    "en": "The committee visited the harbour on the first day and spoke with the workers about the hours.",
    "fr": "Le comité a visité le port le premier jour et s'est entretenu avec les travailleurs des heures.",
    "es": "El comité visitó el puerto el primer día y habló con los trabajadores sobre las horas que debían permanecer en los barcos.",
    "ru": "Комитет посетил порт в первый день и говорил с рабочими о том, сколько часов они должны были оставаться на судах в течение недели.",
    "ar": "زارت اللجنة الميناء في اليوم الأول وتحدثت مع العمال عن عدد الساعات التي كان عليهم أن يقضوها على متن السفن في كل أسبوع.",
    "zh": "委员会在第一天访问了港口，并与工人谈到了他们每周必须在船上停留的时间，以及政府为改善他们的工作条件所采取的各项措施。",
    "pt": "A comissão visitou o porto no primeiro dia e falou com os trabalhadores sobre as horas.",
    "de": "Der Ausschuss besuchte am ersten Tag den Hafen und sprach mit den Arbeitern über die Stunden.",
    "tr": "Komite ilk gün limanı ziyaret etti ve işçilerle her hafta gemilerde kalmak zorunda oldukları saatler hakkında uzun uzun konuştu.",
    "uz": "Qo‘mita birinchi kuni portga tashrif buyurdi va ishchilar bilan ular har hafta kemalarda soatlar haqida gaplashdi.",
    "vi": "Ủy ban đã đến thăm cảng vào ngày đầu tiên và nói chuyện với công nhân về số giờ mà họ phải ở lại trên tàu trong mỗi tuần.",
}
UZBEK_CYRILLIC = "Қўмита биринчи куни портга ташриф буюрди ва ишчилар билан улар ҳар ҳафта кемаларда соатлар ҳақида гаплашди."


@pytest.mark.parametrize("language", SENTENCES)
def test_documents_and_passages_know_their_language(tmp_path: Path, language: str) -> None:
    path = tmp_path / "report.txt"
    path.write_text(f"{SENTENCES[language]}\n\n{SENTENCES[language]}\n", encoding="utf-8")
    extraction = extract_file(path, "txt", "0" * 64, ExtractOptions(), LIMITS)
    assert extraction.language == language
    assert {passage.language for passage in extraction.passages} == {language}
    assert extraction.passages[0].text.startswith(SENTENCES[language])


def test_a_passage_in_another_language_than_its_document_is_known(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("\n\n".join([SENTENCES["en"]] * 4 + [f"{SENTENCES['es']} {SENTENCES['es']}"]), encoding="utf-8")
    extraction = extract_file(path, "txt", "0" * 64, ExtractOptions(), LIMITS)
    assert extraction.language == "en"
    assert [passage.language for passage in extraction.passages][-1] == "es"


def test_uzbek_in_cyrillic_letters() -> None:
    assert language_of(UZBEK_CYRILLIC, own_words=5) == "uz"
