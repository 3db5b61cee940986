"""Boosted trees: classifiers of one limit, and distributions of the concentration."""
