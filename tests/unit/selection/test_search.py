"""The search: reproducible, resumable, and no worse than where it began."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotspot.errors import ConfigError, ModelError, OutputError
from hotspot.folds.plan import FoldPlan
from hotspot.samples.sampleset import Samples
from hotspot.selection import SearchSpace, Setting, Trial, Tuner, open_study, search, tune
from hotspot.selection.losses import Losses

N = 14


def losses_of(setting: Setting) -> Losses:
    """Return a bowl with its lowest point at rate 0.1 and five leaves."""
    value = np.log10(setting["rate"] / 0.1) ** 2 + (setting["leaves"] - 5) ** 2 / 10
    return value + np.linspace(0, 0.1, 12).reshape(2, 6)


SPACE = SearchSpace.from_dict(
    {
        "rate": {"kind": "float", "low": 0.001, "high": 1.0, "log": True},
        "leaves": {"kind": "int", "low": 2, "high": 30},
        "how": {"kind": "categorical", "choices": [None, ["a", 1], True]},
    }
)
DEFAULT = {"rate": 0.5, "leaves": 20, "how": None}
ABOUT = {"model": {"kind": "test"}, "seed": 1}


def settings(trials: list[Trial]) -> list[Setting]:
    return [trial.setting for trial in trials]


def found(n_trials: int = N, seed: int = 5, **more: Any) -> list[Trial]:
    return search(losses_of, SPACE, DEFAULT, n_trials=n_trials, seed=seed, **more)


def test_the_default_comes_first_and_better_ones_are_found() -> None:
    """Trial 0 is the default; what the search learns brings it closer to the lowest point."""
    trials = found()
    assert trials[0].setting == DEFAULT
    values = [trial.value for trial in trials]
    assert values[0] is not None
    assert min(value for value in values if value is not None) < values[0] / 10
    assert [trial.number for trial in trials] == list(range(N))


def test_the_same_seed_gives_the_same_trials() -> None:
    """Twice the same; another seed tries others."""
    assert settings(found()) == settings(found())
    assert settings(found(seed=6)) != settings(found())


@pytest.mark.parametrize("stop", [1, 4, 9])
def test_a_stopped_search_goes_on_as_if_it_had_not_been(tmp_path: Path, stop: int) -> None:
    """Killed in trial `stop` and started again: the trials of an uninterrupted run, exactly."""
    calls = 0

    def dies(setting: Setting) -> Losses:
        nonlocal calls
        if calls == stop:
            raise KeyboardInterrupt
        calls += 1
        return losses_of(setting)

    with pytest.raises(KeyboardInterrupt), open_study(tmp_path, SPACE, ABOUT) as memory:
        search(dies, SPACE, DEFAULT, n_trials=N, seed=5, memory=memory)

    asked: list[Setting] = []

    def counted(setting: Setting) -> Losses:
        asked.append(setting)
        return losses_of(setting)

    with open_study(tmp_path, SPACE, ABOUT) as memory:
        assert len(memory.recall()) == stop
        again = search(counted, SPACE, DEFAULT, n_trials=N, seed=5, memory=memory)
    whole = found()
    assert settings(again) == settings(whole)
    assert len(asked) == N - stop
    for one, other in zip(again, whole, strict=True):
        assert one.losses is not None
        np.testing.assert_array_equal(one.losses, other.losses)


def test_more_trials_go_on_from_those_there(tmp_path: Path) -> None:
    """6 trials and then 14 are the 14; and then 6 again are the first 6."""
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        found(6, memory=memory)
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        assert settings(found(memory=memory)) == settings(found())
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        assert settings(found(6, memory=memory)) == settings(found())[:6]


def test_a_line_cut_short_is_a_trial_that_was_not_finished(tmp_path: Path) -> None:
    """A process killed while it writes the journal costs the trial it wrote, and no more."""
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        found(5, memory=memory)
    journal = tmp_path / "journal.log"
    journal.write_bytes(journal.read_bytes()[:-100])
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        assert len(memory.recall()) == 4
        assert settings(found(memory=memory)) == settings(found())
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        assert len(memory.recall()) == N


def test_another_study_starts_afresh_and_says_why(tmp_path: Path) -> None:
    """What changed is named, and no trial of the old study is left."""
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        assert memory.changed == ()
        found(3, memory=memory)
    with open_study(tmp_path, SPACE, {**ABOUT, "seed": 2}) as memory:
        assert memory.changed == ("seed",)
        assert memory.recall() == []
    assert not (tmp_path / "losses").exists()
    with open_study(tmp_path, SPACE, {**ABOUT, "seed": 2}) as memory:
        assert memory.changed == ()


def test_a_study_has_one_process(tmp_path: Path) -> None:
    """A second one is told to wait, and harms nothing."""
    with (
        open_study(tmp_path, SPACE, ABOUT),
        pytest.raises(OutputError, match="another process"),
        open_study(tmp_path, SPACE, {"other": 1}),
    ):
        pass
    assert "other" not in (tmp_path / "about.json").read_text()


def test_lost_losses_are_an_error(tmp_path: Path) -> None:
    """A journal without its losses cannot be compared; the remedy is told."""
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        found(2, memory=memory)
    shutil.rmtree(tmp_path / "losses")
    with (
        open_study(tmp_path, SPACE, ABOUT) as memory,
        pytest.raises(OutputError, match=r"trial 0.*Remove"),
    ):
        memory.recall()


def test_optuna_opens_the_journal(tmp_path: Path) -> None:
    """The journal is Optuna's own: its tools show the study."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    with open_study(tmp_path, SPACE, ABOUT) as memory:
        trials = found(4, memory=memory)
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "journal.log")))
    study = optuna.load_study(study_name="tune", storage=storage)
    assert study.best_value == min(trial.value for trial in trials if trial.value is not None)


