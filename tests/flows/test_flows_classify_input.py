"""What `entente classify` takes: JSON lines or CSV; a bad line is named before anything is scored."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from flows.cli.classify import read_passages


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": 1, "text": "a"}\n{"id": 2}\n', "line 2: there is no text"),
        ('{"id": 1, "text": "  "}\n', "line 1: there is no text"),
        ('{"text": "a"}\n', "line 1: id is None"),
        ('{"id": true, "text": "a"}\n', "line 1: id is True"),
        ('{"id": 1, "text": "a", "heading": 7}\n', "line 1: heading is 7"),
        ('{"id": 1, "text": "a"}\n[1]\n', "line 2: give a JSON object"),
        ('{"id": 1, "text": \n', "line 1: no valid JSON"),
        ("id,body\n1,a\n", "missing: text"),
        ('id,text\n1,"a\n', "no valid CSV"),
    ],
)
def test_a_bad_line_is_named(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_passages(text, "input")


def test_nothing_in_is_nothing_out() -> None:
    assert read_passages("\n", "input") == ([], [])


SURE_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)


@given(
    st.lists(
        st.tuples(st.integers() | SURE_TEXT, SURE_TEXT, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
        min_size=1,
    )
)
def test_json_lines_come_back_in_order_as_they_were_given(rows: list[tuple[int | str, str, str]]) -> None:
    text = "\n".join(json.dumps({"id": given_id, "text": body, "heading": heading}) for given_id, body, heading in rows)
    ids, passages = read_passages(text, "input")
    assert ids == [row[0] for row in rows]
    assert [(passage.text, passage.heading) for passage in passages] == [(row[1], row[2]) for row in rows]


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(str.strip)


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1))
def test_csv_comes_back_in_order(rows: list[tuple[str, str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([("id", "text"), *rows])
    ids, passages = read_passages(buffer.getvalue(), "input")
    assert ids == [row[0] for row in rows]
    assert [passage.text for passage in passages] == [row[1] for row in rows]
