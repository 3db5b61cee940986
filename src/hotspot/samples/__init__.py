"""Samples: observations with the covariates of their cell, and what was dropped."""
