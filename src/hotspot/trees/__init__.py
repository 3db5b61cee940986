"""Tree ensembles over many rows: the sums and the SHAP values of LightGBM, only sooner."""

from hotspot.trees.booster import BoosterTrees
from hotspot.trees.ensemble import TreeEnsemble
from hotspot.trees.predict import LeafMasks
from hotspot.trees.quantise import Codes
from hotspot.trees.shap import PatternTables

__all__ = ["BoosterTrees", "Codes", "LeafMasks", "PatternTables", "TreeEnsemble"]
