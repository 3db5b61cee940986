"""Which stages run again: those of which something is gone."""

from pathlib import Path

import pytest

from hotspot.commands.stages import STAGES, files_below, stage
from hotspot.commands.stamps import is_up_to_date, write_stamp
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths

FROM_SAMPLES = [each.name for each in STAGES if each.name not in ("observations", "covariates")]


def test_the_headline_is_a_product_of_evaluation(tmp_path: Path) -> None:
    """What `evaluate` writes besides the ledger and the tables is missed where it is gone."""
    config, paths = check_config(compose([])), Paths("meuse", tmp_path)
    told = {path.name for path in stage("evaluate").outputs(config, paths)}
    assert told == {"metrics.json", "headline.json", "evaluation"}


@pytest.mark.parametrize("name", FROM_SAMPLES)
def test_a_stage_runs_again_where_a_product_is_gone(name: str, tmp_path: Path) -> None:
    """Whichever of its products was deleted; it is up to date as long as all are there."""
    config, paths = check_config(compose([])), Paths("meuse", tmp_path)
    each = stage(name)
    for path in (*each.inputs(config, paths), *each.outputs(config, paths)):
        file = path if path.suffix else path / "part"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path.name)
    write_stamp(each, config, paths)
    assert is_up_to_date(each, config, paths)
    for product in files_below(each.outputs(config, paths)):
        kept = product.read_bytes()
        product.unlink()
        assert not is_up_to_date(each, config, paths), product
        product.write_bytes(kept)
