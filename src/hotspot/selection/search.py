"""The search: settings are tried one after the other, each drawn from what is known so far."""

import json
import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from hotspot.errors import ModelError
from hotspot.seeds import child_seed
from hotspot.selection.losses import Losses
from hotspot.selection.space import Parameter, SearchSpace, Setting

# The default and some settings at random, before the sampler has something to learn from.
STARTUP_TRIALS = 6

# Progress of some work: what is done, and how much there is.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Trial:
    """One setting with its out-of-fold losses.

    Parameters
    ----------
    number : int
        From 0, the default setting.
    setting : dict
        Values by parameter.
    losses : array, shape (n_repeats, n), or None
        None where the model refused the setting.
    reason : str
        Why it was refused.
    """

    number: int
    setting: Setting
    losses: Losses | None
    reason: str = ""

    @cached_property
    def value(self) -> float | None:
        """Mean loss, averaged over repeats; None where there is none."""
        if self.losses is None or not np.isfinite(self.losses).any(axis=1).all():
            return None
        return float(np.mean([row[np.isfinite(row)].mean() for row in self.losses]))


class Memory(Protocol):
    """Keeps finished trials, so that a search that was stopped can go on."""

    def recall(self) -> list[Trial]:
        """Return the finished trials in order."""
        ...

    def keep(self, trial: Trial) -> None:
        """Remember a finished trial."""
        ...


class Forgetful:
    """A memory that starts empty and ends with the process."""

    def recall(self) -> list[Trial]:
        """Return nothing."""
        return []

    def keep(self, trial: Trial) -> None:
        """Keep nothing; the search has the trial."""


def search(
    evaluate: Callable[[Setting], Losses],
    space: SearchSpace,
    default: Setting,
    *,
    n_trials: int,
    seed: int,
    memory: Memory | None = None,
    progress: Progress | None = None,
) -> list[Trial]:
    """Return the trials of a search, the default setting first.

    A trial depends on the seed, its number and the trials before it, and on nothing else: a
    search that was stopped goes on as if it had not been, and more trials can be added later.
    A space with no more settings than trials is tried out whole; a setting that comes up
    again costs nothing.

    Parameters
    ----------
    evaluate : callable
        From a setting to its out-of-fold losses.
    space : SearchSpace
    default : dict
        The setting of trial 0, in the space.
    n_trials : int
        From 1, with the default.
    seed : int
    memory : Memory, optional
        What is finished is not done again.
    progress : callable, optional
        Called with the trials done and the trials asked.

    Raises
    ------
    ConfigError
        The default lies outside the space.
    ModelError
        The model refuses its default setting. Another setting that it refuses is a trial
        without losses.

    References
    ----------
    Bergstra, J., Bardenet, R., Bengio, Y., & Kegl, B. (2011). Algorithms for hyper-parameter
    optimization. NeurIPS 24. Watanabe, S. (2023). Tree-structured Parzen estimator.
    https://doi.org/10.48550/arXiv.2304.11127
    """
    space.check(default)
    kept = memory or Forgetful()
    trials = kept.recall()[:n_trials]
    whole = space.every(n_trials)
    while len(trials) < n_trials:
        if progress is not None:
            progress(len(trials), n_trials)
        setting = default if not trials else _next(space, trials, whole, seed)
        if setting is None:
            break
        trials.append(_tried(evaluate, setting, trials))
        kept.keep(trials[-1])
    if progress is not None:
        progress(n_trials, n_trials)
    return trials


def suggest(space: SearchSpace, trials: Sequence[Trial], seed: int) -> Setting:
    """Return the setting to try after some trials; the same for the same trials and seed.

    A tree-structured Parzen estimator that looks at all parameters together, and draws at
    random until `STARTUP_TRIALS` are known.
    """
    optuna = import_optuna()
    with warnings.catch_warnings():
        # Optuna 4 calls the joint sampling of parameters experimental; Optuna 5 does it.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            seed=seed,
            multivariate=True,
            constant_liar=False,
            n_startup_trials=STARTUP_TRIALS,
        )
    study = optuna.create_study(sampler=sampler)
    study.add_trials([frozen(trial, space) for trial in trials])
    asked = study.ask(distributions(space))
    return space.rounded(plain(space, asked.params))


def import_optuna() -> Any:
    """Return optuna, told to say only what matters."""
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)
    return optuna


def distributions(space: SearchSpace) -> dict[str, Any]:
    """Return the space in Optuna's words; choices are texts, since lists are none to it."""
    optuna = import_optuna()

    def one(parameter: Parameter) -> Any:
        if parameter.kind == "categorical":
            texts = [json.dumps(choice) for choice in parameter.choices]
            return optuna.distributions.CategoricalDistribution(texts)
        if parameter.kind == "int":
            return optuna.distributions.IntDistribution(
                int(parameter.low), int(parameter.high), log=parameter.log
            )
        return optuna.distributions.FloatDistribution(
            parameter.low, parameter.high, log=parameter.log
        )

    return {parameter.name: one(parameter) for parameter in space.parameters}


def frozen(trial: Trial, space: SearchSpace) -> Any:
    """Return a finished trial as Optuna's."""
    optuna = import_optuna()
    states = optuna.trial.TrialState
    params = {
        parameter.name: json.dumps(trial.setting[parameter.name])
        if parameter.kind == "categorical"
        else trial.setting[parameter.name]
        for parameter in space.parameters
    }
    return optuna.trial.create_trial(
        state=states.FAIL if trial.value is None else states.COMPLETE,
        params=params,
        distributions=distributions(space),
        value=trial.value,
        user_attrs={"reason": trial.reason} if trial.reason else {},
    )


def plain(space: SearchSpace, params: dict[str, Any]) -> Setting:
    """Return Optuna's parameters as a setting."""
    return {
        parameter.name: json.loads(params[parameter.name])
        if parameter.kind == "categorical"
        else params[parameter.name]
        for parameter in space.parameters
    }


def _next(
    space: SearchSpace, trials: Sequence[Trial], whole: list[Setting] | None, seed: int
) -> Setting | None:
    if whole is None:
        return suggest(space, trials, child_seed(seed, "trial", len(trials)))
    tried = [trial.setting for trial in trials]
    return next((setting for setting in whole if setting not in tried), None)


def _tried(
    evaluate: Callable[[Setting], Losses], setting: Setting, before: Sequence[Trial]
) -> Trial:
    number = len(before)
    same = next((trial for trial in before if trial.setting == setting), None)
    if same is not None:
        return Trial(number, setting, same.losses, same.reason)
    try:
        losses = evaluate(setting)
    except ModelError as error:
        # Without the default there is nothing to compare with.
        if number == 0:
            raise
        return Trial(number, setting, None, str(error))
    trial = Trial(number, setting, losses)
    if trial.value is None:
        return Trial(number, setting, None, "no sample could be scored")
    return trial
