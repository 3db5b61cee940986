"""An additive Gaussian process of the concentration, exact or local, with censored samples."""
