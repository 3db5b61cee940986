"""Registries of the user's: what is accepted, and every way in which a file can be wrong."""

import pandas as pd
import pytest

from hotspot.errors import ThresholdError
from hotspot.observations.limits.regimes import registry_rule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.thresholds import Thresholds
from hotspot.observations.limits.user_registry import read_user_registry

HEAD = (
    "id,contaminant,value,unit,jurisdiction,instrument,land_use,condition,"
    "source_url,valid_from,valid_to,background_rule\n"
)
GOOD = "xx_cd_1,cd,800,ug/kg,XX,Decree 1,any,ph <= 6.5,https://example.org,,,\n"


def test_limits_of_a_file_stand_beside_those_of_the_package() -> None:
    """In mg/kg, with their conditions, and marked in the citation."""
    text = (
        HEAD
        + GOOD
        + GOOD.replace("_1", "_2")
        .replace("800", "1.2")
        .replace("ug/kg", "mg/kg")
        .replace("<=", ">")
    )
    own = read_user_registry(text, "own.csv")
    table = Thresholds.load().extended(own.rows)
    rule = registry_rule("cd", "XX", SoilInputs.read({"ph": "ph"}), registry=table)
    frame = pd.DataFrame({"ph": [6.5, 6.6]})
    assert rule.values(frame).tolist() == [0.8, 1.2]
    assert "from the registry of the user" in table.get("xx_cd_1").citation


def test_the_words_of_a_national_condition_may_be_used() -> None:
    """As the package knows them, with all that they mean."""
    row = GOOD.replace("XX", "CZ").replace("ph <= 6.5", "food/feed safety")
    assert len(read_user_registry(HEAD + row, "own.csv")) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",cd,", ",cadmim,", "the contaminant 'cadmim' is unknown"),
        ("ug/kg", "ug/L", "the unit cannot be converted"),
        ("ug/kg", "mg/kg wet", "the unit cannot be converted"),
        ("ug/kg", "ng TEQ/kg dry", "the unit cannot be converted"),
        ("800", "-3", "the value '-3' is not above 0"),
        ("800", "0", "the value '0' is not above 0"),
        ("800", "nan", "the value 'nan' is not above 0"),
        ("800", "1e999", "is not above 0"),
        ("800", "=1+1", "the value '=1+1' is no number"),
        ("https://example.org", "", "there is no citation"),
        ("Decree 1", "", "instrument is empty"),
        ("ph <= 6.5", "when it rains", "is not understood"),
        ("ph <= 6.5", "acid <= 6.5", "No condition of a limit asks for 'acid'"),
        (",any,", ",farm,", "land_use 'farm' is unknown"),
        (",,,\n", ",2021-13-01,,\n", "is no date"),
        (",,,\n", ",2022-01-01,2021-01-01,\n", "ends before it begins"),
        (",,,\n", ",,,double\n", "background_rule 'double' is unknown"),
        ("xx_cd_1", "../../etc", "is not of a-z"),
        ("xx_cd_1", "eu_86-278_cd_s_agr_mp_1", "one of the package's registry"),
        (",,,\n", ",,\n", "not as many cells"),
        (",,,\n", ",,,,7\n", "not as many cells"),
    ],
)
def test_a_fault_is_named_with_its_row(old: str, new: str, said: str) -> None:
    """The good row before it is row 2 of the file, the bad one row 3."""
    bad = GOOD.replace(old, new)
    if "xx_cd_1" in bad:
        bad = bad.replace("xx_cd_1", "xx_cd_9")
    first = GOOD.replace("ph <= 6.5", "ph > 6.5")
    with pytest.raises(ThresholdError, match="row 3: ") as raised:
        read_user_registry(HEAD + first + bad, "own.csv")
    assert said in str(raised.value)
    assert "Correct these rows" in str(raised.value)


def test_all_faults_come_in_one_message() -> None:
    """A reader mends the file once."""
    rows = GOOD + GOOD.replace(",cd,", ",zz,").replace("_1", "_2")
    rows += GOOD.replace("800", "x").replace("_1", "_3")
    with pytest.raises(ThresholdError, match=r"own.csv has 2 faults.*row 3.*row 4"):
        read_user_registry(HEAD + rows, "own.csv")


def test_an_id_of_two_rows_is_told_though_both_have_other_faults() -> None:
    """Whoever mends the other faults would meet it only then."""
    rows = GOOD.replace("800", "x") + GOOD.replace("800", "y")
    with pytest.raises(ThresholdError, match="row 3: the id 'xx_cd_1' stands in row 2 too"):
        read_user_registry(HEAD + rows, "own.csv")


def test_every_fault_ends_with_one_stop() -> None:
    """Whether or not a name is near enough to be offered."""
    rows = GOOD.replace(",cd,", ",quux,") + GOOD.replace(",cd,", ",cadmim,")
    with pytest.raises(ThresholdError) as raised:
        read_user_registry(HEAD + rows.replace("_1,cadmim", "_2,cadmim"), "own.csv")
    said = str(raised.value)
    assert "'quux' is unknown. row 3" in said
    assert ".." not in said
    assert "?." not in said


def test_the_same_id_twice_is_a_fault() -> None:
    """The row that had it first is named."""
    twin = GOOD.replace("ph <= 6.5", "ph > 6.5")
    with pytest.raises(ThresholdError, match="row 3: the id 'xx_cd_1' stands in row 2 too"):
        read_user_registry(HEAD + GOOD + twin, "own.csv")


def test_two_values_on_the_same_day_contradict_each_other() -> None:
    """One after the other they do not."""
    old = GOOD.replace(",,,\n", ",,2020-12-31,\n")
    new = GOOD.replace("_1", "_2").replace("800", "500")
    with pytest.raises(ThresholdError, match="row 3: 500 and 800 of row 2 hold for the same"):
        read_user_registry(HEAD + old + new, "own.csv")
    later = new.replace(",,,\n", ",2021-01-01,,\n")
    own = read_user_registry(HEAD + old + later, "own.csv")
    assert [row.value for row in own.select(date="2020-12-31")] == [800]
    assert [row.value for row in own.select(date="2021-01-01")] == [500]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing id, contaminant"),
        ("id,contaminant\n", "missing value, unit"),
        (HEAD.replace("condition", "formula") + GOOD, "unknown formula"),
        (HEAD, "has 0 rows"),
        ("PK\x03\x04\0\0", "bytes that no text has"),
        (HEAD + '"xx', "is no table of limits"),
    ],
)
def test_a_file_that_is_no_registry_is_refused(text: str, said: str) -> None:
    """Whatever it is; nothing of it is run or guessed at."""
    with pytest.raises(ThresholdError, match=said):
        read_user_registry(text, "own.csv")
