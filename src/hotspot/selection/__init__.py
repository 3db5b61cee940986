"""Choosing settings and covariates by scores on new ground."""

from hotspot.selection.candidate import Candidate, Scoring, candidate_losses
from hotspot.selection.choice import Choice, choose
from hotspot.selection.forward import Selection, forward_selection
from hotspot.selection.losses import LOSSES, loss_difference, mean_loss, sample_losses
from hotspot.selection.nested import Nested, nested_losses
from hotspot.selection.search import Trial, search
from hotspot.selection.space import Parameter, SearchSpace, Setting
from hotspot.selection.store import open_study
from hotspot.selection.tuning import Tuned, Tuner, nested_tuning, tune

__all__ = [
    "LOSSES",
    "Candidate",
    "Choice",
    "Nested",
    "Parameter",
    "Scoring",
    "SearchSpace",
    "Selection",
    "Setting",
    "Trial",
    "Tuned",
    "Tuner",
    "candidate_losses",
    "choose",
    "forward_selection",
    "loss_difference",
    "mean_loss",
    "nested_losses",
    "nested_tuning",
    "open_study",
    "sample_losses",
    "search",
    "tune",
]
