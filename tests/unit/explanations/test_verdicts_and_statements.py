"""Statements: planted drivers are supported, noise is not, and shared credit is named."""

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hotspot.commands.workers import in_parallel
from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.estimators import LogisticClassifier
from hotspot.explanations import (
    FOR_A_SUM,
    RULES,
    Effort,
    Evidence,
    OtherModel,
    Refitter,
    Statement,
    Survey,
    Verdict,
    gather_evidence,
    make_statements,
    near_best,
    shap_values,
    sign_agreement,
    verdict_of,
)
from hotspot.explanations.store import read_json, write_statements
from hotspot.folds.plan import FoldPlan
from hotspot.report.words import causal_words
from hotspot.samples.sampleset import Samples

LIMIT = 500.0
QUICK = Effort(n_seeds=1, n_bootstraps=4, n_planted=4, n_rows=2000, n_held_out=2000)


def quarters(samples: Samples) -> FoldPlan:
    """Leave out one quarter of the square after the other."""
    east, north = (samples.coordinates > 5000).T
    return FoldPlan("block", 0, samples.sample_id, east.astype(np.int64) + 2 * north)


def evidence_of(
    samples: Samples,
    catalogue: Catalogue,
    *,
    strength: float = 1.0,
    seed: int = 1,
    workers: int = 1,
) -> Evidence:
    """Fit, refit and gather what is said."""

    def make(random_state: int) -> LogisticClassifier:
        return LogisticClassifier(
            LIMIT, catalogue.categorical, C=strength, random_state=random_state
        )

    refitter = Refitter(make, samples, LIMIT, seed)
    model = refitter.fit(samples, "final")
    return gather_evidence(
        refitter,
        quarters(samples),
        shap_values(model, samples.X),
        np.arange(len(samples)),
        effort=QUICK,
        spread=partial(in_parallel, workers=workers),
    )


def statements_of(
    samples: Samples,
    catalogue: Catalogue,
    *,
    others: tuple[OtherModel, ...] = (),
    inside: np.ndarray | None = None,
    strength: float = 1.0,
) -> dict[str, Statement]:
    """Return statements by subject; roles and covariates of one name do not occur."""
    survey = Survey("zn", "zinc", samples.X, catalogue, inside)
    found = make_statements(evidence_of(samples, catalogue, strength=strength), survey, others)
    return {each.id.removeprefix("zn-"): each for each in found}


@pytest.fixture(scope="module")
def told(samples: Samples, catalogue: Catalogue) -> dict[str, Statement]:
    return statements_of(samples, catalogue, inside=np.ones(len(samples), dtype=bool))


def test_planted_drivers_are_supported_and_noise_is_not(told: dict[str, Statement]) -> None:
    """Industry and rock drive zinc; slope, height and their role do not."""
    assert told["covariate-industry"].verdict is Verdict.SUPPORTED
    assert told["covariate-industry"].direction == "raises"
    assert told["covariate-rock"].verdict is Verdict.SUPPORTED
    assert told["role-industry"].verdict is Verdict.SUPPORTED
    for name in ("covariate-slope", "covariate-height", "role-terrain"):
        assert told[name].verdict is Verdict.UNSTABLE
        assert told[name].cautions


def test_evidence_says_how_much_was_done(told: dict[str, Statement]) -> None:
    """Folds, seeds, bootstraps, noise and samples are counted; nothing is left to belief."""
    facts = told["covariate-industry"].evidence
    assert facts["n_folds"] == 4
    assert (facts["n_seeds"], facts["n_bootstraps"], facts["n_placebo_fits"]) == (1, 4, 4)
    assert facts["n_placebo"] == 4 * 6
    assert facts["n_samples"] == 240
    assert facts["mean_abs_low"] <= facts["mean_abs"] * 1.3
    assert {rule.fact for rule in RULES} <= set(facts)


def test_evidence_is_the_same_from_several_processes(
    samples: Samples, catalogue: Catalogue
) -> None:
    """Bit for bit, refit for refit, and the band of the noise."""
    alone, shared = (evidence_of(samples, catalogue, workers=n) for n in (1, 2))
    np.testing.assert_array_equal(alone.band.white, shared.band.white)
    np.testing.assert_array_equal(alone.band.structured, shared.band.structured)
    assert len(alone.told) == len(shared.told) == 4 + 1 + 4 + 4
    for one, other in zip(alone.told, shared.told, strict=True):
        assert (one.sort, one.fold) == (other.sort, other.fold)
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.base, other.base)


