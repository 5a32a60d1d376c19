"""The unit rules of the codebook, section 2: what an analyst counts are passages of 20 to 250 words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from extractors.block import Block
from extractors.headings import is_summary
from extractors.markers import find_marker
from extractors.mend import Hyphens, join_lines
from extractors.passage_id import passage_id
from extractors.sentences import sentences
from extractors.unit import MAX_WORDS
from extractors.units import units_of

LONG = "The Committee requests the Government to provide full particulars of the measures taken in every province during the reporting period."


def words(count: int, per_sentence: int = 12) -> str:
    return " ".join(f"Word{i}" + ("." if i % per_sentence == per_sentence - 1 or i == count - 1 else "") for i in range(count))


def test_short_blocks_join_the_next_under_the_same_heading_only() -> None:
    blocks = [
        Block("heading", "I. Access", 1),
        Block("paragraph", "The mission was delayed.", para_no="1"),
        Block("paragraph", LONG, para_no="2"),
        Block("heading", "II. Data", 1),
        Block("paragraph", LONG, para_no="3"),
    ]
    units = units_of(blocks)
    assert [(unit.text, unit.para_no, unit.heading_path) for unit in units] == [
        (f"The mission was delayed. {LONG}", "1–2", ("I. Access",)),
        (LONG, "3", ("II. Data",)),
    ]


def test_long_items_stand_alone_with_their_lead_in_and_short_ones_stay() -> None:
    blocks = [
        Block("paragraph", "The mission met many people. It recommends that the Government:", para_no="7"),
        Block("list_item", LONG, 1, marker="(a)"),
        Block("list_item", "Publish the report;", 1, marker="(b)"),
    ]
    units = units_of(blocks)
    by_number = {unit.para_no: unit for unit in units}
    assert by_number["7"].text.endswith("(b) Publish the report;")
    assert by_number["7 (a)"].text == f"It recommends that the Government: {LONG}"
    assert by_number["7 (a)"].lead_in == "It recommends that the Government:"


def test_long_paragraphs_are_cut_at_sentence_ends_with_part_numbers() -> None:
    (first, second, third) = units_of([Block("paragraph", words(600), para_no="9")])
    assert [unit.part for unit in (first, second, third)] == [1, 2, 3]
    assert all(unit.text.endswith(".") and unit.n_words <= MAX_WORDS and unit.para_no == "9" for unit in (first, second, third))


def test_tables_and_notes_are_kept_but_not_coded_and_do_not_swallow_text() -> None:
    blocks = [
        Block("paragraph", "Short text."),
        Block("table", "A | B", codable=False),
        Block("footnote", "See above.", codable=False),
    ]
    units = units_of(blocks)
    assert {(unit.kind, unit.codable) for unit in units} == {("paragraph", True), ("table", False), ("footnote", False)}


def test_summaries_are_marked_by_heading() -> None:
    (summary, body) = units_of(
        [
            Block("heading", "Executive summary", 1),
            Block("paragraph", LONG),
            Block("heading", "A. Access", 1),
            Block("paragraph", LONG),
        ]
    )
    assert (summary.summary, body.summary) == (True, False)


def test_only_whole_headings_are_those_of_a_summary() -> None:
    marked = ("V. Conclusions", "Executive Summary", "6. Concluding observations", "7 Main findings", "Conclusiones", "Abstract")
    text = (
        "I. SUMMARY OF THE PROCEEDINGS OF THE REVIEW PROCESS",
        "II. CONCLUSIONS AND/OR RECOMMENDATIONS",
        "VI. Conclusions and recommendations",
        "Concluding a peace agreement",
        "Summary executions",
    )
    assert [is_summary(title) for title in marked] == [True] * len(marked)
    assert [is_summary(title) for title in text] == [False] * len(text)


def test_recommendations_below_conclusions_are_counted_and_a_summary_is_never_most_of_a_report() -> None:
    below = units_of(
        [
            Block("heading", "I. Access", 1),
            *(Block("paragraph", f"{LONG} {i}") for i in range(3)),
            Block("heading", "II. Conclusions", 1),
            Block("paragraph", LONG),
            Block("heading", "A. Recommendations", 2),
            Block("paragraph", LONG),
        ]
    )
    assert [unit.summary for unit in below] == [False, False, False, True, False]
    deep = units_of(
        [
            *(Block("paragraph", f"{LONG} {i}") for i in range(3)),
            Block("heading", "II. Conclusions", 1),
            Block("heading", "Legal aspects", 2),
            Block("heading", "A. Gaps", 3),
            Block("paragraph", LONG),
        ]
    )
    assert not any(unit.summary for unit in deep)
    misread = units_of([Block("heading", "Summary", 1), *(Block("paragraph", f"{LONG} {i}") for i in range(5))])
    assert not any(unit.summary for unit in misread)


def test_a_title_printed_again_above_the_text_is_one_title() -> None:
    (unit,) = units_of(
        [
            Block("heading", "Situation in South Sudan", 1),
            Block("heading", "SITUATION IN SOUTH SUDAN", 2),
            Block("heading", "I. Introduction", 3),
            Block("paragraph", LONG),
        ]
    )
    assert unit.heading_path == ("Situation in South Sudan", "I. Introduction")


@given(st.lists(st.tuples(st.sampled_from(["heading", "paragraph", "list_item", "table"]), st.integers(1, 700)), max_size=25))
def test_no_word_is_lost_and_no_coded_passage_is_too_long(shape: list[tuple[str, int]]) -> None:
    counter = iter(range(10**9))
    blocks = [
        Block(kind, " ".join(f"w{next(counter)}" for _ in range(count)) + ".", level=1, codable=kind != "table")
        for kind, count in shape
    ]
    units = units_of(blocks)
    expected = {word for block in blocks if block.kind != "heading" for word in block.text.split()}
    assert expected <= {word for unit in units for word in unit.text.split()}
    assert all(unit.n_words <= MAX_WORDS for unit in units if unit.codable and unit.part is not None)


@given(st.integers(MAX_WORDS + 1, 3000), st.integers(1, 400))
def test_parts_are_within_bounds_and_complete(count: int, per_sentence: int) -> None:
    text = words(count, per_sentence)
    units = units_of([Block("paragraph", text)])
    assert " ".join(unit.text for unit in units) == text
    assert all(unit.n_words <= MAX_WORDS for unit in units)


def test_abbreviations_do_not_end_sentences() -> None:
    assert sentences("Mr. Smith met Prof. Jones in Art. 5 matters. Then they left.") == [
        "Mr. Smith met Prof. Jones in Art. 5 matters.",
        "Then they left.",
    ]


def test_hyphens_are_mended_but_compounds_and_numbers_keep_theirs() -> None:
    assert join_lines(
        ["the govern-", "ment and the self-", "employed in 2010-", "2011"], Hyphens(compounds=frozenset({"self-employed"}))
    )[0] == ("the government and the self-employed in 2010-2011")


def test_markers_of_paragraphs_items_and_years() -> None:
    kinds = {
        text: (marker.kind if (marker := find_marker(text)) else None)
        for text in ("12. Text", "(a) Text", "(iv) Text", "3.5 per cent", "IV. Title", "Plain")
    }
    assert kinds == {
        "12. Text": "number",
        "(a) Text": "paren_letter",
        "(iv) Text": "paren_roman",
        "3.5 per cent": "decimal",
        "IV. Title": "roman_upper",
        "Plain": None,
    }
    marker = find_marker("(i) next", previous_item="h")
    assert marker is not None
    assert marker.kind == "paren_letter"


@given(st.text(), st.one_of(st.none(), st.text(max_size=5)), st.integers(0, 3))
def test_identifiers_depend_on_every_part_and_look_alike(text: str, number: str | None, occurrence: int) -> None:
    one = passage_id("0" * 64, 1, number, text, occurrence)
    assert one == passage_id("0" * 64, 1, number, text, occurrence)
    assert len(one) == 28
    assert one[:2] == "p_"
    assert one[2:].isalnum()
    assert one == one.lower()
    others = {
        passage_id("1" * 64, 1, number, text, occurrence),
        passage_id("0" * 64, 2, number, text, occurrence),
        passage_id("0" * 64, 1, number, text + "x", occurrence),
        passage_id("0" * 64, 1, number, text, occurrence + 1),
    }
    assert one not in others
    assert len(others) == 4


def test_the_end_of_a_divided_word_is_no_conjunction() -> None:
    hyphens = Hyphens(frozenset(["cumplimiento"]))
    assert join_lines(["el cumplimien-", "to de las normas"], hyphens)[0] == "el cumplimiento de las normas"
