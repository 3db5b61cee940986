"""What choosing leaves behind, as tables and plain values for files."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.evaluation.uncertainty import Estimate
from hotspot.selection.choice import told
from hotspot.selection.forward import Selection
from hotspot.selection.losses import Losses, loss_difference, mean_loss, scored_by_both
from hotspot.selection.tuning import Tuned


def trials_table(tuned: Tuned) -> pd.DataFrame:
    """Return one row per trial.

    Returns
    -------
    DataFrame
        ``number``; ``model.<parameter>`` for each, choices as JSON; ``score`` and ``se``;
        ``gain`` and ``gain_se``, the loss of the default minus that of the trial;
        ``is_chosen``; ``reason`` where the model refused the setting.
    """
    columns: dict[str, list[Any]] = {"number": [trial.number for trial in tuned.trials]}
    for name in tuned.trials[0].setting:
        columns[f"model.{name}"] = _column([trial.setting[name] for trial in tuned.trials])
    default = tuned.default_losses
    scores, gains = [], []
    for trial in tuned.trials:
        score = gain = Estimate(None)
        if trial.losses is not None:
            score = mean_loss(trial.losses, tuned.blocks)
            gain = loss_difference(default, trial.losses, tuned.blocks)
        scores.append(score)
        gains.append(gain)
    return pd.DataFrame(
        {
            **columns,
            **_numbers("score", "se", scores),
            **_numbers("gain", "gain_se", gains),
            "is_chosen": [trial.number == tuned.choice.trial for trial in tuned.trials],
            "reason": [trial.reason for trial in tuned.trials],
        }
    )


def selection_table(selection: Selection) -> pd.DataFrame:
    """Return one row per set that was scored, in order.

    Returns
    -------
    DataFrame
        ``step``, ``added`` and ``names`` (with commas between), ``score``, ``se``, ``gain``
        and ``gain_se`` (loss of the set before minus that of this one), ``is_taken``.
    """
    tried = selection.tried
    return pd.DataFrame(
        {
            "step": [each.step for each in tried],
            "added": [",".join(each.added) for each in tried],
            "names": [",".join(each.names) for each in tried],
            **_numbers("score", "se", [each.score for each in tried]),
            **_numbers("gain", "gain_se", [each.gain for each in tried]),
            "is_taken": [each.is_taken for each in tried],
        }
    )


def nested_summary(
    before: Losses,
    after: Losses,
    blocks: NDArray[np.int64],
    *,
    names: tuple[str, str],
    folds: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the nested scores before and after choosing, as plain values for JSON.

    Parameters
    ----------
    before, after : array, shape (1, n)
        Losses without and with the choice, on the same folds.
    blocks : array of int, shape (n,)
    names : tuple of str
        What the two are called, such as ``("default", "tuned")``.
    folds : sequence of mapping
        What was chosen in each fold.
    """
    gain = loss_difference(before, after, blocks)
    before, after = scored_by_both(before, after)
    return {
        names[0]: mean_loss(before, blocks).to_dict(),
        names[1]: mean_loss(after, blocks).to_dict(),
        "gain": gain.to_dict(),
        "verdict": nested_verdict(gain),
        "sentence": nested_sentence(gain, names),
        "folds": [dict(fold) for fold in folds],
    }


def nested_verdict(gain: Estimate) -> str:
    """Return ``better``, ``worse`` or ``not clear``: two standard errors decide.

    Examples
    --------
    >>> [nested_verdict(Estimate(mean, 0.1)) for mean in (0.3, 0.1, -0.3)]
    ['better', 'not clear', 'worse']
    """
    if gain.mean is None or gain.se is None or abs(gain.mean) <= 2 * gain.se:
        return "not clear"
    return "better" if gain.mean > 0 else "worse"


def nested_sentence(gain: Estimate, names: tuple[str, str]) -> str:
    """Return what a nested comparison says, for people.

    Examples
    --------
    >>> nested_sentence(Estimate(0.02, 0.03), ("default", "tuned"))
    'On samples that the choice never saw, tuned is not clearly better than default: its loss
    is lower by 0.0200 (standard error 0.0300).'
    """
    if gain.mean is None:
        return f"The nested scores cannot be compared: {gain.reason}."
    first, second = names
    if abs(gain.mean) < 1e-12:
        return f"On samples that the choice never saw, {second} and {first} score the same."
    verdict = nested_verdict(gain).replace("not clear", "not clearly better")
    size = Estimate(abs(gain.mean), gain.se, gain.reason)
    direction = "lower" if gain.mean >= 0 else "higher"
    return (
        f"On samples that the choice never saw, {second} is {verdict} than {first}: its loss "
        f"is {direction} by {told(size)}."
    )


def _column(values: list[Any]) -> list[Any]:
    """Return values of one type: numbers as they are, all else as JSON."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return values
    return [json.dumps(value) for value in values]


def _numbers(
    mean: str, error: str, found: Sequence[Estimate]
) -> dict[str, NDArray[np.float64]]:
    """Return two columns of estimates; NaN where undefined."""
    return {
        mean: np.array([each.mean for each in found], dtype=np.float64),
        error: np.array([each.se for each in found], dtype=np.float64),
    }