def test_ids_and_texts_can_be_reviewed(told: dict[str, Statement]) -> None:
    """Ids are slugs, no text claims a cause, and every text names size and rank."""
    for name, each in told.items():
        assert re.fullmatch(r"(role|covariate)-[A-Za-z0-9_]+", name)
        assert causal_words(" ".join([each.text, *each.cautions])) == []
        assert "in the odds on average (" in each.text
        assert re.search(rf"It ranks {each.evidence['rank']}(st|nd|rd|th) of ", each.text)


def test_a_sentence_begins_with_words(
    samples: Samples, catalogue: Catalogue, told: dict[str, Statement]
) -> None:
    """With the description, or the name written out; the name itself stands beside it."""
    renamed = replace(samples, X=samples.X.rename(columns={"rock": "rock_of_map"}))
    entries = [
        replace(each, name="rock_of_map", description="" if described is None else described)
        if each.name == "rock"
        else each
        for described in (None, "rock of the geological map")
        for each in catalogue
    ]
    n = len(tuple(catalogue))
    plain, described = (
        statements_of(renamed, Catalogue(tuple(entries[start : start + n]))) for start in (0, n)
    )
    name = "covariate-rock_of_map"
    assert plain[name].text.startswith("Rock of map (rock_of_map) moves ")
    start = "Rock of the geological map (rock_of_map) moves "
    assert described[name].text.startswith(start)
    assert all(each.text[:1].isupper() for each in told.values())


def test_the_file_is_what_the_viewer_reads(told: dict[str, Statement], tmp_path: Path) -> None:
    """Contaminant, model, unit, statements and the rules; plain JSON without NaN."""
    path = tmp_path / "statements.json"
    write_statements(list(told.values()), path, contaminant="zn", model="abc", unit="log-odds")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found == read_json(path)
    assert (found["contaminant"], found["model"], found["unit"]) == ("zn", "abc", "log-odds")
    wanted = {"id", "text", "verdict", "subject", "direction", "evidence", "cautions"}
    assert all(wanted <= set(each) for each in found["statements"])
    assert len(found["rules"]) == len(RULES)
    assert read_json(tmp_path / "none.json") is None


def test_twins_are_correlated_and_their_role_is_not(
    samples: Samples, catalogue: Catalogue
) -> None:
    """A copy within the role takes half of the credit; the role total stays within 2 %.

    The penalty is weak: a strong one is halved by a copy, which changes the model itself.
    """
    twin = replace(samples, X=samples.X.assign(works=samples.X["industry"]))
    both = Catalogue(
        (*catalogue.covariates, Covariate("works", "1/km2", Kind.CONTINUOUS, Role.INDUSTRY))
    )
    found = statements_of(twin, both, strength=1000.0)
    assert found["covariate-industry"].verdict is Verdict.CORRELATED
    assert found["covariate-industry"].evidence["cluster"] == ["industry", "works"]
    share = found["covariate-industry"].evidence["cluster_share"]
    assert share == pytest.approx(0.5, abs=0.02)
    assert found["role-industry"].verdict is Verdict.SUPPORTED
    alone = statements_of(samples, catalogue, strength=1000.0)["role-industry"].evidence
    total = found["role-industry"].evidence["mean_abs"]
    assert total == pytest.approx(alone["mean_abs"], rel=0.02)


def test_a_twin_of_another_role_makes_the_role_correlated(
    samples: Samples, catalogue: Catalogue
) -> None:
    """Where roads say what industry says, neither role can be credited alone."""
    twin = replace(samples, X=samples.X.assign(roads=samples.X["industry"]))
    both = Catalogue(
        (*catalogue.covariates, Covariate("roads", "1/km2", Kind.CONTINUOUS, Role.ROADS))
    )
    found = statements_of(twin, both)
    assert found["role-industry"].verdict is Verdict.CORRELATED
    assert any("two readings" in caution for caution in found["role-roads"].cautions)


