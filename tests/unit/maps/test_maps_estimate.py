"""What a map would take, told before it is made."""

import numpy as np
import pytest

from hotspot.commands.console import Pace
from hotspot.commands.dry_run import told
from hotspot.commands.machine import Machine
from hotspot.maps.decision import DecisionRule
from hotspot.maps.estimate import MapEstimate, estimate_map
from hotspot.maps.predict import MapOptions, predict_stack


class Steps:
    """A clock that goes on by one second at each look, and a memory that never grows."""

    def __init__(self):
        self.now = 0.0

    def seconds(self):
        """Return one more second."""
        self.now += 1.0
        return self.now

    def peak_bytes(self):
        """Return 300 MB."""
        return 300_000_000


def _estimate(model, stack, **options):
    stack.stored_bytes = 12_345
    return estimate_map(
        model,
        stack,
        layers=("probability", "dissimilarity", "decision"),
        rule=DecisionRule(),
        window_size=16,
        options=MapOptions(**options),
        meter=Steps(),
    )


def test_times_of_the_probe_are_scaled_to_the_map(model, stack):
    """Three windows of a second for each part stand for all the cells of the map."""
    found = _estimate(model, stack)
    assert (found.windows, found.probed, found.cells) == (12, 3, 37 * 53)
    # 3 windows: the first row's third, the second's third and the third's third.
    assert stack.calls == 4
    assert found.read_seconds == found.compute_seconds == found.write_seconds
    assert 9.0 < found.read_seconds < 12.5
    assert found.read_bytes == 12_345


def test_threads_share_the_work_but_not_the_reading(model, stack):
    """Time falls with threads down to that of the one reader, and memory grows."""
    one, four = _estimate(model, stack), _estimate(model, stack, threads=4)
    assert one.seconds == pytest.approx(one.compute_seconds + one.write_seconds)
    assert four.seconds == pytest.approx(four.read_seconds + four.write_seconds / 4)
    assert four.peak_bytes > one.peak_bytes > 300_000_000


def test_sizes_are_those_of_the_map(model, stack, tmp_path):
    """The estimate of the rasters is right to a third; compact ones are smaller."""
    found = _estimate(model, stack)
    assert list(tmp_path.iterdir()) == []
    assert _estimate(model, stack, encoding="compact").raster_bytes < found.raster_bytes
    assert 0 < found.work_bytes < 12 * 37 * 53


def test_the_lines_name_time_memory_and_disk(model, stack):
    """A person reads what is read, written, waited for and held."""
    lines = told("zn", _estimate(model, stack, threads=2))
    assert "12 windows, 3 of them computed" in lines[0]
    assert "12.3 kB" in lines[1]
    assert "with 2 threads" in lines[3]
    assert lines[4].startswith("  memory  about 5")


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        """Return what was set."""
        return self.now


def test_pace_tells_rate_and_time_left():
    """Ten of a hundred steps in five seconds: two a second, 45 seconds left."""
    clock = Clock()
    pace = Pace(cells=50_000_000, clock=clock)
    for step in range(1, 11):
        clock.now = step * 0.5
        pace.move(step, 100)
    assert pace.rate == "1 M cells/s"
    assert pace.left == "45 s left"
    assert Pace(clock=clock).rate == ""


def test_pace_does_not_count_what_an_earlier_attempt_did():
    """Ninety steps found done and one step in ten seconds: 90 s left for nine more."""
    clock = Clock()
    pace = Pace(clock=clock)
    clock.now = 1.0
    pace.move(90, 100)
    assert pace.left == "time left not known"
    clock.now = 11.0
    pace.move(91, 100)
    assert pace.left == "2 min left"
    assert pace.rate == "10 s each"


def test_probing_gives_what_mapping_gives(model, stack, tmp_path):
    """A model that cannot give a layer is refused by the estimate as by the map."""
    model.applicability = None
    for call in (
        lambda: _estimate(model, stack),
        lambda: predict_stack(
            model, stack, tmp_path, layers=["decision"], rule=DecisionRule(), window_size=16
        ),
    ):
        with pytest.raises(ValueError, match="no applicability"):
            call()


def test_the_machine_tells_a_peak():
    """Memory that was taken and given back stays in the peak; the clock goes on."""
    machine = Machine()
    held = np.ones(40_000_000)
    during = machine.peak_bytes()
    assert during >= held.nbytes
    del held
    # The system counts pages of each thread apart, so the last percent comes and goes.
    assert machine.peak_bytes() >= 0.99 * during
    assert machine.seconds() <= machine.seconds()


def test_slow_steps_are_told_as_the_time_of_one() -> None:
    """A contaminant in two minutes, not 0.00813 of one in a second."""
    times = iter([0.0, 123.0, 123.0])
    pace = Pace(clock=lambda: next(times))
    pace.move(1, 4)
    assert pace.rate == "2 min each"


def test_no_part_of_an_estimate_is_longer_than_the_whole() -> None:
    """By the clock, with several threads; and nothing takes 0 s."""
    found = MapEstimate(
        cells=10**6, windows=1, probed=1, read_bytes=1, work_bytes=1, raster_bytes=1,
        read_seconds=0.1, compute_seconds=16.0, write_seconds=1.6, threads=8, peak_bytes=1,
    )  # fmt: skip
    lines = told("cd", found)
    assert "in 1 window," in lines[0]
    assert (
        "about 2 s with 8 threads: reading less than 1 s and computing 2 s at once, then "
        "making rasters less than 1 s"
    ) in lines[3]
