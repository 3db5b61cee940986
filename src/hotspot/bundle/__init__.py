"""Submission bundles: writing them for a receiver, and checking anyone's."""
