"""The baseline: one number, never certain."""

import numpy as np
import pandas as pd

from hotspot.estimators import PrevalenceBaseline


def test_is_the_smoothed_share_everywhere() -> None:
    """One exceedance in three samples gives (1 + 0.5) / (3 + 1)."""
    X = pd.DataFrame({"slope": [1.0, 2.0, 3.0]})
    lead = np.array([10.0, 20.0, 900.0])
    model = PrevalenceBaseline(100.0).fit(X, lead, lead)
    np.testing.assert_allclose(model.exceedance(X * 50, 100.0), 0.375, rtol=1e-12)


def test_has_no_driver() -> None:
    """Its contributions are 0, its base the log-odds."""
    X = pd.DataFrame({"slope": [1.0, 2.0], "clay": [3.0, 4.0]})
    zinc = np.array([1.0, 9.0])
    values, base = PrevalenceBaseline(5.0).fit(X, zinc, zinc).contributions(X)
    assert (values == 0).all()
    np.testing.assert_allclose(base, 0.0, atol=1e-12)
