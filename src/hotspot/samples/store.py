"""Reading and writing sample tables."""

import json
from pathlib import Path

import pandas as pd

from hotspot.covariates.catalogue import Catalogue
from hotspot.files import replaced_file, write_text
from hotspot.samples.join import JoinedSamples
from hotspot.samples.sampleset import SampleSet


def write_samples(joined: JoinedSamples, folder: Path) -> None:
    """Write samples.parquet, rejected.parquet and ledger.json, the samples last."""
    with replaced_file(folder / "rejected.parquet") as beside:
        joined.dropped.to_parquet(beside, index=False)
    write_text(folder / "ledger.json", json.dumps(joined.ledger.to_dict(), indent=2))
    with replaced_file(folder / "samples.parquet") as beside:
        joined.samples.frame.to_parquet(beside, index=False)


def read_samples(path: Path, catalogue: Catalogue) -> SampleSet:
    """Return the samples of a file, checked against the catalogue."""
    return SampleSet(pd.read_parquet(path), catalogue)
