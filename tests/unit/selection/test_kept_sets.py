"""Selections that go on where they stopped."""

from pathlib import Path

import numpy as np
import pytest

from hotspot.errors import ModelError, OutputError
from hotspot.selection.folder import search_folder
from hotspot.selection.forward import Names, forward_selection
from hotspot.selection.kept_sets import KeptSets
from hotspot.selection.losses import Losses

NAMES = ("a", "b", "c", "d")
BLOCKS = np.arange(40)


class Evaluation:
    """Losses that fall with ``b`` and ``c``; knows what it was asked, and may be stopped."""

    def __init__(self, stops_after: int = 1000) -> None:
        self.asked: list[Names] = []
        self._left = stops_after

    def __call__(self, names: Names) -> Losses:
        """Return the losses of a set; ``d`` is refused."""
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        self.asked.append(names)
        if "d" in names:
            raise ModelError("d is refused. Leave it out.")
        drawn = np.random.default_rng([ord(name) for name in names]).normal(0, 0.01, (1, 40))
        drawn[0, 0] = np.nan
        worth = 0.3 * ("b" in names) + 0.2 * ("c" in names) - 0.1 * ("a" in names)
        return 1.0 - worth + drawn


def test_a_stopped_selection_goes_on_to_the_same_end(tmp_path: Path) -> None:
    """What was scored or refused is not asked again, and the losses are the same bits."""
    whole = Evaluation()
    expected = forward_selection(whole, NAMES, BLOCKS)
    with search_folder(tmp_path, {"seed": 1}), pytest.raises(KeyboardInterrupt):
        forward_selection(KeptSets(tmp_path).remembered(Evaluation(6)), NAMES, BLOCKS)
    rest = Evaluation()
    with search_folder(tmp_path, {"seed": 1}) as changed:
        assert changed == ()
        assert len(KeptSets(tmp_path)) == 6
        found = forward_selection(KeptSets(tmp_path).remembered(rest), NAMES, BLOCKS)
    assert rest.asked == whole.asked[6:]
    assert found.names == expected.names == ("b", "c")
    assert found.tried == expected.tried
    np.testing.assert_array_equal(found.losses, expected.losses)


def test_a_selection_of_something_else_starts_afresh(tmp_path: Path) -> None:
    """Losses under another seed say nothing of this one; what changed is named."""
    with search_folder(tmp_path, {"seed": 1}):
        KeptSets(tmp_path).remembered(Evaluation())(("a",))
    with search_folder(tmp_path, {"seed": 2}) as changed:
        assert changed == ("seed",)
        assert len(KeptSets(tmp_path)) == 0


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """It is neither believed nor passed over."""
    kept = KeptSets(tmp_path)
    kept.remembered(Evaluation())(("a",))
    (path,) = (tmp_path / "sets").iterdir()
    path.write_text("{", encoding="utf-8")
    with pytest.raises(OutputError, match="Remove the file"):
        kept.remembered(Evaluation())(("a",))
