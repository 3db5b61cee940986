"""Scoring models on samples they have not seen."""

from hotspot.evaluation.compare import paired_difference, pooled_score
from hotspot.evaluation.ledger import score_ledger
from hotspot.evaluation.out_of_fold import OutOfFold, out_of_fold, predictions_table
from hotspot.evaluation.reference_model import LeftOut, ReferenceModel
from hotspot.evaluation.reliability import reliability_curve
from hotspot.evaluation.scores import (
    SCORES,
    auc,
    average_precision,
    brier,
    brier_skill,
    ece,
    ece_by_chance,
    log_loss,
    sensitivity_at_budget,
)
from hotspot.evaluation.store import read_ledger, write_ledger
from hotspot.evaluation.target import ModelTests, TargetScore, target_scores
from hotspot.evaluation.target_balance import TargetWeights, target_weights
from hotspot.evaluation.target_descriptors import (
    CovariateSpace,
    Descriptors,
    cell_descriptors,
    task_descriptors,
)
from hotspot.evaluation.target_preference import Preference, preference_slope
from hotspot.evaluation.target_reference import MapReference, map_reference
from hotspot.evaluation.uncertainty import Estimate, block_jackknife
from hotspot.folds.score_blocks import score_blocks

__all__ = [
    "SCORES",
    "CovariateSpace",
    "Descriptors",
    "Estimate",
    "LeftOut",
    "MapReference",
    "ModelTests",
    "OutOfFold",
    "Preference",
    "ReferenceModel",
    "TargetScore",
    "TargetWeights",
    "auc",
    "average_precision",
    "block_jackknife",
    "brier",
    "brier_skill",
    "cell_descriptors",
    "ece",
    "ece_by_chance",
    "log_loss",
    "map_reference",
    "out_of_fold",
    "paired_difference",
    "pooled_score",
    "predictions_table",
    "preference_slope",
    "read_ledger",
    "reliability_curve",
    "score_blocks",
    "score_ledger",
    "sensitivity_at_budget",
    "target_scores",
    "target_weights",
    "task_descriptors",
    "write_ledger",
]
