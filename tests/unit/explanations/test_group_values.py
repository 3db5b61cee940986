"""Groups of covariates: what they add to the log-odds of a model that is a sum."""

import numpy as np
import pytest

from hotspot.errors import CovariateError, ModelError
from hotspot.estimators import BoostedClassifier, FittedModel, LogisticClassifier
from hotspot.estimators.additive import GroupedModel
from hotspot.explanations import role_contributions, role_layers, shap_values
from hotspot.explanations.values import group_values
from hotspot.samples.sampleset import Samples


@pytest.mark.parametrize("which", ["trees", "line"])
def test_groups_are_sums_of_shap_values(
    request: pytest.FixtureRequest, samples: Samples, which: str
) -> None:
    """For trees, which have tables of groups, and for a line, which has none."""
    model: BoostedClassifier | LogisticClassifier = request.getfixturevalue(which)
    groups = {"ground": ("rock", "slope"), "man": ("industry",), "air": ("height",)}
    found = group_values(model, samples.X, groups=groups)
    each = shap_values(model, samples.X)
    for column, held in enumerate(groups.values()):
        members = [each.names.index(name) for name in held]
        np.testing.assert_allclose(
            found.values[:, column], each.values[:, members].sum(axis=1), atol=1e-12
        )
    assert found.names == tuple(groups)
    np.testing.assert_array_equal(found.base, each.base)
    assert isinstance(model, GroupedModel)


def test_role_layers_are_the_sums_over_roles(fitted: FittedModel, samples: Samples) -> None:
    """A map of roles holds what the roles' covariates add up to, cell by cell."""
    n = len(samples.X)
    layers = role_layers(fitted, samples.X, np.arange(n), (1, n))
    each = shap_values(fitted, samples.X)
    roles, expected = role_contributions(each, fitted.catalogue)
    assert layers.roles == roles
    np.testing.assert_allclose(layers.contributions[:, 0].T, expected, atol=1e-6)


def test_each_covariate_has_one_group(fitted: FittedModel, samples: Samples) -> None:
    """Groups that leave a covariate out, or name a stranger, are refused."""
    few = {"a": ("rock", "slope"), "b": ("industry",)}
    for groups in (few, {**few, "c": ("soil",)}, {**few, "c": ("height", "rock")}):
        with pytest.raises(ModelError, match="Give each covariate one group"):
            group_values(fitted, samples.X, groups=groups)
    with pytest.raises(CovariateError):
        group_values(fitted, samples.X[["rock", "slope"]], groups={"a": ("rock", "slope")})
