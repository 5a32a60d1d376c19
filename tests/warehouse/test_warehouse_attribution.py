"""Why a number moved: a planted change of one kind is that cause's whole, and the parts of any change add up to it."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.errors import BadInput
from tests.warehouse.releases import CONTESTED, Doc, Released, doc, publish_release, reworded
from warehouse.attribution.causes import ALL
from warehouse.attribution.decompose import attribution
from warehouse.export.bundle import About, make_release

BASE = Released((doc("a", {}, CONTESTED, {}), doc("b", {}, {}), doc("c", CONTESTED, {"stage": "compliance"}, country="XBB")))
CAUSES = [one.name for one in ALL]
FIRST = BASE.docs[0].passages[0][0]


def with_doc(changed: Doc) -> Released:
    return dataclasses.replace(BASE, docs=tuple(changed if one.key == changed.key else one for one in BASE.docs))


SINGLE: dict[str, Released] = {
    "withdrawn_documents": dataclasses.replace(BASE, docs=BASE.docs[:2]),
    "new_documents": dataclasses.replace(BASE, docs=(*BASE.docs, doc("d", CONTESTED, {}))),
    "model": dataclasses.replace(with_doc(doc("a", CONTESTED, CONTESTED, {})), model="model-2", sure=0.8),
    "thresholds": dataclasses.replace(BASE, model="model-2", shown={FIRST: {"stage": "compliance"}}),
    "codebook": dataclasses.replace(
        with_doc(doc("a", {"stage": "compliance"}, CONTESTED, {})), model="model-2", codebook=reworded("stage")
    ),
    "extraction": with_doc(Doc("a", (*BASE.docs[0].passages[:2], ("Another text that was read in the same file.", CONTESTED)))),
    "files": with_doc(dataclasses.replace(BASE.docs[0], content="another file", passages=(("A new version of it.", CONTESTED),))),
    "descriptions": with_doc(dataclasses.replace(BASE.docs[1], country="XBB", published=date(2021, 5, 6))),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_release(tmp_path_factory.mktemp("base") / "a.duckdb", BASE)


def parts(change: dict[str, Any]) -> dict[str, float]:
    return {name: change[name] for name in CAUSES}


def check_sums(changes: list[dict[str, Any]]) -> None:
    for one in changes:
        if one["change"] is None:
            assert set(parts(one).values()) == {None}
            assert (one["before"] is None) != (one["after"] is None)
        else:
            assert one["change"] == pytest.approx(one["after"] - one["before"], abs=1e-12)
            assert sum(parts(one).values()) == pytest.approx(one["change"], abs=1e-12)


@pytest.mark.parametrize("cause", sorted(SINGLE))
def test_a_planted_change_is_all_its_cause_s(base: Path, tmp_path: Path, cause: str) -> None:
    other = publish_release(tmp_path / "b.duckdb", SINGLE[cause])
    with attribution(base, other) as found:
        changes = found.changes()
        behind = {name: found.passages(name) for name in CAUSES}
    check_sums(changes)
    moved = [one for one in changes if one["change"]]
    assert moved
    for one in changes:
        assert {name for name, part in parts(one).items() if part} <= {cause}, one
    assert [name for name, rows in behind.items() if rows] == [cause]
    shares = [one for one in moved if one["measure"] == "naive_share"]
    assert shares
    assert all(one[cause] == pytest.approx(one["change"]) for one in moved)


def test_the_passages_behind_a_cause_are_named_with_what_changed(base: Path, tmp_path: Path) -> None:
    other = publish_release(tmp_path / "b.duckdb", SINGLE["thresholds"])
    with attribution(base, other) as found:
        (row,) = found.passages("thresholds")
        (counted,) = [one for one in found.causes() if one["cause"] == "thresholds"]
        with pytest.raises(BadInput, match=r"weather.*new_documents"):
            found.passages("weather")
    assert (row["document_id"], row["change"], row["text"]) == ("UN:a:en", "relabelled", FIRST)
    assert '"stage":"initiation"' in row["before"]
    assert '"stage":"compliance"' in row["after"]
    assert counted["relabelled"] == 1


def test_codes_change_no_naive_number_and_are_named(base: Path, tmp_path: Path) -> None:
    other = publish_release(tmp_path / "b.duckdb", dataclasses.replace(BASE, codes={FIRST: "contestation"}))
    with attribution(base, other) as found:
        assert [one for one in found.changes() if one["measure"] in ("naive_share", "passages", "documents")] == []
        (row,) = found.passages("codes")
    assert (row["change"], row["before"]) == ("coded", None)
    assert "contestation" in row["after"]


def test_corrected_estimates_move_by_codes_alone_when_only_codes_change(tmp_path: Path) -> None:
    docs = tuple(doc(f"d{n}", CONTESTED if n % 2 else {}, {}, CONTESTED if n % 3 else {}, {}) for n in range(12))
    texts = [text for one in docs for text, _labels in one.passages]
    coded = {text: "contestation" if n % 3 == 0 else "cooperation" for n, text in enumerate(texts)}
    again = {text: "contestation" if n % 5 == 0 else "cooperation" for n, text in enumerate(texts)}
    one = publish_release(tmp_path / "a.duckdb", Released(docs, codes=coded))
    two = publish_release(tmp_path / "b.duckdb", Released(docs, codes=again))
    with attribution(one, two, ("stance",)) as found:
        changes = found.changes()
        counts = {row["cause"]: row["coded"] for row in found.causes()}
    check_sums(changes)
    assert {row["measure"] for row in changes} == {"estimate"}
    assert {row["label"] for row in changes} >= {"contestation", "cooperation"}
    assert all({name for name, part in parts(row).items() if abs(part) > 1e-12} == {"codes"} for row in changes)
    assert counts.pop("codes") == sum(coded[text] != again[text] for text in texts)
    assert not any(counts.values())


def test_codes_agreed_without_adjudication_and_two_gold_samples_are_compared_too(tmp_path: Path) -> None:
    docs = tuple(doc(f"d{n}", CONTESTED if n % 2 else {}, {}, CONTESTED if n % 3 else {}, {}) for n in range(12))
    texts = [text for one in docs for text, _labels in one.passages]
    coded = {text: "contestation" if n % 3 == 0 else "cooperation" for n, text in enumerate(texts)}
    plain = Released(docs, codes=coded, agreed=True)
    one = publish_release(tmp_path / "a.duckdb", plain)
    two = publish_release(tmp_path / "b.duckdb", dataclasses.replace(plain, framed=tuple(texts[:20])))
    with attribution(two, two, ("stance",)) as found:
        assert found.changes() == []
    with attribution(one, two, ("stance",)) as found:
        changes = found.changes()
    check_sums(changes)
    assert {row["measure"] for row in changes} == {"estimate"}
    assert all({name for name, part in parts(row).items() if abs(part) > 1e-12} == {"codes"} for row in changes)


def test_a_file_that_does_not_say_how_samples_were_drawn_is_named(base: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.duckdb"
    shutil.copyfile(base, old)
    with duckdb.connect(str(old)) as connection:
        connection.execute("DROP TABLE coders")
    with pytest.raises(BadInput, match=r"old\.duckdb was published by an Entente that"), attribution(old, base):
        pass


def test_what_an_earlier_new_document_makes_a_repetition_is_due_to_the_new_document(tmp_path: Path) -> None:
    sketch = (10, 200, 3000, 40000, 500000, 6000000, 70000000, 800000000)
    old = doc("a", {}, CONTESTED, sketch=sketch)
    earlier = dataclasses.replace(doc("z", {}, CONTESTED, sketch=sketch), published=date(2019, 1, 1))
    one = publish_release(tmp_path / "a.duckdb", Released((old, doc("b", {}))))
    two = publish_release(tmp_path / "b.duckdb", Released((old, doc("b", {}), earlier)))
    with attribution(one, two) as found:
        changes, behind = found.changes(), found.passages("new_documents")
    check_sums(changes)
    assert sorted((row["document_id"], row["change"]) for row in behind) == [
        ("UN:a:en", "went"), ("UN:a:en", "went"), ("UN:z:en", "came"), ("UN:z:en", "came"),
    ]  # fmt: skip
    assert all(not part for row in changes for name, part in parts(row).items() if name != "new_documents")


def test_two_causes_at_once_are_told_apart(base: Path, tmp_path: Path) -> None:
    both = dataclasses.replace(BASE, docs=(BASE.docs[0], BASE.docs[2], doc("d", CONTESTED)), model="model-2", sure=0.8)
    other = publish_release(tmp_path / "b.duckdb", both)
    with attribution(base, other) as found:
        changes = found.changes("all")
        counts = {one["cause"]: one for one in found.causes()}
    check_sums(changes)
    (passages,) = [one for one in changes if one["measure"] == "passages"]
    assert {name: part for name, part in parts(passages).items() if part} == {"withdrawn_documents": -2, "new_documents": 1}
    assert counts["model"]["rescored"] == 5
    assert counts["model"]["relabelled"] == 0


def test_a_cell_that_appears_or_vanishes_has_no_change_of_its_share_to_take_apart(base: Path, tmp_path: Path) -> None:
    other = publish_release(tmp_path / "b.duckdb", SINGLE["withdrawn_documents"])
    with attribution(base, other) as found:
        gone = [one for one in found.changes("country") if one["country_iso3"] == "XBB"]
    shares = [one for one in gone if one["measure"] == "naive_share"]
    assert shares
    assert all(one["after"] is None and one["change"] is None for one in shares)
    (passages,) = [one for one in gone if one["measure"] == "passages"]
    assert (passages["before"], passages["after"], passages["withdrawn_documents"]) == (2, 0, -2)


def test_a_release_without_texts_can_be_compared_too(base: Path, tmp_path: Path) -> None:
    about = About("t", ("a",))
    make_release(base, lambda _version: tmp_path / "r", about, with_text=False, stata=False)
    with attribution(tmp_path / "r", base) as found:
        assert found.changes() == []
        assert all(not found.passages(name) for name in CAUSES)


def test_bad_input_is_named(base: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-such"), attribution(base, tmp_path / "no-such"):
        pass
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    with pytest.raises(BadInput, match="no published database"), attribution(base, tmp_path / "x.duckdb"):
        pass
    with pytest.raises(BadInput, match=r"no dimension 'mechanism'.*stage"), attribution(base, base, ("mechanism",)):
        pass


DOCS = st.lists(
    st.builds(
        lambda key, labels, country, year, content: doc(
            key, *labels, country=country, published=date(year, 1, 1), content=content
        ),
        st.sampled_from("abcde"),
        st.lists(st.sampled_from([{}, CONTESTED, {"stage": "compliance"}]), min_size=1, max_size=3),
        st.sampled_from(["ATL", "XBB"]),
        st.integers(2019, 2020),
        st.sampled_from(["", "x", "y"]),
    ),
    max_size=4,
    unique_by=(lambda one: one.key, lambda one: one.content or one.key),
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    docs_a=DOCS, docs_b=DOCS, model=st.sampled_from(["model-1", "model-2"]), dimension=st.sampled_from(["", "stage", "stance"])
)
def test_the_parts_of_any_change_add_up_to_it(
    tmp_path_factory: pytest.TempPathFactory, docs_a: list[Doc], docs_b: list[Doc], model: str, dimension: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    a = publish_release(folder / "a.duckdb", Released(tuple(docs_a)))
    sure = 0.7 if model == "model-1" else 0.9
    book = reworded(dimension) if dimension else BASE.codebook
    b = publish_release(folder / "b.duckdb", Released(tuple(docs_b), model=model, sure=sure, codebook=book))
    with attribution(a, b, ("stage", "stance")) as there:
        check_sums(there.changes())
        assert all(not one["rules"] for one in there.changes())
