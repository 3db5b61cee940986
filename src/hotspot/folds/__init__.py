"""Dividing samples into folds, so that scores speak about the map."""

from hotspot.folds.autocorrelation import suggest_block_size
from hotspot.folds.blocks import BlockKFold, block_labels
from hotspot.folds.buffered import BufferedLeaveOut
from hotspot.folds.geographic import great_circle_distances, on_sphere
from hotspot.folds.groups import GroupKFold
from hotspot.folds.knndm import KNNDM
from hotspot.folds.make import PLANS, PlanFactory, PlanRequest, Survey, make_plans
from hotspot.folds.plan import FOLD_COLUMNS, FoldPlan, plans_of
from hotspot.folds.random_folds import RandomKFold
from hotspot.folds.report import fold_report
from hotspot.folds.separation import nearest_distances, separation, wasserstein
from hotspot.folds.splitter import Splitter
from hotspot.folds.store import read_folds, write_folds
from hotspot.folds.tasks import CompactParts, make_tasks
from hotspot.folds.times import TimeKFold

__all__ = [
    "FOLD_COLUMNS",
    "KNNDM",
    "PLANS",
    "BlockKFold",
    "BufferedLeaveOut",
    "CompactParts",
    "FoldPlan",
    "GroupKFold",
    "PlanFactory",
    "PlanRequest",
    "RandomKFold",
    "Splitter",
    "Survey",
    "TimeKFold",
    "block_labels",
    "fold_report",
    "great_circle_distances",
    "make_plans",
    "make_tasks",
    "nearest_distances",
    "on_sphere",
    "plans_of",
    "read_folds",
    "separation",
    "suggest_block_size",
    "wasserstein",
    "write_folds",
]
