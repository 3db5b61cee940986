"""Finished windows on disk: nothing torn is taken for finished."""

import numpy as np
import pytest

from hotspot.errors import OutputError
from hotspot.grid import Window
from hotspot.maps.journal import Entry, Journal
from hotspot.maps.store import FinishedWindows, Work, check_space, pack, pack_layers, unpack

WINDOWS = [Window(0, 0, 4, 5), Window(0, 5, 4, 3), Window(4, 0, 2, 5), Window(4, 5, 2, 3)]
KINDS = {"probability": "float32", "decision": "uint8"}


def _layers(number):
    """Return layers that tell their window."""
    rng = np.random.default_rng(number)
    shape = WINDOWS[number].shape
    probability = rng.uniform(size=shape).astype(np.float32)
    probability[0, 0] = np.nan
    return {"probability": probability, "decision": rng.integers(0, 3, shape).astype(np.uint8)}


def _filled(folder, numbers=(0, 1, 2, 3), **depends):
    work = Work(folder / "work", {"model": "a", **depends})
    with FinishedWindows(work, KINDS, WINDOWS) as finished:
        for number in numbers:
            finished.add(number, pack_layers(_layers(number)))
    return work


def _missing(work):
    with FinishedWindows(work, KINDS, WINDOWS) as finished:
        return finished.missing, finished.stale


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_packing_loses_nothing(dtype):
    """Every bit comes back, those of NaN and infinity too."""
    values = np.random.default_rng(1).integers(0, 256, (7, 12)).astype(np.uint8).view(dtype)
    back = unpack(pack(values), np.dtype(dtype), values.shape)
    np.testing.assert_array_equal(back.view(np.uint8), values.view(np.uint8))


def test_finished_windows_come_back_in_the_order_of_the_grid(tmp_path):
    """Whatever the order of finishing, each layer is read window by window."""
    work = _filled(tmp_path, numbers=(2, 0, 3, 1))
    with FinishedWindows(work, KINDS, WINDOWS) as finished:
        assert finished.missing == []
        for name in KINDS:
            found = list(finished.read(name))
            assert [window for window, _ in found] == WINDOWS
            for number, (_, array) in enumerate(found):
                np.testing.assert_array_equal(array, _layers(number)[name])


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_a_torn_line_is_a_missing_window(tmp_path, kept):
    """However much of the last line got onto the disk, its window is done again."""
    work = _filled(tmp_path)
    path = work.folder / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:kept])
    assert _missing(work) == ([3], None)
    with FinishedWindows(work, KINDS, WINDOWS) as finished:
        finished.add(3, pack_layers(_layers(3)))
    assert _missing(work) == ([], None)


def test_a_changed_line_is_a_missing_window(tmp_path):
    """A line in the middle that no longer fits its checksum loses its window alone."""
    work = _filled(tmp_path)
    path = work.folder / "journal"
    path.write_bytes(path.read_bytes().replace(b'"window":1}', b'"window":2}'))
    assert _missing(work) == ([1], None)


@pytest.mark.parametrize("layer", KINDS)
def test_a_torn_window_is_done_again(tmp_path, layer):
    """A working file that lost its end loses the windows that lay there."""
    work = _filled(tmp_path)
    path = work.folder / f"{layer}.windows"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)
    assert _missing(work) == ([3], None)


@pytest.mark.parametrize("layer", KINDS)
def test_a_flipped_bit_is_noticed(tmp_path, layer):
    """Bytes that the disk changed are never taken for a window."""
    work = _filled(tmp_path)
    path = work.folder / f"{layer}.windows"
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)
    assert _missing(work) == ([0], None)


def test_what_no_line_names_is_cut_off(tmp_path):
    """Data of a window whose line was not yet written do not stay."""
    work = _filled(tmp_path, numbers=(0, 1))
    path = work.folder / "probability.windows"
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"half a window")
    assert _missing(work) == ([2, 3], None)
    assert path.stat().st_size == size


def test_a_change_of_inputs_starts_afresh_and_is_named(tmp_path):
    """Windows of another model are thrown away, and the reason says what changed."""
    work = _filled(tmp_path, covariates="x")
    other = Work(work.folder, {"model": "b", "covariates": "x"})
    missing, stale = _missing(other)
    assert missing == [0, 1, 2, 3]
    assert stale == "what they depend on has changed: model"
    assert _missing(other) == ([0, 1, 2, 3], None)
    assert (work.folder / "probability.windows").stat().st_size == 0


@pytest.mark.parametrize("text", [b"", b"\0\0\0\0", b"00000000 {}\n"])
def test_a_journal_that_cannot_be_read_starts_afresh(tmp_path, text):
    """A head that is torn is no reason to fail, nor to trust what follows."""
    work = _filled(tmp_path)
    path = work.folder / "journal"
    path.write_bytes(text and text + path.read_bytes())
    missing, stale = _missing(work)
    assert len(missing) == 4
    assert "cannot be read" in stale


def test_two_programs_do_not_make_one_map(tmp_path):
    """The second is told to wait, and the first loses nothing."""
    work = _filled(tmp_path, numbers=(0,))
    with FinishedWindows(work, KINDS, WINDOWS) as first:
        with pytest.raises(OutputError, match=r"Another program.*Wait"):
            FinishedWindows(work, KINDS, WINDOWS).__enter__()
        first.add(1, pack_layers(_layers(1)))
    assert _missing(work) == ([2, 3], None)


def test_a_window_that_vanishes_while_it_is_needed_is_told(tmp_path):
    """Reading a layer whose bytes changed is an error that says to run again."""
    work = _filled(tmp_path)
    with FinishedWindows(work, KINDS, WINDOWS) as finished:
        (work.folder / "decision.windows").write_bytes(b"")
        with pytest.raises(OutputError, match="Run again"):
            list(finished.read("decision"))


def test_a_line_is_there_before_the_next_window_is_begun(tmp_path):
    """Each `add` is in the file at once, so that killing loses none that was told."""
    path = tmp_path / "journal"
    with Journal(path, {"a": "b"}) as journal:
        for number in range(3):
            journal.add(Entry(number, ((0, 1, 2),)))
            assert path.read_bytes().count(b"\n") == number + 2


def test_a_small_disk_is_refused_with_numbers(tmp_path, monkeypatch):
    """Both numbers and the remedy are told; windows that are there do not count twice."""
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 2e9}))
    with pytest.raises(OutputError, match=r"about 3 GB.*and 2 GB are free\. Free space"):
        check_space(tmp_path, 3e9)
    check_space(tmp_path, 3e9, already=1_500_000_000)
