"""`hotspot thresholds`: what is asked is answered as asked, and the way on is a real one."""

import pytest

from hotspot.cli import run_command_line


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_command_line(["thresholds", *arguments]) == 0
    return capsys.readouterr().out


def test_what_a_date_hides_can_be_shown_as_the_line_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of the two Japanese limits of cadmium one held in 2020; the other is newer."""
    asked = ("contaminant=cd", "jurisdiction=JP")
    dated = told(capsys, *asked, "date=2020-01-01")
    assert "Hidden: 1 of another date (show with superseded=true instead of date)." in dated
    assert "2 limits." in told(capsys, *asked, "superseded=true")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["contaminant=cd", "contaminant=zn"], "as in contaminant=cd,zn"),
        (["ph=5", "ph=6"], "was given ph twice: '5' and '6'. Give it once."),
        (["contaminant="], "'contaminant=', without a value"),
    ],
)
def test_a_filter_that_would_be_lost_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The later of two would silently win, and an empty one match nothing."""
    assert run_command_line(["thresholds", *arguments]) == 1
    assert said in capsys.readouterr().err
