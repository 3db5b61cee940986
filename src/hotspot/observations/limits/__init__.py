"""Limits: published ones, the conditions that they hold under, and what exceeds them."""
