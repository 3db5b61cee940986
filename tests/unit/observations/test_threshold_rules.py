"""Limits that depend on the soil: all rows, bands, corrections and joint rules."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import CovariateError, ThresholdError
from hotspot.observations.limits.building import build_rule
from hotspot.observations.limits.chosen import resolve_threshold
from hotspot.observations.limits.conditions import (
    QUANTITIES,
    condition_text,
    known_condition,
    may_hold_together,
    parse_condition,
)
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.regimes import Regimes, regime_rule, registry_rule
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.three_valued import all_of
from hotspot.observations.limits.threshold import Threshold
from hotspot.observations.limits.thresholds import Thresholds

REGISTRY = Thresholds.load()
SOIL = [row for row in REGISTRY if row.medium == "soil"]
STANDARD = {"clay": 25.0, "organic_matter": 10.0}


def suitable(row: Threshold) -> dict[str, float | str]:
    """Return a soil for which a row holds: within its first alternative."""
    soil: dict[str, float | str] = {**STANDARD, "extractable": 1e9}
    if row.background_rule:
        soil["background"] = "none" if row.background_rule == "replaces" else 1e-9
    for name in row.rule.quantities:
        own = [c for c in row.rule.alternatives[0] if c.quantity == name]
        if own and own[0].words:
            soil[name] = own[0].words[0]
        elif own:
            edges = [c.number for c in own]
            tried = [*edges, sum(edges) / len(edges), min(edges) - 0.5, max(edges) + 0.5]
            soil[name] = next(t for t in tried if all(c.admits(t) for c in own))
    if row.land_use != "any":
        soil["land_use"] = row.land_use
    return soil


def limit(row: Threshold, soil: dict[str, float | str]) -> float:
    rule = build_rule(row.contaminant, [row], SoilInputs.read(soil), rule_id=row.id)
    return float(rule.values(pd.DataFrame(index=[0]))[0])


@pytest.mark.parametrize(
    ("name", "value", "between"),
    [
        ("clay", 120, "from 0 to 100 %"),
        ("organic_matter", "-1", "from 0 to 100 %"),
        ("ph_water", 65, "from 0 to 14"),
        ("background", -2, "at least 0 mg/kg"),
    ],
)
def test_a_number_that_no_soil_has_is_refused(
    name: str, value: float | str, between: str
) -> None:
    """120 g/kg of clay taken for 120 % would raise a limit; the message tells the range."""
    with pytest.raises(ThresholdError, match=f"{name}: no soil has.*{between}"):
        SoilInputs.read({name: value})


def test_a_layer_in_another_unit_is_refused_at_the_samples() -> None:
    """80 g/kg of clay could be 80 %, 300 cannot; a cell with what no soil has has no limit."""
    # The Dutch limit of zinc asks for no pH, whose layer this experiment lacks.
    given = SoilInputs.read({"clay": "clay", "organic_matter": 5, "ph": "soil_ph"})
    rule = regime_rule("zn", "nl_soil_quality", given)
    table = pd.DataFrame({"clay": [80.0, 300.0, np.nan]})
    with pytest.raises(ThresholdError, match=r"1 of 3 samples .* 300 to 300; .* 0 to 100 %"):
        rule.check_units(table)
    rule.check_units(table.iloc[[0, 2]])
    np.testing.assert_array_equal(np.isnan(rule.values(table)), [False, True, True])


def test_the_ends_of_the_range_are_soils() -> None:
    """Pure sand has no clay, and peat may be organic matter throughout."""
    given = SoilInputs.read({"clay": 0, "organic_matter": 100, "ph": 14})
    assert [each.constant for each in given.given] == [0, 100, 14]


def test_every_row_is_computed_or_says_why_not() -> None:
    """In a soil that fulfils its condition a row gives its own number; 54 of 1114 cannot."""
    refused: dict[str, int] = {}
    for row in SOIL:
        if row.value_mg_kg is None:
            refused[row.unit] = refused.get(row.unit, 0) + 1
            continue
        found = limit(row, suitable(row))
        if row.rule.not_computable:
            assert np.isnan(found)
            refused[row.rule.not_computable] = refused.get(row.rule.not_computable, 0) + 1
        else:
            assert found == row.value_mg_kg, row.id
    flemish = next(count for why, count in refused.items() if "Flemish" in why)
    dutch = next(count for why, count in refused.items() if "Dutch" in why)
    assert refused == {
        "ng TEQ/kg dry": 4,
        "ng WHO-TEQ(2005)/kg dry": 4,
        "ng I-TEQ/kg dry": 2,
        **{why: count for why, count in refused.items() if "Flemish" in why or "Dutch" in why},
    }
    assert (flemish, dutch) == (36, 8)


def test_every_condition_of_the_registry_is_known() -> None:
    """No text of the column is passed over, and none is read as clauses by chance."""
    for row in SOIL:
        assert known_condition(row.jurisdiction, row.contaminant, row.condition) is not None


def test_a_condition_that_is_not_given_leaves_the_limit_unknown() -> None:
    """With nothing given, a conditional row has no limit, and the reason says why."""
    for row in SOIL:
        if row.value_mg_kg is None or not row.rule.quantities:
            continue
        rule = build_rule(row.contaminant, [row], SoilInputs(), rule_id=row.id)
        assert np.isnan(rule.values(pd.DataFrame(index=[0]))).all(), row.id
        reason = "; ".join(rule.reasons(pd.DataFrame(index=[0])))
        assert "is not given" in reason or row.rule.not_computable, row.id


@pytest.mark.parametrize("value", [0.6, 1.2, 4.3, 13.0])
def test_the_standard_soil_has_the_tabulated_value_exactly(value: float) -> None:
    """10 % organic matter and 25 % clay: no digit of the table is lost."""
    rows = [r for r in SOIL if r.jurisdiction == "NL" and r.contaminant == "cd"]
    row = next(r for r in rows if r.value == value)
    assert limit(row, suitable(row)) == value


@pytest.mark.parametrize(
    ("contaminant", "kind", "sand"),
    [
        # Background and intervention values of a soil of 2 % clay and 2 % organic matter, by
        # hand from (A + 2 B + 2 C) / (A + 25 B + 10 C) and the constants of annex G.
        ("cd", "background", 0.6 * 0.456 / 0.785),
        ("cu", "background", 40 * 17.4 / 36),
        ("pb", "background", 50 * 54 / 85),
        ("zn", "background", 140 * 59 / 140),
        ("ni", "background", 35 * 12 / 35),
        ("co", "background", 15 * 2.56 / 9),
        ("cr", "background", 55 * 54 / 100),
        ("cd", "intervention", 13 * 0.456 / 0.785),
        ("pb", "intervention", 530 * 54 / 85),
        ("zn", "intervention", 720 * 59 / 140),
        ("mo", "intervention", 190.0),
        ("as", "intervention", 76 * 16.6 / 29),
    ],
)
def test_a_poor_sand_has_the_value_of_the_formula(
    contaminant: str, kind: str, sand: float
) -> None:
    """And less than 2 % counts as 2 %, of either."""
    row = next(
        r
        for r in SOIL
        if r.jurisdiction == "NL" and r.contaminant == contaminant and r.value_kind == kind
    )
    assert limit(row, {"clay": 2, "organic_matter": 2}) == pytest.approx(sand, rel=1e-12)
    assert limit(row, {"clay": 0.5, "organic_matter": 0}) == pytest.approx(sand, rel=1e-12)


def test_organic_compounds_scale_with_organic_matter_within_bounds() -> None:
    """2 to 30 %, for aromatic hydrocarbons 10 to 30 %; clay is not asked for."""
    rows = {
        r.contaminant: r
        for r in SOIL
        if r.jurisdiction == "NL" and r.value_kind == "background"
    }
    oil, pah = rows["mineral_oil"], rows["pah10"]
    for matter, factor in ((1, 0.2), (5, 0.5), (10, 1.0), (30, 3.0), (60, 3.0)):
        assert limit(oil, {"organic_matter": matter}) == pytest.approx(oil.value * factor)
        assert limit(pah, {"organic_matter": matter}) == pytest.approx(
            pah.value * max(factor, 1.0)
        )


@pytest.mark.parametrize(
    ("ph", "arsenic", "cadmium"),
    [
        (5.5, 200.0, 1.5),
        (5.5000001, 150.0, 2.0),
        (6.5, 150.0, 2.0),
        (6.6, 120.0, 3.0),
        (7.5, 120.0, 3.0),
        (7.6, 100.0, 4.0),
    ],
)
def test_the_upper_edge_of_a_chinese_band_belongs_to_it(
    ph: float, arsenic: float, cadmium: float
) -> None:
    """GB 15618: pH <= 5.5, 5.5 to 6.5, 6.5 to 7.5, above; arsenic falls, cadmium rises."""
    given = SoilInputs.read({"ph": ph})
    assert regime_rule("as", "cn_farmland_control", given).constant_mg_kg == arsenic
    assert regime_rule("cd", "cn_farmland_control", given).constant_mg_kg == cadmium


def test_the_european_range_holds_from_ph_6_to_7_with_both_ends() -> None:
    """Beyond it the directive gives no number, and neither do we."""
    rule = regime_rule("cd", "eu_sludge_86_278", SoilInputs.read({"ph": "ph"}))
    frame = pd.DataFrame({"ph": [5.99, 6.0, 7.0, 7.01, np.nan]})
    np.testing.assert_array_equal(rule.values(frame), [np.nan, 3.0, 3.0, np.nan, np.nan])
    assert rule.reasons(frame) == {
        "ph (pH) is missing": 1,
        "no limit holds for such a soil": 2,
    }
    lower = regime_rule("cd", "eu_sludge_86_278", SoilInputs.read({"ph": 6, "range": "lower"}))
    assert lower.constant_mg_kg == 1.0


def test_ph_in_water_does_not_answer_for_calcium_chloride() -> None:
    """The gap is often half a unit; an instrument without method takes any."""
    german = regime_rule(
        "cd",
        "de_precautionary",
        SoilInputs.read({"ph_water": 6.5, "texture": "clay", "toc": 2}),
    )
    assert german.constant_mg_kg is None
    assert any("ph_cacl2" in why for why in german.reasons(pd.DataFrame(index=[0])))
    chinese = regime_rule("as", "cn_farmland_control", SoilInputs.read({"ph_water": 5.0}))
    assert chinese.constant_mg_kg == 200.0


@pytest.mark.parametrize(
    ("texture", "ph", "expected"),
    [
        ("clay", 6.0, 1.5),
        ("clay", 5.9, 1.0),
        ("loam", 6.0, 1.0),
        ("loam", 5.9, 0.4),
        ("sand", 7.0, 0.4),
        ("sand", 4.0, 0.4),
    ],
)
def test_german_cadmium_moves_to_the_lighter_texture_below_ph_6(
    texture: str, ph: float, expected: float
) -> None:
    """Clay takes the value of loam, loam that of sand; nothing holds above 9 % TOC."""
    soil = {"texture": texture, "ph_cacl2": ph, "toc": 9}
    rule = regime_rule("cd", "de_precautionary", SoilInputs.read(soil))
    assert rule.constant_mg_kg == expected
    peat = SoilInputs.read({**soil, "toc": 9.1})
    with pytest.raises(ThresholdError, match="none of them for"):
        regime_rule("cd", "de_precautionary", peat)


def test_sand_needs_no_ph_in_germany() -> None:
    """What is not needed may be missing: only loam and clay ask for it."""
    rule = regime_rule("cd", "de_precautionary", SoilInputs.read({"texture": "sand", "toc": 2}))
    assert rule.constant_mg_kg == 0.4


def test_slovak_texture_classes_have_both_edges_in_the_middle() -> None:
    """20 and 45 % are loam; below pH 5 clay has the lead value of loam."""
    given = SoilInputs.read({"particles_lt_10um": "fine", "ph_cacl2": "ph"})
    frame = pd.DataFrame(
        {"fine": [19.9, 20, 45, 45.1, 45.1, 30], "ph": [7.0, 7, 7, 5, 4.9, np.nan]}
    )
    lead = regime_rule("pb", "sk_farmland", given).values(frame)
    np.testing.assert_array_equal(lead, [25, 70, 70, 115, 70, 70])
    cadmium = regime_rule("cd", "sk_farmland", given).values(frame)
    np.testing.assert_array_equal(cadmium, [0.4, 0.7, 0.7, 0.7, 0.7, np.nan])


def test_the_czech_pair_must_be_exceeded_together() -> None:
    """A total above 300 counts where the extract is above 1.5; unknown if that is."""
    rule = regime_rule("pb", "cz_indication", SoilInputs.read({"extractable": "extract"}))
    frame = pd.DataFrame({"extract": [1.5, 1.6, np.nan]})
    limits = rule.values(frame)
    np.testing.assert_array_equal(limits, [np.inf, 300.0, np.nan])
    same = np.full(3, 400.0)
    np.testing.assert_array_equal(exceedance_labels(same, same, limits), [0.0, 1.0, np.nan])
    unknown = regime_rule("pb", "cz_indication", SoilInputs())
    assert "extractable" in "; ".join(unknown.reasons(pd.DataFrame(index=[0])))
    # Where only the aqua regia value is set, it stands alone.
    zinc = regime_rule("zn", "cz_indication", SoilInputs())
    assert zinc.constant_mg_kg == 400.0


def test_joint_claims_are_never_guessed() -> None:
    """One below decides, one unknown beside one above does not."""
    one = np.array([1.0, 1.0, 0.0, np.nan, np.nan])
    two = np.array([1.0, 0.0, np.nan, 1.0, np.nan])
    np.testing.assert_array_equal(all_of([one, two], 5), [1.0, 0.0, 0.0, np.nan, np.nan])


def test_natural_background_takes_the_place_of_a_lower_limit() -> None:
    """Finland: the higher of both; Italy: the background wherever there is one."""
    frame = pd.DataFrame({"nature": [2.0, 30.0, np.nan]})
    given = SoilInputs.read({"background": "nature"})
    np.testing.assert_array_equal(
        regime_rule("as", "fi", given).values(frame), [5.0, 30.0, np.nan]
    )
    np.testing.assert_array_equal(
        regime_rule("as", "it_farmland", given).values(frame), [2.0, 30.0, 30.0]
    )
    assert regime_rule("as", "fi", SoilInputs()).constant_mg_kg == 5.0
    assert regime_rule("as", "it_farmland", SoilInputs()).constant_mg_kg is None
    none = SoilInputs.read({"background": "none"})
    assert regime_rule("as", "it_farmland", none).constant_mg_kg == 30.0


def test_an_addition_is_put_on_the_background() -> None:
    """And a background that no instrument asks for is refused, not ignored."""
    given = SoilInputs.read({"background": 12.0, "land_use": "industrial"})
    rule = registry_rule("zn", "se_nv", given, background_rule="addition")
    assert rule.constant_mg_kg == 512.0
    with pytest.raises(ThresholdError, match=r"no instrument of se_nv\.zn says"):
        registry_rule("zn", "se_nv", given)


def test_the_land_use_of_each_cell_chooses_the_limit() -> None:
    """Canada; a code without word and a missing one have no limit."""
    given = SoilInputs.read({"land_use": "use"}, {1: "agricultural", 2: "industrial"})
    rule = registry_rule("pb", "CA", given)
    limits = rule.values(pd.DataFrame({"use": [1.0, 2.0, 3.0, np.nan]}))
    np.testing.assert_array_equal(limits, [70.0, 600.0, np.nan, np.nan])
    assert rule.covariates == ("use",)
    with pytest.raises(CovariateError, match="which the table lacks"):
        rule.values(pd.DataFrame({"land": [1.0]}))


def test_two_limits_at_one_place_are_an_error() -> None:
    """German lead limits together contradict each other; the message says what to choose."""
    with pytest.raises(ThresholdError, match=r"two limits at once.*Choose: .*value_kind="):
        registry_rule("pb", "DE", SoilInputs())


@pytest.mark.parametrize("regime", [regime.name for regime in Regimes.load()])
def test_every_regime_has_limits_that_do_not_contradict_each_other(regime: str) -> None:
    """Every contaminant of a regime makes a rule, whose ids are in the registry."""
    found = Regimes.load().get(regime)
    assert found.contaminants
    for contaminant in found.contaminants:
        rule = regime_rule(contaminant, regime, SoilInputs())
        assert all(REGISTRY.get(row.threshold.id) for row in rule.rows)
        assert regime in rule.citation or len(rule.rows) == 1


def test_a_rule_survives_being_saved() -> None:
    """Through plain values, without a registry: same limits, same reasons."""
    given = SoilInputs.read({"clay": "clay", "organic_matter": "om"})
    frame = pd.DataFrame({"clay": [2.0, 25, np.nan], "om": [2.0, 10, 3]})
    for rule in (
        regime_rule("cd", "nl_soil_quality", given),
        regime_rule("pb", "cz_indication", SoilInputs.read({"extractable": 2.0})),
        regime_rule("as", "it_farmland", SoilInputs.read({"background": "none"})),
        LimitRule.constant(resolve_threshold("zn", 500)),
    ):
        again = LimitRule.from_dict(rule.to_dict())
        np.testing.assert_array_equal(again.values(frame), rule.values(frame))
        assert again.to_dict() == rule.to_dict()


def test_labels_of_one_limit_are_those_of_exceedance_labels() -> None:
    """A constant array of limits says what the single number says, non-detects included."""
    random = np.random.default_rng(1)
    lower = random.uniform(0, 10, 200)
    upper = lower + random.choice([0.0, 1.0, 5.0, np.inf], 200)
    for threshold in (0.5, 5.0, 12.0, float(lower[0])):
        np.testing.assert_array_equal(
            exceedance_labels(lower, upper, np.full(200, threshold)),
            exceedance_labels(lower, upper, threshold),
        )


def test_the_edition_of_a_date_is_chosen() -> None:
    """Japanese cadmium: 150 to the end of March 2021, 45 from April on."""
    for day, value in (("2021-03-31", 150.0), ("2021-04-01", 45.0)):
        found = REGISTRY.select("cd", "JP", date=day)
        assert [row.value for row in found] == [value]
    dutch = REGISTRY.select("cd", "NL", value_kind="intervention", date="2015-01-01")
    assert [row.value for row in dutch] == [13.0]
    assert len(REGISTRY.select("cd", "NL", date="2024-01-01")) == 0
    with pytest.raises(ThresholdError, match="Write it as in 2021-04-01"):
        REGISTRY.select("cd", date="1.4.2021")
    rule = registry_rule("pb", "us_lead2024", SoilInputs.read({"scenario": "multiple_sources"}))
    assert rule.constant_mg_kg == 100.0
    with pytest.raises(ThresholdError, match="none of them for"):
        registry_rule(
            "pb",
            "us_lead2024",
            SoilInputs.read({"scenario": "multiple_sources"}),
            date="2025-10-20",
        )


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x') < 3",
        "ph < 1; exec = 3",
        "ph < nan",
        "ph < inf",
        "ph = 6",
        "crop < 3",
        "crop = rice",
        "acidity < 6",
        "ph <",
        "ph < 5 and clay > 3",
        "ph < 6; " * 400,
    ],
)
def test_a_text_that_is_no_condition_is_refused(text: str) -> None:
    """Only comparisons of known quantities are conditions."""
    with pytest.raises(ThresholdError):
        parse_condition(text)


def test_conditions_are_read_back_as_written() -> None:
    """For every condition of the registry."""
    for row in SOIL:
        alternatives = row.rule.alternatives
        assert parse_condition(condition_text(alternatives)) == alternatives


def test_bands_that_touch_exclude_each_other() -> None:
    """A common edge holds in one of them only, unless both have it."""
    low, high, closed = parse_condition("ph < 7 or ph > 7 or ph <= 7")
    assert not may_hold_together(low, high)
    assert may_hold_together(low, closed)
    paddy, other = parse_condition("crop = paddy or crop = upland/orchard")
    assert not may_hold_together(paddy, other)
    assert may_hold_together(paddy, low)


def test_the_configuration_has_every_quantity() -> None:
    """`GivenConfig` spells out the quantities, since it may not import them."""
    from hotspot.config.schema import GivenConfig

    assert set(GivenConfig.model_fields) - {"classes"} == set(QUANTITIES)
