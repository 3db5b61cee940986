"""Dividing samples into folds, so that scores speak about the map."""

from hotspot.folds.autocorrelation import suggest_block_size
from hotspot.folds.blocks import BlockKFold, block_labels
from hotspot.folds.buffered import BufferedLeaveOut
from hotspot.folds.knndm import KNNDM
from hotspot.folds.make import PLANS, PlanFactory, PlanRequest, Survey, make_plans
from hotspot.folds.plan import FOLD_COLUMNS, FoldPlan, plans_of
from hotspot.folds.random_folds import RandomKFold
from hotspot.folds.report import fold_report
from hotspot.folds.separation import nearest_distances, separation, wasserstein
from hotspot.folds.splitter import Splitter
from hotspot.folds.store import read_folds, write_folds

__all__ = [
    "FOLD_COLUMNS",
    "KNNDM",
    "PLANS",
    "BlockKFold",
    "BufferedLeaveOut",
    "FoldPlan",
    "PlanFactory",
    "PlanRequest",
    "RandomKFold",
    "Splitter",
    "Survey",
    "block_labels",
    "fold_report",
    "make_plans",
    "nearest_distances",
    "plans_of",
    "read_folds",
    "separation",
    "suggest_block_size",
    "wasserstein",
    "write_folds",
]