def test_a_refused_setting_is_a_trial_without_losses(tmp_path: Path) -> None:
    """The search goes on, remembers the reason, and never chooses it."""

    def fussy(setting: Setting) -> Losses:
        if setting["leaves"] > 21:
            raise ModelError("Too many leaves.")
        return losses_of(setting)

    with open_study(tmp_path, SPACE, ABOUT) as memory:
        trials = search(fussy, SPACE, DEFAULT, n_trials=N, seed=5, memory=memory)
    refused = [trial for trial in trials if trial.losses is None]
    assert refused
    assert {trial.reason for trial in refused} == {"Too many leaves."}
    with open_study(tmp_path, SPACE, ABOUT) as memory:
        again = search(fussy, SPACE, DEFAULT, n_trials=N, seed=5, memory=memory)
    assert [(t.setting, t.reason) for t in again] == [(t.setting, t.reason) for t in trials]


def test_a_refused_default_is_an_error() -> None:
    """Without the default there is nothing to compare with."""

    def never(setting: Setting) -> Losses:
        raise ModelError("Never.")

    with pytest.raises(ModelError, match="Never"):
        search(never, SPACE, DEFAULT, n_trials=3, seed=1)
    with pytest.raises(ConfigError, match=r"model\.rate=2"):
        search(losses_of, SPACE, DEFAULT | {"rate": 2}, n_trials=3, seed=1)


def test_a_small_space_is_tried_whole_and_once() -> None:
    """Fewer settings than trials: every one, the default first, and no more."""
    small = SearchSpace(SPACE.parameters[2:])
    calls: list[Setting] = []

    def counted(setting: Setting) -> Losses:
        calls.append(setting)
        return np.ones((1, 4))

    trials = search(counted, small, {"how": True}, n_trials=20, seed=1)
    assert settings(trials) == [{"how": True}, {"how": None}, {"how": ["a", 1]}]
    assert len(calls) == 3


def test_a_setting_that_comes_again_is_not_fitted_again() -> None:
    """Six settings in five trials: what is drawn twice is looked up."""
    space = SearchSpace.from_dict({"n": {"kind": "int", "low": 1, "high": 13}})
    calls: list[int] = []

    def counted(setting: Setting) -> Losses:
        calls.append(setting["n"])
        return np.full((1, 4), float(setting["n"]))

    trials = search(counted, space, {"n": 9}, n_trials=12, seed=1)
    assert len(trials) == 12
    assert len(calls) == len(set(calls))
    assert all(trial.value == trial.setting["n"] for trial in trials)


def test_a_planted_bad_default_is_left(
    samples: Samples, plans: list[FoldPlan], make_tuner: Callable[..., Tuner]
) -> None:
    """The slope that makes the labels is 2; from -1 the search comes near it and says so."""
    tuned = tune(make_tuner(), samples, plans, n_trials=15)
    assert not tuned.choice.is_default
    assert 0.5 < tuned.choice.setting["slope"] < 5
    assert tuned.choice.gain.mean is not None
    assert tuned.choice.gain.mean > 0.3
    assert "is chosen" in tuned.choice.sentence


def test_a_good_default_is_kept(
    samples: Samples, plans: list[FoldPlan], make_tuner: Callable[..., Tuner]
) -> None:
    """Slope 2 made the labels: what is better by chance does not take its place."""
    tuned = tune(make_tuner(default=2.0), samples, plans, n_trials=15)
    assert tuned.choice.is_default
    assert "default settings are kept" in tuned.choice.sentence
