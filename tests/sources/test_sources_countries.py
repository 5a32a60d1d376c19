"""Countries by whatever an organization calls them; the shipped table is whole and no name belongs to two countries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.countries import countries_in_title, default_countries, find_country, load_countries

WDS = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples" / "worldbank_wds" / "wds_v2_scd_2017.json"

# The members of the United Nations, written down apart from the table, so that a lost line is seen.
MEMBERS_IN_LINES = """
AFG ALB DZA AND AGO ATG ARG ARM AUS AUT AZE BHS BHR BGD BRB BLR BEL BLZ BEN BTN BOL BIH BWA BRA BRN BGR BFA BDI CPV KHM CMR CAN CAF TCD CHL
CHN COL COM COG CRI CIV HRV CUB CYP CZE PRK COD DNK DJI DMA DOM ECU EGY SLV GNQ ERI EST SWZ ETH FJI FIN FRA GAB GMB GEO DEU GHA GRC GRD GTM
GIN GNB GUY HTI HND HUN ISL IND IDN IRN IRQ IRL ISR ITA JAM JPN JOR KAZ KEN KIR KWT KGZ LAO LVA LBN LSO LBR LBY LIE LTU LUX MDG MWI MYS MDV
MLI MLT MHL MRT MUS MEX FSM MCO MNG MNE MAR MOZ MMR NAM NRU NPL NLD NZL NIC NER NGA MKD NOR OMN PAK PLW PAN PNG PRY PER PHL POL PRT QAT KOR
MDA ROU RUS RWA KNA LCA VCT WSM SMR STP SAU SEN SRB SYC SLE SGP SVK SVN SLB SOM ZAF SSD ESP LKA SDN SUR SWE CHE SYR TJK THA TLS TGO TON TTO
TUN TUR TKM TUV UGA UKR ARE GBR TZA USA URY UZB VUT VEN VNM YEM ZMB ZWE
"""
MEMBERS = MEMBERS_IN_LINES.split()


def codes(text: str) -> list[str]:
    return [country.iso3 for country in countries_in_title(text)]


def test_every_member_of_the_united_nations_is_in_the_table() -> None:
    assert len(MEMBERS) == len(set(MEMBERS)) == 193
    current = {country.iso3 for country in default_countries() if country.status == "current"}
    assert set(MEMBERS) <= current
    assert len(current) == 249, "ISO 3166-1 has 249 codes"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        # The United Nations and the ILO.
        ("Bolivia (Plurinational State of)", "BOL"),
        ("Bolivarian Republic of Venezuela", "VEN"),
        ("Venezuela (Bolivarian Republic of)", "VEN"),
        ("Iran, Islamic Republic of", "IRN"),
        ("United Republic of Tanzania", "TZA"),
        ("Tanzania, United Republic of", "TZA"),
        ("Viet Nam", "VNM"),
        ("Türkiye", "TUR"),
        ("Turkey", "TUR"),
        ("Côte d'Ivoire", "CIV"),
        ("Côte d’Ivoire", "CIV"),
        ("State of Palestine", "PSE"),
        ("Occupied Palestinian Territory", "PSE"),
        ("Lao People's Democratic Republic", "LAO"),
        ("Republic of Moldova", "MDA"),
        ("Eswatini", "SWZ"),
        ("Swaziland", "SWZ"),
        ("Cabo Verde", "CPV"),
        ("The former Yugoslav Republic of Macedonia", "MKD"),
        ("Netherlands (Kingdom of the)", "NLD"),
        ("Congo", "COG"),
        ("the Congo", "COG"),
        ("Democratic Republic of the Congo", "COD"),
        ("Dem. Rep. of the Congo", "COD"),
        ("China, Hong Kong Special Administrative Region", "HKG"),
        ("Syrian Arab Republic", "SYR"),
        ("Bosnia & Herzegovina", "BIH"),
        ("Kosovo (Serbia)", "XKX"),
        # The thesaurus of the Library writes in capitals, older headings with subdivisions.
        ("IRAN (ISLAMIC REPUBLIC OF)", "IRN"),
        ("UNITED REPUBLIC OF TANZANIA", "TZA"),
        ("LIBYAN ARAB JAMAHIRIYA", "LBY"),
        ("COTE D'IVOIRE", "CIV"),
        ("AFGHANISTAN--HUMAN RIGHTS", "AFG"),
        # The World Bank.
        ("Venezuela, RB", "VEN"),
        ("Venezuela, Republica Bolivariana de", None),
        ("Korea, Rep.", "KOR"),
        ("Korea, Republic of", "KOR"),
        ("Korea, Dem. People's Rep.", "PRK"),
        ("Korea, Democratic People's Republic of", "PRK"),
        ("Congo, Dem. Rep.", "COD"),
        ("Congo, Democratic Republic of", "COD"),
        ("Congo, Rep.", "COG"),
        ("Congo, Republic of", "COG"),
        ("Egypt, Arab Republic of", "EGY"),
        ("Egypt, Arab Rep.", "EGY"),
        ("Yemen, Republic of", "YEM"),
        ("Gambia, The", "GMB"),
        ("Bahamas, The", "BHS"),
        ("Micronesia, Fed. Sts.", "FSM"),
        ("Micronesia, Federated States of", "FSM"),
        ("Macedonia, FYR", "MKD"),
        ("Lao PDR", "LAO"),
        ("Kyrgyz Republic", "KGZ"),
        ("Slovak Republic", "SVK"),
        ("St. Lucia", "LCA"),
        ("West Bank and Gaza", "PSE"),
        ("Hong Kong SAR, China", "HKG"),
        ("Taiwan, China", "TWN"),
        ("Vietnam", "VNM"),
        # ReliefWeb.
        ("occupied Palestinian territory", "PSE"),
        ("China - Hong Kong (Special Administrative Region)", "HKG"),
        ("Czechia", "CZE"),
        # Formal names, codes, short forms.
        ("Republic of Kenya", "KEN"),
        ("Kenya, Republic of", "KEN"),
        ("Hashemite Kingdom of Jordan", "JOR"),
        ("Federal Democratic Republic of Ethiopia", "ETH"),
        ("UZB", "UZB"),
        ("DRC", "COD"),
        ("U.S.A.", "USA"),
        # Renamed and former States.
        ("Zaire", "COD"),
        ("Burma", "MMR"),
        ("Upper Volta", "BFA"),
        ("Union of Soviet Socialist Republics", "SUN"),
        ("USSR", "SUN"),
        ("Yugoslavia", "YUG"),
        ("Serbia and Montenegro", "SCG"),
        ("Czechoslovakia", "CSK"),
        ("German Democratic Republic", "DDR"),
        # Nobody can tell, or nothing to tell.
        ("Korea", None),
        ("Republic of China", None),
        ("World", None),
        ("Atlantis", None),
        ("and", None),
        ("", None),
        (None, None),
    ],
)
def test_names_of_all_organizations_mean_a_country(name: str | None, code: str | None) -> None:
    country = find_country(name)
    assert (country.iso3 if country else None) == code


@pytest.mark.parametrize(
    "name", ["World", "Africa", "multiple", "n/a", "", "  ", "Western and Central Africa", "Pacific Islands"]
)
def test_regions_and_blanks_are_known_to_be_no_country(name: str) -> None:
    assert default_countries().is_no_country(name)


def test_an_unknown_name_is_not_called_no_country() -> None:
    assert not default_countries().is_no_country("Atlantis")
    assert not default_countries().is_no_country("Chad")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Visit to Niger", ["NER"]),
        ("Visit to Nigeria", ["NGA"]),
        ("Visits to Guinea-Bissau, Equatorial Guinea and Papua New Guinea", ["GNB", "GNQ", "PNG"]),
        ("Mission to Guinea", ["GIN"]),
        ("MISSION TO GUINEA-BISSAU", ["GNB"]),
        ("The Congo and the Democratic Republic of the Congo", ["COG", "COD"]),
        ("Situation in South Sudan", ["SSD"]),
        ("Relations between the Sudan and South Sudan", ["SDN", "SSD"]),
        ("Visit to Dominica", ["DMA"]),
        ("Visit to the Dominican Republic", ["DOM"]),
        ("GEORGIA, JORDAN, CHAD AND MALI", ["GEO", "JOR", "TCD", "MLI"]),
        ("Republic of Korea: report", ["KOR"]),
        ("KOREA (REPUBLIC OF)", ["KOR"]),
        ("Human rights in the Democratic People’s Republic of Korea", ["PRK"]),
        ("Somalia, Somaliland and Romania", ["SOM", "ROU"]),
        ("Visit to the former Yugoslav Republic of Macedonia", ["MKD"]),
        ("The Federal Republic of Yugoslavia (Serbia and Montenegro)", ["YUG", "SCG"]),
        ("Visit to Bosnia and Herzegovina and to Croatia", ["BIH", "HRV"]),
        ("Mission to Côte d’Ivoire", ["CIV"]),
        ("Palestinian territories occupied since 1967", ["PSE"]),
        ("Visit to the US and the UK", ["USA", "GBR"]),
        ("Report given to us", []),
        ("REPORT GIVEN TO US", []),
        ("Nigerian and Malian officers", []),
        ("The Lake Chad basin and the Gulf of Guinea", []),
        ("Visit to Uzbekistan, and again Uzbekistan", ["UZB"]),
        ("", []),
    ],
)
def test_countries_are_found_in_titles_the_longest_name_first(title: str, expected: list[str]) -> None:
    assert codes(title) == expected


def test_every_country_is_found_by_its_own_name_alone_and_in_a_title() -> None:
    for country in default_countries():
        assert find_country(country.name) == country
        assert find_country(country.name.upper()) == country
        assert countries_in_title(f"Report on the mission to {country.name} in 2019") == (country,), country


@pytest.mark.parametrize(
    ("names", "expected", "unknown"),
    [
        ("Kenya,Uganda", ["KEN", "UGA"], ()),
        ("Egypt, Arab Republic of,Congo, Democratic Republic of", ["EGY", "COD"], ()),
        ("Korea, Republic of; Venezuela, RB", ["KOR", "VEN"], ()),
        ("World,Kenya,Kenya", ["KEN"], ()),
        ("Bonaire, Sint Eustatius and Saba, Atlantis, Chad", ["BES", "TCD"], ("Atlantis",)),
        (" , ", [], ()),
        (None, [], ()),
    ],
)
def test_lists_are_taken_apart_though_names_contain_commas(
    names: str | None, expected: list[str], unknown: tuple[str, ...]
) -> None:
    found, rest = default_countries().find_all(names)
    assert [country.iso3 for country in found] == expected
    assert rest == unknown


def test_a_project_may_add_names_of_its_own() -> None:
    table = load_countries({"Orvania": "XAA", "Democratic Union of Kenya": "KEN", "Korea": "KOR"})
    orvania = table.find("Republic of Orvania")
    assert orvania is not None
    assert (orvania.iso3, orvania.status) == ("XAA", "user_assigned")
    assert [country.iso3 for country in table.in_text("Visits to Orvania and to Korea")] == ["XAA", "KOR"]
    assert table.by_code("ken") == table.find("democratic union of KENYA")
    with pytest.raises(BadInput, match="'Chad' belongs to both TCD and KEN"):
        load_countries({"Chad": "KEN"})
    with pytest.raises(BadInput, match="three capital letters"):
        load_countries({"Somewhere": "xy"})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("countries:\n  AAA: [Here]\n  BBB: [the HERE]\n", "'the HERE' belongs to both AAA and BBB"),
        ("countries:\n  AA: [Here]\n", "'AA' must be three capital letters"),
        ("countries:\n  AAA: Here\n", "countries.AAA: must be a list of names"),
        ("countries:\n  AAA: []\n", "countries.AAA: must be a list of names"),
        ("countries: [AAA]\n", "countries: must be a mapping"),
        ("countries:\n  AAA: [Here]\nregions: []\n", "unknown key 'regions'"),
        ("countries:\n  AAA: [Here]\nunclear: [Here]\n", "'here' is both a country and unclear"),
        ("countries:\n  AAA: [Here]\nabbreviations:\n  BBB: [B]\n", "'BBB' is not among the countries"),
        ("countries:\n  AAA: [Here]\n  AAA: [There]\n", "stands there twice"),
    ],
)
def test_a_table_with_a_mistake_is_refused_with_its_place(tmp_path: Path, table: str, message: str) -> None:
    path = tmp_path / "countries.yaml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        load_countries(path=path)


@given(st.text(max_size=60))
def test_no_text_stops_anything(text: str) -> None:
    country = find_country(text)
    assert country is None or find_country(country.name) == country
    assert {found.iso3 for found in countries_in_title(text)} <= {one.iso3 for one in default_countries()}
    found, _ = default_countries().find_all(text)
    assert len(found) == len({one.iso3 for one in found})


def test_every_country_of_the_recorded_world_bank_answer_is_known() -> None:
    if not WDS.exists():
        pytest.skip("the recorded samples are not here")
    documents = json.loads(WDS.read_text(encoding="utf-8"))["documents"].values()
    names = {document["count"] for document in documents if "count" in document}
    assert len(names) > 50
    assert {name: unknown for name in names if (unknown := default_countries().find_all(name)[1])} == {}