def test_credit_outside_the_area_is_extrapolated(
    samples: Samples, catalogue: Catalogue
) -> None:
    """Where the samples that carry a statement are unlike all others, it is extrapolated."""
    inside = (np.abs(samples.X["industry"]) < 0.7).to_numpy()
    found = statements_of(samples, catalogue, inside=inside)
    assert found["covariate-industry"].verdict is Verdict.EXTRAPOLATED
    assert found["covariate-industry"].evidence["inside_share"] < 0.5


def test_other_good_models_can_refuse_a_statement(
    samples: Samples, catalogue: Catalogue
) -> None:
    """One that tells the opposite makes it unstable; one without covariates is a caution."""
    evidence = evidence_of(samples, catalogue)
    rows = evidence.rows
    opposite = OtherModel("lightgbm", rows, evidence.names, -evidence.values)
    same = replace(opposite, kind="forest", values=evidence.values * 0.5)
    blind = OtherModel("ordinary_kriging", rows, evidence.names, evidence.values * 0)
    survey = Survey("zn", "zinc", samples.X, catalogue)

    def covariate(*others: OtherModel) -> Statement:
        found = make_statements(evidence, survey, others)
        return next(each for each in found if each.id == "zn-covariate-industry")

    assert covariate(opposite).verdict is Verdict.UNSTABLE
    assert covariate(opposite).evidence["models_disagreeing"] == ["lightgbm"]
    assert covariate(same).verdict is Verdict.SUPPORTED
    assert covariate(same, opposite).evidence["models_agree"] == 0.5
    told = covariate(blind)
    assert told.verdict is Verdict.SUPPORTED
    assert "ordinary kriging predicts as well from the places alone" in told.cautions[-1]


def test_every_rule_can_fail_and_the_first_one_names_the_verdict() -> None:
    """Each number below its threshold gives the verdict of its rule; missing ones none."""
    good = {rule.fact: 1.0 for rule in RULES}
    assert verdict_of(good) == (Verdict.SUPPORTED, ())
    for rule in RULES:
        verdict, cautions = verdict_of({**good, rule.fact: rule.at_least - 0.01})
        assert (verdict, cautions) == (rule.verdict, (rule.caution,))
        assert verdict_of({**good, rule.fact: None})[0] is Verdict.SUPPORTED
        assert verdict_of({**good, rule.fact: rule.at_least})[0] is Verdict.SUPPORTED
        assert rule.reason
    worst, cautions = verdict_of({rule.fact: -1.0 for rule in RULES})
    assert worst is Verdict.UNSTABLE
    assert len(cautions) == len(RULES)


def test_near_best_is_one_standard_error_of_the_best() -> None:
    """A model one error above the best is in, one beyond is out; no score, no place."""

    def at(mean: float | None, se: float | None = 0.1) -> dict[str, object]:
        return {"block": {"log_loss": {"mean": mean, "se": se}}}

    scores = {"a": at(0.5), "b": at(0.6), "c": at(0.61), "d": at(None), "prevalence": at(0.4)}
    assert near_best(scores, "block") == ("a", "b")  # type: ignore[arg-type]
    assert near_best(scores, "knndm") == ()  # type: ignore[arg-type]


def test_held_out_values_are_by_the_model_that_did_not_see_the_sample(
    samples: Samples, catalogue: Catalogue
) -> None:
    """They add up to the fold model's log-odds, to 1e-6."""
    evidence = evidence_of(samples, catalogue)
    values, base, fold = evidence.held_out()
    np.testing.assert_array_equal(fold, quarters(samples).fold)
    for number, (train, test) in enumerate(quarters(samples).splits(samples.coordinates)):
        part = samples.take(train)
        model = LogisticClassifier(LIMIT, ("rock",)).fit(part.X, part.lower, part.upper)
        expected = model.log_odds(samples.X.iloc[test])
        np.testing.assert_allclose(base[test] + values[test].sum(axis=1), expected, atol=1e-6)
        assert (fold[test] == number).all()


def test_agreement_of_signs_weighs_large_contributions() -> None:
    """Signs near 0 count little where agreement is weighed by size."""
    one = np.array([[2.0], [0.01], [-0.01]])
    other = np.array([[1.0], [-1.0], [1.0]])
    assert sign_agreement(one, other)[0] == pytest.approx(1 / 3)
    assert sign_agreement(one, other, weighted="by_size")[0] > 0.98
    assert np.isnan(sign_agreement(one * 0, other * 0)[0])
    assert FOR_A_SUM.n_bootstraps >= 5
