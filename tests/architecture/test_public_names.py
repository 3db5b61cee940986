"""The names that a program outside may rely on."""

from importlib import import_module

import pytest

PROMISED = {
    "hotspot.grid": ("Grid",),
    "hotspot.folds": ("BlockKFold", "BufferedLeaveOut", "KNNDM"),
    "hotspot.estimators": ("AreaOfApplicability", "ConcentrationModel", "load_model"),
    "hotspot.evaluation": ("score_ledger", "target_weights"),
    "hotspot.maps": ("predict_stack",),
    "hotspot.explanations": ("role_contributions", "shap_values"),
    "hotspot.observations": ("Thresholds",),
    "hotspot.worlds": ("World",),
}


@pytest.mark.parametrize("package", PROMISED)
def test_promised_names_are_there(package: str) -> None:
    """Each package gives what it promises, by its own name."""
    module = import_module(package)
    for name in PROMISED[package]:
        assert callable(getattr(module, name)), name


@pytest.mark.parametrize("package", [*PROMISED][1:])
def test_all_that_is_named_can_be_had(package: str) -> None:
    """A package names nothing in `__all__` that it cannot give."""
    module = import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
