"""Covariates: what they are, how they come onto one grid, and how they are read back."""
