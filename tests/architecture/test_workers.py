"""Tests that share something costly are run by one worker."""

import pytest


@pytest.mark.xdist_group("suite")
def test_groups_reach_those_who_hand_out_tests(request: pytest.FixtureRequest) -> None:
    """Under several workers a test is named with its group; else finished runs are made twice.

    It depends on how well pytest and pytest-xdist know each other.
    """
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("not run by several workers with --dist loadgroup")
    assert request.node.nodeid.endswith("@suite")
