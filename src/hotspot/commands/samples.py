"""`hotspot samples`: observations with the covariates of their cell."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from hotspot.commands.console import Console, counted
from hotspot.commands.folds import target_cells
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.dated import sample_dated
from hotspot.covariates.stack import open_stack
from hotspot.observations.ledger import Ledger
from hotspot.observations.read import read_observations
from hotspot.samples.join import join_samples
from hotspot.samples.store import write_samples
from hotspot.samples.weights import weigh


def run(config: Config, paths: Paths, console: Console) -> None:
    """Join and write the samples, with the ledger of everything dropped so far."""
    found = read_observations(paths.interim / "observations.parquet")
    text = (paths.interim / "ledger.json").read_text(encoding="utf-8")
    observations = pd.DataFrame(found.drop(columns="geometry"))
    coordinates = observations[["easting", "northing"]].to_numpy(dtype=np.float64)
    with open_stack(paths.covariates) as stack:
        joined = join_samples(
            observations,
            sample_dated(
                paths.covariates,
                stack.sample(coordinates),
                coordinates,
                observations["sampled_on"],
            ),
            stack.catalogue,
            grid=stack.grid,
            contaminants=config.contaminants,
            ledger=Ledger.from_dict(json.loads(text)),
        )
        if config.weights != "none":
            target = target_cells(stack, config.seed)
            joined = replace(joined, samples=weigh(joined.samples, config.weights, target))
    write_samples(joined, paths.processed)
    console.line(
        f"  {counted(len(joined.samples.frame), 'sample')}, {len(joined.dropped)} dropped"
    )
